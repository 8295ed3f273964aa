"""Whether a live source runs ahead of its decoder, and what is to be left out until it does not."""

from collections import deque

LIMIT_S = 0.5
"""Seconds that packets may wait to be decoded."""
_PATIENCE = 16.0
"""How many times that, at most, where it turned out that nothing had been waiting."""
_WINDOW_S = 15.0
_RECENT = 8
_IDLE = 0.6
"""The part of its time that a decoder waits for packets above which it is sure that none are waiting for it."""
_JUMP_S = 2.0


class Backlog:
    """Judges packets by when they came.

    How much later a packet is taken up than its time stamp says, compared with the least of the last half a minute,
    is how long it waited. When that is too long, packets are left out as fast as they come, up to a key picture
    that did not wait. Should they come no faster than they were made, then none were waiting: the source's own clock
    is slow, or it paused; what is usual is learnt anew, and more patience is had.

    Attributes:
        lag_s: how long the last packet waited.
        skipping: packets are being left out.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.lag_s, self.skipping = 0.0, False
        self._base_limit_s = self._limit_s = limit_s
        self._last_s: float | None = None
        self._least = (float("inf"), float("inf"))  # of this half of the window, and of the one before
        self._half_began: float | None = None
        self._recent: deque[tuple[float, float]] = deque(maxlen=_RECENT)  # waited for it, and since the one before
        self._came = 0.0
        self._skip_began = (0.0, 0.0)  # when it came, and its time stamp

    def admit(self, media_s: float, asked: float, came: float, *, key: bool) -> bool:
        """Return whether a packet shall be decoded.

        Args:
            media_s: its time stamp.
            asked: when the next packet was asked for, monotonic.
            came: when it was there.
            key: it holds a key picture.
        """
        self._note(media_s, asked, came)
        if self.skipping:
            return self._skip_on(media_s, came, key=key)
        if self.lag_s <= self._limit_s:
            return True
        if self._idle() >= _IDLE:
            self._rebase(media_s, came)
            return True
        self.skipping, self._skip_began = True, (came, media_s)
        return False

    def _note(self, media_s: float, asked: float, came: float) -> None:
        if self._last_s is not None and abs(media_s - self._last_s) > _JUMP_S:  # a new time base
            self._rebase(media_s, came)
            self._skip_began = (came, media_s)
        self._recent.append((came - asked, came - (self._came or asked)))
        self._last_s, self._came = media_s, came
        late = came - media_s
        if self._half_began is None:
            self._half_began = came
        elif came - self._half_began > _WINDOW_S:
            self._half_began, self._least = came, (late, self._least[0])
        self._least = (min(late, self._least[0]), self._least[1])
        self.lag_s = late - min(self._least)

    def _skip_on(self, media_s: float, came: float, *, key: bool) -> bool:
        if not key:
            return False
        wall_s, made_s = came - self._skip_began[0], media_s - self._skip_began[1]
        if self.lag_s <= self._base_limit_s / 2:
            self._limit_s = self._base_limit_s
        elif made_s < 1.5 * wall_s or self._idle() >= _IDLE:
            self._rebase(media_s, came)
            self._limit_s = min(self._limit_s * 2, self._base_limit_s * _PATIENCE)
        else:
            return False
        self.skipping = False
        return True

    def _rebase(self, media_s: float, came: float) -> None:
        late = came - media_s
        self._least, self._half_began, self.lag_s = (late, late), came, 0.0

    def _idle(self) -> float:
        spent = sum(whole for _, whole in self._recent)
        return sum(waited for waited, _ in self._recent) / spent if spent > 0 else 0.0
