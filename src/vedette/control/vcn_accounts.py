"""One account of a video cloud node: its session, and when to try another login."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, TypeVar

import structlog

from vedette.media.backoff import Backoff
from vedette.media.vcn import Session
from vedette.model.errors import SourceError, SourceRefused, SourceUnreachable
from vedette.model.ids import StreamId
from vedette.model.source import VcnLookup

log = structlog.get_logger()

T = TypeVar("T")

AT_ONCE: Final = 4
"""Questions to one account at a time: one node that hangs does not take all threads."""
STEADY_S: Final = 60.0
"""A session that held this long was a good one."""
AWAY_S: Final = 1.0
"""A node that does not answer is asked again after this time; it counts no wrong passwords."""
REMEMBERED_S: Final = 3600.0
"""A login that was refused is remembered so long, though no stream wants the account any more: those that come back, or
looks at a source every minute, must not begin anew with short waits."""


class Node(Protocol):
    """One account of a node; blocks."""

    @property
    def shown(self) -> str: ...
    def login(self) -> Session: ...
    def rtsp_url(self, session: Session, camera: str, stream_type: int) -> str: ...
    def keep_alive(self, session: Session) -> bool: ...
    def logout(self, session: Session) -> None: ...


class Off(Protocol):
    """Runs a call that blocks, in another thread."""

    async def __call__(self, call: Callable[..., T], *given: object) -> T: ...


class Account:
    """What is known of an account; belongs to the thread of its loop.

    Attributes:
        streams: who wants it, and when they asked last.
    """

    def __init__(self, node: Node, off: Off, monotonic: Callable[[], float]) -> None:
        self.streams: dict[StreamId, float] = {}
        self._node, self._off, self._monotonic = node, off, monotonic
        self._entering = asyncio.Lock()  # held by the one who logs in
        self._asking = asyncio.Semaphore(AT_ONCE)
        self._session: Session | None = None
        self._entered_at = self._alive_at = 0.0  # when the node last took a login, and when it last knew the session
        self._refusal: SourceError | None = None  # why the last login failed
        self._warned = ""  # what was logged last
        self._not_before = 0.0  # no other login is tried until then
        self._silence, self._silent_until = (
            "",
            0.0,
        )  # a node that takes questions and says nothing is not asked meanwhile
        self._wrong = Backoff(first_s=10.0, ceiling_s=600.0)
        self._short = Backoff(first_s=1.0, ceiling_s=60.0)

    @property
    def is_remembered(self) -> bool:
        """Return whether something is known that must outlast the streams."""
        refused = self._refusal is not None and not self._refusal.transient
        return refused and self._monotonic() < self._not_before + REMEMBERED_S

    @property
    def note(self) -> str:
        """Return what the node had to say of the account at the login."""
        warning = self._session.warning if self._session else ""
        return f"VCN {self._node.shown}: {warning}" if warning else ""

    async def url(self, asked: VcnLookup) -> str:
        """Ask for an address; where the session has ended, log in and ask once more.

        Raises:
            SourceError: there is none.
        """
        async with self._asking:
            if self._monotonic() < self._silent_until:  # who waited behind one that was not answered waits no longer
                raise SourceUnreachable(self._silence)
            before = self._session
            session = await self._enter(None)
            try:
                return await self._ask(session, asked)
            except SourceError:
                if session is not before or await self._knows(session):
                    raise  # the session is good: it is the camera that is meant
            return await self._ask(await self._enter(session), asked)

    async def keep(self, every_s: float) -> None:
        """Keep the session from ending, if the node was not heard for so long; begin it anew if it has ended."""
        session = self._session
        if session is None or self._monotonic() - self._alive_at < every_s:
            return
        try:
            if not await self._knows(session):
                await self._enter(session)
        except SourceError as error:
            self._warn("a VCN session is not kept alive", error)

    async def leave(self) -> None:
        """Log out."""
        async with self._entering:
            session, self._session = self._session, None
            if session is None:
                return
            with suppress(SourceError):  # it ends by itself
                await self._off(self._node.logout, session)
            log.info("logged out at a VCN server", server=self._node.shown)

    async def _ask(self, session: Session, asked: VcnLookup) -> str:
        url = await self._off(self._node.rtsp_url, session, asked.camera, asked.stream_type)
        self._alive_at = self._monotonic()
        return url

    async def _knows(self, session: Session) -> bool:
        """Ask whether the node knows a session.

        Raises:
            SourceUnreachable: it does not answer, which says neither.
        """
        try:
            if not await self._off(self._node.keep_alive, session):
                return False
        except SourceError as error:
            self._silence, self._silent_until = error.message, self._monotonic() + AWAY_S
            raise
        self._alive_at = self._monotonic()
        self._warned = ""
        return True

    async def _enter(self, ended: Session | None) -> Session:
        """Return the session; log in if there is none, or none but the one that has ended."""
        async with self._entering:
            if self._session is not None and self._session is not ended:
                return self._session
            self._session = None
            now = self._monotonic()
            if now < self._not_before:
                raise self._not_yet(self._not_before - now)
            if now - self._entered_at > STEADY_S:
                self._short.reset()
            try:
                session = await self._off(self._node.login)
            except SourceError as error:
                self._refusal = error
                self._not_before = self._monotonic() + (AWAY_S if error.transient else self._wrong.next())
                self._warn("no login at a VCN server", error)
                raise
            self._wrong.reset()
            self._session, self._refusal = session, None
            self._entered_at = self._alive_at = self._monotonic()
            self._not_before = self._entered_at + self._short.next()
            self._warned = ""
            said = log.warning if session.warning else log.info
            said("logged in at a VCN server", server=self._node.shown, warning=session.warning)
            return session

    def _warn(self, event: str, error: SourceError) -> None:
        """Log what is wrong, once: a node that stays away is asked every second."""
        if self._warned != error.message:
            self._warned = error.message
            log.warning(event, server=self._node.shown, reason=error.message)

    def _not_yet(self, left_s: float) -> SourceError:
        if self._refusal is None:
            text = f"the VCN server {self._node.shown} ended the session soon after the login"
            return SourceUnreachable(f"{text}; the next login is in {left_s:.0f} s")
        if self._refusal.transient:
            return SourceUnreachable(self._refusal.message)
        return SourceRefused(f"{self._refusal.message}; no login is tried for another {left_s:.0f} s")
