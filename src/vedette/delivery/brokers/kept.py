"""A connection that is kept: opened when it is needed, and anew when it broke; whoever waits for it waits together."""

import asyncio
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar


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

    @abstractmethod
    async def _dial(self) -> L:
        """Open a connection and log in.

        Raises:
            SinkError: that cannot be done.
        """

    async def line(self) -> L:
        """Return the open connection; all who ask while it is opened share one try.

        Raises:
            SinkError: it cannot be opened.
        """
        if self._line is not None and not self._line.broken:
            return self._line
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

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
            task.exception()  # whoever asked may be gone: it is nobody's fault that nobody looks
