"""CLEAR MOT (Bernardin and Stiefelhagen 2008): MOTA, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.evaluation.metrics.matching import Table, best_pairs, overlap
from vedette.evaluation.truth import Boxes

Pairs = Sequence[tuple[Boxes, Boxes]]
SAME = 0.5
"""Least overlap of boxes that may be the same."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Faults along a clip.

    Attributes:
        switches: how often a true one goes on under another id.
        total: how many boxes the truth has.
        precision_of_place: mean overlap of the matched boxes (MOTP).
    """

    mota: float
    missed: int
    false: int
    switches: int
    total: int
    precision_of_place: float


def clear(pairs: Pairs) -> Clear:
    """Score tracks: pairs of the picture before are kept while they overlap, the others are matched anew."""
    missed = false = switches = total = 0
    last: dict[int, int] = {}
    overlaps: list[float] = []
    for true, seen in pairs:
        same = overlap(true.at, seen.at)
        kept = _kept(true, seen, same, last)
        rows, columns = {row for row, _ in kept}, {column for _, column in kept}
        gain = np.where(same >= SAME, same, 0.0)
        gain[sorted(rows), :] = 0.0
        gain[:, sorted(columns)] = 0.0
        matched = [*kept, *best_pairs(gain, SAME)]
        for row, column in matched:
            who, told = int(true.ids[row]), int(seen.ids[column])
            switches += who in last and last[who] != told
            last[who] = told
            overlaps.append(float(same[row, column]))
        missed += len(true) - len(matched)
        false += len(seen) - len(matched)
        total += len(true)
    mota = 1 - (missed + false + switches) / total if total else 0.0
    return Clear(mota, missed, false, switches, total, float(np.mean(overlaps)) if overlaps else 0.0)


def _kept(true: Boxes, seen: Boxes, same: Table, last: dict[int, int]) -> list[tuple[int, int]]:
    column_of = {int(told): column for column, told in enumerate(seen.ids)}
    kept: dict[int, int] = {}
    for row, who in enumerate(true.ids.tolist()):
        column = column_of.get(last.get(who, -2))
        if column is not None and same[row, column] >= SAME:
            kept.setdefault(column, row)
    return [(row, column) for column, row in kept.items()]
