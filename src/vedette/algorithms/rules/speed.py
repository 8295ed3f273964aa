"""How fast tracks move over the ground."""

import math
from collections.abc import Sequence

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points
from vedette.algorithms.plane import Plane
from vedette.algorithms.rules.standing import Ids

KMH = 3.6
"""Kilometres an hour in a metre a second."""
LEAST_SHARE = 0.6
"""Share of the window that must be seen before a speed is told."""
LEAST_SIGHTS = 4


class SpeedWatch:
    """Measures the speed of tracks over the last seconds, on a plane.

    It is the slope of a straight line through the places in the window (least squares, each axis), so that a box that
    trembles has no speed, and one that jumps once has little.

    Args:
        plane: the ground.
        window_s: seconds over which it is measured.
    """

    def __init__(self, plane: Plane, window_s: float = 1.0) -> None:
        self._plane, self._window = plane, window_s
        self._places: dict[int, list[list[float]]] = {}

    def update(self, ids: Ids, feet: Points, time: float) -> Points:
        """Take up the (n, 2) feet of one picture, pixels; return (n,) km/h, NaN where it is not known (yet)."""
        for track, (x, y) in zip(ids.tolist(), self._plane.metres(feet).tolist(), strict=True):
            places = self._places.setdefault(track, [])
            if not math.isnan(x):  # at the horizon nothing has a place
                places.append([time, x, y])
            while places and places[0][0] < time - self._window - 1e-6:
                del places[0]
        return np.array([self._speed(self._places[track]) for track in ids.tolist()], np.float64)

    def _speed(self, places: Sequence[Sequence[float]]) -> float:
        if len(places) < LEAST_SIGHTS or places[-1][0] - places[0][0] < LEAST_SHARE * self._window - 1e-6:
            return float("nan")
        seen = np.array(places)
        since = seen[:, 0] - seen[:, 0].mean()
        slopes = since @ seen[:, 1:] / (since**2).sum()
        return float(np.hypot(*slopes)) * KMH

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._places = {track: places for track, places in self._places.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): [list(place) for place in places] for track, places in self._places.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._places = {int(track): [list(place) for place in places] for track, places in state.items()}
