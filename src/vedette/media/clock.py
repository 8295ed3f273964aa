"""Media time: from the time stamps a stream carries to microseconds that start at 0 and never step back."""

from fractions import Fraction

BACK_US = 2_000_000
"""A step back by more than this is a new time base (a counter that wrapped, clips joined), not disorder."""


class MediaClock:
    """Time of the pictures of one connection.

    Small steps back (pictures in order whose stamps are not) hold the time still; after a large one the
    time goes on by one picture and the stamps are counted from there. So does a leap ahead by more than
    `leap_us`, which only live sources have: a recording may pause.

    Attributes:
        anchor: the stamp of the first picture, or None before it.
        plain: every time so far was stamp minus anchor, and each was later than the one before.
    """

    def __init__(self, time_base: Fraction, step_us: int, *, base_us: int = 0, leap_us: int | None = None) -> None:
        self.anchor: int | None = None
        self.plain = True
        self._time_base, self._step, self._leap = time_base, step_us, leap_us
        self._base = base_us
        self._last: int | None = None

    def restore(self, anchor: int) -> None:
        """Go on counting from a stamp that was the anchor of an earlier, plain reading."""
        self.anchor = anchor

    def go_on(self, time_base: Fraction) -> "MediaClock":
        """Return a clock for what follows with other stamps: its first picture comes one step behind the last."""
        base = self._base if self._last is None else self._last + self._step
        clock = MediaClock(time_base, self._step, base_us=base, leap_us=self._leap)
        clock.plain = False
        return clock

    def at(self, stamp: int | None) -> int:
        """Return the time of the next picture in microseconds; `stamp` is in units of the time base."""
        if stamp is None:
            self.plain = False
            time = self._base if self._last is None else self._last + self._step
        else:
            time = self._count(stamp)
        self._last = time
        return time

    def _count(self, stamp: int) -> int:
        if self.anchor is None:
            self.anchor = stamp
            if self._last is not None:  # pictures without stamps came first
                self._base = self._last + self._step
        time = self._base + int((stamp - self.anchor) * self._time_base * 1_000_000)
        if self._last is None:
            return max(time, self._base)
        if time <= self._last:
            self.plain = False
        if time < self._last - BACK_US or (self._leap is not None and time > self._last + self._leap):
            self.plain = False
            self.anchor, self._base = stamp, self._last + self._step
            return self._base
        return max(time, self._last)
