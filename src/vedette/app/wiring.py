"""Which parts a running service has, and what each is given; nothing is decided here."""

import secrets
import time
from dataclasses import dataclass

import aiohttp
import structlog
from fastapi import APIRouter

from vedette.algorithms.installed import InstalledRoles
from vedette.algorithms.registry import Registry
from vedette.api import device_discovery, progress
from vedette.api import events as event_routes
from vedette.api.asgi import make_app
from vedette.api.deps import Parts
from vedette.api.event_feed import Feed
from vedette.api.workers import PREFIX as WORKER_PREFIX
from vedette.api.workers import WorkerDoor
from vedette.app.data_streams import data_stream_sink, routed
from vedette.app.ground import Ground, now_ms, policy
from vedette.app.http import Server
from vedette.app.loops import Loops
from vedette.app.seat import sqlite_file
from vedette.auth.authenticator import Authenticator
from vedette.auth.keystone import Keystone
from vedette.control.admission import Limits
from vedette.control.batches import Batches
from vedette.control.bygones import Bygones, Keep
from vedette.control.fleet import Fleet
from vedette.control.freezer import Freezer
from vedette.control.gauges import Gauges
from vedette.control.helm import Alone, Helm, Shared
from vedette.control.janitor import Janitor
from vedette.control.looks import Looks
from vedette.control.object_stores import Reach
from vedette.control.orders import Desk
from vedette.control.reconciler import Reconciler
from vedette.control.rollouts import Rollouts
from vedette.control.scheduler import Scheduler
from vedette.control.services import algorithm_ids
from vedette.control.storing import Storing
from vedette.control.streams import Streams
from vedette.control.tasks import Tasks
from vedette.control.vcn_sessions import VcnSessions
from vedette.delivery.brokers.pool import Links
from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.guard import Exempted
from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.base import Sink
from vedette.delivery.sinks.objects import ObjectSink
from vedette.delivery.sinks.result_file import ResultFiles
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import ProjectTerms
from vedette.delivery.uploads import Uploads
from vedette.executors.local import LocalExecutor, this_node
from vedette.media.vcn import VcnNode
from vedette.model.errors import Unavailable
from vedette.model.ids import WorkerId
from vedette.model.output import OutputKind
from vedette.model.worker import WorkerSpec
from vedette.settings import Settings
from vedette.store import object_stores, run_results, schema
from vedette.store import tasks as task_rows
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.retention import Retention
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

