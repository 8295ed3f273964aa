"""Rules that stand for zones: regions a task marks, or the whole picture, or none at all."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon, whole
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.algorithms.targets import Target, columns
from vedette.model.frame import Frame

SLACK = 1 / 72
"""Share of the picture's height by which a foot must be clear of an edge to be outside again (8 px of 576)."""

EDGE = 2.0
"""Pixels from the edge of the picture at which a foot is taken to stand that is cut off."""


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


def sights(targets: Sequence[Target], frame: Frame) -> tuple[Ids, Points, Points, list[Standing]]:
    """Return targets as rules over places take them.

    Returns:
        (n,) tracks; (n, 4) boxes as left, top, right, bottom; (n, 2) feet, those of what is cut off by the edge of the
        picture within it, as zones that reach to the edge end there; and what each counts for.
    """
    ids, feet, standings = columns(targets)
    boxes = np.array([target.box for target in targets], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    within = np.clip(feet, EDGE, (max(EDGE, frame.width - EDGE), max(EDGE, frame.height - EDGE)))
    return ids, boxes, within, standings


def _ring(polygon: Polygon) -> list[list[float]]:
    return [list(corner) for corner in polygon.corners]
