"""URLs, taken apart the same way by every release of Python."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

_BRACKETED: Final = re.compile(r"\[[^\[\]]+\](:[0-9]*)?")
"""A literal of IPv6 with or without a port (RFC 3986, 3.2.2); early releases of 3.11 and 3.12 let anything follow it."""


def split(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    if ("[" in place or "]" in place) and not _BRACKETED.fullmatch(place):
        raise ValueError("the host of the URL is malformed")
    return parts
