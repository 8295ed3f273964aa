"""A connection that is kept: opened when it is needed, and anew when it broke.

Whoever needs it while it is opened waits with the others, but not for long: while nobody answers one tries, and the
others are told so at once. So the many tasks that use a dead broker do not all wait for it, and leave room for the
deliveries of others.
"""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final, Generic, Protocol, TypeVar

from vedette.model.errors import SinkUnreachable

PATIENCE_S: Final = 0.5
"""How long whoever does not open the connection waits for it."""


class Line(Protocol):
    """An open connection, logged in."""

    @property
    def broken(self) -> bool:
        """Whether nothing more can be sent over it."""
        ...

    async def close(self) -> None:
        """End it; who waits for an answer gets SinkUnreachable."""
        ...


L = TypeVar("L", bound=Line)


class Kept(ABC, Generic[L]):
    """One connection at a time."""

    def __init__(self) -> None:
        self._line: L | None = None
        self._opening: asyncio.Task[L] | None = None
        self._opened_at = 0.0
        self._away = ""

    @abstractmethod
    async def _dial(self) -> L:
        """Open a connection and log in.

        Raises:
            SinkError: that cannot be done.
        """

    async def line(self) -> L:
        """Return the open connection.

        Raises:
            SinkError: it cannot be opened.
        """
        if self._line is not None and not self._line.broken:
            return self._line
        now = asyncio.get_running_loop().time()
        if self._opening is None:
            self._opened_at = now
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._opened)
            return await asyncio.shield(self._opening)
        left = 0 if self._away else self._opened_at + PATIENCE_S - now
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    return await asyncio.shield(self._opening)
        raise SinkUnreachable(self._away or "The broker has not answered yet.")

    async def close(self) -> None:
        """End the connection, if there is one."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._line is not None:
            await self._line.close()
            self._line = None

    async def _open(self) -> L:
        if self._line is not None:
            await self._line.close()
            self._line = None
        self._line = await self._dial()
        return self._line

    def _opened(self, task: "asyncio.Task[L]") -> None:
        self._opening = None
        if not task.cancelled():
            error = task.exception()  # looked at here, for whoever asked may be gone
            self._away = error.message if isinstance(error, SinkUnreachable) else ""
