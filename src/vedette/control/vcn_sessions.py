"""The sessions at video cloud nodes: one login for each account, shared by all streams of all workers.

A stream that wants an address brings its account along; nobody else knows of accounts. Those whose streams are wanted
no more are logged out. A node may lock an account after a few wrong passwords, so a login that failed is not tried
again before its time, however many streams ask; they are answered with what it failed for.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Final, TypeVar, cast

from vedette.control.vcn_accounts import Account, Node
from vedette.model.errors import SourceError
from vedette.model.failure import Failure
from vedette.model.ids import StreamId
from vedette.model.source import VcnServer
from vedette.model.stream import AddressAnswer, AddressQuestion

T = TypeVar("T")

THREADS: Final = 64
"""Calls at the same time: as many nodes may hang, and hold up no other."""
END_S: Final = 3.0
"""The end of the service waits no longer for its nodes; sessions that are left end by themselves."""
GRACE_S: Final = 10.0
"""A stream that asked so short a time ago is wanted, whatever the store says: it may be a look at a source."""


class VcnSessions:
    """All accounts that streams want."""

    def __init__(
        self,
        node: Callable[[VcnServer], Node],
        *,
        wanted: Callable[[Collection[StreamId]], Awaitable[Collection[StreamId]]],
        keep_alive_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        """Take what it works with; ask nobody yet.

        Args:
            node: gives the client of an account.
            wanted: which of these streams some task wants.
            keep_alive_s: seconds after which a session that was not heard of is kept alive.
            monotonic: seconds.
        """
        self._node, self._wanted, self._keep_alive_s, self._monotonic = node, wanted, keep_alive_s, monotonic
        self._accounts: dict[VcnServer, Account] = {}
        self._threads = asyncio.Semaphore(THREADS)

    async def address(self, question: AddressQuestion) -> AddressAnswer:
        """Answer a worker that wants to connect to a camera."""
        server = question.vcn.server
        if server not in self._accounts:
            self._accounts[server] = Account(self._node(server), self._off, self._monotonic)
        account = self._accounts[server]
        account.streams[question.stream_id] = self._monotonic()
        try:
            url = await account.url(question.vcn)
        except SourceError as error:
            return AddressAnswer(failure=Failure.of(error), transient=error.transient)
        return AddressAnswer(url, note=account.note)

    async def run_once(self) -> None:
        """Keep alive what is wanted, and log out of what is not."""
        asked = [stream for account in self._accounts.values() for stream in account.streams]
        wanted = set(await self._wanted(asked)) if asked else set()
        since = self._monotonic() - GRACE_S
        left = []
        for server, account in list(self._accounts.items()):
            streams = account.streams.items()
            account.streams = {stream: at for stream, at in streams if stream in wanted or at > since}
            if not account.streams and not account.is_remembered:
                left.append(self._accounts.pop(server))
        kept = [account.keep(self._keep_alive_s) for account in self._accounts.values()]
        await asyncio.gather(*(account.leave() for account in left), *kept)

    async def close(self) -> None:
        """Log out of everything, as far as the nodes answer soon."""
        accounts, self._accounts = list(self._accounts.values()), {}
        leaving = [asyncio.ensure_future(account.leave()) for account in accounts]
        if leaving:
            _, late = await asyncio.wait(leaving, timeout=END_S)
            for one in late:
                one.cancel()

    async def _off(self, call: Callable[..., T], *given: object) -> T:
        async with self._threads:
            return await _beside(call, *given)


async def _beside(call: Callable[..., T], *given: object) -> T:
    """Run a call in a thread of its own, for which the end of the process does not wait."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def give(result: T | None, error: Exception | None) -> None:
        if future.done():  # cancelled: nobody waits any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("T", result))

    def run() -> None:
        result, error = None, None
        try:
            result = call(*given)
        except Exception as raised:  # noqa: BLE001 - handed to the one who waits
            error = raised
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(give, result, error)

    threading.Thread(target=run, name="vcn", daemon=True).start()
    return await future
