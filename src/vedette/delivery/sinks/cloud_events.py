"""An event as a CloudEvent: its attributes, whatever carries them (CloudEvents 1.0.2, with the extension `sequence`)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from vedette.delivery.sinks.base import Delivery
from vedette.store.json_text import JsonText

TYPE: Final = "vedette.event."
SEQUENCE_DIGITS: Final = 20
"""The extension asks for texts that sort like the numbers."""


class _Subject(msgspec.Struct):
    """What of a message is looked at."""

    stream_id: Any = None


def attributes(delivery: Delivery, type_name: str = "") -> dict[str, str]:
    """Return the attributes by their names in the specification, as they are: a binding may have to encode them.

    Args:
        type_name: what algorithms here call the type of event; empty: the delivery's own, if it has one.
    """
    at = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    found = {
        "specversion": "1.0",
        "id": delivery.event_id,
        "source": f"/vedette/v1/{delivery.project_id}/tasks/{delivery.task_id}",
        "type": TYPE + (type_name or delivery.type_name or str(delivery.event_type)),
        "time": at.replace("+00:00", "Z"),
        "subject": str(_stream_id(delivery.message) or delivery.task_id),
    }
    if delivery.number:
        found["sequence"] = f"{delivery.number:0{SEQUENCE_DIGITS}d}"
    return found


def _stream_id(message: Mapping[str, Any]) -> Any:
    if isinstance(message, JsonText):
        try:
            return msgspec.json.decode(message.text, type=_Subject).stream_id  # the rest is passed over, not made
        except msgspec.DecodeError:  # as `JsonText`: it may hold what is no JSON to all
            pass
    return message.get("stream_id")
