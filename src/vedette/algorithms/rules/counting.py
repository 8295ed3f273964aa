"""How many cross a line, and how many are in a region, over equal stretches of time."""

from dataclasses import astuple, dataclass

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Line, Points, Polygon
from vedette.algorithms.rules.crossing import STAYS_S, Crossed, LineWatch
from vedette.algorithms.rules.region import ENTERED_S
from vedette.algorithms.rules.standing import Ids, Standing

_EXACT = 1e-9
"""Seconds: times of pictures are whole microseconds, and what is due at exactly 6 s is due there."""


class Intervals:
    """Equal stretches of the video's time, from the first picture on.

    Args:
        length_s: seconds of one.
    """

    def __init__(self, length_s: float) -> None:
        self._length = length_s
        self._began: float | None = None
        self._number = 0

    def over(self, time: float) -> bool:
        """Return whether one has ended since the last picture; several without a picture between count as one."""
        if self._began is None:
            self._began = time
        number = int((time - self._began + _EXACT) // self._length)
        ended = number > self._number
        self._number = number
        return ended

    def begun(self, time: float) -> bool:
        """Return whether something of the present one has passed."""
        return self._began is not None and time > self._began + self._number * self._length + _EXACT

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"length": self._length, "began": self._began, "number": self._number}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; of another length it begins anew with the next picture."""
        if state["length"] == self._length:
            self._began, self._number = state["began"], int(state["number"])


class LineCount:
    """Counts who crosses a line, by the side they come to.

    Args:
        line: the line; `LineWatch` says what a crossing is, and one counts if it is seen twice.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._watch = LineWatch(line, stays_s=STAYS_S)
        self._to_side1 = self._to_side2 = 0

    def update(self, ids: Ids, feet: Points, standings: list[Standing], slack: float, time: float) -> list[Crossed]:
        """Take up the feet of one picture, in pixels, and return the crossings."""
        crossed = self._watch.update(ids, feet, standings, slack, time)
        self._to_side1 += sum(event.after > 0 for event in crossed)
        self._to_side2 += sum(event.after < 0 for event in crossed)
        return crossed

    def take(self) -> tuple[int, int]:
        """Return how many came to side 1 and to side 2, and count from 0 again."""
        counted = self._to_side1, self._to_side2
        self._to_side1 = self._to_side2 = 0
        return counted

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._watch.keep(alive)

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"watch": self._watch.state(), "counted": [self._to_side1, self._to_side2]}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._watch.restore(state["watch"])
        self._to_side1, self._to_side2 = state["counted"]


@dataclass(slots=True)
class _Presence:
    """One track and a region.

    Attributes:
        since: when its foot came in, or -1.
        seen: when it was last seen in, or on the edge.
        inside: whether it counts as in.
    """

    since: float = -1.0
    seen: float = -1.0
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """A region over an interval.

    Attributes:
        present: how many are in it at the end.
        entered: how many came in, or were first seen there.
        left: how many went out, or were last seen there.
    """

    present: int
    entered: int
    left: int


class RegionCount:
    """Counts who is in a region, who comes and who goes.

    Whoever is further in than `slack` pixels, or has been in for `ENTERED_S`, counts as in; whoever is further out
    than that counts as out, so that a box that trembles on the edge is not counted again and again.

    Args:
        polygon: the region.
    """

    def __init__(self, polygon: Polygon) -> None:
        self.polygon = polygon
        self._known: dict[int, _Presence] = {}
        self._entered = self._left = 0

    def update(self, ids: Ids, feet: Points, standings: list[Standing], slack: float, time: float) -> None:
        """Take up the feet of one picture, in pixels."""
        if not len(ids):
            return
        depths = self.polygon.signed(feet).tolist()
        for track, depth, standing in zip(ids.tolist(), depths, standings, strict=True):
            if standing is Standing.COUNTED:
                self._follow(self._known.setdefault(track, _Presence()), depth, slack, time)

    def _follow(self, known: _Presence, depth: float, slack: float, time: float) -> None:
        if depth >= 0:
            known.seen = time
            known.since = time if known.since < 0 else known.since
            if not known.inside and (depth > slack or time - known.since >= ENTERED_S):
                known.inside = True
                self._entered += 1
        elif not known.inside:
            known.since = -1.0
        elif depth < -slack:
            known.inside, known.since = False, -1.0
            self._left += 1
        else:
            known.seen = time

    def take(self, time: float) -> Flow:
        """Return what has been counted, and count from 0 again.

        Args:
            time: of the last picture; who is not seen in it is not present, but has not left either.
        """
        present = sum(known.inside and known.seen >= time for known in self._known.values())
        flow = Flow(present, self._entered, self._left)
        self._entered = self._left = 0
        return flow

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back; those that were in have left."""
        gone = [track for track in self._known if track not in alive]
        for track in gone:
            self._left += self._known.pop(track).inside

    def state(self) -> PlainState:
        """Return what it remembers."""
        known = {str(track): list(astuple(presence)) for track, presence in self._known.items()}
        return {"known": known, "entered": self._entered, "left": self._left}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._known = {int(track): _Presence(*presence) for track, presence in state["known"].items()}
        self._entered, self._left = int(state["entered"]), int(state["left"])
