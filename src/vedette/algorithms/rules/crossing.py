"""Who crosses a line, and which way."""

from dataclasses import astuple, dataclass

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Line, Points
from vedette.algorithms.rules.standing import Ids, Standing


@dataclass(slots=True)
class _Side:
    """One track and a line: the side it was last clearly on, the last place, where it last stepped over."""

    side: int = 0
    x: float = 0.0
    y: float = 0.0
    over: float = -1e9
    told_at: float = -1e18


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
    """

    def __init__(self, line: Line, interval_s: float = 0.0) -> None:
        self.line = line
        self._interval = interval_s
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
            if side in {0, known.side}:
                continue
            if known.side == 0:
                known.side = side
            elif standing is not Standing.UNSURE:
                inside = -margin <= known.over <= 1 + margin
                if inside and standing is Standing.COUNTED and time - known.told_at >= self._interval:
                    crossed.append(Crossed(track, known.side, side))
                    known.told_at = time
                known.side = side
        return crossed

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
