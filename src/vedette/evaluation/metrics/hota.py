"""HOTA (Luiten et al. 2021): detection and association in one figure, over all thresholds of overlap."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vedette.evaluation.metrics.clear import Pairs
from vedette.evaluation.metrics.matching import Table, heaviest, overlap

ALPHAS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True)
class Hota:
    """Means over the thresholds 0.05, 0.10 .. 0.95."""

    hota: float
    detection: float
    association: float


def hota(pairs: Pairs) -> Hota:
    """Score tracks.

    Pictures are matched so that tracks that go together along the clip are preferred: by the overlap of a pair, weighted
    with how well its two tracks agree globally, as the authors' own code has it.
    """
    tables = [overlap(true.at, seen.at) for true, seen in pairs]
    agreement = _agreement(pairs, tables)
    true_length = Counter(who for true, _ in pairs for who in true.ids.tolist())
    seen_length = Counter(who for _, seen in pairs for who in seen.ids.tolist())
    wanted, told = true_length.total(), seen_length.total()
    matched = [
        _match(true.ids.tolist(), seen.ids.tolist(), table, agreement)
        for (true, seen), table in zip(pairs, tables, strict=True)
    ]
    found = []
    for alpha in ALPHAS:
        together = Counter((who, by) for picture in matched for who, by, same in picture if same >= alpha)
        right = together.total()
        detection = right / (wanted + told - right) if wanted + told else 0.0
        agreed = sum(n * n / (true_length[who] + seen_length[by] - n) for (who, by), n in together.items())
        association = agreed / right if right else 0.0
        found.append((np.sqrt(detection * association), detection, association))
    means = np.mean(found, axis=0)
    return Hota(*(float(mean) for mean in means))


def _agreement(pairs: Pairs, tables: list[Table]) -> dict[tuple[int, int], float]:
    """Return how well each pair of tracks agrees along the clip: 0..1."""
    common: dict[tuple[int, int], float] = {}
    true_length: Counter[int] = Counter()
    seen_length: Counter[int] = Counter()
    for (true, seen), table in zip(pairs, tables, strict=True):
        true_length.update(true.ids.tolist())
        seen_length.update(seen.ids.tolist())
        whole = table.sum(axis=0)[None, :] + table.sum(axis=1)[:, None] - table
        share = np.divide(table, whole, out=np.zeros_like(table), where=whole > 1e-9)
        for row, column in zip(*np.nonzero(share), strict=True):
            key = int(true.ids[row]), int(seen.ids[column])
            common[key] = common.get(key, 0.0) + float(share[row, column])
    return {(who, by): agreed / (true_length[who] + seen_length[by] - agreed) for (who, by), agreed in common.items()}


def _match(
    true: list[int], seen: list[int], same: Table, agreement: dict[tuple[int, int], float]
) -> list[tuple[int, int, float]]:
    """Return who was told as whom in one picture, with the overlap."""
    gain = np.array([[agreement.get((who, by), 0.0) for by in seen] for who in true]).reshape(same.shape) * same
    return [(true[row], seen[column], float(same[row, column])) for row, column in heaviest(gain)]
