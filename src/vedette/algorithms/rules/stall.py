"""Things that stay close together, with somebody who stays beside them: a stall."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.places import Corners, grown, touch
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.algorithms.rules.stay import Stay, StayWatch

BESIDE = 0.5
"""A box grown by this share of its size reaches what is beside it."""
ABOUT = 1.0
"""Somebody who keeps a stall goes about it by this share of their size."""
_ANYWHERE = Polygon(((-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)))


@dataclass(slots=True)
class _Stall:
    """A stall that was told: its name, the names of its things, and the box around them."""

    number: int
    things: list[int]
    box: Corners


class StallWatch:
    """Tells of each stall once, and once when the last of its things is gone.

    Args:
        polygon: the region in which things count; whoever stays beside them may stand outside.
        stay_s: seconds for which things, and somebody beside them, must stay.
        attended: whether there must be somebody.
    """

    def __init__(self, polygon: Polygon, stay_s: float, *, attended: bool) -> None:
        self._things = StayWatch(polygon, stay_s)
        self._keepers = StayWatch(_ANYWHERE, stay_s, reach=ABOUT)
        self._attended = attended
        self._stalls: list[_Stall] = []

    def update(
        self,
        ids: Ids,
        boxes: Points,
        feet: Points,
        standings: Sequence[Standing],
        persons: NDArray[np.bool_],
        slack: float,
        time: float,
    ) -> list[Stay]:
        """Take up what one picture shows, and return the stalls that have come or gone, with the boxes around them.

        Args:
            ids: (n,) tracks.
            boxes: (n, 4) left, top, right, bottom in pixels.
            feet: (n, 2).
            standings: n.
            persons: (n,) which of them are persons; the others are things.
            slack: pixels by which a foot must be clear of the edge to be outside again.
            time: seconds.
        """
        for watch, chosen in ((self._keepers, persons), (self._things, ~persons)):
            rows = np.flatnonzero(chosen)
            watch.update(ids[rows], boxes[rows], feet[rows], [standings[row] for row in rows.tolist()], slack, time)
        staying = {stay.number: stay for stay in self._things.long}
        told = self._gone(staying)
        for stay in staying.values():
            if not any(stay.number in stall.things for stall in self._stalls) and not self._joins(stay, staying):
                told += self._begin(stay, staying)
        return told

    def _gone(self, staying: dict[int, Stay]) -> list[Stay]:
        for stall in self._stalls:
            stall.things = [number for number in stall.things if number in staying]
        over = [stall for stall in self._stalls if not stall.things]
        self._stalls = [stall for stall in self._stalls if stall.things]
        return [Stay(stall.number, stall.number, stall.box, over=True) for stall in over]

    def _joins(self, stay: Stay, staying: dict[int, Stay]) -> bool:
        """Add a thing to the stall that it stands close to, if there is one."""
        for stall in self._stalls:
            if any(_close(stay.box, staying[number].box) for number in stall.things):
                stall.things.append(stay.number)
                return True
        return False

    def _begin(self, stay: Stay, staying: dict[int, Stay]) -> list[Stay]:
        taken = {number for stall in self._stalls for number in stall.things}
        things, fresh = [stay.number], [stay]
        while fresh:
            near = fresh.pop()
            for other in staying.values():
                if other.number not in taken and other.number not in things and _close(near.box, other.box):
                    things.append(other.number)
                    fresh.append(other)
        boxes = [staying[number].box for number in things]
        if self._attended and not any(_beside(keeper.box, box) for keeper in self._keepers.long for box in boxes):
            return []
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        around = min(lefts), min(tops), max(rights), max(bottoms)
        self._stalls.append(_Stall(stay.number, things, around))
        return [Stay(stay.number, stay.track, around, over=False)]

    def state(self) -> PlainState:
        """Return what it remembers."""
        stalls = [[stall.number, list(stall.things), list(stall.box)] for stall in self._stalls]
        return {"things": self._things.state(), "keepers": self._keepers.state(), "stalls": stalls}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._things.restore(state.get("things", {}))
        self._keepers.restore(state.get("keepers", {}))
        stalls = state.get("stalls", ())
        self._stalls = [_Stall(number, list(things), tuple(box)) for number, things, box in stalls]


def _close(one: Corners, other: Corners) -> bool:
    return touch(grown(one, BESIDE / 2), grown(other, BESIDE / 2))


def _beside(keeper: Corners, thing: Corners) -> bool:
    return touch(grown(keeper, BESIDE), thing)
