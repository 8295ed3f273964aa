"""Names that cannot be mixed up, and how new ones are made."""

import hashlib
import secrets
import uuid
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
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=8)).upper()
