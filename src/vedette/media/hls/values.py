"""Values in the text of playlists: attributes, numbers, durations, addresses, vectors (RFC 8216, 4.2)."""

import math
import re
from urllib.parse import urljoin

from vedette.model.errors import SourceInvalid

MAX_ENTRIES = 50_000
"""Segments or variants of one playlist: a day of recording in segments of two seconds has 43,200."""
_LONGEST_S = 3600.0
"""A segment that claims to be longer is refused."""
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",\s]*)')


def attributes(text: str) -> dict[str, str]:
    """Return an attribute list, without quotes."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def whole_number(text: str, what: str) -> int:
    """Return a number of bytes, pixels or segments.

    Args:
        text: as it stands.
        what: for people.

    Raises:
        SourceInvalid: it is none.
    """
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise SourceInvalid(f"the playlist gives no number for {what}")
    return int(text)


def seconds(text: str, what: str) -> float:
    """Return a duration.

    Args:
        text: as it stands.
        what: for people.

    Raises:
        SourceInvalid: it is none, or too long.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _LONGEST_S:
        raise SourceInvalid(f"the playlist gives no usable duration for {what}")
    return value


def address(base: str, url: str) -> str:
    """Return an address that is relative to the playlist's.

    Raises:
        SourceInvalid: it is none.
    """
    try:
        return urljoin(base, url)
    except ValueError:
        raise SourceInvalid("the playlist holds what is no address") from None


def vector(text: str | None) -> bytes | None:
    """Return the 16 bytes of a vector; None where there is none.

    Raises:
        SourceInvalid: it is written in another way.
    """
    if text is None:
        return None
    digits = text[2:]
    if text[:2] not in ("0x", "0X") or not re.fullmatch(r"[0-9A-Fa-f]{1,32}", digits):
        raise SourceInvalid("the playlist gives no vector that can be read")
    return bytes.fromhex(digits.zfill(32))


def check_entries(count: int) -> None:
    """Refuse one more where there are so many.

    Raises:
        SourceInvalid: there are too many.
    """
    if count >= MAX_ENTRIES:
        raise SourceInvalid(f"the playlist has more than {MAX_ENTRIES} entries")
