"""Something between a client and a server on loopback that looks at what the server says, or speaks TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Look = Callable[[bytes], bytes | None]
"""Gets a piece of what is said, returns what is passed on; None: the connection is cut."""


def unchanged(piece: bytes) -> bytes:
    """Pass on what is said."""
    return piece


@dataclass
class Relay:
    """One in use.

    Attributes:
        port: where it listens.
        asked: looks at what clients say.
        said: looks at what the server says; a piece is what came at once.
        connections: that were made.
    """

    server: int
    port: int = 0
    asked: Look = unchanged
    said: Look = unchanged
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            behind = await asyncio.open_connection("127.0.0.1", self.server)
            ways = [
                asyncio.create_task(_pass(reader, behind[1], self.asked)),
                asyncio.create_task(_pass(behind[0], writer, self.said)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                behind[1].transport.abort()
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass  # nobody is behind it
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        """Cut all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter, look: Look) -> None:
    with suppress(OSError):
        while piece := await source.read(65_536):
            passed = look(piece)
            if passed is None:
                return
            target.write(passed)
            await target.drain()


@asynccontextmanager
async def relay(server: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Relay]:
    """Stand before the server on a port of loopback."""
    made = Relay(server)
    listening = await asyncio.start_server(made.admit, "127.0.0.1", 0, ssl=tls)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        await made.close()
        await listening.wait_closed()
