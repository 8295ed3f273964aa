"""The control plane over a real SQLite, with a fake executor, fake workers and a clock that is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from conformance.ground import NOW, insert, read
from vedette.algorithms.registry import Registry
from vedette.control.admission import Limits
from vedette.control.fleet import Fleet
from vedette.control.looks import Looks
from vedette.control.orders import Desk
from vedette.control.reconciler import Reconciler
from vedette.control.scheduler import Scheduler
from vedette.control.services import algorithm_ids
from vedette.model.errors import Unavailable
from vedette.model.failure import Failure
from vedette.model.ids import StreamId, WorkerId
from vedette.model.lifecycle import Signal, State, after
from vedette.model.look import Look, Probe
from vedette.model.stream import (
    Assignment,
    GivenUp,
    Orders,
    RunReport,
    StreamReport,
    StreamState,
    StreamStats,
    Sync,
    TaskRun,
)
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.assignments import Holding, holdings
from vedette.store.db import Database
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

LEASE_S = 10.0
PROBE_EVERY_S = 600.0
LONELY = 2
ROUNDS = 20
ALGORITHMS = algorithm_ids(Registry.load())


class FakeExecutor:
    """Starts nothing; says what it was asked for."""

    def __init__(self, limit: int = 2) -> None:
        self.node = "here"
        self.limit = limit
        self.started: list[WorkerId] = []
        self.killed: list[WorkerId] = []
        self.full = False
        self._present: set[WorkerId] = set()
        self._on_exit: Callable[[WorkerId], None] = lambda _: None

    async def open(self, url: str, on_exit: Callable[[WorkerId], None]) -> None:
        self._on_exit = on_exit

    def present(self) -> frozenset[WorkerId]:
        return frozenset(self._present)

    def is_dead(self, node: str, pid: int) -> bool:
        return False

    async def start(self, worker_id: WorkerId) -> None:
        if self.full:
            raise Unavailable("No process could be started.")
        self.started.append(worker_id)
        self._present.add(worker_id)

    async def stop(self, worker_id: WorkerId) -> None:
        self.dies(worker_id)

    async def kill(self, worker_id: WorkerId) -> None:
        self.killed.append(worker_id)
        self.dies(worker_id)

    async def close(self) -> None:
        for worker_id in self.present():
            await self.stop(worker_id)

    def dies(self, worker_id: WorkerId) -> None:
        """End a process."""
        if worker_id in self._present:
            self._present.discard(worker_id)
            self._on_exit(worker_id)


@dataclass
class Played:
    """A stream as a fake worker plays it."""

    assignment: Assignment
    state: StreamState = StreamState.OPENING
    failure: Failure | None = None
    given_up: dict[str, Failure] = field(default_factory=dict)
    note: str = ""
    frames: int = 0
    cores: float | None = None
    at_work: dict[str, str] = field(default_factory=dict)
    """Versions that stay at work whatever is asked for, by task."""
    refused: dict[str, Failure] = field(default_factory=dict)
    """Why the version that is asked for cannot take their place, by task."""

    def _run(self, run: TaskRun) -> RunReport:
        version, fault = self.at_work.get(run.task_id, run.service_version), self.refused.get(run.task_id)
        given_up = GivenUp(run.service_version, fault) if fault and version != run.service_version else None
        return RunReport(
            run.run_id, self.frames, 0, self.note, self.given_up.get(run.task_id), version, given_up=given_up
        )

    def report(self) -> StreamReport:
        spec = self.assignment.spec
        runs = tuple(self._run(run) for run in spec.runs)
        return StreamReport(
            spec.stream_id,
            self.assignment.epoch,
            self.assignment.revision,
            self.state,
            self.failure,
            StreamStats(),
            runs,
            self.cores,
        )


class FakeWorker:
    """Obeys orders, and says what the test has it say."""

    def __init__(self, worker_id: WorkerId, desk: Desk, capacity: int = 60) -> None:
        self.id = worker_id
        self.streams: dict[StreamId, Played] = {}
        self.probes: tuple[Probe, ...] = ()
        self.looks: list[Look] = []
        self._desk = desk
        self._capacity = capacity

    async def speak(self) -> Orders:
        """Sync once, and take up what the answer says."""
        said = tuple(played.report() for played in self.streams.values())
        orders = await self._desk.sync(Sync(self.id, "here", 1, self._capacity, 0.0, said, tuple(self.looks)))
        self.looks.clear()
        self.probes = orders.probes
        held = {stream_id for stream_id, _ in orders.held}
        changed = {given.spec.stream_id: given for given in orders.changed}
        self.streams = {key: played for key, played in self.streams.items() if key in held or key in changed}
        for stream_id, given in changed.items():
            known = self.streams.get(stream_id)
            if known is not None and known.assignment.epoch == given.epoch:
                known.assignment = given
            else:
                self.streams[stream_id] = Played(given)
        return orders

    def play(self, state: StreamState, failure: Failure | None = None, *, frames: int = 5) -> None:
        """Let all streams go like this from now on."""
        for played in self.streams.values():
            played.state, played.failure, played.frames = state, failure, frames


def idle_looks(db: Database, vault: Vault, fleet: Fleet) -> Looks:
    """Return what takes looks, and hands out no probe as nobody lets it."""

    async def nobody() -> None:
        raise AssertionError("a worker is wanted")

    return Looks(
        db, vault, fleet, every_s=PROBE_EVERY_S, clock=lambda: NOW, monotonic=lambda: 0.0,
        on_change=lambda: None, ensure_worker=nobody,
    )  # fmt: skip


class Theatre:
    """Everything, wired."""

    def __init__(self, db: Database, vault: Vault, *, limit: int = 2, crash_budget: int = 3) -> None:
        self.db, self.vault = db, vault
        self.now_ms, self.mono = NOW, 1000.0
        self.executor = FakeExecutor(limit)
        self.workers: dict[WorkerId, FakeWorker] = {}
        self._crash_budget = crash_budget
        self.tasks_at_once: int | None = None
        self.cores_at_once: float | None = None
        self.versions: dict[str, tuple[str, ...]] | None = None
        self.serve()

    def serve(self) -> None:
        """Begin a service on this database; what an earlier one kept in memory is lost."""
        self.fleet = Fleet()
        self.reconciler = Reconciler(
            self.db, self.vault, self.fleet, self.executor,
            metrics=Metrics(), crash_budget=self._crash_budget, monotonic=lambda: self.mono,
            limits=Limits(
                ALGORITHMS,
                tasks_at_once=self.tasks_at_once,
                cores_at_once=self.cores_at_once,
                versions=self.versions,
            ),
            lonely_limit=LONELY,
        )  # fmt: skip
        self.looks = Looks(
            self.db, self.vault, self.fleet, every_s=PROBE_EVERY_S, clock=lambda: self.now_ms,
            monotonic=lambda: self.mono, on_change=lambda: None, ensure_worker=self.reconciler.ensure_worker,
        )  # fmt: skip
        self.desk = Desk(
            self.db, self.vault, self.fleet, lease_s=LEASE_S, looks=self.looks,
            clock=lambda: self.now_ms, monotonic=lambda: self.mono, on_news=lambda: None,
        )  # fmt: skip
        self.scheduler = Scheduler(self.db, self.vault, on_change=lambda: None)
        self.executor._on_exit = self.reconciler.worker_exited

    def pass_time(self, seconds: float, *, deaf: bool = False) -> None:
        """Let time pass; the loops had their rounds meanwhile, and saw nothing new, unless they were held up."""
        self.mono += seconds
        self.now_ms += round(seconds * 1000)
        if not deaf:
            self.reconciler._losses._began = None

    async def settle(self) -> None:
        """Let the loops run until they have nothing more to do."""
        for _ in range(ROUNDS):
            await self.scheduler.run_once(self.now_ms)
            if not await self.reconciler.run_once(self.now_ms):
                return
        raise AssertionError("the loops never come to rest")

    async def boot(self, capacity: int = 60) -> list[FakeWorker]:
        """Let every worker that was started speak for the first time; return the new ones."""
        new = [
            FakeWorker(worker_id, self.desk, capacity)
            for worker_id in self.executor.started
            if worker_id not in self.workers and worker_id in self.executor.present()
        ]
        for worker in new:
            self.workers[worker.id] = worker
            await worker.speak()
        await self.settle()
        return new

    async def talk(self, *silent: WorkerId) -> None:
        """Let all live workers speak, the loops act on it, and the workers hear what came of it."""
        for _ in range(2):
            for worker_id, worker in self.workers.items():
                if worker_id in self.executor.present() and worker_id not in silent:
                    await worker.speak()
            await self.settle()

    async def add(self, *new: Task) -> None:
        await insert(self.db, self.vault, *new)
        await self.settle()

    async def see(self, known: Task) -> Task:
        return await read(self.db, self.vault, known)

    async def states(self, known: Task) -> list[State]:
        """Return the states a task has passed."""
        return [step.after for step in await self.db.read(tasks.history, known.project_id, known.id)]

    async def wish(self, known: Task, signal: Signal) -> None:
        """Tell a task as a verb does."""
        here = await self.see(known)
        fresh: dict[str, object] = {"run_id": None, "stream_id": None} if signal is Signal.START else {}

        def act(conn: Connection) -> bool:
            return tasks.move(
                conn, here, [after(here.state, signal)], cause=signal, actor="user", at=self.now_ms, **fresh
            )

        assert await self.db.write(act)
        await self.settle()

    async def holding(self, known: Task) -> Holding | None:
        """Return who holds the stream of a task."""
        here = await self.see(known)
        return next((one for one in await self.db.read(holdings) if one.stream_id == here.stream_id), None)

    async def start(self, *new: Task, state: StreamState = StreamState.FLOWING) -> list[Task]:
        """Bring tasks in, and their workers to this state."""
        await self.add(*new)
        await self.boot()
        await self.talk()
        for worker in self.workers.values():
            worker.play(state)
        await self.talk()
        return [await self.see(one) for one in new]


def renamed(one: Task, name: str) -> Task:
    """Return the same task under another name and id."""
    return replace(one, document=replace(one.document, name=name))
