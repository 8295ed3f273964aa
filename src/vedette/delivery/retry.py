"""When a failed delivery is tried again: a list."""

from collections.abc import Callable
from typing import Final

from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkGone, SinkRefused

SCHEDULE_S: Final = (0.1, 0.2, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 14400, 21600, 21600)
"""Seconds before the second, third, … attempt: about 23 hours in all, then the delivery is a dead letter."""
IN_ORDER: Final = 10
"""With so many attempts in vain, about a minute, a delivery no longer holds up what comes after it."""
JITTER: Final = 0.2
"""Each wait is spread by this share, so that what failed together does not come back together."""
REFUSED_S: Final = (1, 2)
"""A destination that answers that it does not want a delivery may have been misconfigured for a moment; no longer."""
GIVE_UP_S: Final = 86_400
"""How long a destination may be away before what waits for it is given up without being tried one by one."""

PAUSE_S: Final = (1, 2, 4, 8, 16, 30, 60)
"""Seconds between probes of a destination that is away; the last one repeats."""

Rand = Callable[[], float]
"""Gives numbers in [0, 1)."""


def spread(seconds: float, rand: Rand) -> int:
    """Return the wait in milliseconds, ±20 %."""
    return round(seconds * 1000 * (1 + JITTER * (2 * rand() - 1)))


def next_attempt(error: SinkError, attempts: int, now_ms: int, rand: Rand) -> int | None:
    """Return when to try again, or None to give up.

    Args:
        error: how the last attempt ended.
        attempts: how many there were, that one included.
        now_ms: milliseconds since the epoch, as is the answer.
        rand: for the jitter.
    """
    if isinstance(error, SinkGone | SinkForbidden):
        return None
    waits = REFUSED_S if isinstance(error, SinkRefused) else SCHEDULE_S
    if attempts > len(waits):
        return None
    wait = spread(waits[attempts - 1], rand)
    if isinstance(error, SinkBusy) and error.retry_after_s is not None:
        wait = max(wait, round(error.retry_after_s * 1000))
    return now_ms + wait


def pause(probes: int, rand: Rand) -> int:
    """Return how long to leave a destination alone, in milliseconds, after this many probes in vain."""
    return spread(PAUSE_S[min(probes, len(PAUSE_S) - 1)], rand)
