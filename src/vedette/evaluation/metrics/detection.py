"""Average precision, as PASCAL VOC and COCO have it (Everingham et al. 2010; Lin et al. 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.evaluation.metrics.matching import covered, overlap
from vedette.evaluation.truth import Boxes

Pairs = Sequence[tuple[Boxes, Boxes]]
"""Truth and what was seen, picture by picture."""
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
COVERED = 0.5
"""Of what is seen, this share must lie in an ignored box for it to be ignored."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall as the threshold of the score falls.

    Attributes:
        recall: (n,), growing.
        precision: (n,).
        scores: (n,), falling.
        total: how many boxes the truth has.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    scores: NDArray[np.float64]
    total: int

    @property
    def area(self) -> float:
        """Return the area under the envelope of the curve: AP, all points taken."""
        if not self.total or not len(self.recall):
            return 0.0
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(np.diff(np.concatenate([[0.0], self.recall])) * envelope))

    def best(self) -> tuple[float, float, float, float]:
        """Return F1, precision, recall and score where F1 is best; zeros if nothing was seen."""
        if not len(self.recall):
            return 0.0, 0.0, 0.0, 0.0
        f1 = 2 * self.precision * self.recall / np.maximum(self.precision + self.recall, 1e-12)
        here = int(f1.argmax())
        return float(f1[here]), float(self.precision[here]), float(self.recall[here]), float(self.scores[here])


def curve(pairs: Pairs, least: float = 0.5) -> Curve:
    """Return the curve at a least overlap: best first, each box takes the best true one that is left."""
    scores: list[float] = []
    hits: list[bool] = []
    total = 0
    for true, seen in pairs:
        counted = true.where(~true.ignored)
        total += len(counted)
        same = overlap(seen.at, counted.at)
        inside = covered(seen.at, true.at[true.ignored]).max(axis=1, initial=0.0)
        for row in np.argsort(-seen.scores, kind="stable").tolist():
            best = int(same[row].argmax()) if len(counted) else -1
            hit = best >= 0 and bool(same[row, best] >= least)
            if hit:
                same[:, best] = -1.0  # each is found once
            elif inside[row] >= COVERED:
                continue
            scores.append(float(seen.scores[row]))
            hits.append(hit)
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.cumsum(np.array(hits, np.float64)[order]) if hits else np.zeros(0)
    return Curve(right / max(1, total), right / np.arange(1, len(right) + 1), np.array(scores)[order], total)


def average_precision(pairs: Pairs) -> tuple[float, float]:
    """Return AP at an overlap of 0.5, and its mean over 0.50, 0.55 .. 0.95."""
    areas = [curve(pairs, least).area for least in THRESHOLDS]
    return areas[0], float(np.mean(areas))
