"""The links that are in use: one for each broker, reopened when its entry changes, closed when nobody needs it."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Self

from vedette.delivery.brokers.base import Link, Opener, Place, Resolve
from vedette.delivery.brokers.links import open_link
from vedette.delivery.guard import RESOLVER_THREADS, GuardedResolver
from vedette.delivery.sinks.base import Delivery
from vedette.model.broker import Broker
from vedette.model.errors import SinkBusy, SinkUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId
from vedette.telemetry import logs

UNUSED_S: Final = 60.0
"""A link that nobody used for this long is closed."""
SWEEP_S: Final = 10.0
MOST: Final = 500
"""Links at a time; for one more, the one that has not been used for longest is closed."""

_log = logs.get(__name__)


@dataclass(slots=True)
class _Held:
    broker: Broker = field(repr=False)
    allow: tuple[str, ...]
    link: Link
    users: int = 0
    used_at: float = 0.0
    left: bool = False


class Links:
    """Keeps links; use it as a context.

    Args:
        policy: the service's own; a project may have exemptions from it.
        unused_s: how long a link that nobody uses is kept.
        most: how many there may be at a time.
        opener: makes them.
        counted: is told how many there are.
    """

    def __init__(
        self,
        policy: GuardPolicy,
        *,
        unused_s: float = UNUSED_S,
        most: int = MOST,
        opener: Opener = open_link,
        counted: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._policy, self._unused_s, self._most = policy, unused_s, most
        self._opener, self._counted = opener, counted
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "resolver")
        self._held: dict[tuple[ProjectId, str], _Held] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None

    async def put(self, broker: Broker, allow: tuple[str, ...], delivery: Delivery, subject: str, body: bytes) -> None:
        """Hand an event to a broker; see `Link.put` for what is raised.

        Args:
            allow: what the project may reach besides what the guard lets through.
        """
        held = self._of(delivery.project_id, broker, allow)
        held.users += 1
        try:
            await held.link.put(delivery, subject, body)
        finally:
            held.users -= 1
            held.used_at = asyncio.get_running_loop().time()
            if held.left and not held.users:
                self._close(held)

    def __len__(self) -> int:
        return len(self._held)

    async def __aenter__(self) -> Self:
        self._sweeping = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(self, *_failure: object) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
        for held in self._held.values():
            self._close(held)
        self._held.clear()
        if self._closing:
            await asyncio.wait(self._closing)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _of(self, project_id: ProjectId, broker: Broker, allow: tuple[str, ...]) -> _Held:
        key = project_id, broker.name
        held = self._held.get(key)
        if held is not None and (held.broker, held.allow) == (broker, allow):
            return held
        link = self._opener(broker, resolver(self._policy.allowing(allow), self._threads))
        if held is not None:
            self._leave(key)
        elif len(self._held) >= self._most:
            self._make_room()
        self._held[key] = _Held(broker, allow, link)
        self._counted(len(self._held))
        return self._held[key]

    def _make_room(self) -> None:
        unused = [(held.used_at, key) for key, held in self._held.items() if not held.users]
        if not unused:
            raise SinkBusy(f"{self._most} brokers are in use, and no more can be at a time.")
        self._leave(min(unused)[1])

    def _leave(self, key: tuple[ProjectId, str]) -> None:
        """Use a link no more; it is closed when those who use it are done."""
        held = self._held.pop(key)
        self._counted(len(self._held))
        held.left = True
        if not held.users:
            self._close(held)

    def _close(self, held: _Held) -> None:
        task = asyncio.create_task(_end(held))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP_S, self._unused_s))
            before = asyncio.get_running_loop().time() - self._unused_s
            for key in [key for key, held in self._held.items() if not held.users and held.used_at <= before]:
                self._leave(key)


async def _end(held: _Held) -> None:
    try:
        await held.link.close()
    except Exception as error:  # noqa: BLE001 - a client library that breaks at its end harms nobody
        _log.warning("a connection to a broker did not end well", broker=held.broker.name, exc_info=error)


def resolver(policy: GuardPolicy, threads: ThreadPoolExecutor) -> Resolve:
    """Return what gives the addresses of a host that a policy allows."""
    guarded = GuardedResolver(policy, threads)

    async def resolve(host: str, port: int) -> list[Place]:
        try:
            found = await guarded.resolve(host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise SinkUnreachable(f"The name {host} cannot be resolved.") from error
        except OSError as error:
            raise SinkUnreachable(f"The name {host} cannot be resolved ({type(error).__name__}).") from error
        return [(one["host"], port) for one in found]

    return resolve
