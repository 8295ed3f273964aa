"""How wanted becomes running: compare, don't remember.

Each round looks at what is wanted (the tasks' states) and what is seen (who holds which stream, and what the holders
say), and does what is missing. It may be run twice, and after a crash between any two of its steps: the next round
decides the same again.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.control import line, run_ends, suspicion, upgrades
from vedette.control.admission import Limits
from vedette.control.decisions import SILENT_S, Act, Seen, decide, find, halt
from vedette.control.fleet import Fleet
from vedette.control.line import Queue
from vedette.control.parking import ACTOR
from vedette.control.roster import Roster
from vedette.control.settling import Settler
from vedette.executors.base import Executor
from vedette.model.errors import WorkerLost
from vedette.model.ids import StreamId, TaskId, WorkerId
from vedette.model.lifecycle import CLEARING, WANTED, Signal, State, is_wanted, path
from vedette.store import assignments, tasks
from vedette.store.assignments import Holding, WorkerRow
from vedette.store.db import Database
from vedette.store.tasks import Standing
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

STARTING_S: Final = 15.0
"""A worker that has not spoken this long after its start is ended, and another is tried."""
HUNG_S: Final = 30.0
"""A worker of ours that has been silent this long is ended; its streams are elsewhere by then."""
WAITED_FOR_S: Final = 3.0
"""One that somebody waits for is ended after this: it has a task that is to be cleared away, or was given a stream since it
was heard. Nobody who stops, deletes or changes a task waits for a process that hangs."""
DEAF_S: Final = 2.0
"""Rounds that begin further apart than this tell of a service that was held up itself: its database was locked, or the
machine was asleep. What lies between is no worker's silence."""
STEADY_MS: Final = 5_000
"""A task that has run this long has got over the crashes before: the next one is the first in a row again."""

CHUNK: Final = 200
"""How many tasks one transaction moves: whoever else wants to write has their turn in between."""
LOOKED_AT: Final = WANTED - {State.PENDING} | CLEARING


