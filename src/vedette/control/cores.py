"""How many cores live streams use, and whether another fits. Pure.

What counts is what workers measured. A stream that has not been measured yet is taken for a usual one: the median of
those that are known. Files are not counted: they use whatever there is, and wait for nothing but a place.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from vedette.store.assignments import Holding
from vedette.store.tasks import Standing

KIND: Final = "cores"
"""Of the keys under which tasks wait for cores: so many each."""
STEP: Final = 10
"""Needs are rounded up to a tenth of a core, so that few keys do."""
CHANGED: Final = 0.25
"""By what share of it a cost has to change to be written down."""
LEAST: Final = 0.02
"""And by how many cores at least."""


@dataclass(frozen=True, slots=True)
class Cores:
    """What there is, and what is taken.

    Attributes:
        limit: cores that live streams may use in all; None: as many as they like.
        used: cores that they use.
        streams: how many they are.
        usual: what one of them uses, about.
    """

    limit: float | None = None
    used: float = 0.0
    streams: int = 0
    usual: float = 0.0

    def fits(self, need: float) -> bool:
        """Return whether another stream fits; the only one always does."""
        return self.limit is None or not self.streams or self.used + need <= self.limit

    def plus(self, need: float) -> "Cores":
        """Return what is taken with another stream."""
        return Cores(self.limit, self.used + need, self.streams + 1, self.usual)

    def sentence(self, need: float) -> str:
        """Return what a task is told that waits for so many."""
        return (
            f"Waiting for CPU: live streams use {self.used:.1f} of {self.limit or 0:.1f} cores, and this one needs "
            f"about {need:.1f}. It starts when that much is free."
        )


NO_LIMIT: Final = Cores()


def reckon(limit: float | None, held: Iterable[Holding], running: Iterable[Standing]) -> Cores:
    """Return what is taken by streams that are held."""
    if limit is None:
        return NO_LIMIT
    live = {task.stream_id for task in running if task.stream_id is not None and str(task.stream_id) != task.run_id}
    costs = [holding.cost for holding in held if holding.stream_id in live]
    usual = median(known) if (known := [cost for cost in costs if cost is not None]) else 0.0
    return Cores(limit, sum(usual if cost is None else cost for cost in costs), len(costs), usual)


def rounded(need: float) -> float:
    """Return a need in whole steps."""
    return max(1, math.ceil(round(need * STEP, 6))) / STEP


def key_of(need: float) -> str:
    """Return the key under which tasks wait that need so much."""
    return f"{KIND}::{rounded(need):.1f}"


def has_changed(known: float | None, measured: float) -> bool:
    """Return whether a cost is worth to be written down anew."""
    return known is None or abs(measured - known) > max(LEAST, CHANGED * known)
