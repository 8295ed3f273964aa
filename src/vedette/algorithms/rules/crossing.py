"""Who crosses a line, and which way."""

from dataclasses import astuple, dataclass

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Line, Points
from vedette.algorithms.rules.standing import Ids, Standing

STAYS_S = 0.1
"""Seconds after which who has crossed must still be seen beyond the line, in the services."""
_EXACT = 1e-9
"""Seconds: times of pictures are whole microseconds, and sums of them are not."""


@dataclass(slots=True)
class _Side:
    """One track and a line.

    Attributes:
        side: it was last clearly on, and stayed on.
        x: of its last place.
        y: of its last place.
        over: where along the line it last stepped over.
        told_at: when its last crossing was told.
        beyond: since when it is clearly on the other side, or -1.
    """

    side: int = 0
    x: float = 0.0
    y: float = 0.0
    over: float = -1e9
    told_at: float = -1e18
    beyond: float = -1.0


@dataclass(frozen=True, slots=True)
class Crossed:
    """A track went from one side of a line to the other; sides as signs of `Line.signed`."""

    track: int
    before: int
    after: int


class LineWatch:
    """Tells who crosses a line, and which way.

    A side counts when the foot stands further than `slack` pixels from the line, so that somebody who lingers on it
    does not cross it again and again; the place of the crossing must lie between the line's ends.

    Args:
        line: the line.
        interval_s: seconds in which the same track is not told of again.
        stays_s: seconds after which a track must be seen beyond the line still: one whose number passes to a neighbour,
            or whose box is cut short for a moment, has not crossed.
    """

    def __init__(self, line: Line, interval_s: float = 0.0, stays_s: float = 0.0) -> None:
        self.line = line
        self._interval = interval_s
        self._stays = stays_s
        self._sides: dict[int, _Side] = {}

    def update(self, ids: Ids, feet: Points, standings: list[Standing], slack: float, time: float) -> list[Crossed]:
        """Take up the feet of one picture and return the crossings."""
        crossed: list[Crossed] = []
        if not len(ids):
            return crossed
        margin = slack / max(np.hypot(*np.subtract(self.line.end, self.line.start)), 1.0)
        signed = self.line.signed(feet)
        for track, foot, distance, standing in zip(ids.tolist(), feet, signed, standings, strict=True):
            known = self._sides.get(track)
            if known is None:
                known = self._sides[track] = _Side(x=float(foot[0]), y=float(foot[1]))
            self._step(known, foot, float(distance))
            side = 0 if abs(distance) <= slack else (1 if distance > 0 else -1)
            if side == known.side:
                known.beyond = -1.0
            if side in {0, known.side}:
                continue
            if known.side == 0:
                known.side = side
            elif self._has_stayed(known, time) and standing is not Standing.UNSURE:
                inside = -margin <= known.over <= 1 + margin
                if inside and standing is Standing.COUNTED and time - known.told_at >= self._interval:
                    crossed.append(Crossed(track, known.side, side))
                    known.told_at = time
                known.side, known.beyond = side, -1.0
        return crossed

    def _has_stayed(self, known: _Side, time: float) -> bool:
        """Return whether it has been seen beyond the line for long enough."""
        if known.beyond < 0:
            known.beyond = time
        return time - known.beyond >= self._stays - _EXACT

    def _step(self, known: _Side, foot: Points, distance: float) -> None:
        """Remember where along the line the last step over it was made."""
        before = float(self.line.signed(np.array([[known.x, known.y]]))[0])
        if (before > 0) != (distance > 0):
            share = before / (before - distance)
            place = np.array([[known.x + share * (foot[0] - known.x), known.y + share * (foot[1] - known.y)]])
            known.over = float(self.line.along(place)[0])
        known.x, known.y = float(foot[0]), float(foot[1])

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._sides = {track: known for track, known in self._sides.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): list(astuple(known)) for track, known in self._sides.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._sides = {int(track): _Side(*known) for track, known in state.items()}