@dataclass(frozen=True, slots=True)
class World:
    """What a round looks at.

    Attributes:
        tasks: those that run or are to be cleared away; those that wait to be placed stand in the queue.
    """

    tasks: Sequence[Standing]
    held: dict[StreamId, Holding]
    workers: Sequence[WorkerRow]
    queue: Queue


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
        limits: Limits,
        lonely_limit: int,
    ) -> None:
        """Take what it works with.

        Args:
            crash_budget: how often in a row the loss of its worker is forgiven a task.
            lonely_limit: how many workers there may be, beside the others, for one stream each.
            monotonic: seconds.
            limits: what projects are allowed, as far as it does not stand in the database.
        """
        self._db = db
        self._vault = vault
        self._fleet = fleet
        self._executor = executor
        self._metrics = metrics
        self._crash_budget = crash_budget
        self._monotonic = monotonic
        self._limits = limits
        self._roster = Roster(db, fleet, executor, metrics, monotonic, lonely_limit=lonely_limit)
        self._settler = Settler(db, vault, fleet, self._roster)
        self._exited: set[WorkerId] = set()
        self._began: float | None = None  # the round before
        self._hung: dict[WorkerId, float] = {}  # buried while their process lives, and when they were last heard

    def worker_exited(self, worker_id: WorkerId) -> None:
        """Take down that a worker's process has ended: what it held is free at once."""
        self._exited.add(worker_id)

    async def ensure_worker(self) -> None:
        """Start a worker if there is none: somebody has work for it that is no task."""
        if not self._executor.present():
            await self._roster.spawn()

    async def run_once(self, now_ms: int) -> bool:
        """Do one round; return whether it changed anything."""
        now = self._begin()
        world = await self._db.read(_look, self._limits, now_ms)
        if buried := await self._bury(world, now, now_ms):
            world = await self._db.read(_look, self._limits, now_ms)
        acts, lost, removed = self._decide(world, now, now_ms)
        changed = 0
        for start in range(0, max(len(acts), len(removed)), CHUNK):
            part = slice(start, start + CHUNK)
            changed += await self._db.write(_act, self._vault, acts[part], removed[part], now_ms)
        if left := self._left(world):
            changed += await self._db.write(_release, left)
        if innocent := suspicion.over(world.tasks, world.held, now_ms):
            await self._db.write(assignments.forgive, innocent)
        moved = await self._settler.run_once(world.queue, world.tasks, lost, list(world.held.values()), now_ms)
        await self._end_hung_workers(world, now)
        return bool(buried or changed or moved)

    def _begin(self) -> float:
        """Return the moment that silence is judged by: seconds of the monotonic clock, before anything is waited for."""
        now = self._monotonic()
        away = now - self._began if self._began is not None else 0.0
        if away > DEAF_S:
            self._fleet.pardon(away, now)
        self._began = now
        return now

    # -- workers that are gone

    async def _bury(self, world: World, now: float, now_ms: int) -> bool:
        """Free what dead workers held, and what was held under a lease that is over."""
        gone, exited = dict[WorkerId, bool](), frozenset(self._exited)
        for row in world.workers:
            view = self._fleet.get(row.id)
            silent = view is None or now - view.heard_at > SILENT_S
            if row.id in exited:
                gone[row.id] = row.id not in self._roster.leaving
            elif silent and (row.lease_until < now_ms or self._executor.is_dead(row.node, row.pid)):
                self._metrics.lease_losses.inc()
                # one that was never heard died with the service before this one
                gone[row.id] = view is not None and row.id not in self._roster.leaving
        if gone:
            await self._db.write(self._free, world, gone, now_ms)
            for worker_id in gone:
                log.warning("worker lost", worker=worker_id)
                if worker_id not in exited and (view := self._fleet.get(worker_id)):
                    self._hung[worker_id] = view.heard_at
                self._fleet.forget(worker_id)
        for worker_id in exited:
            self._roster.forget(worker_id)
            self._hung.pop(worker_id, None)
        self._exited -= exited  # not before the database knows: a round that failed is run again
        return bool(gone)

    def _free(self, conn: Connection, world: World, gone: dict[WorkerId, bool], now_ms: int) -> None:
        lost = {
            holding.stream_id: gone[holding.worker_id] for holding in world.held.values() if holding.worker_id in gone
        }
        assignments.blame(conn, [stream_id for stream_id, crashed in lost.items() if crashed])
        company = suspicion.in_company(world.held.values())
        for task in world.tasks:
            if task.stream_id not in lost or task.state not in WANTED:
                continue
            signals = [Signal.LOST]
            columns: dict[str, object] = {}
            if lost[task.stream_id]:
                crashes = _crashes_in_a_row(task, now_ms)
                if task.stream_id in company:
                    crashes = min(crashes, suspicion.IN_COMPANY, self._crash_budget)
                columns["crashes"] = crashes
                if crashes > self._crash_budget:
                    signals.append(Signal.CRASHED)
                    failure = WorkerLost(
                        f"Its worker was lost {crashes} times in a row, each time before it had run for {STEADY_MS / 1000:g} s."
                    )
                    columns |= {"error_code": failure.code, "error_message": failure.message, "stream_id": None}
            run_ends.move(
                conn, self._vault, task, path(task.state, signals),
                cause="its worker was lost", actor=ACTOR, at=now_ms, **columns,
            )  # fmt: skip
        for worker_id in gone:
            assignments.forget(conn, worker_id)

    async def _end_hung_workers(self, world: World, now: float) -> None:
        clearing = {task.stream_id for task in world.tasks if task.state in CLEARING}
        awaited = {
            holding.worker_id
            for holding in world.held.values()
            if holding.stream_id in clearing or not self._is_taken_up(holding)
        }
        for worker_id in self._executor.present():
            if view := self._fleet.get(worker_id):
                self._hung.pop(worker_id, None)
                until = view.heard_at + (WAITED_FOR_S if worker_id in awaited else HUNG_S)
            elif worker_id in self._hung:
                until = self._hung[worker_id] + HUNG_S
            else:
                until = self._roster.starting.setdefault(worker_id, now) + STARTING_S
            if now > until:
                log.warning("worker does not answer, ending it", worker=worker_id)
                await self._executor.kill(worker_id)

    def _is_taken_up(self, holding: Holding) -> bool:
        view = self._fleet.get(holding.worker_id) if holding.worker_id else None
        return view is None or holding.stream_id in view.reports

    # -- tasks

    def _decide(self, world: World, now: float, now_ms: int) -> tuple[list[Act], list[Standing], list[TaskId]]:
        fleet = {view.id: view for view in self._fleet.all()}
        acts: list[Act] = []
        lost: list[Standing] = []
        removed: list[TaskId] = []
        for task in world.tasks:
            seen, report, run = find(task, world.held, fleet, now)
            act = decide(task, seen, report, run)
            if undeployed := world.queue.limits.is_stopped(task):
                act = halt(act)
            settled = seen not in (Seen.UNHEARD, Seen.ALIVE, Seen.SICK, Seen.SILENT)
            if task.state is State.DELETING:
                removed += [task.id] if settled else []
            elif act.path or act.columns or act.takes_back:
                steady = act.path and task.crashes and _is_steady(task, now_ms)
                acts.append(replace(act, columns={**act.columns, "crashes": 0}) if steady else act)
            if (
                seen is Seen.NOTHING
                and is_wanted(task.state, task.resume)
                and not undeployed
                and _may_retry(task, now_ms)
            ):
                lost.append(task)
        return acts, lost, removed

    def _left(self, world: World) -> list[Holding]:
        """Return what is held by workers that do not hold it any more, by their own word."""
        left = []
        for holding in world.held.values():
            view = self._fleet.get(holding.worker_id) if holding.worker_id else None
            if view is not None and holding.stream_id not in view.reports:
                left.append(holding)
        return left


