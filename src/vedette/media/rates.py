"""What came each second, lately."""

from collections import deque
from collections.abc import Callable

WINDOW_S = 5.0
_APART_S = 0.5


class Rates:
    """Counters over time; asked as often as anybody likes, they look at the last seconds."""

    def __init__(self, clock: Callable[[], float], window_s: float = WINDOW_S) -> None:
        self._clock, self._window_s = clock, window_s
        self._seen: deque[tuple[float, tuple[int, ...]]] = deque()

    def of(self, *counts: int) -> tuple[float, ...]:
        """Return how much each of the counters grew a second; 0 for all at the first time."""
        now = self._clock()
        if not self._seen or now - self._seen[-1][0] >= _APART_S:
            self._seen.append((now, counts))
        while len(self._seen) > 2 and now - self._seen[1][0] >= self._window_s:
            self._seen.popleft()
        since, before = self._seen[0]
        elapsed = now - since
        if elapsed <= 0:
            return (0.0,) * len(counts)
        return tuple(max(0, count - old) / elapsed for count, old in zip(counts, before, strict=True))
