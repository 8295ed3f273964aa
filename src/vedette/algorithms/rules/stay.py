"""What stays in a region for too long, and when it is gone again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.places import Corners, Place, in_one_place, is_hidden, overlap_share
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.model.event import Box
from vedette.model.message import BoundingBox

GONE_S = 10.0
"""Seconds unseen after which something that stood is gone; a detector loses parked things now and then."""
HELD_S = 3.0
"""The same for what a detector holds on to by itself, as that of still things does."""
LOST_S = 2.0
"""The same for something that moved when it was last seen."""
LEFT_S = 2.0
"""Seconds outside the region after which something that was told is gone."""
GLANCE_S = 0.5
"""Seconds elsewhere that mean nothing: a box jumps when something passes in front."""
STOOD_S = 2.0
"""Seconds in one place from which on something stands."""
SEEN_SHARE = 0.5
"""Least share of its stay in which something must be seen: what flickers up in one place now and then does not stay."""
NEAR = 0.5
"""By this share of their size boxes are grown when something that moves is looked for again after it was lost."""
TWIN = 0.7
"""Overlap from which on two boxes that stay are one thing."""
PAUSE_S = 2.0
"""Seconds between two pictures of which no more count: a camera that was away has not seen that something left."""
_TINY = 1e-6


class Stay(NamedTuple):
    """Something that stays in a region.

    Attributes:
        number: its name, the same until it is gone: a track's number, and no other stay in the region has it.
        track: the track it was last seen with.
        box: where it was last seen.
        over: False: it has stayed for too long. True: it was told, and is gone.
    """

    number: int
    track: int
    box: Corners
    over: bool

    @property
    def whole_box(self) -> Box:
        """Its box in whole pixels: left, top, width, height."""
        left, top, right, bottom = (round(edge) for edge in self.box)
        return left, top, right - left, bottom - top

    @property
    def bounding_box(self) -> BoundingBox:
        """Its box as messages have it."""
        left, top, width, height = self.whole_box
        return BoundingBox(x=left, y=top, w=width, h=height)


class _Sight(NamedTuple):
    """A track in this picture: its box, how deep in the region it stands, and what it counts for."""

    box: Corners
    depth: float
    standing: Standing


class StayWatch:
    """Tells of each thing that stays in a region for too long, once, and once more when it is gone.

    Something that stands is known by its place, so a track that is lost for a while, or comes back under another
    number, is the same stay. What was told and moves on within the region is not told again.

    Args:
        polygon: the region; feet count.
        stay_s: seconds that are too long.
        spared: regions in which nothing counts.
        moving: whether what moves about within the region stays there too; else it must stand in one place.
        reach: how far something that stands may shift, as a share of its size.
        gone_s: seconds unseen after which something that stood is gone. More than any stay, where the detector stops
            seeing what stands: it is gone then only when it is seen to leave.
    """

    def __init__(
        self,
        polygon: Polygon,
        stay_s: float,
        *,
        spared: Sequence[Polygon] = (),
        moving: bool = False,
        reach: float = 0.0,
        gone_s: float = GONE_S,
    ) -> None:
        self.polygon = polygon
        self.spared = tuple(spared)
        self._stay, self._moving, self._reach, self._gone = stay_s, moving, reach, gone_s
        self._places: list[Place] = []
        self._time: float | None = None

    @property
    def long(self) -> list[Stay]:
        """What has been told and is not gone yet."""
        return [_stay(place, over=False) for place in self._places if place.told]

    def update(
        self, ids: Ids, boxes: Points, feet: Points, standings: Sequence[Standing], slack: float, time: float
    ) -> list[Stay]:
        """Take up what one picture shows, and return what has come to pass.

        Args:
            ids: (n,) tracks.
            boxes: (n, 4) left, top, right, bottom in pixels.
            feet: (n, 2).
            standings: n; something begins to stay while it is `UNSURE`, and is told once it is `COUNTED`.
            slack: pixels by which a foot must be clear of the edge to be outside again.
            time: seconds.
        """
        step = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time
        depths = self._depths(feet).tolist()
        sights = {
            int(track): _Sight((box[0], box[1], box[2], box[3]), depth, standing)
            for track, box, depth, standing in zip(ids, boxes.tolist(), depths, standings, strict=True)
        }
        known = {place.track: place for place in self._places if place.track in sights}
        for track, place in known.items():
            self._follow(place, sights[track], slack, step, time)
        for track in sights:
            if track not in known:
                self._come(track, sights, time)
        return list(self._judge(sights, step, time))

    def _depths(self, feet: Points) -> NDArray[np.float64]:
        """Return how deep feet stand in what counts of the region, pixels; below 0 outside."""
        if not len(feet):
            return np.zeros(0)
        depths: NDArray[np.float64] = np.min(
            [self.polygon.signed(feet), *(-spared.signed(feet) for spared in self.spared)], axis=0
        )
        return depths

    def _follow(self, place: Place, sight: _Sight, slack: float, step: float, time: float) -> None:
        place.box, place.seen, place.unseen = sight.box, time, 0.0
        if sight.depth < -slack:
            place.left = time if place.left < 0 else place.left
            return
        if sight.depth >= 0:
            place.left = -1.0
        place.here += step
        if in_one_place(place.anchor, sight.box, self._reach):
            place.strayed = -1.0
            return
        place.strayed = time if place.strayed < 0 else place.strayed
        # for so long its number may turn out to have gone to something that passed by
        if time - place.strayed >= (LEFT_S if place.told else GLANCE_S) - _TINY:
            place.anchor, place.stood, place.strayed = sight.box, time, -1.0
            if not self._moving and not place.told:
                place.since, place.here = time, 0.0

    def _come(self, track: int, sights: Mapping[int, _Sight], time: float) -> None:
        """Find the place of a track that has none: one that was lost, or a new one."""
        sight = sights[track]
        lost = [place for place in self._places if self._is_of(place, sight, sights)]
        if lost:
            place = max(lost, key=lambda other: (overlap_share(other.box, sight.box), -other.number))
            if place.track not in sights or sight.standing is not Standing.UNSURE:
                self._take(place, track, sight, time)
            return
        taken = {place.number for place in self._places}
        # its number may still name the place where it stood before something else took that
        number = track if track not in taken else -track
        if sight.depth >= 0 and sight.standing is not Standing.IGNORED and number not in taken:
            self._places.append(Place(number, track, sight.box, sight.box, time, time, time))

    def _is_of(self, place: Place, sight: _Sight, sights: Mapping[int, _Sight]) -> bool:
        """Tell whether a track without a place may be what stood in one."""
        if place.track in sights:
            away = place.told and max(place.left, place.strayed) >= 0
            return away and in_one_place(place.anchor, sight.box, self._reach)
        reach = self._reach if _stands(place) or not self._moving else max(self._reach, NEAR)
        return in_one_place(place.box, sight.box, reach)

    @staticmethod
    def _take(place: Place, track: int, sight: _Sight, time: float) -> None:
        place.track, place.box, place.seen = track, sight.box, time
        place.unseen, place.left, place.strayed = 0.0, -1.0, -1.0

    def _judge(self, sights: Mapping[int, _Sight], step: float, time: float) -> Iterator[Stay]:
        for place in tuple(self._places):
            sight = sights.get(place.track)
            if sight is None and not is_hidden(place.box, (other.box for other in sights.values())):
                place.unseen += min(step, PAUSE_S)
            if self._is_gone(place, time):
                self._places.remove(place)
                if place.told:
                    yield _stay(place, over=True)
            elif sight is not None and self._is_due(place, sight, time):
                twin = self._twin(place)
                if twin is None:
                    place.told = True
                    yield _stay(place, over=False)
                elif twin.track not in sights:
                    self._take(twin, place.track, sight, time)
                    self._places.remove(place)

    def _is_gone(self, place: Place, time: float) -> bool:
        if place.left >= 0 and time - place.left >= (LEFT_S if place.told else GLANCE_S) - _TINY:
            return True
        return place.unseen >= (self._gone if _stands(place) else LOST_S) - _TINY

    def _is_due(self, place: Place, sight: _Sight, time: float) -> bool:
        stayed = time - place.since
        enough = stayed >= self._stay - _TINY and place.here >= SEEN_SHARE * stayed - _TINY
        return enough and not place.told and place.left < 0 and sight.standing is Standing.COUNTED

    def _twin(self, place: Place) -> Place | None:
        """Return what was told in the same place: one thing is now and then two tracks for a while."""
        told = [other for other in self._places if other.told and overlap_share(other.box, place.box) >= TWIN]
        return told[0] if told else None

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"time": self._time, "places": [list(astuple(place)) for place in self._places]}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._time = state.get("time")
        self._places = [
            Place(number, track, tuple(anchor), tuple(box), *rest)
            for number, track, anchor, box, *rest in state.get("places", ())
        ]


def _stands(place: Place) -> bool:
    """Return whether what is in a place stood there when it was last seen."""
    strays = place.strayed >= 0 and place.seen - place.strayed >= GLANCE_S - _TINY
    return place.seen - place.stood >= STOOD_S and not strays


def _stay(place: Place, *, over: bool) -> Stay:
    return Stay(place.number, place.track, place.box, over)
