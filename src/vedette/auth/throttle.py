"""Guessing costs time: failures of one name slow that name down, and its tries wait for one another.

Else a guesser would try side by side what they may not try quickly one after the other. Other names are not touched.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from vedette.model.errors import Unavailable

REMEMBERED: Final = 1024
"""Names whose failures are counted."""
QUEUE: Final = 8
"""Tries of one name that may wait for one another."""
FIRST_S: Final = 0.1
SLOWEST_S: Final = 2.0


@dataclass(slots=True)
class _Line:
    """Those who try one name just now."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Throttle:
    """Counts failures by name.

    Args:
        sleep: waits that many seconds.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._lines: dict[str, _Line] = {}  # as many as there are requests in flight
        self._failures: OrderedDict[str, int] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Wait until no other try of this name is under way.

        Raises:
            Unavailable: too many wait already.
        """
        line = self._lines.setdefault(who, _Line())
        if line.length >= QUEUE:
            raise Unavailable("Too many are logging in under this name; try again in a moment.")
        line.length += 1
        try:
            async with line.lock:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[who]

    async def failed(self, who: str) -> None:
        """Count a failure, and take the time it costs: doubling, up to a bound."""
        failures = self._failures.pop(who, 0) + 1
        self._failures[who] = failures
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        await self._sleep(min(FIRST_S * 2.0 ** min(failures - 1, 10), SLOWEST_S))

    def succeeded(self, who: str) -> None:
        """Forget the failures of a name."""
        self._failures.pop(who, None)
