"""How boxes and events are scored against the truth. Written here, so that no figure hangs on a library.

Nothing of what is judged is imported: neither here nor in `track_scoring`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from track_scoring import Truth, assign, iou


def read_mot(path: Path, scale: float = 1.0) -> dict[int, NDArray[np.float64]]:
    """Return the rows of a MOTChallenge file by frame from 0: id, left, top, right, bottom, column 7."""
    rows = np.loadtxt(path, delimiter=",")
    rows[:, 2:6] *= scale
    rows[:, 4:6] += rows[:, 2:4]
    return {int(frame) - 1: rows[rows[:, 0] == frame][:, 1:7] for frame in np.unique(rows[:, 0])}


def truth(path: Path, scale: float = 1.0, *, counted: bool = False) -> Truth:
    """Return the human tracks of a MOTChallenge file.

    Args:
        path: of the file.
        scale: pixels of the clip per pixel of the file.
        counted: leave out the boxes that MOTChallenge's own scoring leaves out (column 7 is 0); what is told of them
            is false then.
    """
    rows = read_mot(path, scale)
    kept = {frame: boxes[(boxes[:, 5] != 0) | (not counted)] for frame, boxes in rows.items()}
    return {frame: (boxes[:, 0].astype(np.int64), boxes[:, 1:5]) for frame, boxes in kept.items()}


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
    pairs = assign(gain, 0.1)
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
        same = iou(boxes, wanted[frame][1])
        for col in np.argsort(-scores, kind="stable"):
            best = max(free, key=lambda row, col=col: same[col, row], default=None)
            hit = best is not None and bool(same[col, best] >= 0.5)
            free -= {best} if hit else set()
            rows.append((float(scores[col]), hit))
    return sorted(rows, key=lambda row: -row[0])
