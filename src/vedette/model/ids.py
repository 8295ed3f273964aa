"""Names that cannot be mixed up, and how new ones are made."""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime
from typing import NewType

ProjectId = NewType("ProjectId", str)
UserId = NewType("UserId", str)
TaskId = NewType("TaskId", str)
RunId = NewType("RunId", str)
"""One run of a task: it survives recovery, and ends with a stop or a new start."""
StreamId = NewType("StreamId", str)
WorkerId = NewType("WorkerId", str)
VideoSourceId = NewType("VideoSourceId", str)
EventId = NewType("EventId", str)
"""An upper-case UUID, as `message_id` has it on the wire."""


def new_hex() -> str:
    """Return 32 random lower-case hex digits, the shape of a task id on the wire."""
    return secrets.token_hex(16)


def derived_uuid(*parts: object) -> str:
    """Return the upper-case UUID that these parts always give.

    A replay makes the same ids again; whoever keeps the ids it has seen sees each event once.
    """
    digest = bytearray(hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8 of RFC 9562, set by hand: uuid.UUID knows it from Python 3.14 on
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest))).upper()


def object_name(task_id: TaskId, timestamp_ms: int, event_id: EventId) -> str:
    """Return what an event's objects in a bucket are called, without their endings: `<task_id>/<yyyymmdd>/<message_id>`.

    The day is that of the event, in UTC.
    """
    day = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    return f"{task_id}/{day:%Y%m%d}/{event_id}"
