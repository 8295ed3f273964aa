"""Where in the picture people spend their time: a grid of seconds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points

COLUMNS: Final = 48
ROWS: Final = 27
LONGEST_S = 1.0
"""What may pass between two pictures and still count as stay: in a longer gap nobody looked."""


class HeatMap:
    """Sums up, for each cell of a grid over the picture, how long somebody stood there.

    Args:
        every: takes every so many pictures; what lies between two of them is put where people are at the second.
    """

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._pictures = 0
        self._time: float | None = None
        self._pending = 0.0
        self._dwell = np.zeros((ROWS, COLUMNS))

    def due(self, time: float) -> bool:
        """Note that there is a picture, and return whether it is one that `add` wants."""
        if self._time is not None:
            self._pending += min(max(time - self._time, 0.0), LONGEST_S)
        self._time = time
        self._pictures += 1
        return (self._pictures - 1) % self._every == 0

    def add(self, feet: Points, width: int, height: int) -> None:
        """Take up the feet (n, 2) in a picture of this size, in pixels."""
        if len(feet):
            columns = np.clip(feet[:, 0] * COLUMNS / width, 0, COLUMNS - 1).astype(np.int64)
            rows = np.clip(feet[:, 1] * ROWS / height, 0, ROWS - 1).astype(np.int64)
            np.add.at(self._dwell, (rows, columns), self._pending)
        self._pending = 0.0

    def take(self) -> NDArray[np.float64]:
        """Return the (ROWS, COLUMNS) seconds, from the top left, and begin with a cold map again."""
        dwell, self._dwell = self._dwell, np.zeros((ROWS, COLUMNS))
        return dwell

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {
            "pictures": self._pictures,
            "time": self._time,
            "pending": self._pending,
            "dwell": self._dwell.copy(),
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._pictures, self._time, self._pending = int(state["pictures"]), state["time"], float(state["pending"])
        self._dwell = np.array(state["dwell"])
