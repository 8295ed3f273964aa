"""The pause that a destination asks for."""

from email.utils import parsedate_to_datetime
from typing import Final

RETRY_AFTER_CAP_S: Final = 3600.0
"""No destination can ask for a longer pause."""


def retry_after_s(value: str | None, now_s: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3): a number or a date; capped."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_CAP_S)
    try:
        wait = parsedate_to_datetime(text).timestamp() - now_s
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_CAP_S)
