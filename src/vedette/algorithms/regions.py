"""The regions of a task, each with a rule of its own, and what they remember through changes of the configuration."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Polygon, whole
from vedette.model.frame import Frame


class RegionRule(Protocol):
    """A rule that watches one region."""

    polygon: Polygon

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        ...

    def state(self) -> PlainState:
        """Return what it remembers."""
        ...

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        ...


R = TypeVar("R", bound=RegionRule)


class Regions(Generic[R]):
    """One rule for each region of a task; where no region is marked, one for the whole picture.

    Args:
        polygons: the regions.
        make: makes the rule of a region.
    """

    def __init__(self, polygons: Sequence[Polygon], make: Callable[[Polygon], R]) -> None:
        self._make = make
        self._is_whole = not polygons
        self._rules = [make(polygon) for polygon in polygons]
        self._size = [0, 0]

    def __iter__(self) -> Iterator[R]:
        return iter(self._rules)

    def fit(self, frame: Frame) -> None:
        """Take the size of the picture, in case the region is the whole of it."""
        self._take_size(frame.width, frame.height)

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        for rule in self._rules:
            rule.keep(alive)

    def state(self) -> PlainState:
        """Return what it remembers: each rule by where its region is."""
        return {"size": self._size, "rules": [[corners(rule.polygon), rule.state()] for rule in self._rules]}

    def restore(self, state: PlainState) -> None:
        """Take up what belongs to the regions that are the same still, whatever their order and names."""
        if state["size"] != [0, 0]:
            self._take_size(*state["size"])
        for rule in self._rules:
            here = corners(rule.polygon)
            rule.restore(next((known for place, known in state["rules"] if place == here), {}))

    def _take_size(self, width: int, height: int) -> None:
        if self._is_whole and self._size != [width, height]:
            self._size = [width, height]
            self._rules = [self._make(whole(width, height))]


def corners(polygon: Polygon) -> list[list[float]]:
    """Return its corners as plain state."""
    return [list(corner) for corner in polygon.corners]
