"""Whether enough are in a region, period by period."""

from dataclasses import dataclass, field
from typing import NamedTuple

from vedette.algorithms.base import PlainState

_TINY = 1e-6


class Absence(NamedTuple):
    """Too few are in a region, or enough of them again.

    Attributes:
        there: the most that were there at once in the period that decided.
        over: whether there are enough again.
    """

    there: int
    over: bool


@dataclass(slots=True)
class AbsenceWatch:
    """Tells when there have been too few for so many periods on end, and when there are enough again.

    Time is cut into periods from the first picture on. A period counts by the most that were seen at once in it, so
    that somebody whom the detector misses for a moment has not been away. A period without a picture tells nothing.

    Attributes:
        period_s: length of a period, seconds.
        periods: so many short ones on end are told.
        wanted: so many are enough.
    """

    period_s: float
    periods: int
    wanted: int
    _begin: float = field(default=-1.0, init=False)
    _most: int = field(default=0, init=False)
    _short: int = field(default=0, init=False)
    _told: bool = field(default=False, init=False)

    def update(self, count: int, time: float) -> Absence | None:
        """Take up how many are there at `time` (seconds), and return what has come to pass."""
        if self._begin < 0:
            self._begin, self._most = time, count
            return None
        whole = int((time - self._begin + _TINY) / self.period_s)
        if whole == 0:
            self._most = max(self._most, count)
            return None
        most, self._most = self._most, count
        self._begin += whole * self.period_s
        self._short = self._short + 1 if most < self.wanted else 0
        if self._told and not self._short:
            self._told = False
            return Absence(most, over=True)
        if self._short >= self.periods and not self._told:
            self._told = True
            return Absence(most, over=False)
        return None

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"begin": self._begin, "most": self._most, "short": self._short, "told": self._told}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        if state:
            self._begin, self._most = state["begin"], state["most"]
            self._short, self._told = state["short"], state["told"]
