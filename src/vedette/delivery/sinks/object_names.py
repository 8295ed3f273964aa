"""What the objects of an event are called, and how a message is written."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from vedette.model.ids import EventId, TaskId, object_name


class Named(Protocol):
    """An event, as far as its objects are named after it."""

    @property
    def event_id(self) -> EventId: ...
    @property
    def task_id(self) -> TaskId: ...
    @property
    def timestamp_ms(self) -> int: ...


def stem(path: str, event: Named) -> str:
    """Return the name of an event's objects without their endings: `<path>/<task_id>/<yyyymmdd>/<message_id>`.

    The day is that of the event, in UTC.
    """
    below = path.strip("/")
    name = object_name(event.task_id, event.timestamp_ms, event.event_id)
    return f"{below}/{name}" if below else name


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is written: the same bytes whenever it is sent."""
    return json.dumps(dict(message), ensure_ascii=False, separators=(",", ":")).encode()
