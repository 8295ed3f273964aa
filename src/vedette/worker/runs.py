"""The runs on one stream: who is wanted, who is there, and how one becomes the other without a picture lost."""

import threading
from collections.abc import Callable, Iterable

from vedette.algorithms.base import Models
from vedette.algorithms.registry import Registry
from vedette.model.errors import VedetteError
from vedette.model.failure import Failure
from vedette.model.ids import RunId
from vedette.model.source import Liveness
from vedette.model.stream import RunReport, TaskRun
from vedette.worker.preparing import prepare
from vedette.worker.run import Run


class Runs:
    """Runs join, change and leave while pictures are shown.

    What is wanted is noted at once. To make an algorithm may take long (a model is loaded), so `settle` does it outside
    the lock that the stream's thread and its reports take; what it made is taken over between two pictures.
    """

    def __init__(
        self,
        liveness: Liveness,
        registry: Registry,
        models: Models,
        *,
        usual_fps: float | None,
        on_misfit: Callable[[], None],
    ) -> None:
        """Take what runs are made with.

        Args:
            usual_fps: pictures a second where a run itself asks for none; None for what the algorithms ask for.
            on_misfit: called by the thread that shows pictures when there is something to settle again.
        """
        self._liveness, self._registry, self._models = liveness, registry, models
        self._usual_fps, self._on_misfit = usual_fps, on_misfit
        self._lock = threading.Lock()
        self._making = threading.Lock()  # one at a time
        self._wanted: dict[RunId, TaskRun] = {}
        self._made: dict[RunId, TaskRun] = {}  # the words that a run was made, changed or given up for
        self._present: dict[RunId, Run] = {}
        self._broken: dict[RunId, RunReport] = {}

    def want(self, specs: Iterable[TaskRun]) -> None:
        """Say which runs there shall be. Who is not among them is gone at once; the others come when it is settled."""
        with self._lock:
            self._wanted = {spec.run_id: spec for spec in specs}
            for kept in (self._made, self._present, self._broken):
                for run_id in kept.keys() - self._wanted.keys():
                    del kept[run_id]

    def told(self, liveness: Liveness) -> None:
        """Take what the first connection told of the source."""
        with self._lock:
            self._liveness = liveness
            for run in self._present.values():
                run.told(liveness)

    def settle(self) -> None:
        """Make what is wanted and not there yet; every thread that calls it returns when nothing is left to make."""
        with self._making:
            while (spec := self._missing()) is not None:
                self._settle(spec)

    def present(self) -> list[Run]:
        """Return the runs that pictures are shown to."""
        with self._lock:
            return list(self._present.values())

    def reports(self) -> tuple[RunReport, ...]:
        """Say how each goes."""
        with self._lock:
            runs, broken = list(self._present.values()), tuple(self._broken.values())
        return tuple(run.report() for run in runs) + broken

    def fps(self) -> float:
        """Return how many pictures a second are wanted."""
        return max((run.fps for run in self.present()), default=1.0)

    def _missing(self) -> TaskRun | None:
        with self._lock:
            for run_id, spec in self._wanted.items():
                run = self._present.get(run_id)
                if run is not None and run.failure is not None:
                    continue  # it has ended, whatever it is asked for now
                if run_id not in self._made or _asks(self._made[run_id]) != _asks(spec) or (run and run.misfit):
                    return spec
        return None

    def _settle(self, spec: TaskRun) -> None:
        with self._lock:
            run, before = self._present.get(spec.run_id), self._made.get(spec.run_id)
        if run is None and before is not None:  # it could not be made before, and has been told to be broken
            with self._lock:
                self._note(spec)
            return
        try:
            if run is None or before is None:
                made = self._run(spec)
                with self._lock:
                    if self._note(spec):
                        if self._liveness is not Liveness.EITHER:  # told while it was made
                            made.told(self._liveness)
                        self._present[spec.run_id] = made
                return
            same = _made_from(before) == _made_from(spec) and not run.misfit
            prepared = None if same else prepare(spec, self._registry, self._models, afresh=run.misfit)
        except VedetteError as error:
            with self._lock:
                if self._note(spec):
                    self._give_up(spec, run, error)
        else:
            with self._lock:
                if self._note(spec):
                    run.take(spec, prepared)

    def _run(self, spec: TaskRun) -> Run:
        return Run(
            spec, self._liveness, self._registry, self._models, usual_fps=self._usual_fps, on_misfit=self._on_misfit
        )

    def _note(self, spec: TaskRun) -> bool:
        """Take down what was dealt with; return whether the run is wanted still."""
        if spec.run_id not in self._wanted:
            return False
        self._made[spec.run_id] = spec
        return True

    def _give_up(self, spec: TaskRun, run: Run | None, error: VedetteError) -> None:
        if run is None:
            self._broken[spec.run_id] = RunReport(spec.run_id, 0, 0, "", Failure.of(error))
        elif run.spec.service_version != spec.service_version:
            run.refuse(spec, error)
        else:
            run.fail(error)


def _made_from(spec: TaskRun) -> tuple[object, ...]:
    """Return what an algorithm is made from."""
    return spec.service, spec.service_version, spec.config


def _asks(spec: TaskRun) -> tuple[object, ...]:
    """Return all that a run may be asked for anew."""
    return *_made_from(spec), spec.fps, spec.stream_name
