"""How tracks are scored against the truth: CLEAR MOT, identity and HOTA.

Written here, so that no figure hangs on a library, and without a line of what is judged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import lap
import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Boxes = NDArray[np.float64]
Truth = Mapping[int, tuple[Ids, Boxes]]
"""Frame (from 0) -> ids and boxes (left, top, right, bottom)."""
Pairs = list[tuple[int, int]]

NOBODY = (np.zeros(0, np.int64), np.zeros((0, 4)))
LEAST = 0.5
"""The overlap from which a box is right, for MOTA and IDF1."""
ALPHAS = np.arange(1, 20) / 20
"""Those that HOTA goes through."""


@dataclass(frozen=True)
class TrackingScore:
    """CLEAR MOT (Bernardin, Stiefelhagen 2008) and identity F1 (Ristani et al. 2016) at IoU 0.5; HOTA (Luiten et al. 2021).

    Attributes:
        deta: the share of HOTA that hangs on boxes.
        assa: the share that hangs on numbers.
    """

    mota: float
    idf1: float
    hota: float
    deta: float
    assa: float
    misses: int
    false: int
    switches: int

    def __str__(self) -> str:
        return (
            f"MOTA {self.mota:.3f}, IDF1 {self.idf1:.3f}, HOTA {self.hota:.3f} "
            f"(boxes {self.deta:.3f}, numbers {self.assa:.3f}), "
            f"{self.misses} misses, {self.false} false, {self.switches} switches"
        )


def iou(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Return the (n, m) overlap of (n, 4) and (m, 4) boxes."""
    near = np.maximum(one[:, None, :2], other[None, :, :2])
    far = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(far - near, 0, None).prod(axis=2)
    both = (one[:, 2:] - one[:, :2]).prod(axis=1)[:, None] + (other[:, 2:] - other[:, :2]).prod(axis=1)[None, :]
    return np.asarray(shared / np.maximum(both - shared, 1e-9))


def assign(gain: NDArray[np.float64], least: float) -> Pairs:
    """Return as many pairs of at least `least` as there can be, and of those ways the one that gains most."""
    if not gain.size:
        return []
    cost = np.where(gain >= least, 1 - gain, 1e3)
    _, partner, _ = lap.lapjv(cost, extend_cost=True, cost_limit=1e2)
    return [(row, int(col)) for row, col in enumerate(partner) if col >= 0 and gain[row, col] >= least]


def best_sum(gain: NDArray[np.float64]) -> Pairs:
    """Return the pairs whose sum is greatest."""
    if not gain.size:
        return []
    _, partner, _ = lap.lapjv(gain.max() - gain, extend_cost=True)
    return [(row, int(col)) for row, col in enumerate(partner) if col >= 0]


def tracking_score(wanted: Truth, told: Truth) -> TrackingScore:
    """Score what was told against what is true; both name frames that the other may lack."""
    mota, misses, false, switches = _clear(wanted, told)
    hota, deta, assa = _hota(wanted, told)
    return TrackingScore(mota, _identity(wanted, told), hota, deta, assa, misses, false, switches)


def _together(wanted: Truth, told: Truth) -> Iterator[tuple[Ids, Ids, NDArray[np.float64]]]:
    """Yield persons, tracks and their overlap, frame by frame."""
    for frame in sorted(set(wanted) | set(told)):
        persons, boxes = wanted.get(frame, NOBODY)
        tracks, seen = told.get(frame, NOBODY)
        yield persons, tracks, iou(boxes, seen)


def _clear(wanted: Truth, told: Truth) -> tuple[float, int, int, int]:
    misses = false = switches = total = 0
    last: dict[int, int] = {}
    for persons, tracks, same in _together(wanted, told):
        where = {int(track): col for col, track in enumerate(tracks)}
        pairs: Pairs = []
        for row, person in enumerate(persons):  # who was matched before stays matched while the boxes overlap
            col = where.get(last.get(int(person), -1), -1)
            if col >= 0 and same[row, col] >= LEAST and col not in {taken for _, taken in pairs}:
                pairs.append((row, col))
        rows = [row for row in range(len(persons)) if row not in {pair[0] for pair in pairs}]
        cols = [col for col in range(len(tracks)) if col not in {pair[1] for pair in pairs}]
        pairs += [(rows[row], cols[col]) for row, col in assign(same[np.ix_(rows, cols)], LEAST)]
        for row, col in pairs:
            person, track = int(persons[row]), int(tracks[col])
            switches += last.get(person, track) != track
            last[person] = track
        total += len(persons)
        misses += len(persons) - len(pairs)
        false += len(tracks) - len(pairs)
    return 1 - (misses + false + switches) / max(1, total), misses, false, switches


def _counts(wanted: Truth, told: Truth) -> tuple[Ids, Ids, NDArray[np.float64], NDArray[np.float64]]:
    """Return all persons and all tracks, and how many boxes there are of each."""
    persons, seen = np.unique(np.concatenate([NOBODY[0], *(ids for ids, _ in wanted.values())]), return_counts=True)
    tracks, said = np.unique(np.concatenate([NOBODY[0], *(ids for ids, _ in told.values())]), return_counts=True)
    return persons, tracks, seen.astype(np.float64), said.astype(np.float64)


def _identity(wanted: Truth, told: Truth) -> float:
    persons, tracks, seen, said = _counts(wanted, told)
    right = np.zeros((len(persons), len(tracks)))
    for here, there, same in _together(wanted, told):
        right[np.ix_(np.searchsorted(persons, here), np.searchsorted(tracks, there))] += same >= LEAST
    total = seen.sum() + said.sum()
    return float(2 * sum(right[pair] for pair in best_sum(right)) / max(1.0, total))


def _hota(wanted: Truth, told: Truth) -> tuple[float, float, float]:
    """Return HOTA and its two parts, means over the alphas.

    One assignment a frame serves all alphas: by overlap, weighed by how well two tracks go together over the clip.
    """
    persons, tracks, seen, said = _counts(wanted, told)
    likely = np.zeros((len(persons), len(tracks)))
    frames = []
    for here, there, same in _together(wanted, told):
        rows, cols = np.searchsorted(persons, here), np.searchsorted(tracks, there)
        both = same.sum(axis=1)[:, None] + same.sum(axis=0)[None, :] - same
        likely[np.ix_(rows, cols)] += np.divide(same, both, out=np.zeros_like(same), where=both > 0)
        frames.append((rows, cols, same))
    likely /= np.maximum(seen[:, None] + said[None, :] - likely, 1e-9)
    right = np.zeros((len(ALPHAS), len(persons), len(tracks)))
    for rows, cols, same in frames:
        for row, col in best_sum(likely[np.ix_(rows, cols)] * same):
            right[:, rows[row], cols[col]] += same[row, col] >= ALPHAS - 1e-9
    hits = right.sum(axis=(1, 2))
    deta = hits / np.maximum(1.0, seen.sum() + said.sum() - hits)
    kept = right / np.maximum(1.0, seen[:, None] + said[None, :] - right)
    assa = (right * kept).sum(axis=(1, 2)) / np.maximum(1.0, hits)
    return float(np.sqrt(deta * assa).mean()), float(deta.mean()), float(assa.mean())
