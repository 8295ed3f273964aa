"""Who is at the helm: of several services on one database one acts on the world, and the others serve the API.

The holder renews its lease while it lives. Whoever finds the lease unchanged for `LEASE_S` by a clock of its own takes it;
the holder counts on it for `HELD_S` after it asked for it, which is less. So no wall clock has a say, nor any two clocks
that would have to agree: they only have to run about equally fast. The clock goes on while the machine sleeps or the
process is stopped; one that wakes up too late knows that before it does anything.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final, Protocol

import structlog

from vedette.model.errors import Unavailable
from vedette.store import leases
from vedette.store.db import Database
from vedette.store.leases import NOBODY, Lease

log = structlog.get_logger()

NAME: Final = "control"
LEASE_S: Final = 6.0
"""A lease that stands unchanged for so long is over."""
HELD_S: Final = 5.0
"""How long its holder counts on it; a step that was begun by then has a second to end."""
RENEW_S: Final = 2.0
LOOK_S: Final = 1.0
"""How often a service that waits looks, and how soon one that could not renew tries again."""


class Helm(Protocol):
    """Says whether this service acts.

    Attributes:
        name: who this is, for people.
    """

    name: str

    @property
    def held(self) -> bool:
        """Whether this service may act now."""
        ...

    async def keep(self) -> None:
        """Take the helm when it is free, and keep it; return when another service has taken it."""
        ...

    async def release(self) -> None:
        """Let another have it at once."""
        ...


class Alone:
    """The helm of the only service there can be: nobody else reads its database."""

    name = "alone"
    held = True

    async def keep(self) -> None:
        """Keep it for good."""
        await asyncio.Event().wait()

    async def release(self) -> None:
        """Nobody waits for it."""


class Shared:
    """The helm of services that share a database.

    Args:
        name: what no other service bears, and this one bears again after a restart.
        clock: seconds, of a clock that goes on while the machine sleeps, and is never set.
        wall: milliseconds since the epoch, for people who read the table.
        on_taken: called when this service begins to act.
    """

    def __init__(
        self,
        db: Database,
        name: str,
        *,
        clock: Callable[[], float],
        wall: Callable[[], int],
        on_taken: Callable[[], None],
    ) -> None:
        self.name = name
        self._db, self._clock, self._wall, self._on_taken = db, clock, wall, on_taken
        self._seen: Lease | None = None
        self._since = 0.0  # when the lease was first seen as it is now
        self._until = -inf
        self._acts = False

    @property
    def held(self) -> bool:
        return self._clock() < self._until

    async def keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(HELD_S):
                    going_on = await self.look()
            except (Unavailable, TimeoutError) as error:
                log.warning("the lease cannot be asked for", service=self.name, reason=str(error) or "no answer")
            else:
                if not going_on:
                    log.warning("another service acts now", service=self.name)
                    return
            await asyncio.sleep(RENEW_S if self.held else LOOK_S)

    async def look(self) -> bool:
        """Take or renew the lease, if it can be had; return False if this service acted, and another does now.

        Raises:
            Unavailable: the database does not answer.
        """
        asked = self._clock()
        seen = await self._db.read(leases.get, NAME)
        if self._acts and (seen is None or seen.holder != self.name):
            self._until = -inf
            return False
        if seen is None or seen != self._seen:
            self._seen, self._since = seen, self._clock()
        mine = seen is None or seen.holder in (self.name, NOBODY)
        if mine or asked - self._since >= LEASE_S:
            until = self._wall() + round(LEASE_S * 1000)
            if await self._db.write(leases.take, NAME, self.name, until, seen=seen):
                self._begin(asked, seen)
        return True

    async def release(self) -> None:
        self._until = -inf
        try:
            async with asyncio.timeout(HELD_S):
                await self._db.write(leases.release, NAME, self.name)
        except (Unavailable, TimeoutError):
            log.warning("the lease could not be given back; it ends by itself", service=self.name)

    def _begin(self, asked: float, before: Lease | None) -> None:
        self._until = asked + HELD_S
        if not self._acts:
            self._acts = True
            log.info("this service acts", service=self.name, before=before.holder if before else NOBODY)
            self._on_taken()
