"""FastestDet: one grid of cells, planes of values."""

import numpy as np

from vedette.algorithms.layouts.parts import Candidates, Outputs, Size, around, first, grid, misfit, sigmoid
from vedette.algorithms.outputs import OutputSpec


def read(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Centre = (tanh + cell) / cells, size = sigmoid, score = objectness^0.6 x class^0.4 (FastestDet's own example)."""
    cells, strides = grid(size, spec.strides)
    output = first(outputs)
    rows = output[0].reshape(output.shape[1], -1).T
    if rows.shape != (len(cells), 5 + len(spec.labels)):
        values = 5 + len(spec.labels)
        raise misfit(output, f"{values} planes of {len(cells)} cells with these strides and labels")
    classes = rows[:, 5:].argmax(axis=1)
    scores = np.clip(rows[:, 0], 0, None) ** 0.6 * np.clip(rows[:, 5:].max(axis=1), 0, None) ** 0.4
    chosen = np.flatnonzero(scores >= least)
    rows = rows[chosen]
    centre = (np.tanh(rows[:, 1:3]) + cells[chosen]) * strides[chosen]
    boxes = around(centre, sigmoid(rows[:, 3:5]) * np.array(size, np.float32))
    return Candidates(boxes, scores[chosen], classes[chosen])
