"""When something in a region is seen best, so that it is told once, with a good picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.boxes import overlap
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.standing import Ids, Standing

CUT_OFF = 0.4
"""What a sight is worth whose box is cut off by the picture's edge, against a whole one."""
WORSE = 0.88
"""Share of the best sight's worth below which it is getting worse."""
SIGHTS = 3
"""Sights that count before a better one is no longer waited for."""
BRIEF_S = 0.5
"""Seconds unseen after which something that was not told yet is told as it was seen last."""
PARKED_S = 1800.0
"""Seconds for which the place is known of something that stood there when it was told or lost."""
STOOD_S = 2.0
"""Seconds in one place that count as standing there."""
SHIFT = 0.7
"""Overlap of boxes from which on something is still in its place."""
SAME = 0.5
"""Overlap of boxes in one place from which on a new track is what stood there."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A track that is to be told now.

    Attributes:
        box: left, top, right, bottom in pixels.
        kind: what it is, as `update` was told.
        score: of the detector.
        seen: whether it is in this picture; else it was lost before it was told, and this is how it was seen last.
    """

    track: int
    box: tuple[float, float, float, float]
    kind: int
    score: float
    seen: bool = True


@dataclass(slots=True)
class _Watched:
    """One track in the region.

    Attributes:
        since: when it was first counted, or -1.
        at: when it was last seen.
        best: worth of its best sight.
        sights: how often it was seen and counted.
        box: where it was last seen.
        place: where it began to stand, and since when.
        told: whether it has been told, or is not to be.
    """

    since: float
    at: float
    best: float
    sights: int
    box: tuple[float, float, float, float]
    place: tuple[float, float, float, float]
    stands: float
    kind: int
    score: float
    told: bool = False

    def plain(self) -> list[object]:
        """Return it as plain state."""
        return [
            self.since, self.at, self.best, self.sights, list(self.box), list(self.place), self.stands, self.kind,
            self.score, self.told,
        ]  # fmt: skip


