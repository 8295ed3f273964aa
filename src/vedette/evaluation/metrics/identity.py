"""IDF1 (Ristani et al. 2016): how much of the clip is told under the right identity, by the best pairs of whole tracks."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vedette.evaluation.metrics.clear import SAME, Pairs
from vedette.evaluation.metrics.matching import heaviest, overlap


@dataclass(frozen=True, slots=True)
class Identity:
    """How well tracks stay with whom they follow."""

    idf1: float
    precision: float
    recall: float


def identity(pairs: Pairs) -> Identity:
    """Score tracks."""
    together: Counter[tuple[int, int]] = Counter()
    true_length: Counter[int] = Counter()
    seen_length: Counter[int] = Counter()
    for true, seen in pairs:
        true_length.update(true.ids.tolist())
        seen_length.update(seen.ids.tolist())
        for row, column in zip(*np.nonzero(overlap(true.at, seen.at) >= SAME), strict=True):
            together[int(true.ids[row]), int(seen.ids[column])] += 1
    right = _best(together, true_length, seen_length)
    wanted, told = true_length.total(), seen_length.total()
    return Identity(
        2 * right / (wanted + told) if wanted + told else 0.0,
        right / told if told else 0.0,
        right / wanted if wanted else 0.0,
    )


def _best(together: Counter[tuple[int, int]], true_length: Counter[int], seen_length: Counter[int]) -> int:
    """Return how many boxes agree under the pairs of tracks that leave the fewest false and missed ones."""
    rows, columns = list(true_length), list(seen_length)
    gain = np.zeros((len(rows), len(columns)))
    for (true, seen), count in together.items():
        gain[rows.index(true), columns.index(seen)] = count
    return int(sum(gain[pair] for pair in heaviest(gain)))
