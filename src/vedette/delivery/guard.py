"""Refuses forbidden addresses after resolution, for everything that aiohttp sends.

A name is resolved once, each address is judged, and the connection goes to the judged addresses: a second answer of
the name server is never asked for. Literal addresses do not pass a resolver, so a middleware judges those before
the connection is made. Redirects are not followed and proxies of the environment are not used: both would lead
somewhere that nobody judged.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.metadata import version
from ipaddress import ip_address
from typing import Generic, Self, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from vedette.model.errors import SinkForbidden
from vedette.model.guard import GuardMode, GuardPolicy

T = TypeVar("T")

RESOLVER_THREADS = 8
"""Name look-ups at the same time; in threads of their own, so that a dead name server holds up nothing else."""
LITERALS = 1024
"""Judgements of literal addresses that are remembered: the same address is judged alike each time."""

_KINDS = {
    GuardMode.LAN: "a loopback, link-local, metadata or reserved address",
    GuardMode.HOSTED: "a private or otherwise special address",
}


def refusal(policy: GuardPolicy, host: str) -> SinkForbidden:
    """Return the error that tells why a host is not called."""
    return SinkForbidden(
        f"{host} is {_KINDS[policy.mode]}, or its name leads to one; the guard forbids it. "
        "The operator can exempt it with VEDETTE_GUARD_ALLOW, or for the project alone with `vedette project allow`."
    )


class GuardedResolver(AbstractResolver):
    """Gives only addresses that the policy permits."""

    def __init__(self, policy: GuardPolicy, threads: ThreadPoolExecutor | None = None) -> None:
        self._policy = policy
        self._own = ThreadPoolExecutor(RESOLVER_THREADS, "resolver") if threads is None else None
        self._threads = threads or self._own

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve and judge.

        Raises:
            SinkForbidden: every address of the name is forbidden.
            OSError: the name cannot be resolved.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        permitted: list[ResolveResult] = [
            {"hostname": host, "host": str(to[0]), "port": port, "family": kind, "proto": proto, "flags": 0}
            for kind, _, proto, _, to in found
            if self._policy.permits(host, str(to[0]))
        ]
        if not permitted:
            raise refusal(self._policy, host)
        return permitted

    async def close(self) -> None:
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)


def guarded_session(policy: GuardPolicy, threads: ThreadPoolExecutor | None = None) -> aiohttp.ClientSession:
    """Return a client session whose every connection the policy has judged; close it when done.

    It verifies certificates, keeps connections for reuse, keeps no cookies, and unpacks nothing.
    """

    @lru_cache(LITERALS)
    def forbidden(host: str) -> bool:
        return _is_literal(host) and not policy.permits(host, host)

    async def judge(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        host = request.url.host or ""
        if forbidden(host):
            raise refusal(policy, host)
        return await send(request)

    connector = aiohttp.TCPConnector(resolver=GuardedResolver(policy, threads), limit=0, keepalive_timeout=30)
    return aiohttp.ClientSession(
        connector=connector,
        middlewares=(judge,),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"Vedette/{version('vedette')}"},
        skip_auto_headers=("Accept-Encoding",),
        auto_decompress=False,
        trust_env=False,
    )


class ByExemptions(ABC, Generic[T]):
    """What calls others, one for each list of exemptions from the policy.

    A connection is kept for the next call, whoever makes it, so a list has connections of its own: what one project may
    reach, another does not reach through it.

    Args:
        policy: the service's own.
    """

    def __init__(self, policy: GuardPolicy) -> None:
        self._policy = policy
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "resolver")
        self._made: dict[tuple[str, ...], T] = {}

    def of(self, allow: tuple[str, ...] = ()) -> T:
        """Return the one for a list of exemptions."""
        if allow not in self._made:
            self._made[allow] = self._make(self._policy.allowing(allow))
        return self._made[allow]

    @abstractmethod
    def _make(self, policy: GuardPolicy) -> T:
        """Make one, which looks up names in `_threads`."""

    @abstractmethod
    async def _close(self, one: T) -> None:
        """Close one."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        for one in self._made.values():
            await self._close(one)
        self._threads.shutdown(wait=False, cancel_futures=True)


class Exempted(ByExemptions[aiohttp.ClientSession]):
    """Sessions for projects that may reach more."""

    def _make(self, policy: GuardPolicy) -> aiohttp.ClientSession:
        return guarded_session(policy, self._threads)

    async def _close(self, one: aiohttp.ClientSession) -> None:
        await one.close()


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
