"""Connections to brokers that speak plain TCP or TLS: to the very addresses that were judged, TLS to the name."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from vedette.delivery.brokers.base import Place, Resolve
from vedette.model.broker import Broker, place_of
from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkUnreachable

CONNECT_S: Final = 5.0
"""For one address: connection, TLS and log-in. And for the look-up of a name."""
ALL_S: Final = 15.0
"""For all servers of a broker together."""
PLACES: Final = 4
"""Addresses of one name that are tried."""
LINE: Final = 1 << 18
"""Bytes of a line that a broker may send; the greeting of a large cluster of NATS has some 10,000."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wire:
    """An open connection.

    Attributes:
        host: of the server, as it was registered: what its certificate must name.
        shown: the server, for messages.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    shown: str

    async def close(self) -> None:
        """End it."""
        self.writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await self.writer.wait_closed()


Greet = Callable[[Wire], Awaitable[T]]
"""Logs in, and returns what the connection is used as."""


def tls_context(broker: Broker) -> ssl.SSLContext | None:
    """Return how connections to a broker are encrypted, or None: they are not."""
    if not broker.tls:
        return None
    context = ssl.create_default_context()
    if not broker.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def dial(broker: Broker, resolve: Resolve, greet: Greet[T], *, tls: ssl.SSLContext | None) -> T:
    """Connect to the first server that can be used, and greet it.

    Args:
        tls: how the connection is encrypted from its beginning.

    Raises:
        SinkForbidden: the guard forbids the addresses of all servers.
        SinkUnreachable: none of them answers.
        SinkBusy: one answered that it cannot now, and no other can.
        SinkRefused: a server refuses the log-in.
    """
    failure: SinkError | None = None
    try:
        async with asyncio.timeout(ALL_S):
            for server in broker.servers:
                try:
                    return await _reach(server, resolve, greet, tls)
                except (SinkUnreachable, SinkForbidden, SinkBusy) as error:
                    failure = _worse(failure, error)
    except TimeoutError:
        failure = _worse(failure, SinkUnreachable(f"The broker {broker.name} did not answer within {ALL_S:g} s."))
    raise failure or SinkUnreachable(f"The broker {broker.name} has no servers.")


async def _reach(server: str, resolve: Resolve, greet: Greet[T], tls: ssl.SSLContext | None) -> T:
    """Connect to a server, over the first of its addresses that answers."""
    host, port = place_of(server)
    try:
        async with asyncio.timeout(CONNECT_S):
            places = await resolve(host, port)
    except TimeoutError:
        raise SinkUnreachable(f"The name {host} was not resolved within {CONNECT_S:g} s.") from None
    failure: SinkError | None = None
    for place in places[:PLACES]:
        try:
            return await _open(place, host, server, greet, tls)
        except (SinkUnreachable, SinkBusy) as error:
            failure = _worse(failure, error)
    raise failure or SinkUnreachable(f"{host} has no address.")


async def _open(place: Place, host: str, server: str, greet: Greet[T], tls: ssl.SSLContext | None) -> T:
    """Connect to an address and greet; nothing stays open where that fails."""
    wire: Wire | None = None
    try:
        async with asyncio.timeout(CONNECT_S):
            streams = await asyncio.open_connection(
                *place, limit=LINE, ssl=tls, server_hostname=host if tls is not None else None
            )
            wire = Wire(*streams, host, server)
            return await greet(wire)
    except BaseException as error:
        if wire is not None:
            wire.writer.transport.abort()
        if isinstance(error, ssl.SSLError | ssl.CertificateError):
            reason = getattr(error, "verify_message", "") or error.reason or type(error).__name__
            raise SinkUnreachable(f"The TLS connection to {server} failed ({reason}).") from error
        if isinstance(error, TimeoutError):
            raise SinkUnreachable(f"{server} did not answer within {CONNECT_S:g} s.") from error
        if isinstance(error, OSError | EOFError):
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise SinkUnreachable(f"Nobody answers at {server} ({reason}).") from error
        if isinstance(error, ValueError):  # a line that is longer than any of a broker, or no text
            raise SinkUnreachable(f"{server} answers in a language that is not the broker's.") from error
        raise


def _worse(known: SinkError | None, error: SinkError) -> SinkError:
    """Return what is told of several servers: that one is busy, else that one is away, else that all are forbidden."""
    order = (SinkBusy, SinkUnreachable, SinkForbidden)
    if known is None:
        return error
    rank = {kind: place for place, kind in enumerate(order)}
    return min(known, error, key=lambda failure: rank.get(type(failure), len(order)))
