"""One video, one service, no server: events as they are found."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from vedette.algorithms.base import Algorithm, Models
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.algorithms.registry import Registry, check_config
from vedette.control.sources import address
from vedette.media.reconnect import Feed
from vedette.model.event import Event
from vedette.model.frame import Frame
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId, RunId, TaskId, derived_uuid
from vedette.model.source import Address, Liveness
from vedette.model.stream import RunProgress, StreamState, TaskRun
from vedette.settings import Settings
from vedette.worker.run import Run

AWAY_EVERY_S = 0.5
"""How often it is looked whether the source is away."""
EVERYWHERE = GuardPolicy.parse("lan", ["0.0.0.0/0", "::/0"])
"""Whoever types the command may reach what they can reach anyway."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it; `note` says which detector was at work."""

    frames: int
    events: int
    note: str
    warnings: tuple[str, ...]


def watch(
    settings: Settings,
    video: str,
    service: str,
    config: Mapping[str, Any],
    *,
    on_event: Callable[[Event], None],
    on_frame: Callable[[Frame, Algorithm[Any]], None],
    on_away: Callable[[str], None] = lambda _: None,
    version: str | None = None,
    fps: float | None = None,
    models: Callable[[Models], Models] = lambda given: given,
) -> Summary:
    """Analyse a file or a URL to its end.

    Args:
        on_frame: told each analysed picture, and the algorithm that has just looked at it.
        on_away: told why no pictures come, from a thread of its own, whenever that is something new.
        version: of the service; None for the newest.
        fps: pictures a second that are analysed; None for as many as the service asks for.
        models: what stands between the algorithm and its detectors.

    Raises:
        NotReferable: there is no such service, or version of it.
        InvalidParameter: the configuration is at fault.
        SourceError: the video cannot be read.
        ModelError: the model cannot be used.
        AlgorithmError: the algorithm gave up.
    """
    cv2.setNumThreads(1)
    registry = Registry.load(folder=settings.services_dir)
    version = version or _newest(registry, service)
    _, warnings = check_config(registry.find(service, version), config)
    place, root = located(video)
    spec = _task(place, Path(video).name or video, service, version, config)
    engine = Engine(
        ModelStore(settings.models_dir),
        providers=settings.providers,
        engine=settings.engine,
        precision=settings.precision,
    )
    run = Run(spec, place.liveness, registry, models(engine.for_stream()))
    feed = Feed(place, policy=EVERYWHERE, file_roots=(root,) if root else (), fps=fps or run.fps)
    with _looked_after(feed, on_away):
        for frame in feed.frames():
            run.told(feed.liveness)
            _tell(run.process(frame, _now_ms(), feed.seek_mark), on_event)
            on_frame(frame, run.algorithm)
            run.check()
        _tell(run.finish(_now_ms(), feed.seek_mark, ended=True), on_event)
        run.check()
    return Summary(run.frames, run.events, run.algorithm.note(), tuple(warnings))


def _task(place: Address, name: str, service: str, version: str, config: Mapping[str, Any]) -> TaskRun:
    """Return the run; the same video, service and configuration give the same ids, run after run."""
    task_id = TaskId(derived_uuid("run", place.url, service, sorted(config.items())).replace("-", "").lower())
    return TaskRun(
        task_id=task_id,
        run_id=RunId(task_id),
        project_id=ProjectId("local"),
        service=service,
        service_version=version,
        config=dict(config),
        stream_name=name,
        started_ms=_now_ms(),
    )


def _tell(progress: RunProgress | None, on_event: Callable[[Event], None]) -> None:
    for event in progress.events if progress else ():
        on_event(event)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def _looked_after(feed: Feed, on_away: Callable[[str], None]) -> Iterator[None]:
    """Tell why nothing comes: who waits for pictures cannot ask."""
    over = threading.Event()

    def look() -> None:
        told = ""
        while not over.wait(AWAY_EVERY_S):
            status = feed.status()
            said = status.failure.message if status.failure and status.state is not StreamState.FLOWING else ""
            if said and said != told:
                on_away(said)
            told = said

    thread = threading.Thread(target=look, name="vedette-away", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _newest(registry: Registry, service: str) -> str:
    return registry.versions(service)[-1] if registry.versions(service) else "1.0"


def located(video: str) -> tuple[Address, Path | None]:
    """Return the address of a file or URL that somebody typed, and the folder that must be readable for it."""
    if "://" in video and not video.startswith("file://"):
        return address(video), None
    path = Path(video.removeprefix("file://")).resolve()
    return Address(path.as_uri(), Liveness.FILE), path.parent
