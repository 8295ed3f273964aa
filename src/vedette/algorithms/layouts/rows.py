"""Finished boxes, one a row: what YOLOv5, YOLOv8 and their kin give, and models that choose their boxes themselves."""

import numpy as np

from vedette.algorithms.layouts.parts import Candidates, Outputs, Raw, Size, activated, corners, first, misfit, plain
from vedette.algorithms.outputs import Layout, OutputSpec

_PLACES = {"left": 0, "top": 1, "right": 2, "bottom": 3}


def read(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """Four values of a box, objectness where the layout has it, classes, marks of three values, and spare ones."""
    sure = 5 if spec.layout is Layout.YOLOV5 else 4
    labels = len(spec.labels)
    width = sure + labels + 3 * spec.points + spec.spare
    rows = _rows(first(outputs), width)
    scores = activated(rows[:, sure : sure + labels], spec.activation)
    if sure == 5:
        scores = scores * activated(rows[:, 4:5], spec.activation)
    best = scores.max(axis=1)
    chosen = np.flatnonzero(best >= least)
    rows = rows[chosen]
    points = None
    if spec.points:
        marks = rows[:, sure + labels : sure + labels + 3 * spec.points].reshape(-1, spec.points, 3)[:, :, :2]
        points = np.asarray(marks * np.array(size if spec.normalised else (1, 1), np.float32), np.float32)
    return Candidates(corners(rows[:, :4], spec, size), best[chosen], scores[chosen].argmax(axis=1), points)


def _rows(output: Raw, width: int) -> Raw:
    """Return (n, width) rows, whichever of the last two dimensions they stand in."""
    flat = plain(output, 2)
    if flat.shape[1] == width:
        return flat
    if flat.shape[0] == width:
        return np.ascontiguousarray(flat.T)
    raise misfit(output, f"{width} values a row with these labels")


def read_chosen(outputs: Outputs, size: Size, spec: OutputSpec, least: float) -> Candidates:
    """One row for each thing, as `columns` says; rows that believe nothing fill up the rest."""
    rows = plain(first(outputs), 2)
    if rows.shape[1] != len(spec.columns):
        raise misfit(first(outputs), f"{len(spec.columns)} columns")
    column = {name: rows[:, place] for place, name in enumerate(spec.columns) if name != "-"}
    whole = np.array(size if spec.normalised else (1, 1), np.float32)
    scores = np.clip(np.nan_to_num(column["score"], nan=0.0), 0, 1)
    kinds = column.get("class", np.full(len(rows), spec.first_class, np.float32))
    classes = np.where(np.isfinite(kinds), np.rint(kinds), -1).astype(np.int64) - spec.first_class
    known = (scores >= least) & (classes >= 0) & (classes < len(spec.labels))
    boxes: Raw = np.empty((len(rows), 4), np.float32)
    for low, high, extent, middle in (("left", "right", "width", "centre_x"), ("top", "bottom", "height", "centre_y")):
        if low in column:
            begin = column[low]
            end = column[high] if high in column else begin + column[extent]
        elif extent in column:
            begin = column[middle] - column[extent] * np.float32(0.5)
            end = begin + column[extent]
        else:
            begin, end = column[middle] + column[middle] - column[high], column[high]
        boxes[:, _PLACES[low]] = begin
        boxes[:, _PLACES[high]] = end
    return Candidates((boxes * np.tile(whole, 2))[known], scores[known], classes[known])
