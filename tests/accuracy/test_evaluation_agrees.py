"""The measures of `vedette eval` against code that shares nothing with them."""

import numpy as np
import pytest
from track_scoring import tracking_score

from vedette.evaluation.metrics.clear import clear
from vedette.evaluation.metrics.hota import hota
from vedette.evaluation.metrics.identity import identity
from vedette.evaluation.truth import Boxes

SIZE = np.array([30.0, 60.0])


@pytest.mark.parametrize("seed", range(8))
def test_two_ways_to_reckon_give_the_same(seed: int) -> None:
    """Walkers that cross, are lost, change their numbers, and are seen where nobody is."""
    dice = np.random.default_rng(seed)
    true, told, pairs = {}, {}, []
    start, step = dice.uniform(0, 300, (6, 2)), dice.uniform(-4, 4, (6, 2))
    numbers = np.arange(6)
    for frame in range(60):
        at = start + frame * step
        boxes = np.concatenate([at, at + SIZE], axis=1)
        here = dice.random(6) < 0.9
        seen = here & (dice.random(6) < 0.8)
        if dice.random() < 0.15:
            numbers = numbers.copy()
            numbers[dice.integers(6)] = 10 + frame
        shaken = boxes[seen] + dice.normal(0, 4, (seen.sum(), 4))
        ghosts = dice.uniform(0, 300, (dice.integers(0, 3), 2))
        every = np.concatenate([shaken, np.concatenate([ghosts, ghosts + SIZE], axis=1)])
        ids = np.concatenate([numbers[seen], 1000 + np.arange(len(ghosts))]).astype(np.int64)
        true[frame] = np.flatnonzero(here).astype(np.int64), boxes[here]
        told[frame] = ids, every
        pairs.append((Boxes.of(boxes[here], ids=true[frame][0]), Boxes.of(every, ids=ids)))
    other = tracking_score(true, told)
    assert clear(pairs).mota == pytest.approx(other.mota, abs=1e-9)
    assert identity(pairs).idf1 == pytest.approx(other.idf1, abs=1e-9)
    assert hota(pairs).hota == pytest.approx(other.hota, abs=1e-6)
