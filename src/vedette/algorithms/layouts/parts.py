"""What the layouts share: the candidates they give, and the small sums they are made of."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.outputs import Activation, Box, OutputSpec

Raw = NDArray[np.float32]
Outputs = Mapping[str, Raw]
"""The outputs of a model by name, in the order its manifest gives, or else in the model's own."""
Size = tuple[int, int]
"""Width and height of what the model was given, in pixels."""


class Candidates(NamedTuple):
    """n boxes that may be something.

    Attributes:
        boxes: (n, 4) left, top, right, bottom in pixels of the model's input.
        scores: (n,).
        classes: (n,).
        points: (n, k, 2) in pixels of the model's input; None if the model gives none.
    """

    boxes: Raw
    scores: Raw
    classes: NDArray[np.int64]
    points: Raw | None = None


def first(outputs: Outputs) -> Raw:
    """Return the first output: the only one that most layouts have."""
    return next(iter(outputs.values()))


def take(outputs: Outputs, count: int) -> list[Raw]:
    """Return the first so many outputs.

    Raises:
        ValueError: there are fewer.
    """
    if len(outputs) < count:
        raise ValueError(f"{len(outputs)} outputs do not fit the layout, which has {count}")
    return list(outputs.values())[:count]


def plain(output: Raw, dimensions: int) -> Raw:
    """Return an output as float32 without its leading dimensions of one picture.

    Raises:
        ValueError: it has not so many dimensions then.
    """
    rest = output
    while rest.ndim > dimensions and rest.shape[0] == 1:
        rest = rest[0]
    if rest.ndim != dimensions:
        raise misfit(output)
    return np.asarray(rest, np.float32)


def grid(size: Size, strides: tuple[int, ...]) -> tuple[Raw, Raw]:
    """Return the (n, 2) column and row of every cell and its (n, 1) stride, in the order of the strides."""
    width, height = size
    cells, sizes = [], []
    for stride in strides:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        sizes.append(np.full((rows.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def around(centre: Raw, size: Raw) -> Raw:
    """Return (n, 4) boxes of (n, 2) centres and (n, 2) widths and heights."""
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def sigmoid(values: Raw) -> Raw:
    """Return 1 / (1 + exp(-x)), for any x."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float32)


def softmax(values: Raw, axis: int = -1) -> Raw:
    """Return exp(x) / sum of exp(x) along an axis."""
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True), np.float32)


def activated(values: Raw, activation: Activation) -> Raw:
    """Return scores of 0 to 1 of what the model gave, classes along the last axis; nonsense believes nothing."""
    if activation is not Activation.NONE:
        values = sigmoid(values) if activation is Activation.SIGMOID else softmax(values)
    return np.asarray(np.clip(np.nan_to_num(values, nan=0.0), 0, 1), np.float32)


def corners(boxes: Raw, spec: OutputSpec, size: Size) -> Raw:
    """Return (n, 4) left, top, right, bottom in pixels of the input, of what the manifest says boxes are."""
    if spec.normalised:
        boxes = boxes * np.tile(np.array(size, np.float32), 2)[[1, 0, 3, 2] if spec.boxes is Box.YXYX else [0, 1, 2, 3]]
    if spec.boxes is Box.CXCYWH:
        return around(boxes[:, :2], boxes[:, 2:])
    if spec.boxes is Box.XYWH:
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return boxes[:, [1, 0, 3, 2]] if spec.boxes is Box.YXYX else boxes


def misfit(output: Raw, wanted: str = "") -> ValueError:
    """Return what is raised for an output that the layout cannot read; `wanted` says what it reads."""
    return ValueError(f"an output of shape {output.shape} does not fit the layout{wanted and ', which has ' + wanted}")
