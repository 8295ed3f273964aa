"""Boxes by the many: overlap, and what becomes of those that mean the same thing."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]


def areas(boxes: Floats) -> Floats:
    """Return the (n,) areas of (n, 4) boxes given as left, top, right, bottom; 0 for turned-over ones."""
    return np.asarray(np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None))


def overlap(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Return the (n, m) intersection over union of (n, 4) and (m, 4) boxes."""
    if not len(one) or not len(other):
        return np.zeros((len(one), len(other)))
    a, b = one[:, None, :].astype(np.float64), other[None, :, :].astype(np.float64)
    width = np.clip(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0, None)
    height = np.clip(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0, None)
    shared = width * height
    union = areas(one).astype(np.float64)[:, None] + areas(other).astype(np.float64)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def distinct(boxes: Floats, scores: Floats, classes: NDArray[np.int64], limit: float) -> NDArray[np.int64]:
    """Return the rows that survive greedy non-maximum suppression per class, best first.

    Of two boxes of one class that overlap by more than `limit` the weaker goes.
    """
    order = np.argsort(-scores, kind="stable")
    clash = overlap(boxes[order], boxes[order]) > limit
    clash &= classes[order][:, None] == classes[order][None, :]
    gone = np.zeros(len(order), np.bool_)
    for row in range(len(order)):
        if not gone[row]:
            gone[row + 1 :] |= clash[row, row + 1 :]
    return np.asarray(order[~gone], np.int64)


def agreed(
    boxes: Floats, scores: Floats, classes: NDArray[np.int64], kept: NDArray[np.int64], least: float
) -> NDArray[np.float32]:
    """Return the (k, 4) boxes of the kept rows, each as those that mean the same thing have it on the whole.

    The mean over the boxes of its class that overlap it by at least `least`, weighed by score and overlap ("box voting",
    Gidaris and Komodakis, 2015): a model's best guess is seldom right at every side.
    """
    same = overlap(boxes[kept], boxes)
    weights = np.where((same >= least) & (classes[kept][:, None] == classes[None, :]), same * scores[None, :], 0.0)
    weights[np.arange(len(kept)), kept] += 1e-9
    return np.asarray((weights @ boxes) / weights.sum(axis=1, keepdims=True), np.float32)
