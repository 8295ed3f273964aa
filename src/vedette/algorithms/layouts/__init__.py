"""From a model's outputs to boxes: one small module per family of layouts, all numbers from the manifest."""

from collections.abc import Callable, Mapping

import numpy as np

from vedette.algorithms.boxes import agreed, distinct
from vedette.algorithms.layouts import apart, cells, fastestdet, rows, yolox, yunet
from vedette.algorithms.layouts.parts import Candidates, Outputs, Raw, Size
from vedette.algorithms.outputs import Layout, OutputSpec
from vedette.model.detection import Detections

BELIEVED = 0.5
"""On our scale: every model's own threshold is laid here, so that no algorithm has to know the model."""
WHISPER = 0.125
"""The share of the threshold below which nothing is passed on; the tracker uses what lies between."""
AGREED = 0.65
"""Boxes of a class that overlap by so much mean the same thing, and their mean is told."""
MOST = 300
"""The most boxes that suppression is asked to look at."""

READERS: Mapping[Layout, Callable[[Outputs, Size, OutputSpec, float], Candidates]] = {
    Layout.YOLOX: yolox.read,
    Layout.FASTESTDET: fastestdet.read,
    Layout.YUNET: yunet.read,
    Layout.YOLOV5: rows.read,
    Layout.YOLOV8: rows.read,
    Layout.ANCHORS: cells.read_anchors,
    Layout.END_TO_END: rows.read_chosen,
    Layout.SSD: apart.read_ssd,
    Layout.DETECTIONS: apart.read_chosen,
    Layout.DISTANCES: cells.read_distances,
    Layout.HEATMAP: cells.read_heatmap,
    Layout.DETR: apart.read_queries,
}


def calibrated(scores: Raw, threshold: float) -> Raw:
    """Return scores on the common scale: 0 stays 0, 1 stays 1, the model's threshold becomes `BELIEVED`."""
    below = scores * (BELIEVED / threshold)
    above = BELIEVED + (scores - threshold) * ((1 - BELIEVED) / (1 - threshold))
    return np.where(scores < threshold, below, above).astype(np.float32)


def uncalibrated(score: float, threshold: float) -> float:
    """Return the model's own score of one on the common scale."""
    if score < BELIEVED:
        return score * threshold / BELIEVED
    return threshold + (score - BELIEVED) * (1 - threshold) / (1 - BELIEVED)


def decode(
    outputs: Outputs,
    spec: OutputSpec,
    given: Size,
    scale: tuple[float, float],
    size: Size,
    offset: tuple[float, float] = (0.0, 0.0),
) -> Detections:
    """Return what the outputs say, in pixels of the picture.

    Args:
        outputs: of the model, as they came, by name.
        spec: how they are to be read.
        given: width and height of the model's input.
        scale: input pixels per picture pixel, across and down.
        size: width and height of the picture; boxes are cut to it.
        offset: where the picture begins in the input, pixels from the left and from the top.

    Raises:
        ValueError: an output has not the shape that the manifest says.
    """
    least = spec.threshold * WHISPER
    boxes, scores, classes, points = READERS[spec.layout](outputs, given, spec, least)
    chosen = np.flatnonzero((scores >= least) & np.isfinite(boxes).all(axis=1))
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")[:MOST]]
    if spec.overlap < 1:
        boxes, scores, classes = boxes[chosen], scores[chosen], classes[chosen]
        points = None if points is None else points[chosen]
        chosen = distinct(boxes, scores, classes, spec.overlap)
        boxes[chosen] = agreed(boxes, scores, classes, chosen, AGREED)
    per, begin = np.array(scale, np.float32), np.array(offset, np.float32)
    real: Raw = np.divide(boxes[chosen] - np.tile(begin, 2), np.tile(per, 2), dtype=np.float32)
    real = np.clip(real, 0, np.tile(np.array(size, np.float32), 2)).astype(np.float32)
    marks = None if points is None else np.divide(points[chosen] - begin, per, dtype=np.float32)
    found = Detections.of(
        real, calibrated(scores[chosen], spec.threshold), classes[chosen].astype(np.int64), spec.labels, marks
    )
    return found.where((real[:, 2] - real[:, 0] >= 1) & (real[:, 3] - real[:, 1] >= 1))
