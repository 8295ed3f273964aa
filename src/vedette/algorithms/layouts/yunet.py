"""YuNet: faces and their five marks, without anchors, an output for each kind of value and each stride.

As in Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), and in its publisher's export.
"""

import numpy as np

from vedette.algorithms.layouts.parts import Candidates, Outputs, Raw, Size, around, grid, misfit
from vedette.algorithms.outputs import OutputSpec

MARKS = 5
"""Right eye, left eye, tip of the nose, right and left corner of the mouth; right and left are the person's own."""
WIDTHS = (1, 1, 4, 2 * MARKS)
"""Values a cell in class, objectness, box and marks: the order of the outputs, each for all strides in turn."""


def read(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Centre and marks = (raw + cell) x stride, size = exp(raw) x stride, score = square root of class x objectness."""
    cells, strides = grid(size, spec.strides)
    kinds, count = list(outputs.values()), len(spec.strides)
    if len(kinds) != len(WIDTHS) * count:
        raise ValueError(f"{len(kinds)} outputs do not fit the layout")
    sure, object_, raw, marks = (
        _of_all_strides(kinds[n * count : (n + 1) * count], width, len(cells)) for n, width in enumerate(WIDTHS)
    )
    scores = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(object_[:, 0], 0, 1))
    chosen = np.flatnonzero(scores >= least)
    cells, strides = cells[chosen], strides[chosen]
    centre = (raw[chosen, :2] + cells) * strides
    boxes = around(centre, np.exp(np.minimum(raw[chosen, 2:], 12.0)) * strides)
    points = (marks[chosen].reshape(-1, MARKS, 2) + cells[:, None]) * strides[:, None]
    return Candidates(boxes, scores[chosen], np.zeros(len(chosen), np.int64), points)


def _of_all_strides(parts: list[Raw], width: int, cells: int) -> Raw:
    """Return (cells, width) values of the outputs of one kind, one stride after the other."""
    for part in parts:
        if part.ndim != 3 or part.shape[0] != 1 or part.shape[2] != width:
            raise misfit(part, f"{width} values a cell")
    whole = np.concatenate([part[0] for part in parts])
    if len(whole) != cells:
        raise ValueError(f"{len(whole)} cells do not fit the layout, which has {cells}")
    return whole
