"""Rules that stand for zones: regions a task marks, or the whole picture, or none at all."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon, whole
from vedette.algorithms.targets import Target
from vedette.model.frame import Frame

SLACK = 1 / 72
"""Share of the picture's height by which a foot must be clear of an edge to be outside again (8 px of 576)."""


class Watch(Protocol):
    """A rule that remembers something of one zone."""

    def state(self) -> PlainState:
        """Return what it remembers."""
        ...

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        ...


W = TypeVar("W", bound=Watch)


class Zones(Generic[W]):
    """A rule for each zone, or one for the whole picture.

    Args:
        polygons: the zones; there may be none, and then nothing is watched.
        make: makes the rule of a zone.
        is_whole: whether the whole picture is the zone; its size is known when the first picture comes.
    """

    def __init__(self, polygons: Sequence[Polygon], make: Callable[[Polygon], W], *, is_whole: bool) -> None:
        self._make = make
        self._is_whole = is_whole
        self._size = [0, 0]
        self._watched = [] if is_whole else [(polygon, make(polygon)) for polygon in polygons]

    def on(self, frame: Frame) -> list[tuple[Polygon, W]]:
        """Return the zones of a picture with their rules, always in the same order."""
        if self._is_whole and self._size != [frame.width, frame.height]:
            self._cover([frame.width, frame.height])
        return self._watched

    def _cover(self, size: list[int]) -> None:
        self._size = size
        polygon = whole(*size)
        self._watched = [(polygon, self._make(polygon))]

    def state(self) -> PlainState:
        """Return what the rules remember, by where their zones are."""
        return {"size": self._size, "zones": [[_ring(polygon), watch.state()] for polygon, watch in self._watched]}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave of the zones that are the same still, whatever their order and names."""
        if self._is_whole and list(state["size"]) != [0, 0]:
            self._cover(list(state["size"]))
        for polygon, watch in self._watched:
            here = _ring(polygon)
            watch.restore(next((known for ring, known in state["zones"] if ring == here), {}))


def corners(targets: Sequence[Target]) -> Points:
    """Return the (n, 4) boxes of targets as left, top, right, bottom."""
    boxes = np.array([target.box for target in targets], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _ring(polygon: Polygon) -> list[list[float]]:
    return [list(corner) for corner in polygon.corners]
