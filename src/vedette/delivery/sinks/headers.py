"""The headers of a webhook's call: the user's, those of CloudEvents, and our own.

CloudEvents: HTTP protocol binding 1.0.2, binary mode (the body stays what it is), with the extension `sequence`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.cloud_events import attributes

OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)
"""Headers that describe the connection or the length: a user's value would break or smuggle the request."""
OUR_PREFIXES: Final = ("x-vedette-", "webhook-", "ce-", "proxy-")
"""Headers that speak in our name, or for a proxy."""
PLAIN: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands in a header's value as it is; all else is written in percent (section 3.1.3.2 of the binding)."""


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
    named = replace(delivery, type_name=kinds.get(delivery.event_type, ""))
    return {f"ce-{name}": quote(value, safe=PLAIN) for name, value in attributes(named).items()}
