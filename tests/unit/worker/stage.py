"""A feed that is fed by the test, algorithms that play a script, and something to wait on."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vedette.algorithms.base import Algorithm, AlgorithmConfig, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.registry import Registry, Service
from vedette.model.errors import ModelError, SourceError
from vedette.model.event import Finding
from vedette.model.failure import Failure
from vedette.model.frame import Frame, Position
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.message import EventData
from vedette.model.source import Address, Liveness
from vedette.model.stream import Assignment, Checkpoint, StreamSpec, StreamState, StreamStats, TaskRun

DEADLINE_S = 5.0
PICTURE = np.zeros((4, 4), np.uint8)
STARTED_MS = 1_700_000_000_000


class Bell:
    """Wakes the test when something may have changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def ring(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, true: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(true, DEADLINE_S)


def frame(index: int, connection: int = 0, wall_ms: int | None = None) -> Frame:
    return Frame(Position(connection, index, index * 100_000), PICTURE, lambda: PICTURE, wall_ms)


@dataclass
class Status:
    state: StreamState = StreamState.OPENING
    failure: Failure | None = None
    stats: StreamStats = field(default_factory=StreamStats)
    note: str = ""


class FakeFeed:
    """Gives what the test puts in."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._given: queue.Queue[Frame | SourceError | None] = queue.Queue()
        self.now = Status()
        self.taken = 0
        self.stopped = False
        self.taken_at: dict[int, int] = {}
        self.fps: list[float] = []
        self.liveness = Liveness.FILE
        self.reading = False

    def give(self, *indexes: int) -> None:
        for index in indexes:
            self._given.put(frame(index, wall_ms=self.taken_at.get(index)))

    def end(self, error: SourceError | None = None) -> None:
        self._given.put(error)

    def frames(self) -> Iterator[Frame]:
        while not self.stopped:
            item = self._given.get()
            if item is None:
                return
            if isinstance(item, SourceError):
                raise item
            self.now = Status(StreamState.FLOWING)
            yield item
            self.taken += 1
            self._bell.ring()

    def status(self) -> Status:
        return self.now

    def seek_mark(self) -> bytes | None:
        return b"mark"

    def thread(self) -> int | None:
        return None

    def stop(self) -> None:
        self.stopped = True
        self._given.put(None)

    def want_fps(self, fps: float) -> None:
        self.fps.append(fps)


class NoModels:
    """There is no model."""

    def has(self, role: str) -> bool:
        return role == "objects"

    def detector(self, role: str) -> object:
        raise ModelError(f"There is no model for {role}.")


class EchoData(EventData):
    """How many pictures were seen."""

    value: float
    seen: int


class Other(EventData):
    """What is not declared."""


class EchoConfig(AlgorithmConfig):
    """How often, and what goes wrong."""

    every: int = 2
    fault: str = ""
    silent: bool = False
    slow: bool = False
    parting: bool = False


def _manifest(name: str, fps: float) -> Manifest:
    service = ServiceName(f"c-{name}-cloud", "cloud")
    return Manifest(
        name, (service,), ("1.0",), name, name, EchoConfig, (), (EventKind(7, "echo", EchoData),), analysis_fps=fps
    )


class Model:
    """Loads as slowly as the test likes."""

    def __init__(self) -> None:
        self.loading = threading.Event()
        self.loaded = threading.Event()


MODEL = Model()


class Echo(Algorithm[EchoConfig]):
    """Tells of every n-th picture it sees, and counts; remembers nothing if it is silent."""

    manifest = _manifest("echo", 5.0)

    def __init__(self, config: EchoConfig, models: Models) -> None:
        if config.fault == "made":
            raise LookupError
        if config.slow:
            MODEL.loading.set()
            assert MODEL.loaded.wait(DEADLINE_S)
        self._config = config
        self._seen = 0

    def process(self, frame: Frame) -> Iterable[Finding]:
        self._seen += 1
        if self._config.fault == "process" and self._seen == 3:
            raise ZeroDivisionError
        if self._seen % self._config.every == 0:
            fault = self._config.fault
            value: Any = np.float32(1.5) if fault == "data" else 1.5
            data = Other() if fault == "other data" else EchoData(value=value, seen=self._seen)
            kind = 8 if fault == "other kind" else 7
            yield Finding(kind, f"seen:{self._seen}", data, drawing=None)

    def finish(self, last: Frame) -> Iterable[Finding]:
        if self._config.parting:
            yield Finding(7, "parting", EchoData(value=float(last.position.index), seen=self._seen), drawing=None)

    def note(self) -> str:
        if self._config.fault == "note":
            raise ZeroDivisionError
        return "echoing"

    def state(self) -> PlainState | None:
        if self._config.fault == "state":
            raise ZeroDivisionError
        return None if self._config.silent else {"seen": self._seen}

    def restore(self, state: PlainState) -> None:
        if self._config.fault == "restore":
            raise IndexError
        self._seen = state["seen"]


class Quick(Echo):
    """Wants more pictures."""

    manifest = _manifest("quick", 25.0)


REGISTRY = Registry([Service(kind.manifest.services[0], kind) for kind in (Echo, Quick)])


def run(name: str, *, service: str = "c-echo-cloud", checkpoint: Checkpoint | None = None, **config: object) -> TaskRun:
    return TaskRun(
        TaskId(f"task-{name}"), RunId(name), ProjectId("p"), service, "1.0", dict(config), "cam", STARTED_MS, checkpoint
    )


def assignment(
    *runs: TaskRun, live: bool = False, epoch: int = 1, revision: str = "r1", stream: str = "s"
) -> Assignment:
    where = Address("rtsp://cam/1", Liveness.LIVE) if live else Address("file:///a.mp4", Liveness.FILE)
    return Assignment(StreamSpec(StreamId(stream), where, runs), epoch, revision)
