"""How wanted becomes running: compare, don't remember.

Each round looks at what is wanted (the tasks' states) and what is seen (who holds which stream, and what the holders
say), and does what is missing. It may be run twice, and after a crash between any two of its steps: the next round
decides the same again.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.control.decisions import SILENT_S, Act, Seen, decide, find
from vedette.control.fleet import Fleet
from vedette.control.placement import Placement, place
from vedette.control.sources import address_of, stream_of
from vedette.executors.base import Executor
from vedette.model.errors import Unavailable, VedetteError, WorkerLost
from vedette.model.ids import RunId, StreamId, TaskId, WorkerId, new_hex
from vedette.model.lifecycle import CLEARING, WANTED, Signal, State, path
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import assignments, tasks
from vedette.store.assignments import Holding, WorkerRow
from vedette.store.db import Database
from vedette.store.tasks import Standing
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

ACTOR: Final = "service"
STARTING_S: Final = 15.0
"""A worker that has not spoken this long after its start is ended, and another is tried."""
HUNG_S: Final = 30.0
"""A worker of ours that has been silent this long is ended; its streams are elsewhere by then."""
STEADY_MS: Final = 5_000
"""A task that has run this long has got over the crashes before: the next one is the first in a row again."""

OVER: Final = frozenset({StreamState.ENDED, StreamState.REFUSED, StreamState.FAILED})


@dataclass(frozen=True, slots=True)
class World:
    """What a round looks at."""

    tasks: Sequence[Standing]
    held: dict[StreamId, Holding]
    workers: Sequence[WorkerRow]


class Reconciler:
    """The loop that makes wanted and seen agree."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        fleet: Fleet,
        executor: Executor,
        *,
        metrics: Metrics,
        crash_budget: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._db = db
        self._vault = vault
        self._fleet = fleet
        self._executor = executor
        self._metrics = metrics
        self._crash_budget = crash_budget
        self._monotonic = monotonic
        self._exited: set[WorkerId] = set()
        self._starting: dict[WorkerId, float] = {}
        self._hung: dict[WorkerId, float] = {}  # buried while their process lives, and when they were last heard

    def worker_exited(self, worker_id: WorkerId) -> None:
        """Take down that a worker's process has ended: what it held is free at once."""
        self._exited.add(worker_id)

    async def run_once(self, now_ms: int) -> bool:
        """Do one round; return whether it changed anything."""
        world = await self._db.read(_look)
        if buried := await self._bury(world, now_ms):
            world = await self._db.read(_look)
        acts, homeless, removed = self._decide(world, now_ms)
        changed = await self._db.write(self._act, world, acts, removed, now_ms)
        moved = await self._settle(homeless, now_ms)
        await self._end_hung_workers()
        return bool(buried or changed or moved)

    # -- workers that are gone

    async def _bury(self, world: World, now_ms: int) -> bool:
        """Free what dead workers held, and what was held under a lease that is over."""
        now, gone, exited = self._monotonic(), dict[WorkerId, bool](), frozenset(self._exited)
        for row in world.workers:
            view = self._fleet.get(row.id)
            silent = view is None or now - view.heard_at > SILENT_S
            if row.id in exited:
                gone[row.id] = True
            elif silent and (row.lease_until < now_ms or self._executor.is_dead(row.node, row.pid)):
                self._metrics.lease_losses.inc()
                gone[row.id] = view is not None  # one that was never heard died with the service before this one
        if gone:
            await self._db.write(self._free, world, gone, now_ms)
            for worker_id in gone:
                log.warning("worker lost", worker=worker_id)
                if worker_id not in exited and (view := self._fleet.get(worker_id)):
                    self._hung[worker_id] = view.heard_at
                self._fleet.forget(worker_id)
        for worker_id in exited:
            self._starting.pop(worker_id, None)
            self._hung.pop(worker_id, None)
        self._exited -= exited  # not before the database knows: a round that failed is run again
        return bool(gone)

    def _free(self, conn: Connection, world: World, gone: dict[WorkerId, bool], now_ms: int) -> None:
        lost = {
            holding.stream_id: gone[holding.worker_id] for holding in world.held.values() if holding.worker_id in gone
        }
        for task in world.tasks:
            if task.stream_id not in lost or task.state not in WANTED:
                continue
            signals = [Signal.LOST]
            columns: dict[str, object] = {}
            if lost[task.stream_id]:
                columns["crashes"] = crashes = _crashes_in_a_row(task, now_ms)
                if crashes > self._crash_budget:
                    signals.append(Signal.CRASHED)
                    failure = WorkerLost(f"Its worker was lost {crashes} times in a row.")
                    columns |= {"error_code": failure.code, "error_message": failure.message, "stream_id": None}
            tasks.move(
                conn, task, path(task.state, signals), cause="its worker was lost", actor=ACTOR, at=now_ms, **columns
            )
        for worker_id in gone:
            assignments.forget(conn, worker_id)

    async def _end_hung_workers(self) -> None:
        now = self._monotonic()
        for worker_id in self._executor.present():
            if view := self._fleet.get(worker_id):
                self._hung.pop(worker_id, None)
                until = view.heard_at + HUNG_S
            elif worker_id in self._hung:
                until = self._hung[worker_id] + HUNG_S
            else:
                until = self._starting.setdefault(worker_id, now) + STARTING_S
            if now > until:
                log.warning("worker does not answer, ending it", worker=worker_id)
                await self._executor.kill(worker_id)

    # -- tasks

    def _decide(self, world: World, now_ms: int) -> tuple[list[Act], list[Standing], list[TaskId]]:
        fleet = {view.id: view for view in self._fleet.all()}
        now = self._monotonic()
        acts: list[Act] = []
        homeless: list[Standing] = []
        removed: list[TaskId] = []
        for task in world.tasks:
            seen, report, run = find(task, world.held, fleet, now)
            act = decide(task, seen, report, run)
            settled = seen not in (Seen.UNHEARD, Seen.ALIVE, Seen.SICK, Seen.SILENT)
            if task.state is State.DELETING:
                removed += [task.id] if settled else []
            elif act.path or act.columns:
                steady = act.path and task.crashes and _is_steady(task, now_ms)
                acts.append(replace(act, columns={**act.columns, "crashes": 0}) if steady else act)
            if seen is Seen.NOTHING and task.state in WANTED:
                homeless.append(replace(task, state=act.path[-1] if act.path else task.state))
        return acts, homeless, removed

    def _act(self, conn: Connection, world: World, acts: Sequence[Act], removed: Sequence[TaskId], now_ms: int) -> int:
        changed = sum(
            tasks.move(conn, act.task, act.path, cause=act.cause, actor=ACTOR, at=now_ms, **act.columns) for act in acts
        )
        changed += sum(tasks.remove(conn, task_id) for task_id in removed)
        return changed + self._release_idle(conn, world)

    def _release_idle(self, conn: Connection, world: World) -> int:
        """Free streams that no task wants and that their worker does not hold any more."""
        wanted = tasks.wanted_streams(conn)
        released = 0
        for stream_id, holding in world.held.items():
            view = self._fleet.get(holding.worker_id) if holding.worker_id else None
            if stream_id not in wanted and view is not None and stream_id not in view.reports:
                released += assignments.release(conn, stream_id, holding.epoch)
        return released

    # -- placing

    async def _settle(self, homeless: Sequence[Standing], now_ms: int) -> bool:
        ready = [task for task in homeless if _may_retry(task, now_ms)]
        if not ready:
            return False
        wishes = await self._db.write(self._wishes, ready, now_ms)
        held = await self._db.read(assignments.holdings)
        plan = self._plan(list(dict.fromkeys(stream for _, stream, _ in wishes)), held)
        for _ in range(plan.spawn):
            await self._spawn()
        return await self._db.write(self._place, wishes, held, plan, now_ms) > 0

    def _wishes(self, conn: Connection, ready: Sequence[Standing], now_ms: int) -> list[tuple[Task, StreamId, RunId]]:
        """Say which stream each task is to feed on; tasks whose input cannot be served are refused here."""
        wishes = []
        for task in tasks.some(conn, self._vault, [standing.id for standing in ready]):
            if task.state not in WANTED:
                continue
            run_id = task.run_id or RunId(new_hex())
            try:
                wishes.append((task, stream_of(task, run_id, address_of(conn, self._vault, task)), run_id))
            except VedetteError as failure:
                passed = path(task.state, (Signal.REFUSED, Signal.CRASHED))
                tasks.move(
                    conn, task, passed, cause=failure.message, actor=ACTOR, at=now_ms,
                    error_code=failure.code, error_message=failure.message, stream_id=None,
                )  # fmt: skip
        return wishes

    def _plan(self, streams: list[StreamId], held: Sequence[Holding]) -> Placement:
        taken = {holding.stream_id for holding in held}
        now = self._monotonic()
        live = [view for view in self._fleet.all() if now - view.heard_at <= SILENT_S]
        loads = {view.id: sum(holding.worker_id == view.id for holding in held) for view in live}
        capacity = {view.id: view.capacity for view in live}
        self._starting = {
            worker_id: since
            for worker_id, since in self._starting.items()
            if worker_id in self._executor.present() and self._fleet.get(worker_id) is None
        }
        homeless = [stream for stream in streams if stream not in taken]
        return place(homeless, loads, capacity, starting=len(self._starting), limit=self._executor.limit)

    async def _spawn(self) -> None:
        worker_id = WorkerId(f"{self._executor.node}-{new_hex()[:8]}")
        try:
            await self._executor.start(worker_id)
            self._starting[worker_id] = self._monotonic()
            self._metrics.workers_started.inc()
        except Unavailable as failure:
            log.warning("no worker could be started", reason=failure.message)

    def _place(
        self,
        conn: Connection,
        wishes: Sequence[tuple[Task, StreamId, RunId]],
        held: Sequence[Holding],
        plan: Placement,
        now_ms: int,
    ) -> int:
        placed = {holding.stream_id for holding in held if not self._is_over(holding)}
        for stream_id, worker_id in plan.chosen.items():
            if assignments.assign(conn, stream_id, worker_id) is not None:
                placed.add(stream_id)
        changed = 0
        for task, stream_id, run_id in wishes:
            if stream_id in placed:
                columns: dict[str, object] = {"stream_id": stream_id, "status": ""}
                if task.run_id is None:
                    columns |= {"run_id": run_id, "run_started_at": now_ms, "frames": 0, "crashes": 0}
                passed = path(task.state, (Signal.PLACED,))
                changed += tasks.move(conn, task, passed, cause="a worker took it", actor=ACTOR, at=now_ms, **columns)
            elif task.status != (status := self._why_waiting(stream_id, plan, len(held))):
                tasks.move(conn, task, (), cause="", actor=ACTOR, at=now_ms, status=status)
        return changed

    def _is_over(self, holding: Holding) -> bool:
        """Tell whether a stream has come to its end already: whoever wants it next waits until it is handed back."""
        view = self._fleet.get(holding.worker_id) if holding.worker_id else None
        report = view.reports.get(holding.stream_id) if view else None
        return report is not None and report.epoch == holding.epoch and report.state in OVER

    def _why_waiting(self, stream_id: StreamId, plan: Placement, streams: int) -> str:
        if stream_id in plan.crowded:
            return f"Waiting for room: {streams} streams run on {len(self._fleet.all())} workers, and no more fit."
        return "Waiting for a worker to start."


def _look(conn: Connection) -> World:
    held = {holding.stream_id: holding for holding in assignments.holdings(conn)}
    return World(tasks.standing(conn, WANTED | CLEARING), held, assignments.all_workers(conn))


def _may_retry(task: Standing, now_ms: int) -> bool:
    """Tell whether a task whose worker was lost may be tried again: at once the first time, then after growing waits.

    The waits differ from task to task, so that those that were lost together with the one whose video kills its worker
    are not placed together with it again and again.
    """
    spread = 0.5 + zlib.crc32(task.id.encode()) / 2**32
    return task.crashes <= 1 or now_ms - task.updated_at >= spread * min(30_000, 500 * 2**task.crashes)


def _is_steady(task: Standing, now_ms: int) -> bool:
    return task.state is State.RUNNING and now_ms - task.updated_at >= STEADY_MS


def _crashes_in_a_row(task: Standing, now_ms: int) -> int:
    return 1 if _is_steady(task, now_ms) else task.crashes + 1
