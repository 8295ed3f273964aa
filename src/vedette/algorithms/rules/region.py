"""Who comes into a region, and who stays."""

from dataclasses import astuple, dataclass

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.standing import Ids, Standing


@dataclass(slots=True)
class _Stay:
    """One track and a region.

    Attributes:
        outside: whether it was ever seen outside.
        since: when it came in, or -1.
        left: when it was first seen clearly outside again, or -1.
        told: whether its entry has been told, or is not to be.
        lingered: whether its long stay has been told.
    """

    outside: bool = False
    since: float = -1.0
    left: float = -1.0
    told: bool = False
    lingered: bool = False
    told_at: float = -1e18
    lingered_at: float = -1e18


@dataclass(frozen=True, slots=True)
class Entered:
    """A track is in a region now; `from_outside` if it was seen outside before."""

    track: int
    from_outside: bool


@dataclass(frozen=True, slots=True)
class Lingered:
    """A track has been in a region for the time that counts as loitering."""

    track: int


ENTERED_S = 0.3
"""Seconds a foot that is hardly inside must stay before it counts as in."""
LEFT_S = 2.0
"""Seconds clearly outside after which a stay is over: coming back later is a new one."""


class RegionWatch:
    """Tells who comes into a region, and who stays.

    Args:
        polygon: the region.
        dwell_s: seconds of a stay that count as loitering.
        interval_s: seconds in which the same track is not told of again.
    """

    def __init__(self, polygon: Polygon, dwell_s: float, interval_s: float = 0.0) -> None:
        self.polygon = polygon
        self._dwell = dwell_s
        self._interval = interval_s
        self._stays: dict[int, _Stay] = {}

    def update(
        self, ids: Ids, feet: Points, standings: list[Standing], slack: float, time: float
    ) -> list[Entered | Lingered]:
        """Take up the feet of one picture and return what has come to pass."""
        told: list[Entered | Lingered] = []
        if not len(ids):
            return told
        depths = self.polygon.signed(feet)
        for track, depth, standing in zip(ids.tolist(), depths, standings, strict=True):
            stay = self._stays.setdefault(track, _Stay())
            self._follow(stay, float(depth), slack, time)
            if stay.since < 0 or depth < 0 or standing is not Standing.COUNTED:
                continue
            surely = depth > slack or time - stay.since >= ENTERED_S
            if not stay.told and surely and time - stay.told_at >= self._interval:
                stay.told, stay.told_at = True, time
                told.append(Entered(track, stay.outside))
            if not stay.lingered and time - stay.since >= self._dwell and time - stay.lingered_at >= self._interval:
                stay.lingered, stay.lingered_at = True, time
                told.append(Lingered(track))
        return told

    @staticmethod
    def _follow(stay: _Stay, depth: float, slack: float, time: float) -> None:
        if depth >= 0:
            stay.left = -1.0
            if stay.since < 0:
                stay.since = time
            return
        stay.outside = True
        if not stay.told and not stay.lingered:
            stay.since = -1.0
        elif depth < -slack:
            stay.left = time if stay.left < 0 else stay.left
            if time - stay.left >= LEFT_S:
                stay.since, stay.left, stay.told, stay.lingered = -1.0, -1.0, False, False

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._stays = {track: stay for track, stay in self._stays.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): list(astuple(stay)) for track, stay in self._stays.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._stays = {int(track): _Stay(*stay) for track, stay in state.items()}
