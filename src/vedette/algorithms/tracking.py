"""Who is who from picture to picture.

Each picture's detections are matched with the tracks in rounds, as ByteTrack does (Zhang et al., 2022): first those
that the detector believes, then the weaker ones with what is left, so that somebody half hidden keeps the number. How
things look decides between tracks that are equally near, if somebody says how they look (`looks`, or an embedder).
Ages count in seconds of the video, so that 5 and 30 pictures a second give the same. Nothing here is random.
"""

from dataclasses import dataclass

import lap
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.boxes import overlap
from vedette.algorithms.kalman import Motion, correct, predict
from vedette.algorithms.looks import Looks
from vedette.algorithms.tracks import Mask, Rows, Tracks, apart, covered, inside, likeness
from vedette.model.detection import Detections


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How the tracker decides.

    Attributes:
        believed: score from which a detection counts by itself.
        newborn: score from which it begins a track.
        near: least similarity of a match in the first round.
        near_weak: least similarity of a match with a weak detection.
        near_new: least similarity of the second sight of a new track.
        margin: boxes are compared grown by this share of their size on each side.
        heights: power with which the overlap of upper and lower ends counts besides.
        modesty: share of a similarity that follows the score.
        twin: what overlaps a track that was seen by more begins none.
        confirm_hits: sights after which a track is confirmed,
        confirm_sum: or the sum of scores after which it is.
        fresh_s: tracks seen within so many seconds choose before those that have been away longer.
        max_age_s: seconds a confirmed track is remembered unseen.
        still: speed, in heights per second, below which a target counts as standing.
        still_age_s: seconds a target that stood when it was last seen is remembered: it is most likely still there, and
            a parked thing that the detector loses now and then must not be told of again and again.
        near_still: least similarity of a match after more than `max_age_s`.
        weak_age_s: seconds unseen after which weak detections do not continue a track.
        fade_s: seconds in which the speed of something unseen falls to a third.
        look: how much looks weigh against the overlap.
        alike: likeness of looks that says nothing; more speaks for a match, less against it.
        unlike: likeness below which there is no match.
        look_gain: share of newly seen looks that is believed.
        apart: looks are taken of boxes that no other overlaps by so much.
        gap_s: seconds for which a track that is not seen is assumed to go on,
        hidden_s: or seconds, if somebody else stands before it.
        hidden_share: share of it that they cover then.
        hidden_hits: sights after which a track may be assumed.
        hidden_inside: share of it that is in the picture then.
        hidden_twin: it is not assumed where something else is seen that overlaps it by so much.
        doubt: mean score below which a thing that has never left its place is not told of: posts and posters.
        roamed: how far that is, in longer sides of its box.
    """

    believed: float = 0.33
    newborn: float = 0.65
    near: float = 0.34
    near_weak: float = 0.33
    near_new: float = 0.28
    margin: float = 0.35
    heights: float = 0.5
    modesty: float = 0.1
    twin: float = 0.3
    confirm_hits: int = 3
    confirm_sum: float = 1.6
    fresh_s: float = 0.2
    max_age_s: float = 3.0
    still: float = 0.15
    still_age_s: float = 20.0
    near_still: float = 0.38
    weak_age_s: float = 1.0
    fade_s: float = 3.54
    look: float = 0.96
    alike: float = 0.88
    unlike: float = 0.7
    look_gain: float = 0.11
    apart: float = 0.33
    gap_s: float = 0.2
    hidden_s: float = 1.0
    hidden_share: float = 0.66
    hidden_hits: int = 8
    hidden_inside: float = 0.7
    hidden_twin: float = 0.52
    doubt: float = 0.75
    roamed: float = 0.5


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was seen in this picture, and what is there besides as far as can be known.

    Attributes:
        seen: with track ids; classes are those the track has had most, boxes the smoothed ones.
        confirmed: (n,) whether the track has been seen often enough to be told of.
        doubtful: (n,) whether it may be a thing that the detector mistakes: never moved, never believed much.
        assumed: confirmed tracks that are not seen for a moment, where they should be now; their scores are means.
    """

    seen: Detections
    confirmed: Mask
    doubtful: Mask
    assumed: Detections

    @property
    def told(self) -> Detections:
        """What is in the picture, all in all: the confirmed ones without the doubtful, and the assumed."""
        sure, more = self.seen.where(self.confirmed & ~self.doubtful), self.assumed
        return Detections(
            np.concatenate([sure.boxes, more.boxes]),
            np.concatenate([sure.scores, more.scores]),
            np.concatenate([sure.classes, more.classes]),
            np.concatenate([sure.track_ids, more.track_ids]),
            sure.labels,
        )


