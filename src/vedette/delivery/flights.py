"""The calls that are on their way, and how many more may begin."""

import asyncio
from dataclasses import dataclass

from vedette.delivery.lane import Lane
from vedette.store.outbox import Due

QUICK_SLOTS = 64
"""Calls at the same time over all destinations, not counting slow ones."""
SLOW_SLOTS = 192
"""Calls that have taken longer than `SLOW_S` so far; beyond these they count as quick ones."""
SLOW_S = 1.0


@dataclass(slots=True)
class Flight:
    """A lane's call; when it has ended, the lane's next one.

    Attributes:
        began: when the call began, on the loop's clock.
    """

    lane: Lane
    row: Due
    began: float

    def go_on(self, row: Due) -> None:
        """Take the next row."""
        self.row, self.began = row, asyncio.get_running_loop().time()


class Flights:
    """Knows the task of each flight."""

    def __init__(self) -> None:
        self._flights: dict[asyncio.Task[None], Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return the tasks that run."""
        return list(self._flights)

    def add(self, task: asyncio.Task[None], flight: Flight) -> None:
        """Take a flight that begins."""
        self._flights[task] = flight

    def land(self, task: asyncio.Task[None]) -> Flight:
        """Forget a flight that has ended, and return it."""
        return self._flights.pop(task)

    def free(self) -> int:
        """Count free slots: calls that have become slow move to slots of their own, so that they block no quick one."""
        now = asyncio.get_running_loop().time()
        slow = sum(now - flight.began >= SLOW_S for flight in self._flights.values())
        return QUICK_SLOTS - (len(self._flights) - slow) - max(0, slow - SLOW_SLOTS)
