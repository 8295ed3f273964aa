"""How tracks and events are scored against the truth. Written here, so that no figure hangs on a library."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import lap
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.boxes import overlap

Truth = Mapping[int, tuple[NDArray[np.int64], NDArray[np.float64]]]
"""Frame (from 0) -> ids and boxes (left, top, right, bottom)."""


def read_mot(path: Path, scale: float = 1.0) -> dict[int, NDArray[np.float64]]:
    """Return the rows of a MOTChallenge file by frame from 0: id, left, top, right, bottom, column 7."""
    rows = np.loadtxt(path, delimiter=",")
    rows[:, 2:6] *= scale
    rows[:, 4:6] += rows[:, 2:4]
    return {int(frame) - 1: rows[rows[:, 0] == frame][:, 1:7] for frame in np.unique(rows[:, 0])}


def truth(path: Path, scale: float = 1.0) -> Truth:
    return {frame: (rows[:, 0].astype(np.int64), rows[:, 1:5]) for frame, rows in read_mot(path, scale).items()}


def _assign(gain: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    if not gain.size:
        return []
    cost = np.where(gain >= least, 1 - gain, 1e3)
    _, partner, _ = lap.lapjv(cost, extend_cost=True, cost_limit=1e2)
    return [(row, int(col)) for row, col in enumerate(partner) if col >= 0 and gain[row, col] >= least]


@dataclass(frozen=True)
class TrackingScore:
    """CLEAR MOT (Bernardin, Stiefelhagen 2008) and identity F1 (Ristani et al. 2016), at IoU 0.5."""

    mota: float
    idf1: float
    misses: int
    false: int
    switches: int


def tracking_score(wanted: Truth, told: Truth) -> TrackingScore:
    misses = false = switches = total = said = 0
    last: dict[int, int] = {}
    together: Counter[tuple[int, int]] = Counter()
    none = (np.zeros(0, np.int64), np.zeros((0, 4)))
    for frame in sorted(set(wanted) | set(told)):
        ids, boxes = wanted.get(frame, none)
        tracks, seen = told.get(frame, none)
        same = overlap(boxes, seen)
        pairs = [
            (row, int(col))
            for row, person in enumerate(ids)
            for col in np.flatnonzero(tracks == last.get(int(person), -1))
            if same[row, col] >= 0.5
        ]
        rows = [r for r in range(len(ids)) if r not in {p[0] for p in pairs}]
        cols = [c for c in range(len(tracks)) if c not in {p[1] for p in pairs}]
        pairs += [(rows[r], cols[c]) for r, c in _assign(same[np.ix_(rows, cols)], 0.5)]
        for row, col in pairs:
            person, track = int(ids[row]), int(tracks[col])
            switches += last.get(person, track) != track
            last[person] = track
        for row, col in zip(*np.nonzero(same >= 0.5), strict=True):
            together[int(ids[row]), int(tracks[col])] += 1
        total += len(ids)
        said += len(tracks)
        misses += len(ids) - len(pairs)
        false += len(tracks) - len(pairs)
    people = sorted({p for p, _ in together})
    numbers = sorted({t for _, t in together})
    gain = np.array([[together[p, t] for t in numbers] for p in people], np.float64)
    idtp = sum(gain[r, c] for r, c in _assign_sum(gain))
    return TrackingScore(1 - (misses + false + switches) / total, 2 * idtp / (total + said), misses, false, switches)


def _assign_sum(gain: NDArray[np.float64]) -> list[tuple[int, int]]:
    if not gain.size:
        return []
    _, partner, _ = lap.lapjv(gain.max() - gain, extend_cost=True)
    return [(row, int(col)) for row, col in enumerate(partner) if col >= 0]


@dataclass(frozen=True)
class EventScore:
    """Events against the truth: each may answer one true event of its kind, not further away than the tolerance."""

    matched: int
    missed: tuple[tuple[str, int], ...]
    false: tuple[tuple[str, int], ...]
    furthest: int

    @property
    def precision(self) -> float:
        return self.matched / max(1, self.matched + len(self.false))

    @property
    def recall(self) -> float:
        return self.matched / max(1, self.matched + len(self.missed))


def event_score(wanted: Sequence[tuple[str, int]], told: Sequence[tuple[str, int]], tolerance: int) -> EventScore:
    """Match events (kind, frame from 0)."""
    gain = np.zeros((len(wanted), len(told)))
    for row, (kind, frame) in enumerate(wanted):
        for col, (said, at) in enumerate(told):
            if kind == said and abs(frame - at) <= tolerance:
                gain[row, col] = 1 - abs(frame - at) / (tolerance + 1) / 2
    pairs = _assign(gain, 0.1)
    rows, cols = {r for r, _ in pairs}, {c for _, c in pairs}
    return EventScore(
        len(pairs),
        tuple(event for row, event in enumerate(wanted) if row not in rows),
        tuple(event for col, event in enumerate(told) if col not in cols),
        max((abs(wanted[row][1] - told[col][1]) for row, col in pairs), default=0),
    )


Found = Sequence[tuple[int, NDArray[np.float64], NDArray[np.float32]]]
"""Frame, boxes and scores."""


def average_precision(wanted: Truth, found: Found) -> float:
    """Return AP at IoU 0.5: the area under the precision envelope."""
    rows, total = _hits(wanted, found), sum(len(ids) for ids, _ in wanted.values())
    hits = np.cumsum([hit for _, hit in rows])
    precision = hits / np.arange(1, len(rows) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], hits / total])
    return float(np.sum(np.diff(recall) * envelope))


def precision_recall(wanted: Truth, found: Found, least: float) -> tuple[float, float]:
    """Return precision and recall at IoU 0.5 of what scores at least so much."""
    rows = [hit for score, hit in _hits(wanted, found) if score >= least]
    return sum(rows) / len(rows), sum(rows) / sum(len(ids) for ids, _ in wanted.values())


def _hits(wanted: Truth, found: Found) -> list[tuple[float, bool]]:
    """Return score and success of each box, best first; a true box is found once."""
    rows: list[tuple[float, bool]] = []
    for frame, boxes, scores in found:
        free = set(range(len(wanted[frame][0])))
        same = overlap(boxes, wanted[frame][1])
        for col in np.argsort(-scores, kind="stable"):
            best = max(free, key=lambda row, col=col: same[col, row], default=None)
            hit = best is not None and bool(same[col, best] >= 0.5)
            free -= {best} if hit else set()
            rows.append((float(scores[col]), hit))
    return sorted(rows, key=lambda row: -row[0])
