"""An event as a CloudEvent: its attributes, whatever carries them (CloudEvents 1.0.2, with the extension `sequence`)."""

from datetime import UTC, datetime
from typing import Final

from vedette.delivery.sinks.base import Delivery

TYPE: Final = "vedette.event."
SEQUENCE_DIGITS: Final = 20
"""The extension asks for texts that sort like the numbers."""


def attributes(delivery: Delivery) -> dict[str, str]:
    """Return the attributes by their names in the specification, as they are: a binding may have to encode them."""
    at = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    found = {
        "specversion": "1.0",
        "id": delivery.event_id,
        "source": f"/vedette/v1/{delivery.project_id}/tasks/{delivery.task_id}",
        "type": TYPE + (delivery.type_name or str(delivery.event_type)),
        "time": at.replace("+00:00", "Z"),
        "subject": str(delivery.message.get("stream_id") or delivery.task_id),
    }
    if delivery.number:
        found["sequence"] = f"{delivery.number:0{SEQUENCE_DIGITS}d}"
    return found
