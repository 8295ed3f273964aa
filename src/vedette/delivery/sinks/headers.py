"""The headers of a webhook's call: the user's, those of CloudEvents, and our own.

CloudEvents: HTTP protocol binding 1.0.2, binary mode (the body stays what it is), with the extension `sequence`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from vedette.delivery.sinks.base import Delivery

OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)
"""Headers that describe the connection or the length: a user's value would break or smuggle the request."""
OUR_PREFIXES: Final = ("x-vedette-", "webhook-", "ce-", "proxy-")
"""Headers that speak in our name, or for a proxy."""
TYPE: Final = "vedette.event."
PLAIN: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands in a header's value as it is; all else is written in percent (section 3.1.3.2 of the binding)."""
SEQUENCE_DIGITS: Final = 20
"""The extension asks for texts that sort like the numbers."""


def headers(wanted: Mapping[str, str], delivery: Delivery, kinds: Mapping[int, str]) -> dict[str, str]:
    """Return the headers of a call, less its signature.

    Args:
        wanted: the user's.
        kinds: number and name of events.
    """
    kept = {
        name: value
        for name, value in wanted.items()
        if name.lower() not in OURS and not name.lower().startswith(OUR_PREFIXES)
    }
    if not any(name.lower() == "content-type" for name in kept):
        kept["Content-Type"] = "application/json"
    ours = {"X-Vedette-Event-Id": delivery.event_id, "X-Vedette-Attempt": str(delivery.attempt)}
    if delivery.number:
        ours["X-Vedette-Sequence"] = str(delivery.number)
    return kept | ours | _cloud_event(delivery, kinds)


def _cloud_event(delivery: Delivery, kinds: Mapping[int, str]) -> dict[str, str]:
    at = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    found = {
        "ce-specversion": "1.0",
        "ce-id": delivery.event_id,
        "ce-source": f"/vedette/v1/{delivery.project_id}/tasks/{delivery.task_id}",
        "ce-type": TYPE + kinds.get(delivery.event_type, str(delivery.event_type)),
        "ce-time": at.replace("+00:00", "Z"),
        "ce-subject": quote(str(delivery.message.get("stream_id") or delivery.task_id), safe=PLAIN),
    }
    if delivery.number:
        found["ce-sequence"] = f"{delivery.number:0{SEQUENCE_DIGITS}d}"
    return found
