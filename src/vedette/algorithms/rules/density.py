"""How many people are where, now and then: numbers per region or cell of a grid, and how full a region is."""

from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon

Counts: TypeAlias = NDArray[np.int64]
"""(n,) numbers of people, one for each area."""

WINDOW_S = 1.0
"""Seconds before a sample whose pictures have a say in it: a detector misses somebody now and then."""
NARROWEST = 10
"""Pixels that a cell of a grid is wide and high at least."""
LATTICE = 160
"""Points across a region's longer side by which its cover is measured."""
_EXACT = 1e-9


class Look(Enum):
    """What to do with a picture."""

    PASS = 0
    COUNT = 1
    TELL = 2
    """Count in it, and tell the sample."""


class Samples:
    """Says which pictures a sample every so many seconds needs, and steadies what is counted in them.

    The first picture is a sample by itself. Of the others, those of the last `WINDOW_S` before a sample are counted
    too, and the sample is one of these countings, so that its parts fit together: the newest of those whose sum is
    nearest to the median of the sums.

    Args:
        interval_s: seconds from sample to sample.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval = interval_s
        self._began: float | None = None
        self._number = 0
        self._recent: list[tuple[float, Counts]] = []

    def step(self, time: float) -> Look:
        """Return what to do with the picture at this time."""
        if self._began is None:
            self._began = time
            return Look.TELL
        since = time - self._began + _EXACT
        number = int(since // self._interval)
        if number > self._number:
            self._number = number
            return Look.TELL
        return Look.COUNT if (number + 1) * self._interval - since <= WINDOW_S else Look.PASS

    def steady(self, time: float, counts: Counts) -> Counts:
        """Take up what was counted in the picture, and return what a sample of this moment says."""
        earlier = (entry for entry in self._recent if time - entry[0] <= WINDOW_S + _EXACT)
        self._recent = [entry for entry in earlier if len(entry[1]) == len(counts)]  # the picture's size may change
        self._recent.append((time, counts))
        sums = np.array([entry.sum() for _, entry in self._recent])
        off = np.abs(sums - np.median(sums))
        return self._recent[int(np.flatnonzero(off == off.min())[-1])][1]

    def state(self) -> PlainState:
        """Return what it remembers."""
        recent = [[time, counts.copy()] for time, counts in self._recent]
        return {"interval": self._interval, "began": self._began, "number": self._number, "recent": recent}

    def restore(self, state: PlainState, *, same_areas: bool) -> None:
        """Take up what `state` gave; with another interval it begins anew with the next picture.

        Args:
            state: of an earlier one.
            same_areas: whether it counted in the same areas; if not, what it counted means nothing here.
        """
        if state["interval"] == self._interval:
            self._began, self._number = state["began"], int(state["number"])
            if same_areas:
                self._recent = [(time, np.array(counts)) for time, counts in state["recent"]]


def whole_picture(width: int, height: int) -> Polygon:
    """Return the region of a whole picture, for feet of `in_picture`."""
    return Polygon(((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))))


def in_picture(feet: Points, width: int, height: int) -> Points:
    """Return (n, 2) feet with those that a box puts beyond the picture moved to its edge."""
    return np.clip(feet, 0.0, (width - 1.0, height - 1.0))


def per_region(polygons: tuple[Polygon, ...], feet: Points) -> Counts:
    """Return how many of the (n, 2) feet stand in each region."""
    return np.array([int(polygon.contains(feet).sum()) for polygon in polygons], np.int64)


class Grid:
    """Equal cells over the picture; the last column and row take what is left over.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
        columns: cells side by side; fewer where they would be narrower than `NARROWEST`.
        rows: cells one above the other; likewise.
    """

    def __init__(self, width: int, height: int, columns: int, rows: int) -> None:
        self._size = width, height
        self.columns = max(1, min(columns, width // NARROWEST))
        self.rows = max(1, min(rows, height // NARROWEST))

    def corners(self) -> NDArray[np.int64]:
        """Return the (rows x columns, 4, 2) corners of the cells, row by row, each clockwise from its top left."""
        xs = np.arange(self.columns + 1) * (self._size[0] // self.columns)
        ys = np.arange(self.rows + 1) * (self._size[1] // self.rows)
        xs[-1], ys[-1] = self._size
        left, top = (part.ravel() for part in np.meshgrid(xs[:-1], ys[:-1]))
        right, bottom = (part.ravel() for part in np.meshgrid(xs[1:], ys[1:]))
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return np.stack([np.stack(corner, axis=1) for corner in corners], axis=1).astype(np.int64)

    def within(self, polygons: tuple[Polygon, ...]) -> NDArray[np.bool_]:
        """Return which cells, row by row, have a part in one of the regions; nine points of each cell are looked at."""
        corners = self.corners().astype(np.float64)
        low, high = corners[:, 0], corners[:, 2] - 1e-6
        some = np.zeros(len(corners), np.bool_)
        for x in (0.0, 0.5, 1.0):
            for y in (0.0, 0.5, 1.0):
                points = low + (high - low) * np.array([x, y])
                for polygon in polygons:
                    some |= polygon.contains(points)
        return some

    def count(self, feet: Points) -> Counts:
        """Return how many of the (n, 2) feet stand in each cell, row by row."""
        column = np.clip(feet[:, 0] // (self._size[0] // self.columns), 0, self.columns - 1).astype(np.int64)
        row = np.clip(feet[:, 1] // (self._size[1] // self.rows), 0, self.rows - 1).astype(np.int64)
        return np.bincount(row * self.columns + column, minlength=self.rows * self.columns).astype(np.int64)


def covered(polygon: Polygon, boxes: Points) -> float:
    """Return the share of a region, 0..1, that lies under at least one of (n, 4) boxes (left, top, right, bottom).

    Somebody far away covers little, and so does the ground that they stand on: the share means much the same near the
    camera and far from it, without a calibration.
    """
    corners = np.array(polygon.corners)
    low, size = corners.min(axis=0), np.ptp(corners, axis=0)
    step = float(size.max()) / LATTICE
    xs, ys = (np.arange(low[axis] + step / 2, low[axis] + size[axis], step) for axis in (0, 1))
    points = np.stack([part.ravel() for part in np.meshgrid(xs, ys)], axis=1)
    points = points[polygon.contains(points)]
    if not len(points) or not len(boxes):
        return 0.0
    x, y = points[:, :1], points[:, 1:]
    under = (boxes[:, 0] <= x) & (x < boxes[:, 2]) & (boxes[:, 1] <= y) & (y < boxes[:, 3])
    return float(under.any(axis=1).mean())
