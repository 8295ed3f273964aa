"""What the head of an HTTP answer says: whether to come again, which part of a file comes, and how long it is."""

from typing import Final

from urllib3.response import BaseHTTPResponse

from vedette.model.errors import SourceInvalid

_LATER: Final = frozenset({408, 425, 429})
"""Request Timeout, Too Early, Too Many Requests (RFC 9110, 8470, 6585)."""


def is_for_later(status: int) -> bool:
    """Return whether a status says that it may go better another time: a fault of the server's, or no time for us."""
    return status >= 500 or status in _LATER


def range_of(response: BaseHTTPResponse) -> tuple[int, int | None]:
    """Return first byte and whole length of `Content-Range: bytes first-last/length` (RFC 9110, 14.4).

    Raises:
        SourceInvalid: it has no such header, or one in another unit.
    """
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit.strip().lower() != "bytes" or (begin := _count(first)) is None:
        raise SourceInvalid("the server sends a part of the file without saying which")
    return begin, _count(total)


def length_of(response: BaseHTTPResponse) -> int | None:
    """Return the length that the server declares, if it does."""
    return _count(response.headers.get("Content-Length", ""))


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
