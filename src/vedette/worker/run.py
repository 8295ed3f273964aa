"""One run of a task on a stream: from pictures to events and checkpoints."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import structlog

from vedette.algorithms.base import Algorithm, Models
from vedette.algorithms.registry import Registry
from vedette.model.errors import AlgorithmError, VedetteError
from vedette.model.event import Event
from vedette.model.failure import Failure
from vedette.model.frame import Frame
from vedette.model.source import Liveness
from vedette.model.stream import Checkpoint, GivenUp, RunProgress, RunReport, TaskRun
from vedette.results import message, snapshot
from vedette.worker.memory import Memory, Origin, config_name
from vedette.worker.preparing import Prepared, prepare
from vedette.worker.trial import TRIAL, Trial

log = structlog.get_logger()

CHECKPOINT_US = 2_000_000
"""Media time between checkpoints while nothing happens: what a crash makes do again at most."""


def told_by(liveness: Liveness, checkpoint: Checkpoint | None) -> Liveness:
    """Return what is known of a source: where its address does not say, an earlier worker may have left word.

    The checkpoint of a file holds what the run knew, that of a live source does not.
    """
    if liveness is not Liveness.EITHER or checkpoint is None:
        return liveness
    return Liveness.LIVE if checkpoint.state is None else Liveness.FILE


class Run:
    """A run's algorithm, and what is counted of it.

    Pictures are shown by one thread; everything else may be called from any.
    """

    def __init__(
        self,
        spec: TaskRun,
        liveness: Liveness,
        registry: Registry,
        models: Models,
        *,
        usual_fps: float | None = None,
        on_misfit: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the algorithm, and let it remember.

        Args:
            usual_fps: pictures a second where the run itself asks for none; None for what its algorithm asks for.
            on_misfit: called when another configuration has to be prepared afresh (`misfit`).

        Raises:
            VedetteError: the service is not known here, its configuration is at fault, or a model is missing.
        """
        self.spec = spec
        self._registry, self._models = registry, models
        self._usual_fps, self._on_misfit = usual_fps, on_misfit
        self._present = prepare(spec, registry, models)
        self.fps = self._fps(spec, self._present)
        self._live = told_by(liveness, spec.checkpoint) is Liveness.LIVE
        self.frames = spec.checkpoint.frames if spec.checkpoint else 0
        self.events = 0
        self.failure: Failure | None = None
        self.misfit = False
        """Whether the algorithm of the wanted configuration could not take up the state, and must be made again."""
        self._lock = threading.Lock()  # guards what waits for the next picture
        self._next: tuple[TaskRun, Prepared | None] | None = None
        self._trial: Trial | None = None
        self.given_up: GivenUp | None = None
        self._origin: Origin | None = None
        self._saved_us: int | None = None
        self._last: Frame | None = None
        self._base_ms: int | None = None
        self.resume: Checkpoint | None = None if self._live else self._restore()
        """Where a file is to go on; None for its start."""

    def told(self, liveness: Liveness) -> None:
        """Take what the first connection told; called before the first picture."""
        self._live = liveness is Liveness.LIVE

    @property
    def algorithm(self) -> Algorithm[Any]:
        """Return the algorithm that is at work."""
        return self._present.algorithm

    def _fps(self, spec: TaskRun, prepared: Prepared) -> float:
        return spec.fps or self._usual_fps or prepared.analysis_fps

    # -- going on after a crash

    def _restore(self) -> Checkpoint | None:
        """Take up the state of the checkpoint of a file, and return where to go on.

        Without a state that fits, the file is seen again from where its configuration became what it is: the ids of
        the events drop the repeats.
        """
        self.frames = 0
        point = self.spec.checkpoint
        memory = Memory.unpack(point.state) if point is not None and point.state is not None else None
        if point is None or memory is None:
            return None
        fits = self._takes_up(memory)
        whence: Checkpoint | None = point
        if memory.config != config_name(self.spec):  # it goes on from here, with as much of the state as fits
            self._origin = Origin.of(point)
        else:
            self._origin = memory.origin
            if not fits:
                whence = self._origin.checkpoint() if self._origin is not None else None
        self.frames = whence.frames if whence is not None else 0
        return whence

    def _takes_up(self, memory: Memory) -> bool:
        if memory.state is None or memory.version != self._present.state_version:
            return False
        try:
            self.algorithm.restore(memory.state)
        # Not the state of this algorithm with this configuration, or a stranger's fault: a replay cures both.
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("state cannot be taken up", task_id=self.spec.task_id, reason=type(error).__name__)
            self._present = prepare(self.spec, self._registry, self._models)
            return False
        return True

    # -- another configuration

    def take(self, spec: TaskRun, prepared: Prepared | None) -> None:
        """Take over another configuration between two pictures.

        Args:
            prepared: what was made from it; None if the algorithm may stay as it is.
        """
        with self._lock:
            if prepared is None and self._next is not None:
                prepared = self._next[1]
            if prepared is not None:
                self.given_up = None
            elif self.given_up is not None:  # what is at work is not what was asked for
                spec = replace(spec, service_version=self.spec.service_version, config=self.spec.config)
            self._next = spec, prepared
            self.misfit = False
            self.fps = self._fps(spec, prepared or self._present)

    def refuse(self, spec: TaskRun, error: VedetteError) -> None:
        """Go on as it is: the version that is asked for now cannot be made."""
        with self._lock:
            self.misfit = False
            self.given_up = GivenUp(spec.service_version, Failure.of(error))

    def fail(self, error: VedetteError) -> None:
        """Give the run up: what it is asked for now cannot be made."""
        self.failure = Failure.of(error)

    def _take_over(self) -> None:
        """Let what was prepared take the place of what is at work; called between two pictures."""
        with self._lock:
            waiting, self._next = self._next, None
        if waiting is None:
            return
        spec, prepared = waiting
        if prepared is not None and prepared.succeeds:
            try:
                self._hand_on(prepared)
            # A stranger's again. It goes on as it is until another, which begins afresh, has been made elsewhere:
            # that may take long, and the other tasks on the stream do not wait for it.
            except Exception as error:  # noqa: BLE001 - see above
                log.warning("state does not fit", task_id=self.spec.task_id, reason=type(error).__name__)
                with self._lock:
                    self.misfit = self._next is None
                self._on_misfit()
                return
        if prepared is not None and self._trial is not None:
            self._trial.left = TRIAL
        elif prepared is not None and spec.service_version != self.spec.service_version:
            self._trial = Trial(self.spec, self._present)
        self._become(spec, prepared)

    def _become(self, spec: TaskRun, prepared: Prepared | None) -> None:
        self.spec = spec
        if prepared is not None:
            self._present = prepared
            if self._last is not None:
                self._origin = Origin(self._last.position, self.frames)
            elif self.resume is not None:
                self._origin = Origin.of(self.resume)

    def _hand_on(self, prepared: Prepared) -> None:
        """Let another algorithm take up what the present one knows; of another version, if the state has its shape."""
        former = self.algorithm
        if type(prepared.algorithm) is type(former):
            prepared.algorithm.succeed(former)
        elif prepared.state_version == self._present.state_version and (state := former.state()) is not None:
            prepared.algorithm.restore(state)

    # -- another version

    def _pass(self) -> None:
        """Count a picture that a new version has seen without a fault; after the first few the former one is let go."""
        if self._trial is not None:
            self._trial.left -= 1
            if self._trial.left == 0:
                self._trial = None

    def _go_back(self, former: Trial) -> None:
        """Let the former version go on where it was: the new one broke within its first pictures."""
        if self.failure is not None:
            self.given_up = GivenUp(self.spec.service_version, self.failure)
        self.failure = self._trial = None
        with self._lock:
            self.fps = self._fps(former.spec, former.prepared)
        self._become(former.spec, former.prepared)

    # -- pictures

    def process(self, frame: Frame, wall_ms: int, seek_mark: Callable[[], bytes | None]) -> RunProgress | None:
        """Look at a picture; return what is to be handed over, if anything is.

        Args:
            wall_ms: now, for live sources: milliseconds since the epoch.
        """
        if self.failure is not None:
            return None
        progress: RunProgress | None = None
        counted = self.frames, self.events
        with self._own_fate():
            self._take_over()
            progress = self._look(frame, wall_ms, seek_mark)
            self._pass()
        if self.failure is not None and self._trial is not None:
            self.frames, self.events = counted
            self._go_back(self._trial)
            with self._own_fate():
                progress = self._look(frame, wall_ms, seek_mark)
        return progress

    @contextmanager
    def _own_fate(self) -> Iterator[None]:
        """An algorithm may be a stranger's; whatever it raises ends its own task, and no other on the stream."""
        try:
            yield
        except VedetteError as error:
            self.failure = Failure.of(error)
        except Exception as error:
            log.exception("algorithm raised", task_id=self.spec.task_id, service=self.spec.service)
            self.failure = Failure.of(AlgorithmError(f"{self.spec.service} raised {type(error).__name__}."))

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

    def finish(self, wall_ms: int, seek_mark: Callable[[], bytes | None], *, ended: bool) -> RunProgress | None:
        """Return the last checkpoint, when the stream has ended or is handed back.

        Args:
            wall_ms: see `process`.
            seek_mark: see `process`.
            ended: whether no picture will ever follow; the algorithm then tells what it has left.
        """
        last = self._last
        if last is None or self.failure is not None:
            return None
        with self._own_fate():
            rest = self.algorithm.finish(last) if ended else ()
            events = [self._event(last, finding, wall_ms) for finding in rest]
            self.events += len(events)
            return self._progress(last, events, seek_mark())
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
        trial, waiting = self._trial, self._next
        at_work, trying = self.spec.service_version, ""
        if trial is not None:
            at_work, trying = trial.spec.service_version, at_work
        if waiting is not None and waiting[1] is not None and waiting[0].service_version != at_work:
            trying = waiting[0].service_version
        return RunReport(self.spec.run_id, self.frames, self.events, note, self.failure, at_work, trying, self.given_up)

    def _event(self, frame: Frame, finding: Any, wall_ms: int) -> Event:
        self.algorithm.manifest.check(finding)
        picture = snapshot.render(frame, finding.drawing) if finding.drawing is not None else None
        spec = self.spec
        if self._live:  # media time of a live stream began before this run did, and drifts; the wall says when it is
            if frame.wall_ms is not None:
                self._base_ms = frame.wall_ms - frame.position.time_us // 1000
            elif self._base_ms is None:
                self._base_ms = wall_ms - frame.position.time_us // 1000
            spec = replace(spec, started_ms=self._base_ms)
        event = message.make_event(spec, frame, finding, picture)
        json.dumps(event.message, allow_nan=False)  # what cannot travel is found here, where it is known whose it is
        msgspec.msgpack.encode(event.message)
        return event

    def _progress(self, frame: Frame, events: list[Event], seek: bytes | None) -> RunProgress:
        packed = None
        if not self._live:
            state, version = self.algorithm.state(), self._present.state_version
            packed = Memory(config_name(self.spec), version, state, self._origin).pack()
        point = Checkpoint(frame.position, packed, None if self._live else seek, self.frames)
        return RunProgress(self.spec.task_id, self.spec.run_id, tuple(events), point)
