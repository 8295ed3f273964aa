"""What becomes of a task: the loops and a worker by hand, over the database of the door; and a receiver of webhooks."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from service import Client, Service
from sqlalchemy import Connection, select, update

from conformance.theatre import FakeExecutor, FakeWorker, idle_looks
from vedette.control.admission import Limits
from vedette.control.fleet import Fleet
from vedette.control.orders import Desk
from vedette.control.reconciler import Reconciler
from vedette.control.scheduler import Scheduler
from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.posting.poster import Posters
from vedette.delivery.refusals import Place
from vedette.delivery.sinks.data_stream import DataStreamSink
from vedette.delivery.sinks.objects import ObjectSink
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, derived_uuid
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import OutputKind
from vedette.model.stream import Checkpoint, Ingest, RunProgress, StreamState, TaskRun
from vedette.store import tables
from vedette.telemetry.metrics import Metrics

LOOPBACK: Final = GuardPolicy.parse("lan", ["127.0.0.0/8"])
AT_REST: Final = ("STOPPED", "START_FAILED", "FAILED", "SUCCEEDED")
ROUNDS: Final = 10


@dataclass
class Shelf:
    """Takes objects, and keeps where they were to go."""

    taken: list[tuple[str, str]] = field(default_factory=list)

    async def put(self, place: Place, _body: bytes, _content_type: str) -> None:
        self.taken.append((place.bucket, place.key))


@dataclass
class Receiver:
    """Takes webhooks on a free port of loopback; `{hook}` in a body stands for its address."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        self.calls.append((request.headers["X-Vedette-Event-Id"], request.path, request.headers.get("X-Key", "")))
        return web.Response()


class Stage:
    """The loops, an executor that starts nothing, and a worker that obeys: for one project, all others rest."""

    def __init__(self, service: Service, client: Client, algorithms: Mapping[str, str]) -> None:
        self._service, self._project, self._db = service, client.account.project_id, service.db
        self._now, self._mono = service.clock.now, 1000.0
        fleet, self._executor = Fleet(), FakeExecutor(1)
        self._desk = Desk(
            service.db, service.vault, fleet, lease_s=10.0, clock=lambda: self._now, monotonic=lambda: self._mono,
            on_news=lambda: None, looks=idle_looks(service.db, service.vault, fleet), alg_ids=algorithms,
        )  # fmt: skip
        self._reconciler = Reconciler(
            service.db, service.vault, fleet, self._executor, metrics=Metrics(process=False), crash_budget=1,
            monotonic=lambda: self._mono, limits=Limits(algorithms), lonely_limit=1,
        )  # fmt: skip
        self._scheduler = Scheduler(service.db, service.vault, on_change=lambda: None)
        self._worker: FakeWorker | None = None
        self.shelf = Shelf()

    def play(self) -> None:
        """Let all tasks of the project go as far as they get."""
        self._service.run(self._play())

    def handed(self, task_id: str) -> dict[str, Any] | None:
        """Return what the worker was given for a task, ids apart."""
        given = self._given(task_id)
        if given is None:
            return None
        run = given[1]
        spec = given[0].assignment.spec
        return {
            "opens": (spec.address.url, spec.address.liveness, spec.address.tls_verify, spec.address.lookup),
            "service": (run.service, run.service_version),
            "config": run.config,
            "name": run.stream_name,
            "fps": run.fps,
        }

    def tell(self, task_id: str, later_ms: int = 0) -> str:
        """Let the worker tell an event of a task, so much later than now; return its id."""
        given = self._given(task_id)
        assert given is not None, "the task does not run"
        event_id = EventId(derived_uuid("event", task_id, later_ms))
        self._service.run(self._tell(*given, event_id, later_ms))
        return event_id

    def deliver(self, receiver: Receiver, event_id: str) -> list[tuple[str, str]]:
        """Send what is due; return which paths were called with which key because of an event."""
        self._service.run(self._deliver())
        return [(path, key) for event, path, key in receiver.calls if event == event_id]

    def _given(self, task_id: str) -> tuple[Any, TaskRun] | None:
        streams = self._worker.streams.values() if self._worker else ()
        pairs = ((played, run) for played in streams for run in played.assignment.spec.runs)
        return next(((played, run) for played, run in pairs if run.task_id == task_id), None)

    async def _play(self) -> None:
        await self._db.write(_clear, self._project)
        await self._settle()
        started = self._executor.started
        if started:
            self._worker = FakeWorker(started[0], self._desk)
            for _ in range(3):
                await self._worker.speak()
                await self._settle()
                self._worker.play(StreamState.FLOWING)

    async def _settle(self) -> None:
        for _ in range(ROUNDS):
            await self._scheduler.run_once(self._now)
            if not await self._reconciler.run_once(self._now):
                return
        raise AssertionError("the loops never come to rest")

    async def _tell(self, played: Any, run: TaskRun, event_id: EventId, later_ms: int) -> None:
        assert self._worker is not None
        position, spec = Position(0, 1 + later_ms, 1), played.assignment.spec
        at, message = self._now + later_ms, {"message_id": event_id}
        event = Event(event_id, run.task_id, run.run_id, 196609, position, at, message, None)
        progress = RunProgress(run.task_id, run.run_id, (event,), Checkpoint(position, None, None, 1))
        batch = Ingest(self._worker.id, spec.stream_id, played.assignment.epoch, (progress,))
        assert (await self._desk.ingest(batch, {})).new == 1

    async def _deliver(self) -> None:
        async with Posters(LOOPBACK) as posters:
            sinks: Mapping[OutputKind, Any] = {
                OutputKind.WEBHOOK: WebhookSink(posters),
                OutputKind.DIS: DataStreamSink(self._db, now=lambda: self._now),
                OutputKind.OBS: ObjectSink(self.shelf, _a_store),
            }
            dispatcher = Dispatcher(
                self._db, self._service.vault, _no_pictures, sinks, Metrics(process=False), now=lambda: self._now
            )
            async with asyncio.timeout(20):
                await dispatcher.settle(self._now)
            await dispatcher.stop()


