"""Who is who from picture to picture.

Each picture's detections are matched with the tracks in rounds, as ByteTrack does (Zhang et al., 2022): first those
that the detector believes, then the weaker ones with what is left, so that somebody half hidden keeps the number.
Ages count in seconds of the video, so that 5 and 30 pictures a second give the same. Nothing here is random.
"""

from dataclasses import dataclass, fields

import lap
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.boxes import overlap
from vedette.algorithms.kalman import SIZE_GAIN, Columns, correct, first_covariance, predict
from vedette.model.detection import Detections

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How the tracker decides.

    Attributes:
        believed: score from which a detection counts by itself.
        newborn: score from which it begins a track.
        near: least similarity of a match in the first round.
        near_weak: least similarity of a match with a weak detection.
        near_new: least similarity of the second sight of a new track.
        margin: boxes are compared grown by this share of their size on each side: small ones jump further than they
            are wide.
        confirm_hits: sights after which a track is confirmed.
        fresh_s: tracks seen within so many seconds choose before those that have been away longer.
        max_age_s: seconds a confirmed track is remembered unseen.
        still: speed, in heights per second, below which a target counts as standing.
        still_age_s: seconds a target that stood when it was last seen is remembered: it is most likely still there, and
            a parked thing that the detector loses now and then must not be told of again and again.
        near_still: least similarity of a match after more than `max_age_s`.
        weak_age_s: seconds unseen after which weak detections do not continue a track.
        fade_s: seconds in which the speed of something unseen falls to a third.
    """

    believed: float = 0.5
    newborn: float = 0.6
    near: float = 0.2
    near_weak: float = 0.3
    near_new: float = 0.2
    margin: float = 0.15
    confirm_hits: int = 3
    fresh_s: float = 0.4
    max_age_s: float = 2.0
    still: float = 0.15
    still_age_s: float = 20.0
    near_still: float = 0.5
    weak_age_s: float = 1.0
    fade_s: float = 1.0


@dataclass(slots=True)
class _Columns:
    """The living tracks, as columns of n rows."""

    ids: Rows
    centre: Columns
    size: Columns
    speed: Columns
    covariance: Columns
    hits: Rows
    seen: Columns
    still: NDArray[np.bool_]
    votes: Columns

    @classmethod
    def none(cls, kinds: int) -> "_Columns":
        def flat(*shape: int) -> Columns:
            return np.zeros((0, *shape))

        empty = np.zeros(0, np.int64)
        return cls(empty, flat(2), flat(2), flat(2), flat(3), empty, flat(), np.zeros(0, np.bool_), flat(kinds))

    def where(self, chosen: Rows | NDArray[np.bool_]) -> "_Columns":
        return _Columns(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def plus(self, other: "_Columns") -> "_Columns":
        return _Columns(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    @property
    def boxes(self) -> Columns:
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2], axis=1)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was seen in this picture.

    Attributes:
        seen: with track ids; classes are those the track has had most, boxes the smoothed ones.
        confirmed: (n,) whether the track has been seen often enough to be told of.
    """

    seen: Detections
    confirmed: NDArray[np.bool_]


