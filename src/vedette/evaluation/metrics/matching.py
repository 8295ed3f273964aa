"""Which boxes are the same, and the best pairs of a table."""

import lap
import numpy as np
from numpy.typing import NDArray

from vedette.evaluation.truth import Coordinates

Table = NDArray[np.float64]


def overlap(one: Coordinates, other: Coordinates) -> Table:
    """Return the (n, m) intersection over union of n boxes with m others."""
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    away = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(away - corner, 0, None).prod(axis=2)
    area, other_area = (one[:, 2:] - one[:, :2]).prod(axis=1), (other[:, 2:] - other[:, :2]).prod(axis=1)
    whole = area[:, None] + other_area[None, :] - common
    shared: Table = np.divide(common, whole, out=np.zeros_like(common), where=whole > 0)
    return shared


def covered(one: Coordinates, other: Coordinates) -> Table:
    """Return the (n, m) share of each of n boxes that lies in each of m others."""
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    away = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(away - corner, 0, None).prod(axis=2)
    area = np.maximum((one[:, 2:] - one[:, :2]).prod(axis=1), 1e-9)
    return np.asarray(common / area[:, None])


def best_pairs(gain: Table, least: float) -> list[tuple[int, int]]:
    """Return pairs of a row and a column, each used once, whose gains are at least `least` and add up to the most."""
    if not gain.size:
        return []
    usable = gain >= least
    most = float(gain.max()) + 1.0
    cost = np.where(usable, most - gain, 2 * most + 1)  # two that may pair up are better than none
    _, partner, _ = lap.lapjv(cost, extend_cost=True)
    return [(row, int(column)) for row, column in enumerate(partner) if column >= 0 and usable[row, column]]


def heaviest(gain: Table) -> list[tuple[int, int]]:
    """Return pairs of a row and a column, each used once, whose gains add up to the most; pairs without gain are left out."""
    if not gain.size:
        return []
    _, partner, _ = lap.lapjv(gain.max() - gain, extend_cost=True)
    return [(row, int(column)) for row, column in enumerate(partner) if column >= 0 and gain[row, column] > 0]
