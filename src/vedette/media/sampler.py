"""The frame budget: which decoded pictures are analysed, and how they reach the analysing thread.

Of a file every n-th picture, by its index, and none is dropped: decoding waits. Of a live source the newest one
that is due; decoding never waits, what nobody took in time is dropped and counted.
"""

import math
import threading
from collections import deque
from dataclasses import dataclass

from vedette.media.picture import Picture

NOT_DUE = "not_due"
"""Reason of a drop: the tasks want fewer pictures a second than the source has."""
OVERTAKEN = "overtaken"
"""Reason of a drop: a newer picture came before the analysis was ready for this one."""
BEHIND = "behind"
"""Reason of a drop: decoding was behind the source; told of pictures that were never decoded."""
MISSING = "missing"
"""Reason of a drop: a live playlist named segments that could not be had; as many pictures as they held, reckoned."""
_AHEAD = 2
"""Pictures of a file decoded ahead of the analysis; each holds a picture of the decoder's memory."""


def step(native_fps: float, wanted_fps: float) -> int:
    """Return n so that every n-th picture of a file gives at least the wanted rate, if it has that many."""
    if native_fps <= 0 or wanted_fps <= 0:
        return 1
    return max(1, math.floor(native_fps / wanted_fps + 1e-6))


@dataclass(frozen=True, slots=True)
class Passed:
    """What went through.

    Attributes:
        taken: pictures handed to the analysis.
        dropped: pictures not analysed, by reason.
        lag_s: how far the picture handed over last was behind the newest one decoded, at that moment.
    """

    taken: int
    dropped: dict[str, int]
    lag_s: float


class Mailbox:
    """Between the thread that decodes and the one that analyses.

    Args of the constructor:
        live: newest wins; otherwise every n-th, and `offer` waits. `opened` may tell otherwise.
        fps: pictures a second wanted.
    """

    def __init__(self, *, live: bool, fps: float) -> None:
        self._live, self._fps = live, fps
        self._native = 0.0
        self._changed = threading.Condition()
        self._waiting: deque[Picture] = deque()
        self._closed = False
        self._error: BaseException | None = None
        self._due_us: int | None = None
        self._newest_us = 0
        self._taken = 0
        self._dropped = {NOT_DUE: 0, OVERTAKEN: 0}
        self._lag_us = 0

    def want(self, fps: float) -> None:
        """Change the rate from the next picture on."""
        with self._changed:
            self._fps = fps
            self._due_us = None

    def opened(self, native_fps: float, *, live: bool | None = None) -> None:
        """Tell the native rate of the source, and what it turned out to be where that was not known."""
        with self._changed:
            self._native = native_fps
            self._live = self._live if live is None else live

    def offer(self, picture: Picture) -> None:
        """Put a decoded picture in; of a file, wait while the box is full."""
        with self._changed:
            if self._closed:
                return
            self._newest_us = max(self._newest_us, picture.frame.position.time_us)
            if self._live:
                self._offer_live(picture)
            else:
                self._offer_file(picture)

    def take(self) -> Picture | None:
        """Return the next picture; None after `close`.

        Raises:
            BaseException: what `close` was given.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                self._fail()
                return None
            picture = self._waiting.popleft()
            self._taken += 1
            self._lag_us = self._newest_us - picture.frame.position.time_us
            self._changed.notify_all()
            return picture

    def close(self, error: BaseException | None = None, *, discard: bool = False) -> None:
        """Take nothing more in; what waits is still given, unless it is to be discarded."""
        with self._changed:
            if discard:
                self._waiting.clear()
            if not self._closed:
                self._closed, self._error = True, error
            self._changed.notify_all()

    def passed(self) -> Passed:
        """Return the counters."""
        with self._changed:
            dropped = {reason: count for reason, count in self._dropped.items() if count}
            return Passed(self._taken, dropped, self._lag_us / 1e6)

    def _fail(self) -> None:
        """Raise what `close` was given, once: an error that is kept keeps all who were on its way."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error

    def _offer_file(self, picture: Picture) -> None:
        if picture.frame.position.index % step(self._native, self._fps):
            self._dropped[NOT_DUE] += 1
            return
        self._changed.wait_for(lambda: len(self._waiting) < _AHEAD or self._closed)
        if not self._closed:
            self._waiting.append(picture)
            self._changed.notify_all()

    def _offer_live(self, picture: Picture) -> None:
        """Put the picture in if one is due; a picture that waits for a busy analysis is always the newest."""
        time_us = picture.frame.position.time_us
        if self._waiting:
            self._waiting.clear()
            self._dropped[OVERTAKEN] += 1
        elif self._due_us is not None and time_us < self._due_us:
            self._dropped[NOT_DUE] += 1
            return
        else:
            self._advance(time_us)
        self._waiting.append(picture)
        self._changed.notify_all()

    def _advance(self, time_us: int) -> None:
        """Set when the next picture is due: on a fixed grid, so that the mean rate is the wanted one."""
        interval = int(1_000_000 / self._fps) if self._fps > 0 else 0
        due = time_us if self._due_us is None else self._due_us
        self._due_us = max(due + interval, time_us)
