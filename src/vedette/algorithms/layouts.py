"""From a model's output to boxes: one function per layout, all numbers from the manifest."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.boxes import distinct
from vedette.algorithms.manifests import InputSpec, Layout, ModelManifest, OutputSpec
from vedette.model.detection import Detections

Raw = NDArray[np.float32]
Candidates = tuple[Raw, Raw, NDArray[np.int64]]
"""(n, 4) boxes in pixels of the model's input, (n,) scores, (n,) classes."""

BELIEVED = 0.5
"""On our scale: every model's own threshold is laid here, so that no algorithm has to know the model."""
WHISPER = 0.25
"""The share of the threshold below which nothing is passed on; the tracker uses what lies between."""
MOST = 300
"""The most boxes that suppression is asked to look at."""


def calibrated(scores: Raw, threshold: float) -> Raw:
    """Return scores on the common scale: 0 stays 0, 1 stays 1, the model's threshold becomes `BELIEVED`."""
    below = scores * (BELIEVED / threshold)
    above = BELIEVED + (scores - threshold) * ((1 - BELIEVED) / (1 - threshold))
    return np.where(scores < threshold, below, above).astype(np.float32)


def grid(given: InputSpec, strides: tuple[int, ...]) -> tuple[Raw, Raw]:
    """Return the (n, 2) column and row of every cell and its (n, 1) stride, in the order of the strides."""
    cells, sizes = [], []
    for stride in strides:
        rows, columns = np.mgrid[0 : given.height // stride, 0 : given.width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        sizes.append(np.full((rows.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def _yolox(output: Raw, given: InputSpec, spec: OutputSpec, least: float) -> Candidates:
    """Centre = (raw + cell) x stride, size = exp(raw) x stride, score = objectness x class (YOLOX's own export)."""
    cells, strides = grid(given, spec.strides)
    rows = output[0]
    if rows.shape != (len(cells), 5 + len(spec.labels)):
        raise ValueError(f"an output of shape {output.shape} does not fit the layout")
    chosen = np.flatnonzero(rows[:, 4] >= least)
    rows = rows[chosen]
    scores = rows[:, 4:5] * rows[:, 5:]
    classes = scores.argmax(axis=1)
    centre = (rows[:, :2] + cells[chosen]) * strides[chosen]
    half = np.exp(np.minimum(rows[:, 2:4], 12.0)) * strides[chosen] / 2
    return np.concatenate([centre - half, centre + half], axis=1), scores.max(axis=1, initial=0.0), classes


def _fastestdet(output: Raw, given: InputSpec, spec: OutputSpec, least: float) -> Candidates:
    """Centre = (tanh + cell) / cells, size = sigmoid, score = objectness^0.6 x class^0.4 (FastestDet's own example)."""
    cells, strides = grid(given, spec.strides)
    rows = output[0].reshape(output.shape[1], -1).T
    if rows.shape != (len(cells), 5 + len(spec.labels)):
        raise ValueError(f"an output of shape {output.shape} does not fit the layout")
    classes = rows[:, 5:].argmax(axis=1)
    scores = np.clip(rows[:, 0], 0, None) ** 0.6 * np.clip(rows[:, 5:].max(axis=1), 0, None) ** 0.4
    chosen = np.flatnonzero(scores >= least)
    rows = rows[chosen]
    centre = (np.tanh(rows[:, 1:3]) + cells[chosen]) * strides[chosen]
    size = np.array([given.width, given.height], np.float32) / (1 + np.exp(-rows[:, 3:5]))
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1), scores[chosen], classes[chosen]


_READERS: Mapping[Layout, Callable[[Raw, InputSpec, OutputSpec, float], Candidates]] = {
    Layout.YOLOX: _yolox,
    Layout.FASTESTDET: _fastestdet,
}


def decode(output: Raw, manifest: ModelManifest, scale: tuple[float, float], size: tuple[int, int]) -> Detections:
    """Return what the output says, in pixels of the picture.

    Args:
        output: of the model, as it came.
        manifest: of the model.
        scale: input pixels per picture pixel, across and down.
        size: width and height of the picture; boxes are cut to it.

    Raises:
        ValueError: the output has not the shape that the manifest says.
    """
    spec = manifest.output
    least = spec.threshold * WHISPER
    boxes, scores, classes = _READERS[spec.layout](output, manifest.input, spec, least)
    chosen = np.flatnonzero((scores >= least) & np.isfinite(boxes).all(axis=1))
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")[:MOST]]
    chosen = chosen[distinct(boxes[chosen], scores[chosen], classes[chosen], spec.overlap)]
    across, down = scale
    width, height = size
    real: Raw = np.divide(boxes[chosen], np.array([across, down, across, down], np.float32), dtype=np.float32)
    real = np.clip(real, 0, np.array([width, height, width, height], np.float32)).astype(np.float32)
    found = Detections.of(
        real, calibrated(scores[chosen], spec.threshold), classes[chosen].astype(np.int64), spec.labels
    )
    return found.where((real[:, 2] - real[:, 0] >= 1) & (real[:, 3] - real[:, 1] >= 1))
