"""The headers of a webhook's call: the user's, those of CloudEvents, and our own, as lines of the request.

CloudEvents: HTTP protocol binding 1.0.2, binary mode (the body stays what it is), with the extension `sequence`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
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
USUAL: Final = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": f"Vedette/{version('vedette')}"}
"""What is sent where the user says nothing of it."""
REMEMBERED: Final = 1024
"""Sets of users' headers whose lines are kept ready."""

_PLAIN: Final = re.compile(f"[{re.escape(PLAIN)}]*")
_NAME: Final = re.compile(r"[^\x00-\x20\x7f:]+")
_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def lines(
    wanted: Mapping[str, str], delivery: Delivery, kinds: Mapping[int, str], *, authorized: bool = False
) -> bytes:
    """Return the header lines of a call, less its signature.

    Args:
        wanted: the user's.
        kinds: number and name of events.
        authorized: the address brings an `Authorization` of its own.

    Raises:
        ValueError: a header of the user would break the request, or there would be two `Authorization`.
    """
    own = {"X-Vedette-Event-Id": delivery.event_id, "X-Vedette-Attempt": str(delivery.attempt)}
    if delivery.number:
        own["X-Vedette-Sequence"] = str(delivery.number)
    for name, value in attributes(delivery, kinds.get(delivery.event_type, "")).items():
        own[f"ce-{name}"] = quoted(value)
    return _of_user(tuple(wanted.items()), authorized) + written(own)


def written(headers: Mapping[str, str]) -> bytes:
    """Return headers as lines; their values are ours, and hold nothing that would break one."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()


def quoted(value: str) -> str:
    """Return an attribute's value as it is written in a header."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe=PLAIN)


@lru_cache(REMEMBERED)
def _of_user(wanted: tuple[tuple[str, str], ...], authorized: bool) -> bytes:
    kept = {name: value for name, value in wanted if _is_users(name.lower())}
    said = {name.lower() for name in kept}
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in kept.items()):
        raise ValueError("a header cannot be sent")
    if authorized and "authorization" in said:
        raise ValueError("address and headers both say who calls")
    return written({name: value for name, value in USUAL.items() if name.lower() not in said} | kept)


def _is_users(name: str) -> bool:
    return name not in OURS and not name.startswith(OUR_PREFIXES)
