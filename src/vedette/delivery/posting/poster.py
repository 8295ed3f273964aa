"""Calls over connections that are kept, and judged before they are made.

A name is resolved once for a connection, each address is judged, and the connection goes to the judged addresses.
Redirects are not followed and proxies of the environment are not used: both would lead somewhere that nobody judged.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final

import aiohappyeyeballs

from vedette.delivery.guard import ByExemptions, GuardedResolver
from vedette.delivery.posting.address import Address
from vedette.delivery.posting.connection import Answer, Broken, Connection, NotHttp
from vedette.model.errors import SinkUnreachable
from vedette.model.guard import GuardPolicy

CONNECT_SHARE: Final = 2 / 3
"""Of the time for a call, for the connection alone."""
KEPT_S: Final = 30.0
"""A connection that is not used for so long is closed."""
NEXT_ADDRESS_S: Final = 0.25
"""Where a name has several addresses, the next one is tried after this time (RFC 8305)."""

Kept = list[Connection]
Tls = Callable[[], ssl.SSLContext]


class Poster:
    """Posts to whatever a policy permits; its connections are its own.

    Args:
        threads: for name look-ups.
        tls: gives what certificates are verified with.
    """

    def __init__(self, policy: GuardPolicy, threads: ThreadPoolExecutor, tls: Tls) -> None:
        self._resolver, self._tls = GuardedResolver(policy, threads), tls
        self._kept: dict[tuple[str, int, bool], Kept] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def post(self, to: Address, lines: bytes, body: bytes, timeout_s: float) -> Answer:
        """Post a body, and return the answer.

        Args:
            lines: header lines besides `Host` and `Content-Length`.
            timeout_s: for all of it, from the look-up of the name to the answer.

        Raises:
            SinkForbidden: the guard forbids the address.
            SinkUnreachable: there was no connection, or no answer in time, or none of HTTP.
            ValueError: the name of the host cannot be one.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        request = b"".join((to.head, lines, b"Content-Length: %d\r\n\r\n" % len(body), body))
        connection = self._take(to, loop.time())
        try:
            if connection is not None:
                try:
                    return await self._ask(to, connection, request, deadline)
                except Broken as error:
                    if error.heard:
                        raise
            # a kept one may have been closed just when it was used, which is nobody's fault: a new one tells
            connection = await self._open(to, timeout_s)
            return await self._ask(to, connection, request, deadline)
        except Broken as error:
            raise SinkUnreachable("The connection broke before an answer came.", connected=True) from error
        except NotHttp as error:
            raise SinkUnreachable("The answer is not HTTP.", connected=True) from error
        except TimeoutError as error:
            raise SinkUnreachable(f"No answer within {timeout_s:g} s.", connected=connection is not None) from error

    def close(self) -> None:
        """Close what is kept."""
        if self._sweep is not None:
            self._sweep.cancel()
        for kept in self._kept.values():
            for connection in kept:
                connection.close()
        self._kept.clear()

    async def _ask(self, to: Address, connection: Connection, request: bytes, deadline: float) -> Answer:
        try:
            answer = await connection.ask(request, deadline)
        except BaseException:  # also when the call is given up: what comes later belongs to nobody
            connection.close()
            raise
        if connection.reusable:
            self._keep(to, connection)
        else:
            connection.close()
        return answer

    # -- making

    async def _open(self, to: Address, timeout_s: float) -> Connection:
        try:
            async with asyncio.timeout(timeout_s * CONNECT_SHARE):
                return await self._connect(to)
        except ssl.SSLError as error:
            raise SinkUnreachable(f"The TLS connection to {to.where} failed ({_why(error)}).") from error
        except TimeoutError as error:
            raise SinkUnreachable(f"No answer within {timeout_s:g} s.") from error
        except OSError as error:
            raise SinkUnreachable(f"Nobody answers at {to.where} ({_why(error)}).") from error

    async def _connect(self, to: Address) -> Connection:
        found = await self._resolver.resolve(to.host, to.port)
        loop = asyncio.get_running_loop()
        places = [
            (one["family"], socket.SOCK_STREAM, one["proto"], "", _socket_address(one["family"], one["host"], to.port))
            for one in found
        ]
        opened = await aiohappyeyeballs.start_connection(places, happy_eyeballs_delay=NEXT_ADDRESS_S, loop=loop)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls, name = (self._tls(), to.host.rstrip(".")) if to.tls else (None, None)
        _, connection = await loop.create_connection(Connection, sock=opened, ssl=tls, server_hostname=name)
        return connection

    # -- keeping

    def _take(self, to: Address, now: float) -> Connection | None:
        kept = self._kept.get(to.origin)
        while kept:
            connection = kept.pop()
            if connection.reusable and now - connection.kept_at < KEPT_S:
                return connection
            connection.close()
        return None

    def _keep(self, to: Address, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.kept_at = loop.time()
        self._kept.setdefault(to.origin, []).append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(KEPT_S, self._clear_up)

    def _clear_up(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep, before = None, loop.time() - KEPT_S
        for origin, kept in list(self._kept.items()):
            for connection in [one for one in kept if one.kept_at <= before or not one.reusable]:
                kept.remove(connection)
                connection.close()
            if not kept:
                del self._kept[origin]
        if self._kept:
            self._sweep = loop.call_later(KEPT_S, self._clear_up)


class Posters(ByExemptions[Poster]):
    """A poster for every list of exemptions."""

    def _make(self, policy: GuardPolicy) -> Poster:
        return Poster(policy, self._threads, lambda: self._tls)

    async def _close(self, one: Poster) -> None:
        one.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


def _socket_address(family: int, host: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    return (host, port, 0, 0) if family == socket.AF_INET6 else (host, port)


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
