"""The sessions at video cloud nodes: one login for each account, shared by all streams of all workers.

A stream that wants an address brings its account along; nobody else knows of accounts. Those whose streams are wanted
no more are logged out. A node may lock an account after a few wrong passwords, so a login that failed is not tried
again before its time, however many streams ask; they are answered with what it failed for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import structlog

from vedette.media.backoff import Backoff
from vedette.media.vcn import Session
from vedette.model.errors import SourceError, SourceRefused, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.ids import StreamId
from vedette.model.source import VcnLookup, VcnServer
from vedette.model.stream import AddressAnswer, AddressQuestion

log = structlog.get_logger()

T = TypeVar("T")

AT_ONCE: Final = 4
"""Questions to one account at a time: one node that hangs does not take all threads."""
THREADS: Final = 16
GRACE_S: Final = 10.0
"""A stream that asked so short a time ago is wanted, whatever the store says: it may be a look at a source."""
STEADY_S: Final = 60.0
"""A session that held this long was a good one."""
REMEMBERED_S: Final = 3600.0
"""A login that was refused is remembered so long, though no stream wants the account any more: those that come back, or
looks at a source every minute, must not begin anew with short waits."""
AWAY_S: Final = 1.0
"""A node that does not answer is asked again after this time; it counts no wrong passwords."""


class Node(Protocol):
    """One account of a node; blocks."""

    @property
    def shown(self) -> str: ...
    def login(self) -> Session: ...
    def rtsp_url(self, session: Session, camera: str, stream_type: int) -> str: ...
    def keep_alive(self, session: Session) -> bool: ...
    def logout(self, session: Session) -> None: ...


@dataclass(slots=True)
class _Account:
    """What is known of an account.

    Attributes:
        streams: who wants it, and when they asked last.
        entering: held by the one who logs in.
        alive_at: when the node was last heard to know the session.
        refusal: why the last login failed; no other is tried until `not_before`.
        silence: what a node that took a question and said nothing is taken for, until `silent_until`.
    """

    node: Node
    streams: dict[StreamId, float] = field(default_factory=dict)
    entering: asyncio.Lock = field(default_factory=asyncio.Lock)
    asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    session: Session | None = None
    entered_at: float = 0.0
    alive_at: float = 0.0
    not_before: float = 0.0
    refusal: SourceError | None = None
    silent_until: float = 0.0
    silence: str = ""
    wrong: Backoff = field(default_factory=lambda: Backoff(first_s=10.0, ceiling_s=600.0))
    short: Backoff = field(default_factory=lambda: Backoff(first_s=1.0, ceiling_s=60.0))


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
        self._accounts: dict[VcnServer, _Account] = {}
        self._threads = ThreadPoolExecutor(THREADS, "vcn")

    async def address(self, question: AddressQuestion) -> AddressAnswer:
        """Answer a worker that wants to connect to a camera."""
        server = question.vcn.server
        if server not in self._accounts:
            self._accounts[server] = _Account(self._node(server))
        account = self._accounts[server]
        account.streams[question.stream_id] = self._monotonic()
        try:
            async with account.asking:
                url = await self._url(account, question.vcn)
        except SourceError as error:
            return AddressAnswer(failure=Failure(error.code, error.message), transient=error.transient)
        warning = account.session.warning if account.session else ""
        return AddressAnswer(url, note=f"VCN {account.node.shown}: {warning}" if warning else "")

    async def run_once(self) -> None:
        """Keep alive what is wanted, and log out of what is not."""
        asked = [stream for account in self._accounts.values() for stream in account.streams]
        wanted = set(await self._wanted(asked)) if asked else set()
        since = self._monotonic() - GRACE_S
        left = []
        for server, account in list(self._accounts.items()):
            streams = account.streams.items()
            account.streams = {stream: at for stream, at in streams if stream in wanted or at > since}
            if not account.streams and not self._is_remembered(account):
                left.append(self._accounts.pop(server))
        kept = [self._keep(account) for account in self._accounts.values()]
        await asyncio.gather(*(self._leave(account) for account in left), *kept)

    async def close(self) -> None:
        """Log out of everything."""
        accounts, self._accounts = list(self._accounts.values()), {}
        await asyncio.gather(*(self._leave(account) for account in accounts))
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_remembered(self, account: _Account) -> bool:
        refused = account.refusal is not None and not account.refusal.transient
        return refused and self._monotonic() < account.not_before + REMEMBERED_S

    async def _url(self, account: _Account, asked: VcnLookup) -> str:
        """Ask for an address; where the session has ended, log in and ask once more."""
        if self._monotonic() < account.silent_until:  # who waited behind one that was not answered waits no longer
            raise SourceUnreachable(account.silence)
        before = account.session
        session = await self._enter(account, None)
        try:
            return await self._ask(account, session, asked)
        except SourceError:
            if session is not before or await self._alive(account, session):
                raise  # the session is good: it is the camera that is meant
        return await self._ask(account, await self._enter(account, session), asked)

    async def _ask(self, account: _Account, session: Session, asked: VcnLookup) -> str:
        url = await self._off(account.node.rtsp_url, session, asked.camera, asked.stream_type)
        account.alive_at = self._monotonic()
        return url

    async def _alive(self, account: _Account, session: Session) -> bool:
        """Ask whether a session is known.

        Raises:
            SourceUnreachable: the node does not answer, which says neither.
        """
        try:
            if not await self._off(account.node.keep_alive, session):
                return False
        except SourceError as error:
            account.silence, account.silent_until = error.message, self._monotonic() + AWAY_S
            raise
        account.alive_at = self._monotonic()
        return True

    async def _enter(self, account: _Account, ended: Session | None) -> Session:
        """Return the session; log in if there is none, or none but the one that has ended."""
        async with account.entering:
            if account.session is not None and account.session is not ended:
                return account.session
            account.session = None
            now = self._monotonic()
            if now < account.not_before:
                raise self._not_yet(account, account.not_before - now)
            if now - account.entered_at > STEADY_S:
                account.short.reset()
            try:
                session = await self._off(account.node.login)
            except SourceError as error:
                account.refusal = error
                account.not_before = self._monotonic() + (AWAY_S if error.transient else account.wrong.next())
                log.warning("no login at a VCN server", server=account.node.shown, reason=error.message)
                raise
            account.wrong.reset()
            account.refusal = None
            account.session, account.entered_at = session, self._monotonic()
            account.alive_at, account.not_before = account.entered_at, account.entered_at + account.short.next()
            said = log.warning if session.warning else log.info
            said("logged in at a VCN server", server=account.node.shown, warning=session.warning)
            return session

    @staticmethod
    def _not_yet(account: _Account, left_s: float) -> SourceError:
        if account.refusal is None:
            text = f"the VCN server {account.node.shown} ended the session soon after the login"
            return SourceUnreachable(f"{text}; the next login is in {left_s:.0f} s")
        if account.refusal.transient:
            return SourceUnreachable(account.refusal.message)
        return SourceRefused(f"{account.refusal.message}; no login is tried for another {left_s:.0f} s")

    async def _keep(self, account: _Account) -> None:
        session = account.session
        if session is None or self._monotonic() - account.alive_at < self._keep_alive_s:
            return
        try:
            if not await self._alive(account, session):
                await self._enter(account, session)
        except SourceError as error:
            log.warning("a VCN session is not kept alive", server=account.node.shown, reason=error.message)

    async def _leave(self, account: _Account) -> None:
        async with account.entering:
            session, account.session = account.session, None
            if session is None:
                return
            with suppress(SourceError):  # it ends by itself
                await self._off(account.node.logout, session)
            log.info("logged out at a VCN server", server=account.node.shown)

    async def _off(self, call: Callable[..., T], *given: object) -> T:
        """Run a call that blocks."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*given))
