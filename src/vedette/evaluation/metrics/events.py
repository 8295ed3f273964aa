"""Events against the truth: precision, recall, F1 and delay."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.evaluation.metrics.matching import best_pairs
from vedette.evaluation.seen import Told
from vedette.evaluation.truth import TrueEvent


@dataclass(frozen=True, slots=True)
class Events:
    """Which events were told.

    Attributes:
        pairs: what was to be told, and as what it was.
        missed: what was not told.
        false: what was told and is not true.
    """

    pairs: tuple[tuple[TrueEvent, Told], ...]
    missed: tuple[TrueEvent, ...]
    false: tuple[Told, ...]

    @property
    def precision(self) -> float:
        """Return the share of what was told that is true; 1 if nothing was told."""
        told = len(self.pairs) + len(self.false)
        return len(self.pairs) / told if told else 1.0

    @property
    def recall(self) -> float:
        """Return the share of the truth that was told; 1 if there was nothing to tell."""
        true = len(self.pairs) + len(self.missed)
        return len(self.pairs) / true if true else 1.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def delays(self) -> tuple[float, ...]:
        """Return by how many seconds each was told late; below 0: early."""
        return tuple(told.time - true.time for true, told in self.pairs)

    @property
    def median_delay(self) -> float | None:
        """Return the median of the delays, seconds; None if nothing was right."""
        return statistics.median(self.delays) if self.pairs else None


def score(true: Sequence[TrueEvent], told: Sequence[Told]) -> Events:
    """Match events: each answers one of its kind, within the tolerance; of several pairings the one with least delay."""
    spoken = [event for event in told if not event.over]
    gain = np.zeros((len(true), len(spoken)))
    for row, wanted in enumerate(true):
        for column, event in enumerate(spoken):
            early, late = wanted.time - wanted.tolerance, wanted.until + wanted.tolerance
            if wanted.kind in ("", event.kind) and early <= event.time <= late:
                away = max(abs(event.time - wanted.time), 0.0)
                gain[row, column] = 1 - away / (late - early + 1) / 2
    pairs = best_pairs(gain, 0.25)
    rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
    return Events(
        tuple((true[row], spoken[column]) for row, column in pairs),
        tuple(event for row, event in enumerate(true) if row not in rows),
        tuple(event for column, event in enumerate(spoken) if column not in columns),
    )