def _release(conn: Connection, left: Sequence[Holding]) -> int:
    """Free those of these streams that no task wants."""
    wanted = tasks.wanted_streams(conn, [holding.stream_id for holding in left])
    return sum(
        assignments.release(conn, holding.stream_id, holding.epoch)
        for holding in left
        if holding.stream_id not in wanted
    )


def _act(conn: Connection, vault: Vault, acts: Sequence[Act], removed: Sequence[TaskId], now_ms: int) -> int:
    return sum(_do(conn, vault, act, now_ms) for act in acts) + sum(tasks.remove(conn, task_id) for task_id in removed)


def _do(conn: Connection, vault: Vault, act: Act, now_ms: int) -> bool:
    if act.takes_back:
        return upgrades.take_back(conn, vault, act, actor=ACTOR, now_ms=now_ms)
    return run_ends.move(conn, vault, act.task, act.path, cause=act.cause, actor=ACTOR, at=now_ms, **act.columns)


def _look(conn: Connection, limits: Limits, now_ms: int) -> World:
    held = {holding.stream_id: holding for holding in assignments.holdings(conn)}
    running = tasks.standing(conn, LOOKED_AT)
    return World(running, held, assignments.all_workers(conn), line.look(conn, limits, running, held.values(), now_ms))


def _may_retry(task: Standing, now_ms: int) -> bool:
    """Tell whether a task whose worker was lost may be tried again: at once the first time, then after growing waits.

    The waits differ from task to task, so that those that were lost together with the one whose video kills its worker
    are not placed together with it again and again.
    """
    spread = 0.5 + zlib.crc32(task.id.encode()) / 2**32
    waited = now_ms - task.updated_at  # less than nothing if the clock was set back meanwhile
    return task.crashes <= 1 or not 0 <= waited < spread * min(30_000, 500 * 2**task.crashes)


def _is_steady(task: Standing, now_ms: int) -> bool:
    return task.state is State.RUNNING and _since(task, now_ms) >= STEADY_MS


def _since(task: Standing, now_ms: int) -> float:
    """Return how long a task has been in its state, milliseconds; without end if the clock was set back since."""
    return now_ms - task.updated_at if now_ms >= task.updated_at else math.inf


def _crashes_in_a_row(task: Standing, now_ms: int) -> int:
    return 1 if _is_steady(task, now_ms) else task.crashes + 1
