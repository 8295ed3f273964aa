"""Planes of cells without a last step: YOLO with anchors, distances to the sides, heat maps of centres."""

import numpy as np

from vedette.algorithms.layouts.parts import (
    Candidates,
    Outputs,
    Raw,
    Size,
    activated,
    around,
    first,
    grid,
    misfit,
    plain,
    sigmoid,
    softmax,
    take,
)
from vedette.algorithms.outputs import Activation, OutputSpec, Step


def read_anchors(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """For each stride an output of anchors with box, objectness and classes, raw (Redmon, YOLO9000, 2016, and followers)."""
    values = 5 + len(spec.labels)
    parts = []
    for output, stride, anchors in zip(take(outputs, len(spec.strides)), spec.strides, spec.anchors, strict=True):
        rows, columns = size[1] // stride, size[0] // stride
        cube = _apart(output, len(anchors), rows, columns, values)
        parts.append(_cube(cube, stride, np.array(anchors, np.float32), spec, least))
    return Candidates(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _apart(output: Raw, anchors: int, rows: int, columns: int, values: int) -> Raw:
    """Return (anchors, rows, columns, values) of an output that has them in one of the usual orders."""
    shape = output.shape[1:]
    if shape == (anchors, rows, columns, values):
        cube = output[0]
    elif shape == (anchors * values, rows, columns):
        cube = output.reshape(anchors, values, rows, columns).transpose(0, 2, 3, 1)
    elif shape in {(rows, columns, anchors, values), (rows, columns, anchors * values)}:
        cube = output.reshape(rows, columns, anchors, values).transpose(2, 0, 1, 3)
    else:
        raise misfit(output, f"{anchors} x {values} planes of {rows} x {columns} cells with these strides and labels")
    return np.asarray(cube, np.float32)


def _cube(
    cube: Raw, stride: int, anchors: Raw, spec: OutputSpec, least: float
) -> tuple[Raw, Raw, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    sure = sigmoid(cube[..., 4])
    anchor, row, column = np.nonzero(sure >= least)
    chosen = cube[anchor, row, column]
    scores = activated(chosen[:, 5:], spec.activation) * sure[anchor, row, column][:, None]
    cells = np.stack([column, row], axis=1).astype(np.float32)
    if spec.step is Step.SQUARE:
        centre = (2 * sigmoid(chosen[:, :2]) - 0.5 + cells) * stride
        extent = (2 * sigmoid(chosen[:, 2:4])) ** 2 * anchors[anchor]
    else:
        centre = (sigmoid(chosen[:, :2]) + cells) * stride
        extent = np.exp(np.minimum(chosen[:, 2:4], 12.0)) * anchors[anchor]
    return around(centre, extent), scores.max(axis=1, initial=0.0), scores.argmax(axis=1)


def read_distances(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Distances to left, top, right and bottom in strides, each the mean of a distribution (Li et al., GFL, 2020).

    One output with classes and distances side by side; or two, first the classes; or two for each stride, first the
    classes of all.
    """
    cells, strides = grid(size, spec.strides)
    labels, width = len(spec.labels), 4 * spec.bins
    if len(outputs) == 1:
        whole = _turned(first(outputs), labels + width, len(cells))
        raw, sides = whole[:, :labels], whole[:, labels:]
    elif len(outputs) == 2:
        told = take(outputs, 2)
        raw, sides = _turned(told[0], labels, len(cells)), _turned(told[1], width, len(cells))
    else:
        told = take(outputs, 2 * len(spec.strides))
        counts = [(size[0] // stride) * (size[1] // stride) for stride in spec.strides]
        raw = np.concatenate([_turned(part, labels, count) for part, count in zip(told, counts, strict=False)])
        rest = told[len(counts) :]
        sides = np.concatenate([_turned(part, width, count) for part, count in zip(rest, counts, strict=True)])
    scores = activated(raw, spec.activation)
    best = scores.max(axis=1)
    chosen = np.flatnonzero(best >= least)
    distances: Raw = sides[chosen]
    if spec.bins > 1:
        shares = softmax(distances.reshape(-1, 4, spec.bins))
        distances = np.asarray(shares @ np.arange(spec.bins, dtype=np.float32), np.float32)
    point = (cells[chosen] + spec.shift) * strides[chosen]
    reach = distances * strides[chosen]
    boxes = np.concatenate([point - reach[:, :2], point + reach[:, 2:]], axis=1)
    return Candidates(boxes, best[chosen], scores[chosen].argmax(axis=1))


def _turned(output: Raw, width: int, cells: int) -> Raw:
    flat = plain(output, 2)
    if flat.shape == (cells, width):
        return flat
    if flat.shape == (width, cells):
        return flat.T
    raise misfit(output, f"{cells} cells of {width} values with these strides and labels")


def read_heatmap(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Peaks of a map of centres, with size and shift of each, all in cells (Zhou et al., Objects as Points, 2019)."""
    heat, extent, shift = (plain(output, 3) for output in take(outputs, 3))
    stride = spec.strides[0]
    rows, columns = size[1] // stride, size[0] // stride
    wanted = [(len(spec.labels), rows, columns), (2, rows, columns), (2, rows, columns)]
    if [heat.shape, extent.shape, shift.shape] != wanted:
        raise misfit(heat)
    scores = activated(heat, spec.activation) if spec.activation is not Activation.SOFTMAX else softmax(heat, axis=0)
    kind, row, column = np.nonzero((scores >= least) & (scores == _highest_around(scores)))
    cells = np.stack([column, row], axis=1).astype(np.float32)
    boxes = around(cells + shift[:, row, column].T, extent[:, row, column].T) * stride
    return Candidates(boxes, scores[kind, row, column], kind.astype(np.int64))


def _highest_around(planes: Raw) -> Raw:
    """Return for each cell the highest of the three by three around it."""
    edge = np.pad(planes, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    across = np.maximum(np.maximum(edge[:, :, :-2], edge[:, :, 1:-1]), edge[:, :, 2:])
    return np.asarray(np.maximum(np.maximum(across[:, :-2], across[:, 1:-1]), across[:, 2:]), np.float32)
