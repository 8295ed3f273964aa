"""One run of a task on a stream: from pictures to events and checkpoints."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import structlog

from vedette.algorithms.base import Algorithm, Models
from vedette.algorithms.registry import Registry, check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import AlgorithmError, VedetteError
from vedette.model.event import Event
from vedette.model.frame import Frame
from vedette.model.source import Liveness
from vedette.model.stream import Checkpoint, Failure, RunProgress, RunReport, TaskRun
from vedette.results import message, snapshot

log = structlog.get_logger()

CHECKPOINT_US = 2_000_000
"""Media time between checkpoints while nothing happens: what a crash makes do again at most."""


def failure_of(error: VedetteError) -> Failure:
    """Return an error as it travels."""
    return Failure(error.code, error.message)


class Run:
    """A run's algorithm, and what is counted of it."""

    def __init__(self, spec: TaskRun, liveness: Liveness, registry: Registry, models: Models) -> None:
        """Make the algorithm, and let it remember.

        Raises:
            VedetteError: the service is not known here, its configuration is at fault, or a model is missing.
        """
        self.spec = spec
        kind = registry.find(spec.service, spec.service_version)
        config, _ = check_config(kind, spec.config)
        self._make: Callable[[], Algorithm[Any]] = lambda: _made(kind, config, models)
        self.algorithm = self._make()
        self.fps = kind.manifest.analysis_fps
        self._state_version = kind.manifest.state_version
        self._live = liveness is Liveness.LIVE
        self.frames = spec.checkpoint.frames if spec.checkpoint else 0
        self.events = 0
        self.failure: Failure | None = None
        self._saved_us: int | None = None
        self._last: Frame | None = None
        self._base_ms: int | None = None
        self.resumes = self._restore()

    def _restore(self) -> bool:
        """Take up the state of the checkpoint of a file; without one the file is replayed from its start."""
        point = self.spec.checkpoint
        if point is None or point.state is None or self._live:
            if not self._live:
                self.frames = 0
            return False
        state = unpack(point.state, self._state_version)
        if state is not None:
            try:
                self.algorithm.restore(state)
            # Not the state of this algorithm with this configuration, or a stranger's fault: a replay cures both.
            except Exception as error:  # noqa: BLE001 - see above
                log.warning("state cannot be taken up", task_id=self.spec.task_id, reason=type(error).__name__)
                self.algorithm = self._make()
            else:
                return True
        self.frames = 0
        return False

    def process(self, frame: Frame, wall_ms: int, seek_mark: Callable[[], bytes | None]) -> RunProgress | None:
        """Look at a picture; return what is to be handed over, if anything is.

        Args:
            wall_ms: now, for live sources: milliseconds since the epoch.
        """
        if self.failure is not None:
            return None
        with self._own_fate():
            return self._look(frame, wall_ms, seek_mark)
        return None

    @contextmanager
    def _own_fate(self) -> Iterator[None]:
        """An algorithm may be a stranger's; whatever it raises ends its own task, and no other on the stream."""
        try:
            yield
        except VedetteError as error:
            self.failure = failure_of(error)
        except Exception as error:
            log.exception("algorithm raised", task_id=self.spec.task_id, service=self.spec.service)
            self.failure = failure_of(AlgorithmError(f"{self.spec.service} raised {type(error).__name__}."))

    def _look(self, frame: Frame, wall_ms: int, seek_mark: Callable[[], bytes | None]) -> RunProgress | None:
        events = [self._event(frame, finding, wall_ms) for finding in self.algorithm.process(frame)]
        self.frames += 1
        self.events += len(events)
        self._last = frame
        at = frame.position.time_us
        if self._saved_us is None:
            self._saved_us = at
        if not events and at - self._saved_us < CHECKPOINT_US:
            return None
        self._saved_us = at
        return self._progress(frame, events, seek_mark())

    def finish(self, seek_mark: Callable[[], bytes | None]) -> RunProgress | None:
        """Return the last checkpoint, when the stream has ended or is handed back."""
        if self._last is None or self.failure is not None:
            return None
        with self._own_fate():
            return self._progress(self._last, [], seek_mark())
        return None

    def check(self) -> None:
        """Raise what made the algorithm give up, if it did.

        Raises:
            AlgorithmError: it did.
        """
        if self.failure is not None:
            raise AlgorithmError(self.failure.message)

    def report(self) -> RunReport:
        """Say how it goes."""
        try:
            note = self.algorithm.note()
        except Exception:  # noqa: BLE001 - a stranger's sentence must not silence the whole worker
            note = ""
        return RunReport(self.spec.run_id, self.frames, self.events, note, self.failure)

    def _event(self, frame: Frame, finding: Any, wall_ms: int) -> Event:
        picture = snapshot.render(frame, finding.drawing) if finding.drawing is not None else None
        spec = self.spec
        if self._live:  # media time of a live stream began before this run did; the wall says when it is
            if self._base_ms is None:
                self._base_ms = wall_ms - frame.position.time_us // 1000
            spec = replace(spec, started_ms=self._base_ms)
        event = message.make_event(spec, frame, finding, picture)
        json.dumps(event.message, allow_nan=False)  # what cannot travel is found here, where it is known whose it is
        msgspec.msgpack.encode(event.message)
        return event

    def _progress(self, frame: Frame, events: list[Event], seek: bytes | None) -> RunProgress:
        state = None if self._live else self.algorithm.state()
        packed = pack(state, self._state_version) if state is not None else None
        point = Checkpoint(frame.position, packed, seek if packed else None, self.frames)
        return RunProgress(self.spec.task_id, self.spec.run_id, tuple(events), point)


def _made(kind: type[Algorithm[Any]], config: Any, models: Models) -> Algorithm[Any]:
    try:
        return kind(config, models)
    except VedetteError:
        raise
    # A stranger's again: the task is refused, and the worker goes on.
    except Exception as error:
        log.exception("algorithm cannot be made", algorithm=kind.manifest.name)
        raise AlgorithmError(f"{kind.manifest.name} raised {type(error).__name__} when it was made.") from error
