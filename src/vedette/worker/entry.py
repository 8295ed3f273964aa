"""Where a worker process begins: wires its parts, and decides nothing."""

import os
import time
from collections.abc import Callable

import cv2

from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.algorithms.quality.judge import Judge
from vedette.algorithms.registry import Registry
from vedette.media.lookup import Find, finder
from vedette.media.picture import Resume
from vedette.media.reconnect import Feed
from vedette.model.ids import StreamId
from vedette.model.look import Probe
from vedette.model.source import VcnLookup
from vedette.model.stream import AddressAnswer, AddressQuestion, Assignment, Checkpoint
from vedette.model.worker import WorkerSpec
from vedette.telemetry import logs
from vedette.worker.feed import OpenFeed, first_connection
from vedette.worker.host import Host
from vedette.worker.link import Link
from vedette.worker.looks import Album, Prober
from vedette.worker.onlooker import Onlooker
from vedette.worker.probing import Glance
from vedette.worker.process import obey_signals, watch_parent
from vedette.worker.spool import Spool
from vedette.worker.stream import Stream
from vedette.worker.tidying import settle


def run(spec: WorkerSpec) -> None:
    """Run a worker until it is told to end, or its parent is gone."""
    logs.configure(spec.log_level, json_lines={"json": True, "text": False}.get(spec.log_format))
    cv2.setNumThreads(1)  # many streams share the cores; a picture is one thread's work
    registry = Registry.load(folder=spec.services_dir)
    engine = Engine(ModelStore(spec.models_dir), providers=spec.providers, engine=spec.engine, precision=spec.precision)
    link, album = Link(spec.url, spec.key), Album()

    def make_stream(assignment: Assignment, spool: Spool, on_news: Callable[[], None]) -> Stream:
        return Stream(
            assignment,
            open_feed=feed_opener(spec, link),
            registry=registry,
            models=engine.for_stream,
            spool=spool,
            fps=spec.analysis_fps,
            wall_ms=_now_ms,
            on_news=on_news,
            onlooker=Onlooker(assignment.spec.stream_id, album.put, Judge, wall_ms=_now_ms).see,
        )

    host = Host(spec, link, make_stream, album=album, prober=Prober(glance(spec, link).look, album, wall_ms=_now_ms))
    obey_signals(host.stop)
    watch_parent(lambda: os._exit(3))
    settle()
    host.run()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def glance(spec: WorkerSpec, link: Link) -> Glance:
    """Return what looks at sources, as streams do: under this worker's guard and file roots."""

    def find(probe: Probe) -> Find:
        stream_id = StreamId(probe.id)  # who asks for an address names a stream; this one lasts a moment
        return finder(spec.guard, lambda asked: link.address(AddressQuestion(spec.worker_id, stream_id, 0, asked)))

    return Glance(spec.guard, spec.file_roots, find, Judge, _now_ms)


def _elapsed_us(assignment: Assignment) -> int:
    """Return how long the oldest run has lasted: media time of a live source goes on while no worker sees it."""
    began = min(run.started_ms for run in assignment.spec.runs)
    return max(0, time.time_ns() // 1000 - began * 1000)


def feed_opener(spec: WorkerSpec, link: Link) -> OpenFeed:
    """Return what opens feeds under this worker's guard and file roots."""

    def open_feed(assignment: Assignment, fps: float, resume: Checkpoint | None) -> Feed:
        def ask_vcn(asked: VcnLookup) -> AddressAnswer:
            return link.address(AddressQuestion(spec.worker_id, assignment.spec.stream_id, assignment.epoch, asked))

        return Feed(
            assignment.spec.address,
            policy=spec.guard,
            file_roots=spec.file_roots,
            fps=fps,
            resume=Resume(resume.position, resume.seek, elapsed_us=_elapsed_us(assignment)) if resume else None,
            first_connection=first_connection(assignment),
            find=finder(spec.guard, ask_vcn),
        )

    return open_feed