def store_event(conn: Connection, project_id: str, task_id: str, n: int, **given: Any) -> str:
    """Store an event, as an ingest would; return its id."""
    event_id = derived_uuid("stored", task_id, n)
    row = {
        "id": event_id, "project_id": project_id, "task_id": task_id, "run_id": "r", "event_type": 196609,
        "connection": 0, "frame_index": n, "time_us": n, "timestamp_ms": n, "stored_at": n,
        "message": json.dumps({"n": n}), "picture": None, "listed": 1,
    }  # fmt: skip
    conn.execute(tables.events.insert().values(row | given))
    return event_id


def give_up(conn: Connection, project_id: str, task_id: str, event_id: str) -> None:
    """Store a delivery of an event that was given up."""
    place = derived_uuid("place", task_id)
    if conn.execute(select(tables.destinations.c.id).where(tables.destinations.c.id == place)).first() is None:
        row = {"id": place, "project_id": project_id, "task_id": task_id, "kind": "webhook", "target": b""}
        conn.execute(tables.destinations.insert().values(row))
    letter = {"event_id": event_id, "destination_id": place, "project_id": project_id, "task_id": task_id}
    letter |= {"state": "dead", "attempts": 1, "next_attempt_at": 0, "created_at": 0}
    conn.execute(tables.outbox.insert().values(letter))


def _clear(conn: Connection, project_id: str) -> None:
    """Let everything else rest: a round would place it too."""
    others = tables.tasks.c.project_id != project_id
    rest = {"state": "STOPPED", "activated": None, "next_due_at": None, "parked_for": None, "stream_id": None}
    conn.execute(update(tables.tasks).where(others, tables.tasks.c.state.not_in(AT_REST)).values(rest))
    conn.execute(tables.workers.delete())
    conn.execute(update(tables.streams).values(worker_id=None))
    conn.execute(tables.outbox.delete().where(tables.outbox.c.project_id != project_id))


async def _a_store(_project_id: str, _bucket: str) -> ObjectStore:
    return ObjectStore("store", StoreKind.S3)


def _no_pictures(key: str) -> bytes:
    raise AssertionError(key)
