"""Notices that the wall clock was set back, by a clock that cannot be set."""

from collections.abc import Callable
from typing import Final

STEP_MS: Final = 2_000
"""A clock that loses less than this between two looks is being steered, not set."""


class ClockSteps:
    """Compares two clocks.

    Args:
        uptime: seconds of a clock that is never set; it may stand still while the machine sleeps.
    """

    def __init__(self, uptime: Callable[[], float]) -> None:
        self._uptime = uptime
        self._lead: float | None = None

    def set_back(self, now_ms: int) -> bool:
        """Return whether the wall clock was set back since it was last asked."""
        lead, before = now_ms - self._uptime() * 1000, self._lead
        self._lead = lead
        return before is not None and lead < before - STEP_MS
