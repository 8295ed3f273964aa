"""Segments come in one piece; a live source shall be seen at the rate at which it happened."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from av.packet import Packet
from av.video.stream import VideoStream

HURRY = 1.25
"""How much faster packets are let through while segments wait."""
_USUAL_S = 0.04
_LEAP_S = 2.0
"""A longer step between two packets is a new time base, not a pause."""
_LATE_S = 1.0
"""Who is later than this was waited for: time is counted from now on. What is lost is made up by and by, never at once:
of pictures that come together, all but the newest would be dropped."""


class Pace:
    """Lets packets through when they are due, over all parts of a source.

    Args of the constructor:
        behind: tells whether segments wait.
        stop: ends all waiting.

    Attributes:
        step_s: the usual time between two pictures.
    """

    def __init__(
        self, behind: Callable[[], bool], stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._behind, self._stop, self._clock = behind, stop, clock
        self.step_s = _USUAL_S
        self._due: float | None = None
        self._last_s: float | None = None
        self._let = 0.0  # when the last packet was let through

    def through(self, packets: "Iterable[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
        """Yield the packets of one part, each when it is due."""
        self._last_s = None
        for packet in packets:
            if packet.dts is not None and not self._wait(float(packet.dts * packet.time_base)):
                return
            yield packet

    def _wait(self, stamp: float) -> bool:
        """Wait for the time of a packet; return False when stopped."""
        step = 0.0 if self._last_s is None else stamp - self._last_s
        if 0 < step <= _LEAP_S:
            self.step_s += 0.1 * (step - self.step_s)
        else:
            step = self.step_s
        self._last_s = stamp
        now = self._clock()
        due = now if self._due is None else self._due + (step / HURRY if self._behind() else step)
        self._due = now if now - due > _LATE_S else due
        stopped = self._stop.wait(max(0.0, self._due - now, self._let + step / HURRY - now))
        self._let = self._clock()
        return not stopped