class BestShots:
    """Tells each track in a region once, at the moment it is seen best.

    That moment is when its sight begins to get worse, when the wait is over, or when it leaves the region. The worth of a
    sight is the side of its box, less if the picture's edge cuts it off. What stands in its place and comes
    back there under another number is not told again.

    Args:
        polygon: the region; feet count.
        wait_s: seconds for which a better sight is waited for.
    """

    def __init__(self, polygon: Polygon, wait_s: float = 1.0) -> None:
        self.polygon = polygon
        self._wait = wait_s
        self._known: dict[int, _Watched] = {}
        self._parked: list[list[float]] = []

    def update(
        self,
        ids: Ids,
        boxes: Points,
        kinds: Sequence[int],
        scores: Sequence[float],
        standings: Sequence[Standing],
        size: tuple[int, int],
        time: float,
    ) -> list[Shot]:
        """Take up what one picture shows, and return what is to be told of it.

        Args:
            ids: (n,) tracks.
            boxes: (n, 4) left, top, right, bottom in pixels.
            kinds: n numbers that come back in the shots.
            scores: n.
            standings: n.
            size: width and height of the picture.
            time: seconds.
        """
        shots: list[Shot] = []
        feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
        inside = self.polygon.contains(feet) if len(ids) else np.zeros(0, np.bool_)
        worths = _worths(boxes, size)
        for row, track in enumerate(ids.tolist()):
            watched = self._known.get(track)
            if watched is None and not inside[row]:
                continue
            box = (float(boxes[row, 0]), float(boxes[row, 1]), float(boxes[row, 2]), float(boxes[row, 3]))
            if watched is None:
                watched = self._known[track] = _Watched(-1.0, time, 0.0, 0, box, box, time, kinds[row], scores[row])
            self._see(watched, box, time)
            if not watched.told and standings[row] is Standing.COUNTED:
                watched.kind, watched.score = kinds[row], scores[row]
                if self._is_due(watched, worths[row], bool(inside[row]), time) and not self._stood_here(watched, time):
                    shots.append(Shot(track, box, watched.kind, watched.score))
        return shots + self._lost(ids, boxes, time)

    @staticmethod
    def _see(watched: _Watched, box: tuple[float, float, float, float], time: float) -> None:
        watched.at, watched.box = time, box
        if overlap(np.array([watched.place]), np.array([box]))[0, 0] < SHIFT:
            watched.place, watched.stands = box, time

    def _is_due(self, watched: _Watched, worth: float, inside: bool, time: float) -> bool:
        if watched.since < 0:
            watched.since = time
        watched.sights += 1
        worse = worth < WORSE * watched.best and watched.sights > SIGHTS
        watched.best = max(watched.best, worth)
        watched.told = worse or not inside or time - watched.since >= self._wait - 1e-6
        return watched.told

    def _lost(self, ids: Ids, boxes: Points, time: float) -> list[Shot]:
        """Return those that went before they were told. Where two blobs melt into one, they may part again."""
        shots = []
        seen = set(ids.tolist())
        for track, watched in self._known.items():
            if track in seen or watched.told or not watched.sights or time - watched.at < BRIEF_S - 1e-6:
                continue
            if _is_within(watched.box, boxes):
                continue
            watched.told = True
            if not self._stood_here(watched, time):
                shots.append(Shot(track, watched.box, watched.kind, watched.score, seen=False))
        return shots

    def rest(self, time: float) -> list[Shot]:
        """Return those that were to be told later, when there is no later picture than the one at `time`."""
        shots = []
        for track, watched in self._known.items():
            if watched.sights and not watched.told and not self._stood_here(watched, time):
                shots.append(Shot(track, watched.box, watched.kind, watched.score, seen=watched.at == time))
            watched.told = True
        return shots

    def _stood_here(self, watched: _Watched, time: float) -> bool:
        """Tell whether it stands where something stood that was told and lost."""
        self._parked = [place for place in self._parked if time - place[4] <= PARKED_S]
        just_came = watched.place != watched.box and time - watched.stands < BRIEF_S
        if not self._parked or just_came:
            return False
        same = overlap(np.array([watched.box]), np.array([place[:4] for place in self._parked]))[0]
        return bool(same.max() >= SAME)

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back, but not where they stood."""
        for track, watched in self._known.items():
            if track not in alive and watched.told and watched.at - watched.stands >= STOOD_S:
                here = np.array([watched.box])
                others = [place for place in self._parked if overlap(here, np.array([place[:4]]))[0, 0] < SAME]
                self._parked = [*others, [*watched.box, watched.at]]
        self._known = {track: watched for track, watched in self._known.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        known = {str(track): watched.plain() for track, watched in self._known.items()}
        return {"known": known, "parked": [list(place) for place in self._parked]}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._known = {
            int(track): _Watched(since, at, best, sights, tuple(box), tuple(place), *rest)
            for track, (since, at, best, sights, box, place, *rest) in state.get("known", {}).items()
        }
        self._parked = [list(place) for place in state.get("parked", ())]


def _is_within(box: tuple[float, float, float, float], others: Points) -> bool:
    """Tell whether most of a box lies in one of (n, 4) others."""
    if not len(others):
        return False
    left_top = np.maximum(others[:, :2], box[:2])
    shared = np.clip(np.minimum(others[:, 2:], box[2:]) - left_top, 0, None).prod(axis=1)
    return bool(shared.max() >= SAME * max(1e-9, (box[2] - box[0]) * (box[3] - box[1])))


def _worths(boxes: Points, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return (n,) what the sights of boxes are worth."""
    sides = np.sqrt(np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None))
    edge = (boxes[:, 0] <= 1) | (boxes[:, 1] <= 1) | (boxes[:, 2] >= size[0] - 1) | (boxes[:, 3] >= size[1] - 1)
    return np.asarray(sides * np.where(edge, CUT_OFF, 1.0))