STREAMS_PER_WORKER = 60
WORKER_ENTRY = "vedette.worker.entry:run"
WORKER_PRELOAD = ("av", "cv2", "numpy", "onnxruntime", "vedette.worker.entry")


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
    freezer: Freezer
    rollouts: Rollouts
    gauges: Gauges
    server: Server
    batches: Batches
    vcn: VcnSessions
    looks: Looks
    feed: Feed
    helm: Helm


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What calls others, each of it guarded.

    Attributes:
        session: for calls to stores and to streams of a DIS.
        exempted: sessions of projects that may reach more.
        posters: for webhooks.
        links: to brokers.
    """

    session: aiohttp.ClientSession
    exempted: Exempted
    posters: Posters
    links: Links


class Wiring:
    """Makes the parts, and hands each what it needs.

    Args:
        keystone: validates tokens of another service, if there is one.
        name: what no other service bears.
    """

    def __init__(
        self,
        base: Ground,
        metrics: Metrics,
        outgoing: Outgoing,
        keystone: Keystone | None,
        name: str,
    ) -> None:
        self._base, self._metrics, self._keystone = base, metrics, keystone
        self._outgoing = outgoing
        self._fleet, self._loops, self._feed = Fleet(), Loops(), Feed()
        self._registry = Registry.load(
            folder=base.settings.services_dir, has_model=InstalledRoles(base.settings.models_dir)
        )
        self._kinds = {kind.number: kind.name for kind in self._registry.event_kinds()}
        self._blobs = Blobs(base.settings.data_dir / "pictures")
        self._storing = Storing(metrics, time.monotonic)
        self._worker_key = secrets.token_urlsafe(32)
        self._helm = self._seat(name)
        metrics.acts.set_function(lambda: float(self._helm.held))

    def rooms(self) -> Rooms:
        """Return every part."""
        for name, reason in self._registry.broken.items():
            log.error("algorithm cannot be used", entry_point=name, reason=reason)
        settings, db, loops = self._base.settings, self._base.db, self._loops
        executor, reconciler, looks, desk = self._workers()
        dispatcher = self._dispatcher()
        parts, vcn = self._parts(), self._vcn()
        kept = Retention(
            round(settings.event_max_age_days * 86_400), settings.event_max_count, settings.event_max_bytes
        )
        return Rooms(
            loops=loops,
            executor=executor,
            scheduler=Scheduler(db, self._base.vault, on_change=loops.wake),
            reconciler=reconciler,
            desk=desk,
            dispatcher=dispatcher,
            janitor=Janitor(db, self._blobs, kept, self._metrics, self._bygones()),
            freezer=Freezer(db, self._base.vault, on_change=loops.wake),
            rollouts=Rollouts(db, self._base.vault, self._registry, loops.wake, now_ms),
            gauges=Gauges(db, self._fleet, self._metrics, time.monotonic),
            server=Server(make_app(parts, further=self._doors(desk, dispatcher, vcn), large=(WORKER_PREFIX,))),
            batches=parts.batches,
            vcn=vcn,
            looks=looks,
            feed=self._feed,
            helm=self._helm,
        )

    def _seat(self, name: str) -> Helm:
        """Return what says whether this service acts; on SQLite there is no other."""
        if sqlite_file(self._base.settings.database_url) is not None:
            return Alone()
        return Shared(self._base.db, name, clock=uptime, wall=now_ms, on_taken=self._loops.wake)

    def _workers(self) -> tuple[LocalExecutor, Reconciler, Looks, Desk]:
        settings, db, vault, fleet = self._base.settings, self._base.db, self._base.vault, self._fleet
        alg_ids = algorithm_ids(self._registry)
        executor = LocalExecutor(
            _worker_spec(settings, self._worker_key), settings.workers, entry=WORKER_ENTRY, preload=WORKER_PRELOAD
        )
        reconciler = Reconciler(
            db, vault, fleet, executor,
            metrics=self._metrics, crash_budget=settings.crash_budget, monotonic=time.monotonic,
            limits=Limits(
                alg_ids,
                tasks_at_once=settings.workers * settings.tasks_per_worker,
                cores_at_once=settings.live_cores or None,
                versions={name: self._registry.versions(name) for name in alg_ids},
            ),
            lonely_limit=settings.lonely_workers,
        )  # fmt: skip
        looks = Looks(
            db, vault, fleet, every_s=settings.probe_every, clock=now_ms, monotonic=time.monotonic,
            on_change=self._loops.wake, ensure_worker=reconciler.ensure_worker,
        )  # fmt: skip
        desk = Desk(
            db, vault, fleet, lease_s=settings.lease_s, clock=now_ms, monotonic=time.monotonic,
            on_news=self._loops.wake, looks=looks, alg_ids=alg_ids,
        )  # fmt: skip
        return executor, reconciler, looks, desk

    def _parts(self) -> Parts:
        settings, db, vault, registry = self._base.settings, self._base.db, self._base.vault, self._registry
        life_ms = round(settings.token_hours * 3_600_000)
        tasks = Tasks(db, vault, registry, self._loops.wake, now_ms, settings.quotas)
        return Parts(
            db=db,
            vault=vault,
            authenticator=Authenticator(db, vault, now_ms, token_life_ms=life_ms, keystone=self._keystone),
            tasks=tasks,
            batches=Batches(db, vault, registry, tasks, self._loops.wake, now_ms, settings.quotas),
            metrics=self._metrics,
            clock=now_ms,
            ready=lambda: _ready(db, self._storing),
            registry=registry,
            quotas=settings.quotas,
            streams=Streams(self._fleet, time.monotonic),
            reach=Reach(policy(settings), settings.file_roots),
            data_stream_bytes=settings.data_stream_max_bytes,
        )

    def _vcn(self) -> VcnSessions:
        settings, db = self._base.settings, self._base.db
        return VcnSessions(
            lambda server: VcnNode(server, policy(settings)),
            wanted=lambda streams: db.read(task_rows.wanted_streams, streams),
            keep_alive_s=settings.vcn_keep_alive_s,
            monotonic=time.monotonic,
        )

    def _doors(self, desk: Desk, dispatcher: Dispatcher, vcn: VcnSessions) -> tuple[APIRouter, ...]:
        """Return the routes that are not made of the parts alone."""

        def on_events() -> None:
            dispatcher.wake()
            self._feed.wake()

        door = WorkerDoor(
            desk, self._blobs, self._metrics, self._worker_key, storing=self._storing, sessions=vcn, on_events=on_events
        )
        searches = device_discovery.make_router(policy(self._base.settings))
        of_events = event_routes.make_router(self._blobs, dispatcher.wake, self._kinds, self._feed)
        return of_events, progress.router, searches, door.router

    def _bygones(self) -> Bygones:
        settings = self._base.settings
        keep = Keep(settings.finished_task_days, settings.history_max_days, settings.history_max_count)
        return Bygones(self._base.db, keep)

    def _dispatcher(self) -> Dispatcher:
        settings, db, vault, outgoing = self._base.settings, self._base.db, self._base.vault, self._outgoing
        session = outgoing.session
        terms = ProjectTerms(db, vault, now_ms).of
        streams = data_stream_sink(settings, db, self._metrics, session)
        sinks: dict[OutputKind, Sink] = {
            OutputKind.WEBHOOK: WebhookSink(outgoing.posters, terms=terms, kinds=self._kinds),
            OutputKind.DIS: routed(streams, db, vault, outgoing.links, session, outgoing.exempted, terms, self._kinds),
            OutputKind.OBS: ObjectSink(
                Uploads(session),
                lambda project_id, bucket: db.read(object_stores.with_bucket, vault, project_id, bucket),
                settings.file_roots,
                results=ResultFiles(
                    lambda task, run, after: db.read(run_results.told, task, run, after),
                    self._kinds,
                    [kind.number for kind in self._registry.event_kinds() if kind.cuts],
                ),
            ),
        }
        return Dispatcher(
            db, vault, self._blobs.get, sinks, self._metrics,
            queue_limit=settings.delivery_queue_max, may=lambda: self._helm.held,
        )  # fmt: skip


def uptime() -> float:
    """Return seconds since this machine was started, its sleep included: no clock that can be set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


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
        services_dir=settings.services_dir,
        file_roots=settings.file_roots,
        guard=policy(settings),
        providers=settings.providers,
        engine=settings.engine,
        precision=settings.precision,
        analysis_fps=settings.analysis_fps,
        log_level=settings.log_level,
        log_format=settings.log_format,
    )
