"""The service: wires everything, in order, and decides nothing."""

import asyncio
import contextlib
import fcntl
import gc
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from vedette.algorithms.registry import Registry
from vedette.api import device_discovery, progress
from vedette.api import events as event_routes
from vedette.api.asgi import make_app
from vedette.api.deps import Parts
from vedette.api.event_feed import Feed
from vedette.api.workers import PREFIX as WORKER_PREFIX
from vedette.api.workers import WorkerDoor
from vedette.app import first_start
from vedette.app.data_streams import data_stream_sink, routed
from vedette.app.http import Server, listening, local_url
from vedette.app.keystone import external_keystone
from vedette.app.loops import Loops, keep
from vedette.auth.authenticator import Authenticator
from vedette.auth.keystone import Keystone
from vedette.control.admission import Limits
from vedette.control.batches import Batches
from vedette.control.expiry import Expiry
from vedette.control.fleet import Fleet
from vedette.control.gauges import Gauges
from vedette.control.janitor import HOUR_MS, Janitor
from vedette.control.looks import Looks
from vedette.control.object_stores import Reach
from vedette.control.orders import Desk
from vedette.control.reconciler import Reconciler
from vedette.control.scheduler import Scheduler
from vedette.control.services import algorithm_ids
from vedette.control.storing import Storing
from vedette.control.streams import Streams
from vedette.control.tasks import Tasks
from vedette.control.vcn_sessions import VcnSessions
from vedette.delivery.brokers.pool import Links
from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.guard import Exempted, guarded_session
from vedette.delivery.sinks.base import Sink
from vedette.delivery.sinks.objects import ObjectSink
from vedette.delivery.sinks.result_file import ResultFiles
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import ProjectTerms
from vedette.delivery.uploads import Uploads
from vedette.executors.local import LocalExecutor, this_node
from vedette.media.vcn import VcnNode
from vedette.model.errors import Misconfigured, Unavailable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import WorkerId
from vedette.model.output import OutputKind
from vedette.model.worker import WorkerSpec
from vedette.settings import Settings
from vedette.store import assignments, object_stores, run_results, schema, video_sources
from vedette.store import tasks as task_rows
from vedette.store.blobs import Blobs
from vedette.store.db import Database, open_database
from vedette.store.retention import Retention
from vedette.store.vault import Vault
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

STREAMS_PER_WORKER = 60
GAUGES_S = 2.0
BATCHES_S = 60.0
EXPIRY_S = 1.0
ROOM_S = 30.0
VCN_S = 2.0
LOOKS_S = 1.0
COLLECT_AFTER = 50_000
"""Objects made and kept until the collector looks for circles among the young ones."""
WORKER_ENTRY = "vedette.worker.entry:run"
WORKER_PRELOAD = ("av", "cv2", "numpy", "onnxruntime", "vedette.worker.entry")


def now_ms() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What every command of the operator stands on."""

    settings: Settings
    vault: Vault
    db: Database


@contextlib.asynccontextmanager
async def ground(settings: Settings, on_commit: Callable[[int], None] | None = None) -> AsyncIterator[Ground]:
    """Open the data folder, the vault and the database, and bring the schema up to date.

    Raises:
        Misconfigured: one of them cannot be used.
        Unavailable: the database does not answer.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        vault = (
            Vault(settings.secret_key.get_secret_value())
            if settings.secret_key
            else Vault.from_file(settings.secret_key_file)
        )
    except OSError as error:
        raise Misconfigured(f"The data folder {settings.data_dir} cannot be used: {error.strerror}.") from error
    db = open_database(settings.database_url, on_commit)
    try:
        if await db.write(schema.upgrade):
            await db.write(video_sources.reread, vault)
            log.info("schema brought up to date", revision=schema.HEAD)
        yield Ground(settings, vault, db)
    finally:
        await db.close()


def policy(settings: Settings) -> GuardPolicy:
    """Return the guard's policy."""
    return GuardPolicy.parse(settings.guard, list(settings.guard_allow))


