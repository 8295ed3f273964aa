"""What the layouts share: the candidates they give, and the small sums they are made of."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def misfit(output: Raw) -> ValueError:
    """Return what is raised for an output that the layout cannot read."""
    return ValueError(f"an output of shape {output.shape} does not fit the layout")
