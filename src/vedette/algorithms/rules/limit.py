"""Who is over a limit in a region for long enough."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.standing import Ids, Standing


@dataclass(slots=True)
class _Over:
    """One track: since when it is over the limit without a break, or -1; and when it was told."""

    since: float = -1.0
    told_at: float = -1e18


class LimitWatch:
    """Tells whose value is over a limit, once per track.

    Args:
        polygon: the region; feet count.
        limit: values above it count.
        least_s: seconds for which it must be over it without a break.
        interval_s: seconds after which the same track may be told again; 0: it is told once.
    """

    def __init__(self, polygon: Polygon, limit: float, least_s: float = 0.0, interval_s: float = 0.0) -> None:
        self.polygon = polygon
        self._limit, self._least, self._interval = limit, least_s, interval_s
        self._known: dict[int, _Over] = {}

    def update(self, ids: Ids, feet: Points, values: Points, standings: Sequence[Standing], time: float) -> list[int]:
        """Take up the (n, 2) feet and (n,) values of one picture (NaN: not known); return the tracks that are told."""
        told: list[int] = []
        if not len(ids):
            return told
        counts = self.polygon.contains(feet) & (values > self._limit)
        for row, track in enumerate(ids.tolist()):
            if not counts[row]:
                if track in self._known:
                    self._known[track].since = -1.0
                continue
            known = self._known.setdefault(track, _Over())
            known.since = time if known.since < 0 else known.since
            never = known.told_at < -1e17
            due = never or (self._interval > 0 and time - known.told_at >= self._interval - 1e-6)
            if due and standings[row] is Standing.COUNTED and time - known.since >= self._least - 1e-6:
                known.told_at = time
                told.append(track)
        return told

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._known = {track: known for track, known in self._known.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): list(astuple(known)) for track, known in self._known.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._known = {int(track): _Over(*known) for track, known in state.items()}
