"""Boxes and scores in outputs of their own: SSD, TensorFlow's detectors, DETR."""

import numpy as np

from vedette.algorithms.layouts.parts import Candidates, Outputs, Raw, Size, activated, corners, plain, take
from vedette.algorithms.outputs import Background, OutputSpec


def read_ssd(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Boxes, then the scores of all classes for each."""
    boxes, scores = take(outputs, 2)
    return _best(plain(boxes, 2), plain(scores, 2), size, spec, least)


def read_queries(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Scores of all classes, and perhaps of nothing, then the box of each query (Carion et al., DETR, 2020)."""
    scores, boxes = take(outputs, 2)
    return _best(plain(boxes, 2), plain(scores, 2), size, spec, least)


def _best(boxes: Raw, raw: Raw, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Return the best class of each box that comes up to the least."""
    expected = len(spec.labels) + (spec.background is not Background.NONE)
    if boxes.shape != (len(raw), 4) or raw.shape[1] != expected:
        raise ValueError(f"boxes of shape {boxes.shape} and scores of shape {raw.shape} do not fit the layout")
    scores = activated(raw, spec.activation)
    scores = {
        Background.NONE: scores,
        Background.FIRST: scores[:, 1:],
        Background.LAST: scores[:, :-1],
    }[spec.background]
    best = scores.max(axis=1)
    chosen = np.flatnonzero(best >= least)
    return Candidates(corners(boxes[chosen], spec, size), best[chosen], scores[chosen].argmax(axis=1))


def read_chosen(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Boxes, class numbers, scores and perhaps their count, chosen by the model itself."""
    whole = take(outputs, 3)
    boxes, kinds, scores = plain(whole[0], 2), plain(whole[1], 1), plain(whole[2], 1)
    if boxes.shape != (len(kinds), 4) or len(kinds) != len(scores):
        raise ValueError(
            f"boxes, classes and scores of {len(boxes)}, {len(kinds)}, {len(scores)} do not fit the layout"
        )
    count = len(scores)
    if len(outputs) > 3:
        told = np.nan_to_num(take(outputs, 4)[3].ravel().astype(np.float64))
        count = min(count, max(0, int(told[0]))) if len(told) else 0
    boxes, kinds, scores = boxes[:count], kinds[:count], scores[:count]
    classes = np.rint(np.nan_to_num(kinds.astype(np.float64), nan=-1.0)).astype(np.int64) - spec.first_class
    known = np.flatnonzero((scores >= least) & (classes >= 0) & (classes < len(spec.labels)))
    return Candidates(corners(boxes[known], spec, size), scores[known], classes[known])