class Tracker:
    """Gives detections the numbers of their tracks; one per stream and set of labels.

    Args:
        labels: of the detections it will be given.
        settings: how it decides.
    """

    def __init__(self, labels: tuple[str, ...], settings: TrackerSettings | None = None) -> None:
        self._labels = labels
        self._how = settings or TrackerSettings()
        self._tracks = _Columns.none(len(labels))
        self._next = 1
        self._time: float | None = None

    @property
    def alive(self) -> frozenset[int]:
        """The ids that may still be seen again."""
        return frozenset(int(track) for track in self._tracks.ids)

    def update(self, found: Detections, time: float) -> Tracked:
        """Take up the detections of the picture at `time` (seconds, never stepping back)."""
        how = self._how
        self._advance(time)
        believed = np.flatnonzero(found.scores >= how.believed)
        weak = np.flatnonzero(found.scores < how.believed)
        tracks = self._tracks
        confirmed = tracks.hits >= how.confirm_hits
        old, new = np.flatnonzero(confirmed), np.flatnonzero(~confirmed)
        recent = time - tracks.seen <= how.weak_age_s + 1e-9

        fresh = time - tracks.seen[old] <= how.fresh_s + 1e-9
        pairs, left_old, left_believed = self._match(old[fresh], believed, found, how.near)
        away = time - tracks.seen[old] > how.max_age_s + 1e-9
        again, left_lost, left_believed = self._match(old[~fresh & ~away], left_believed, found, how.near)
        back, _, left_believed = self._match(old[away], left_believed, found, how.near_still)
        left_old = np.concatenate([left_old, left_lost])
        soon = left_old[recent[left_old]]
        more, _, _ = self._match(soon, weak, found, how.near_weak)
        second, _, left_believed = self._match(new, left_believed, found, how.near_new)
        matched = np.concatenate([pairs, again, back, more, second])
        self._correct(matched, found, time)
        born = left_believed[found.scores[left_believed] >= how.newborn]
        places = np.concatenate([matched[:, 0], len(tracks.ids) + np.arange(len(born))])
        sources = np.concatenate([matched[:, 1], born])
        self._tracks = self._tracks.plus(self._newborn(born, found, time))
        told = self._told(places, sources, found)
        self._forget(time)
        return told

    def _advance(self, time: float) -> None:
        dt = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time
        tracks = self._tracks
        tracks.centre, tracks.covariance = predict(
            tracks.centre, tracks.speed, tracks.covariance, tracks.size[:, 1], dt
        )
        unseen = time - tracks.seen > dt + 1e-9
        tracks.speed[unseen] *= np.exp(-dt / self._how.fade_s)
        tracks.speed[unseen & tracks.still] = 0.0

    def _match(self, rows: Rows, columns: Rows, found: Detections, least: float) -> tuple[Rows, Rows, Rows]:
        """Return matched pairs (n, 2), and the rows and columns left over."""
        nothing = np.zeros((0, 2), np.int64)
        if not len(rows) or not len(columns):
            return nothing, rows, columns
        tracks = self._tracks
        same = overlap(
            _grown(tracks.boxes[rows], self._how.margin),
            _grown(found.boxes[columns].astype(np.float64), self._how.margin),
        )
        same *= 0.7 + 0.3 * found.scores[columns].astype(np.float64)[None, :]
        cost = np.where(same >= least, 1 - same, 10.0)
        _, partner, _ = lap.lapjv(cost, extend_cost=True, cost_limit=1.0)
        here = np.flatnonzero(partner >= 0)
        here = here[same[here, partner[here]] >= least]
        pairs = np.stack([rows[here], columns[partner[here]]], axis=1).astype(np.int64)
        return pairs, np.setdiff1d(rows, pairs[:, 0]), np.setdiff1d(columns, pairs[:, 1])

    def _correct(self, matched: Rows, found: Detections, time: float) -> None:
        rows, sources = matched[:, 0], matched[:, 1]
        tracks = self._tracks
        boxes = found.boxes[sources].astype(np.float64)
        size = boxes[:, 2:] - boxes[:, :2]
        tracks.centre[rows], tracks.speed[rows], tracks.covariance[rows] = correct(
            tracks.centre[rows],
            tracks.speed[rows],
            tracks.covariance[rows],
            tracks.size[rows, 1],
            (boxes[:, :2] + boxes[:, 2:]) / 2,
        )
        tracks.size[rows] += SIZE_GAIN * (size - tracks.size[rows])
        tracks.still[rows] = np.hypot(*tracks.speed[rows].T) < self._how.still * tracks.size[rows, 1]
        tracks.hits[rows] += 1
        tracks.seen[rows] = time
        tracks.votes[rows, found.classes[sources]] += found.scores[sources]

    def _newborn(self, born: Rows, found: Detections, time: float) -> _Columns:
        boxes = found.boxes[born].astype(np.float64)
        size = boxes[:, 2:] - boxes[:, :2]
        votes = np.zeros((len(born), len(self._labels)))
        votes[np.arange(len(born)), found.classes[born]] = found.scores[born]
        ids = np.arange(self._next, self._next + len(born), dtype=np.int64)
        self._next += len(born)
        return _Columns(
            ids=ids,
            centre=(boxes[:, :2] + boxes[:, 2:]) / 2,
            size=size,
            speed=np.zeros((len(born), 2)),
            covariance=first_covariance(size[:, 1]),
            hits=np.ones(len(born), np.int64),
            seen=np.full(len(born), time),
            still=np.zeros(len(born), np.bool_),
            votes=votes,
        )

    def _told(self, places: Rows, sources: Rows, found: Detections) -> Tracked:
        order = np.argsort(self._tracks.ids[places], kind="stable")
        tracks, sources = self._tracks.where(places[order]), sources[order]
        classes = tracks.votes.argmax(axis=1) if len(places) else np.zeros(0, np.int64)
        points = None if found.points is None else found.points[sources]
        boxes = tracks.boxes.astype(np.float32)
        seen = Detections(boxes, found.scores[sources], classes.astype(np.int64), tracks.ids, self._labels, points)
        return Tracked(seen, tracks.hits >= self._how.confirm_hits)

    def _forget(self, time: float) -> None:
        """A confirmed track is remembered for a while; one that is not must be seen in every picture."""
        tracks = self._tracks
        age = time - tracks.seen
        confirmed = tracks.hits >= self._how.confirm_hits
        longest = np.where(tracks.still, self._how.still_age_s, self._how.max_age_s) + 1e-9
        self._tracks = tracks.where(np.where(confirmed, age <= longest, age <= 0))

    def state(self) -> PlainState:
        """Return all it remembers."""
        columns = {f.name: getattr(self._tracks, f.name).copy() for f in fields(self._tracks)}
        return {"next": self._next, "time": self._time, "tracks": columns}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; what follows is what would have followed without the break."""
        self._next, self._time = int(state["next"]), state["time"]
        self._tracks = _Columns(**{f.name: np.array(state["tracks"][f.name]) for f in fields(_Columns)})


def _grown(boxes: Columns, share: float) -> Columns:
    size = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1)
