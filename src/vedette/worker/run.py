"""One run of a task on a stream: from pictures to events and checkpoints."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
        self._make: Callable[[], Algorithm[Any]] = lambda: kind(config, models)
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
            except (
                ValueError,
                KeyError,
                TypeError,
            ) as error:  # not the state of this algorithm with this configuration
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
        try:
            events = [self._event(frame, finding, wall_ms) for finding in self.algorithm.process(frame)]
        except VedetteError as error:
            self.failure = failure_of(error)
            return None
        # An algorithm may be a stranger's; whatever it raises ends its own task, and no other on the stream.
        except Exception as error:
            log.exception("algorithm raised", task_id=self.spec.task_id, service=self.spec.service)
            self.failure = failure_of(AlgorithmError(f"{self.spec.service} raised {type(error).__name__}."))
            return None
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
        return self._progress(self._last, [], seek_mark())

    def check(self) -> None:
        """Raise what made the algorithm give up, if it did.

        Raises:
            AlgorithmError: it did.
        """
        if self.failure is not None:
            raise AlgorithmError(self.failure.message)

    def report(self) -> RunReport:
        """Say how it goes."""
        note = self.algorithm.note()
        return RunReport(self.spec.run_id, self.frames, self.events, note, self.failure)

    def _event(self, frame: Frame, finding: Any, wall_ms: int) -> Event:
        picture = snapshot.render(frame, finding.drawing) if finding.drawing is not None else None
        spec = self.spec
        if self._live:  # media time of a live stream began before this run did; the wall says when it is
            if self._base_ms is None:
                self._base_ms = wall_ms - frame.position.time_us // 1000
            spec = replace(spec, started_ms=self._base_ms)
        return message.make_event(spec, frame, finding, picture)

    def _progress(self, frame: Frame, events: list[Event], seek: bytes | None) -> RunProgress:
        state = None if self._live else self.algorithm.state()
        packed = pack(state, self._state_version) if state is not None else None
        point = Checkpoint(frame.position, packed, seek if packed else None, self.frames)
        return RunProgress(self.spec.task_id, self.spec.run_id, tuple(events), point)
