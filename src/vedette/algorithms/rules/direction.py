"""Who moves against the direction that is allowed."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Line, Points, Polygon
from vedette.algorithms.rules.standing import Ids, Standing

MOVING = 0.15
"""Lengths a second from which a step counts as moving: boxes of what stands tremble."""
FORGIVEN = 0.4
"""Share of the way back that may be lost by steps forward before the way back begins anew."""
SAME_S = 4.0
"""Seconds for which somebody who was told and has lost their number is looked for under another."""
SAME_PLACE = 1.5
"""Lengths within which they are found, from where they would be by now."""
STEP_S = 0.5
"""Seconds a step counts for, at most: nobody saw what a target did while it was lost."""


@dataclass(frozen=True, slots=True)
class Against:
    """A track has moved against the direction, long and far enough; `since` is the second in which it began."""

    track: int
    since: float


@dataclass(slots=True)
class _Way:
    """One track, and its way against the direction.

    Attributes:
        x: last foot.
        y: last foot.
        at: when that was.
        left: last left edge of the box.
        right: last right edge.
        from_x: foot where the way began.
        from_y: foot where the way began.
        since: when it began.
        back: pixels gone against the direction.
        forth: pixels gone with it meanwhile.
        moving: seconds of going against it.
        length: the largest longer side of the box on this way.
        told_at: when it was told last.
        last_x: where it last moved against the direction, once it was told.
        last_y: the same.
        last_at: when that was.
        across: pixels a second on the way that was told.
        down: the same.
    """

    x: float
    y: float
    at: float
    left: float
    right: float
    from_x: float = 0.0
    from_y: float = 0.0
    since: float = 0.0
    back: float = 0.0
    forth: float = 0.0
    moving: float = 0.0
    length: float = 0.0
    told_at: float = -1e18
    last_x: float = 0.0
    last_y: float = 0.0
    last_at: float = -1e18
    across: float = 0.0
    down: float = 0.0

    @property
    def is_told(self) -> bool:
        """Return whether it has been told."""
        return self.told_at > -1e17

    def tell(self, time: float) -> None:
        """Remember that it is told, and how it moves."""
        spent = max(self.at - self.since, 1e-3)
        self.across, self.down = (self.x - self.from_x) / spent, (self.y - self.from_y) / spent
        self.told_at, self.last_x, self.last_y, self.last_at = time, self.x, self.y, self.at
        self.begin()

    def begin(self) -> None:
        """Begin anew from the last foot."""
        self.from_x, self.from_y, self.since = self.x, self.y, self.at
        self.back = self.forth = self.moving = self.length = 0.0


class DirectionWatch:
    """Tells who moves against the direction in a region.

    A track is told once it has moved against it for `least_s` seconds and over `lengths` times its own longer side, and
    its way as a whole points against it. A box that jumps (behind something, on top of another) does neither, and one
    that grows on one side (two blobs that melt into one) does not move. Somebody who was told and goes on under another number, as two may swap theirs when they meet, is not told again.

    Args:
        polygon: the region.
        directions: lines from start to end; the nearest one to the foot says what is allowed there.
        least_s: seconds of moving against it.
        lengths: longer sides of the box.
        tolerance: degrees by which the way may differ from the very opposite of what is allowed.
        interval_s: seconds after which the same track may be told again; 0: it is told once.
    """

    def __init__(
        self,
        polygon: Polygon,
        directions: Sequence[Line],
        *,
        least_s: float = 1.0,
        lengths: float = 1.0,
        tolerance: float = 60.0,
        interval_s: float = 0.0,
    ) -> None:
        self.polygon, self.directions = polygon, tuple(directions)
        self._least, self._lengths, self._interval = least_s, lengths, interval_s
        self._cosine = math.cos(math.radians(tolerance))
        self._ways: dict[int, _Way] = {}
        self._time = 0.0

    def update(self, ids: Ids, boxes: Points, standings: Sequence[Standing], time: float) -> list[Against]:
        """Take up the (n, 4) boxes of one picture (left, top, right, bottom); return who is told."""
        told: list[Against] = []
        self._time = time
        if not len(ids) or not self.directions:
            return told
        feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
        inside = self.polygon.contains(feet)
        heads = headings(self.directions, feet)
        for row, (track, (left, top, right, bottom)) in enumerate(zip(ids.tolist(), boxes.tolist(), strict=True)):
            if not inside[row]:
                self._leave(track)
                continue
            way = self._ways.get(track)
            if way is None:
                way = self._ways[track] = _Way((left + right) / 2, bottom, time, left, right)
                way.begin()
            head = float(heads[row, 0]), float(heads[row, 1])
            way.length = max(way.length, right - left, bottom - top)
            self._step(way, (left, right, bottom), head, time)
            if standings[row] is Standing.COUNTED and self._is_against(way, head) and self._may_be_told(way, time):
                if way.is_told or not self._was_told(track, way):
                    told.append(Against(track, way.since))
                way.tell(time)
        return told

    def _step(self, way: _Way, sides: tuple[float, float, float], head: tuple[float, float], time: float) -> None:
        left, right, bottom = sides
        dt = min(time - way.at, STEP_S)
        gone = _both(way.left - left, way.right - right) * head[0] + (way.y - bottom) * head[1]
        way.x, way.y, way.at, way.left, way.right = (left + right) / 2, bottom, time, left, right
        if gone < 0:
            way.forth -= gone
        else:
            way.back += min(gone, way.length * max(self._lengths, 1.0) / 2)  # no one step is far enough
            way.moving += dt if gone > MOVING * way.length * dt else 0.0
            if gone > 0:
                way.last_x, way.last_y, way.last_at = way.x, way.y, time
        if way.forth > FORGIVEN * way.back:
            way.begin()

    def _is_against(self, way: _Way, head: tuple[float, float]) -> bool:
        across, down = way.from_x - way.x, way.from_y - way.y
        far = way.back - way.forth >= max(self._lengths * way.length, 1.0)
        points = across * head[0] + down * head[1] >= self._cosine * math.hypot(across, down)
        return far and points and way.moving >= self._least - 1e-6

    def _may_be_told(self, way: _Way, time: float) -> bool:
        return not way.is_told or (self._interval > 0 and time - way.told_at >= self._interval)

    def _was_told(self, track: int, way: _Way) -> bool:
        """Tell whether a way goes on where somebody was who was told, and who does not go on under their own number."""
        for other, known in self._ways.items():
            late = way.since - known.last_at
            if other == track or not known.is_told or not -SAME_S / 2 <= late <= SAME_S:
                continue
            if known.last_at > way.since and known.last_at > self._time - STEP_S:
                continue  # they are both on their way
            apart = math.hypot(
                known.last_x + late * known.across - way.from_x, known.last_y + late * known.down - way.from_y
            )
            if apart <= SAME_PLACE * way.length:
                return True
        return False

    def _leave(self, track: int) -> None:
        """A way ends at the region's edge; that it was told is remembered."""
        way = self._ways.get(track)
        if way is not None and not way.is_told:
            del self._ways[track]

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back, but for a while not those that were told."""
        self._ways = {
            track: way
            for track, way in self._ways.items()
            if track in alive or (way.is_told and self._time - way.last_at <= 2 * SAME_S)
        }

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"time": self._time, "ways": {str(track): list(astuple(way)) for track, way in self._ways.items()}}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._time = float(state.get("time", 0.0))
        self._ways = {int(track): _Way(*way) for track, way in state.get("ways", {}).items()}


def _both(one: float, other: float) -> float:
    """Return what two sides have moved together: the smaller of two moves the same way, else nothing."""
    return math.copysign(min(abs(one), abs(other)), one) if one * other > 0 else 0.0


def headings(directions: Sequence[Line], feet: Points) -> Points:
    """Return (n, 2): at each of (n, 2) feet the direction of the nearest line, as a vector of length 1."""
    starts = np.array([line.start for line in directions], np.float64)
    spans = np.array([line.end for line in directions], np.float64) - starts
    offset = feet[:, None, :] - starts[None]
    share = np.clip((offset * spans).sum(axis=2) / (spans**2).sum(axis=1), 0, 1)
    away = ((offset - share[..., None] * spans) ** 2).sum(axis=2)
    units = spans / np.hypot(spans[:, 0], spans[:, 1])[:, None]
    return np.asarray(units[away.argmin(axis=1)])