async def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then finish cleanly.

    Raises:
        Misconfigured: a setting, the data folder or the address cannot be used.
        Unavailable: the database does not answer.
    """
    logs.configure(settings.log_level, json_lines={"json": True, "text": False}.get(settings.log_format))
    with _alone(settings.data_dir), listening(settings.host, settings.port) as listener:
        metrics = Metrics()
        async with ground(settings, metrics.db_batch.observe) as base:
            await first_start.prepare(base.settings, base.db, base.vault, now_ms)
            _settle_memory()
            await _run(base, listener, metrics)
    log.info("service ended")


def _settle_memory() -> None:
    """Spare the collector what is loaded for good, and let it look less often: a list makes thousands of objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts of a running service."""

    loops: Loops
    executor: LocalExecutor
    scheduler: Scheduler
    reconciler: Reconciler
    desk: Desk
    dispatcher: Dispatcher
    janitor: Janitor
    expiry: Expiry
    gauges: Gauges
    server: Server
    batches: Batches
    vcn: VcnSessions
    looks: Looks
    feed: Feed


def _wire(
    base: Ground,
    metrics: Metrics,
    session: aiohttp.ClientSession,
    exempted: Exempted,
    links: Links,
    keystone: Keystone | None,
) -> Rooms:
    """Make every part, and hand each what it needs."""
    settings, db, vault = base.settings, base.db, base.vault
    registry, fleet, loops = Registry.load(), Fleet(), Loops()
    for name, reason in registry.broken.items():
        log.error("algorithm cannot be used", entry_point=name, reason=reason)
    worker_key = secrets.token_urlsafe(32)
    blobs = Blobs(settings.data_dir / "pictures")
    executor = LocalExecutor(
        _worker_spec(settings, worker_key), settings.workers, entry=WORKER_ENTRY, preload=WORKER_PRELOAD
    )
    reconciler = Reconciler(
        db,
        vault,
        fleet,
        executor,
        metrics=metrics,
        crash_budget=settings.crash_budget,
        monotonic=time.monotonic,
        limits=Limits(algorithm_ids(registry), tasks_at_once=settings.workers * settings.tasks_per_worker),
    )
    looks = Looks(
        db, vault, fleet, every_s=settings.probe_every, clock=now_ms, monotonic=time.monotonic,
        on_change=loops.wake, ensure_worker=reconciler.ensure_worker,
    )  # fmt: skip
    desk = Desk(
        db, vault, fleet, lease_s=settings.lease_s, clock=now_ms, monotonic=time.monotonic, on_news=loops.wake,
        looks=looks, alg_ids=algorithm_ids(registry),
    )  # fmt: skip
    kinds = {number: name for service in registry.services() for number, name in service.manifest.event_types.items()}
    sinks = _sinks(base, metrics, session, exempted, links, kinds)
    dispatcher = Dispatcher(db, vault, blobs.get, sinks, metrics, queue_limit=settings.delivery_queue_max)
    tasks = Tasks(db, vault, registry, loops.wake, now_ms, settings.quotas)
    batches = Batches(db, vault, registry, tasks, loops.wake, now_ms, settings.quotas)
    storing = Storing(metrics, time.monotonic)
    parts = Parts(
        db=db,
        vault=vault,
        authenticator=Authenticator(
            db, vault, now_ms, token_life_ms=round(settings.token_hours * 3_600_000), keystone=keystone
        ),
        tasks=tasks,
        batches=batches,
        metrics=metrics,
        clock=now_ms,
        ready=lambda: _ready(db, storing),
        registry=registry,
        quotas=settings.quotas,
        streams=Streams(fleet, time.monotonic),
        reach=Reach(policy(settings), settings.file_roots),
        data_stream_bytes=settings.data_stream_max_bytes,
    )
    vcn = VcnSessions(
        lambda server: VcnNode(server, policy(settings)),
        wanted=lambda streams: db.read(task_rows.wanted_streams, streams),
        keep_alive_s=settings.vcn_keep_alive_s,
        monotonic=time.monotonic,
    )
    feed = Feed()

    def on_events() -> None:
        dispatcher.wake()
        feed.wake()

    door = WorkerDoor(desk, blobs, metrics, worker_key, storing=storing, sessions=vcn, on_events=on_events)
    searches = device_discovery.make_router(policy(settings))
    routers = (event_routes.make_router(blobs, dispatcher.wake, kinds, feed), progress.router, searches, door.router)
    return Rooms(
        loops=loops,
        executor=executor,
        scheduler=Scheduler(db, vault, on_change=loops.wake),
        reconciler=reconciler,
        desk=desk,
        dispatcher=dispatcher,
        janitor=Janitor(
            db,
            blobs,
            Retention(round(settings.event_max_age_days * 86_400), settings.event_max_count, settings.event_max_bytes),
            metrics,
        ),
        expiry=Expiry(db, on_change=loops.wake),
        gauges=Gauges(db, fleet, metrics, time.monotonic),
        server=Server(make_app(parts, further=routers, large=(WORKER_PREFIX,))),
        batches=batches,
        vcn=vcn,
        looks=looks,
        feed=feed,
    )


def _sinks(
    base: Ground,
    metrics: Metrics,
    session: aiohttp.ClientSession,
    exempted: Exempted,
    links: Links,
    kinds: Mapping[int, str],
) -> dict[OutputKind, Sink]:
    """Return what serves each kind of output.

    Args:
        kinds: event types by their number.
    """
    settings, db, vault = base.settings, base.db, base.vault
    terms = ProjectTerms(db, vault, now_ms).of
    streams = data_stream_sink(settings, db, metrics, session)
    return {
        OutputKind.WEBHOOK: WebhookSink(session, terms=terms, exempted=exempted, kinds=kinds),
        OutputKind.DIS: routed(streams, db, vault, links, session, exempted, terms, kinds),
        OutputKind.OBS: ObjectSink(
            Uploads(session),
            lambda project_id, bucket: db.read(object_stores.with_bucket, vault, project_id, bucket),
            settings.file_roots,
            results=ResultFiles(lambda task, run, after: db.read(run_results.told, task, run, after), kinds),
        ),
    }


async def _run(base: Ground, listener: socket.socket, metrics: Metrics) -> None:
    """Start the loops, wait for the word, and end them in an order that loses nothing."""
    async with (
        guarded_session(policy(base.settings)) as session,
        Exempted(policy(base.settings)) as exempted,
        Links(policy(base.settings), counted=metrics.broker_links.set) as links,
        external_keystone(base.settings, base.db, now_ms) as keystone,
    ):
        rooms = _wire(base, metrics, session, exempted, links, keystone)

        def exited(worker_id: WorkerId) -> None:
            rooms.reconciler.worker_exited(worker_id)
            rooms.loops.wake()

        await rooms.executor.open(local_url(listener), exited)
        background = [
            asyncio.create_task(rooms.loops.reconcile(rooms.scheduler, rooms.reconciler, rooms.desk.changed, now_ms)),
            asyncio.create_task(keep("janitor", lambda: rooms.janitor.run_once(now_ms()), HOUR_MS / 1000)),
            asyncio.create_task(keep("room", lambda: rooms.janitor.fit(now_ms()), ROOM_S)),
            asyncio.create_task(keep("expiry", lambda: rooms.expiry.run_once(now_ms()), EXPIRY_S)),
            asyncio.create_task(keep("gauges", rooms.gauges.run_once, GAUGES_S)),
            asyncio.create_task(keep("batches", rooms.batches.resume, BATCHES_S)),
            asyncio.create_task(keep("vcn", rooms.vcn.run_once, VCN_S)),
            asyncio.create_task(keep("looks", lambda: rooms.looks.run_once(now_ms()), LOOKS_S)),
        ]
        delivering = asyncio.create_task(rooms.dispatcher.run())
        serving = asyncio.create_task(rooms.server.serve([listener]))
        log.info(
            "service listens", url=base.settings.public_url or local_url(listener), data=str(base.settings.data_dir)
        )
        await _until_told_to_stop(serving)
        log.info("service is ending")
        await _cancel(background)  # nothing new is placed
        held = rooms.executor.present()
        await rooms.executor.close()  # workers hand over what they have; the door is still open
        await rooms.vcn.close()
        for worker_id in held:
            await base.db.write(assignments.forget, worker_id)
        await rooms.dispatcher.stop()
        await delivering
        await rooms.batches.close()
        rooms.feed.close()
        rooms.server.should_exit = True
        await serving


async def _until_told_to_stop(serving: "asyncio.Task[None]") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, serving], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _cancel(background: "list[asyncio.Task[None]]") -> None:
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)


async def _ready(db: Database, storing: Storing) -> None:
    storing.check()
    if await db.read(schema.version) != schema.HEAD:
        raise Unavailable("The schema of the database is not the one this release needs.")


def _worker_spec(settings: Settings, key: str) -> WorkerSpec:
    return WorkerSpec(
        worker_id=WorkerId(""),
        url="",
        key=key,
        node=this_node(),
        capacity=STREAMS_PER_WORKER,
        models_dir=settings.models_dir,
        file_roots=settings.file_roots,
        guard=policy(settings),
        providers=settings.providers,
        analysis_fps=settings.analysis_fps,
        log_level=settings.log_level,
        log_format=settings.log_format,
    )


@contextlib.contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Keep a second service off the same data folder."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "service.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Misconfigured(f"Another service runs on the data folder {data_dir}.") from None
    try:
        yield
    finally:
        os.close(descriptor)
