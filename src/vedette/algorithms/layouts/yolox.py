"""YOLOX: one output of cells of all strides, boxes relative to their cell."""

import numpy as np

from vedette.algorithms.layouts.parts import Candidates, Outputs, Size, around, first, grid, misfit
from vedette.algorithms.outputs import OutputSpec


def read(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Centre = (raw + cell) x stride, size = exp(raw) x stride, score = objectness x class (YOLOX's own export)."""
    cells, strides = grid(size, spec.strides)
    rows = first(outputs)[0]
    if rows.shape != (len(cells), 5 + len(spec.labels)):
        raise misfit(
            first(outputs), f"{len(cells)} cells of {5 + len(spec.labels)} values with these strides and labels"
        )
    chosen = np.flatnonzero(rows[:, 4] >= least)
    rows = rows[chosen]
    scores = rows[:, 4:5] * rows[:, 5:]
    centre = (rows[:, :2] + cells[chosen]) * strides[chosen]
    boxes = around(centre, np.exp(np.minimum(rows[:, 2:4], 12.0)) * strides[chosen])
    return Candidates(boxes, scores.max(axis=1, initial=0.0), scores.argmax(axis=1))