class Tracker:
    """Gives detections the numbers of their tracks; one per stream and set of labels.

    Args:
        labels: of the detections it will be given.
        settings: how it decides.
    """

    def __init__(self, labels: tuple[str, ...], settings: TrackerSettings | None = None) -> None:
        self._labels = labels
        self._how = settings or TrackerSettings()
        self._tracks = Tracks.none(len(labels))
        self._next = 1
        self._time: float | None = None

    @property
    def alive(self) -> frozenset[int]:
        """The ids that may still be seen again."""
        return frozenset(int(track) for track in self._tracks.ids)

    def update(
        self, found: Detections, time: float, size: tuple[int, int] | None = None, looks: Looks | None = None
    ) -> Tracked:
        """Take up the detections of a picture.

        Args:
            found: n detections.
            time: seconds, never stepping back.
            size: width and height of the picture; without it, what leaves it unseen is assumed a moment too long.
            looks: (n, d) how they look, rows of length 1; without them places alone decide.
        """
        how, tracks = self._how, self._tracks
        self._advance(time)
        seen = _Picture(found, looks, how)
        self._take_looks(seen)
        believed, weak = np.flatnonzero(found.scores >= how.believed), np.flatnonzero(found.scores < how.believed)
        confirmed, age = self._confirmed(tracks), time - tracks.seen
        old, new = np.flatnonzero(confirmed), np.flatnonzero(~confirmed)
        fresh, away = age[old] <= how.fresh_s + 1e-9, age[old] > how.max_age_s + 1e-9

        near = self._nearness(seen)
        pairs, left_old, left = near.match(old[fresh], believed, how.near)
        again, left_lost, left = near.match(old[~fresh & ~away], left, how.near)
        back, _, left = near.match(old[away], left, how.near_still)
        left_old = np.concatenate([left_old, left_lost])
        more, _, _ = near.match(left_old[age[left_old] <= how.weak_age_s + 1e-9], weak, how.near_weak)
        second, _, left = near.match(new, left, how.near_new)
        matched = np.concatenate([pairs, again, back, more, second])
        self._correct(matched, seen, time)
        born = left[found.scores[left] >= how.newborn]
        if len(born) and len(matched):
            taken = overlap(found.boxes[born], tracks.boxes[matched[:, 0]])
            born = born[taken.max(axis=1) < how.twin]
        places = np.concatenate([matched[:, 0], len(tracks.ids) + np.arange(len(born))])
        if len(born):
            self._tracks = tracks.plus(self._newborn(born, seen, time))
        told = self._told(places, np.concatenate([matched[:, 1], born]), found, time, size)
        self._forget(time)
        return told

    def _confirmed(self, tracks: Tracks) -> Mask:
        return np.asarray((tracks.hits >= self._how.confirm_hits) | (tracks.belief >= self._how.confirm_sum))

    def _doubtful(self, tracks: Tracks) -> Mask:
        return np.asarray(~tracks.roamed & (tracks.belief < self._how.doubt * tracks.hits))

    def _advance(self, time: float) -> None:
        dt = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time
        tracks = self._tracks
        tracks.move(predict(tracks.motion(), dt))
        unseen = time - tracks.seen > dt + 1e-9
        tracks.speed[unseen] *= np.exp(-dt / self._how.fade_s)
        tracks.speed[unseen & tracks.still] = 0.0

    def _take_looks(self, seen: "_Picture") -> None:
        """Begin anew with looks of another kind."""
        tracks, numbers = self._tracks, seen.looks.shape[1]
        if tracks.look.shape[1] != numbers:
            tracks.look = np.zeros((len(tracks.ids), numbers), np.float32)
            tracks.looks = np.zeros_like(tracks.looks)

    def _nearness(self, seen: "_Picture") -> "_Nearness":
        how, tracks = self._how, self._tracks
        same = likeness(tracks.boxes, seen.boxes, how.margin, how.heights)
        same *= 1 - how.modesty + how.modesty * seen.scores[None, :]
        if not seen.looks.shape[1]:
            return _Nearness(same, same)
        alike = tracks.look.astype(np.float64) @ seen.looks.T
        known = (tracks.looks > 0)[:, None] & seen.apart[None, :]
        gain = same + how.look * np.where(known, np.clip((alike - how.alike) / (1 - how.alike), -1, 1), 0.0)
        return _Nearness(np.where(known & (alike < how.unlike), 0.0, same), gain)

    def _correct(self, matched: Rows, seen: "_Picture", time: float) -> None:
        rows, sources = matched[:, 0], matched[:, 1]
        how, tracks, scores = self._how, self._tracks, seen.scores[sources]
        tracks.move(correct(tracks.motion(rows), seen.boxes[sources], scores, tracks.hits[rows]), rows)
        tracks.still[rows] = np.hypot(*tracks.speed[rows].T) < how.still * tracks.size[rows, 1]
        gone = np.hypot(*(tracks.centre[rows] - tracks.born[rows]).T)
        tracks.roamed[rows] |= gone >= how.roamed * tracks.size[rows].max(axis=1)
        tracks.hits[rows] += 1
        tracks.belief[rows] += scores
        tracks.seen[rows] = time
        tracks.votes[rows, seen.classes[sources]] += scores
        if not seen.looks.shape[1]:
            return
        clear = seen.apart[sources]
        rows, sources = rows[clear], sources[clear]
        gain = np.maximum(how.look_gain, 1 / (tracks.looks[rows] + 1))[:, None]
        look = (1 - gain) * tracks.look[rows] + gain * seen.looks[sources]
        tracks.look[rows] = look / np.maximum(np.linalg.norm(look, axis=1, keepdims=True), 1e-9)
        tracks.looks[rows] += 1

    def _newborn(self, born: Rows, seen: "_Picture", time: float) -> Tracks:
        motion, scores, clear = Motion.of(seen.boxes[born]), seen.scores[born], seen.apart[born]
        votes = np.zeros((len(born), len(self._labels)))
        votes[np.arange(len(born)), seen.classes[born]] = scores
        ids = np.arange(self._next, self._next + len(born), dtype=np.int64)
        self._next += len(born)
        return Tracks(
            ids=ids,
            centre=motion.centre,
            size=motion.size,
            speed=motion.speed,
            covariance=motion.covariance,
            hits=np.ones(len(born), np.int64),
            belief=scores,
            seen=np.full(len(born), time),
            still=np.zeros(len(born), np.bool_),
            born=motion.centre.copy(),
            roamed=np.zeros(len(born), np.bool_),
            votes=votes,
            look=(seen.looks[born] * clear[:, None]).astype(np.float32),
            looks=clear.astype(np.int64),
        )

    def _told(
        self, places: Rows, sources: Rows, found: Detections, time: float, size: tuple[int, int] | None
    ) -> Tracked:
        order = np.argsort(self._tracks.ids[places], kind="stable")
        tracks, sources = self._tracks.where(places[order]), sources[order]
        points = None if found.points is None else found.points[sources]
        seen = self._named(tracks, found.scores[sources], points)
        confirmed, doubtful = self._confirmed(tracks), self._doubtful(tracks)
        assumed = self._assumed(tracks.boxes[confirmed & ~doubtful], time, size)
        return Tracked(seen, confirmed, doubtful, self._named(assumed, assumed.belief / assumed.hits))

    def _named(
        self, tracks: Tracks, scores: NDArray[np.floating], points: NDArray[np.float32] | None = None
    ) -> Detections:
        classes = tracks.votes.argmax(axis=1) if len(tracks.ids) else np.zeros(0, np.int64)
        boxes = tracks.boxes.astype(np.float32)
        return Detections(boxes, scores.astype(np.float32), classes, tracks.ids, self._labels, points)

    def _assumed(self, others: NDArray[np.float64], time: float, size: tuple[int, int] | None) -> Tracks:
        """Return the tracks that go on unseen, given the boxes of those that are seen."""
        how, tracks = self._how, self._tracks
        age = time - tracks.seen
        good = self._confirmed(tracks) & ~self._doubtful(tracks) & (tracks.hits >= how.hidden_hits)
        rows = np.flatnonzero(good & (age > 1e-9) & (age <= max(how.gap_s, how.hidden_s) + 1e-9))
        tracks = tracks.where(rows)
        if not len(rows):
            return tracks
        age, boxes = time - tracks.seen, tracks.boxes
        hidden = covered(boxes, others).max(axis=1, initial=0.0) >= how.hidden_share
        there = (age <= how.gap_s + 1e-9) | (hidden & (age <= how.hidden_s + 1e-9))
        there &= overlap(boxes, others).max(axis=1, initial=0.0) < how.hidden_twin
        if size is not None:
            there &= inside(boxes, size) >= how.hidden_inside
        return tracks.where(there)

    def _forget(self, time: float) -> None:
        """A confirmed track is remembered for a while; one that is not must be seen in every picture."""
        tracks = self._tracks
        age = time - tracks.seen
        longest = np.where(tracks.still, self._how.still_age_s, self._how.max_age_s) + 1e-9
        kept = np.where(self._confirmed(tracks), age <= longest, age <= 0)
        if not kept.all():
            self._tracks = tracks.where(kept)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"next": self._next, "time": self._time, "tracks": self._tracks.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; what follows is what would have followed without the break."""
        self._next, self._time = int(state["next"]), state["time"]
        self._tracks = Tracks.restored(state["tracks"])


class _Picture:
    """The detections of one picture, as the tracker counts."""

    def __init__(self, found: Detections, looks: Looks | None, how: TrackerSettings) -> None:
        self.boxes = found.boxes.astype(np.float64)
        self.scores = found.scores.astype(np.float64)
        self.classes = found.classes
        self.looks = np.zeros((len(found), 0)) if looks is None else looks.astype(np.float64)
        self.apart = np.zeros(len(found), np.bool_) if looks is None else apart(self.boxes, how.apart)


@dataclass(frozen=True, slots=True)
class _Nearness:
    """How near n tracks and m detections are: what must be enough for a match, and what decides between matches."""

    same: NDArray[np.float64]
    gain: NDArray[np.float64]

    def match(self, rows: Rows, columns: Rows, least: float) -> tuple[Rows, Rows, Rows]:
        """Return matched pairs (k, 2), and the rows and columns left over."""
        if not len(rows) or not len(columns):
            return np.zeros((0, 2), np.int64), rows, columns
        chosen = np.ix_(rows, columns)
        allowed = self.same[chosen] >= least
        _, partner, _ = lap.lapjv(np.where(allowed, 2 - self.gain[chosen], 20.0), extend_cost=True, cost_limit=5.0)
        paired = partner >= 0
        paired[paired] = allowed[paired, partner[paired]]
        taken = np.zeros(len(columns), np.bool_)
        taken[partner[paired]] = True
        pairs = np.stack([rows[paired], columns[partner[paired]]], axis=1).astype(np.int64)
        return pairs, rows[~paired], columns[~taken]
