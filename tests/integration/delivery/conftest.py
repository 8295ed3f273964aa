"""Receivers on free loopback ports, and an outbox on a real file to feed them from."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from aiohttp import web
from sqlalchemy import Connection, select

from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId, derived_uuid
from vedette.model.output import OutputKind, WebhookOutput
from vedette.store.blobs import Blobs
from vedette.store.db import Database, open_database
from vedette.store.tables import destinations, events, metadata, outbox
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

START = 1_800_000_000_000
PROJECT = ProjectId("p1")
LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8", "::1"])

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """An aiohttp server whose answers a test chooses; it can go away and come back on the same port."""

    answer: Answer
    port: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application(client_max_size=10**8)
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(id(request.transport))
        self.seen.append(await request.json())
        self.headers.append(dict(request.headers))
        self.changed.set()
        return await self.answer(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until a condition holds; fail when it does not in time."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def receivers() -> AsyncIterator[Callable[..., Awaitable[Receiver]]]:
    opened: list[Receiver] = []

    async def start(answer: Answer | int = 200, **headers: str) -> Receiver:
        async def fixed(_request: web.Request) -> web.Response:
            return web.Response(status=answer if isinstance(answer, int) else 500, headers=headers)

        receiver = Receiver(fixed if isinstance(answer, int) else answer)
        await receiver.open()
        opened.append(receiver)
        return receiver

    yield start
    for receiver in opened:
        await receiver.close()


@dataclass
class PlainReceiver:
    """The manual's receiver: wsgiref, one request at a time, reads Content-Length bytes and nothing else."""

    port: int
    bodies: list[bytes]
    environs: list[dict[str, Any]]


class _Silent(WSGIRequestHandler):
    timeout = 5  # it serves one connection at a time: one that says nothing must not hold it up for good

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def plain() -> Iterator[PlainReceiver]:
    receiver = PlainReceiver(0, [], [])

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        receiver.environs.append(environ)
        receiver.bodies.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    with make_server("127.0.0.1", 0, app, handler_class=_Silent) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@dataclass
class Clock:
    """Stands still until it is moved."""

    ms: int = START

    def __call__(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


@dataclass
class Post:
    """A service in small: database, blobs, dispatcher, and a clock that the test moves."""

    db: Database
    vault: Vault
    blobs: Blobs
    metrics: Metrics
    dispatcher: Dispatcher
    clock: Clock
    _count: int = 0

    async def enqueue(self, url: str, n: int = 1, *, picture: bytes | None = None, **headers: str) -> list[str]:
        """Store n events for a destination, as ingest would; return their ids."""
        numbers = range(self._count, self._count + n)
        self._count += n
        target = WebhookOutput(url, headers or {"a": "b"})
        key = None if picture is None else self.blobs.put(picture)
        return await self.db.write(_store, self.vault.seal(target), url, numbers, key, self.clock())

    async def states(self) -> list[str]:
        return await self.db.read(
            lambda conn: list(conn.execute(select(outbox.c.state).order_by(outbox.c.id)).scalars())
        )

    async def rows(self) -> list[Any]:
        return await self.db.read(lambda conn: list(conn.execute(select(outbox).order_by(outbox.c.id)).all()))

    async def settle(self) -> None:
        await self.dispatcher.settle(self.clock())


def _store(conn: Connection, sealed: bytes, url: str, numbers: range, key: str | None, now: int) -> list[str]:
    name = derived_uuid(url)
    task = {"project_id": PROJECT, "task_id": derived_uuid("task", url).lower().replace("-", "")}
    if conn.execute(select(destinations.c.id).where(destinations.c.id == name)).first() is None:
        conn.execute(destinations.insert().values(task | {"id": name, "kind": "webhook", "target": sealed}))
    ids = [derived_uuid(n) for n in numbers]
    facts = {"run_id": "r", "event_type": 196609, "connection": 0, "timestamp_ms": now, "stored_at": now, "listed": 1}
    conn.execute(
        events.insert(),
        [
            task | facts | {"id": name, "frame_index": n, "time_us": n, "picture": key}
            | {"message": json.dumps({"event_type": 196609, "message_id": name, "data": {"event_set": []}})}
            for n, name in zip(numbers, ids, strict=True)
        ],
    )  # fmt: skip
    due = {"state": "due", "attempts": 0, "next_attempt_at": now, "created_at": now}
    conn.execute(outbox.insert(), [task | due | {"event_id": event_id, "destination_id": name} for event_id in ids])
    return ids


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    db = open_database(f"sqlite:///{tmp_path}/v.sqlite3")
    await db.write(metadata.create_all)
    vault, blobs, metrics, clock = (
        Vault.from_file(tmp_path / "key"),
        Blobs(tmp_path / "blobs"),
        Metrics(process=False),
        Clock(),
    )
    async with Posters(LOOPBACK) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters, timeout_s=1.0, clock=lambda: clock() / 1000)}
        dispatcher = Dispatcher(db, vault, blobs.get, sinks, metrics, now=clock, rand=lambda: 0.5)
        yield Post(db, vault, blobs, metrics, dispatcher, clock)
        await dispatcher.stop()
    await db.close()
