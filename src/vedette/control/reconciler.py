"""How wanted becomes running: compare, don't remember.

Each round looks at what is wanted (the tasks' states) and what is seen (who holds which stream, and what the holders
say), and does what is missing. It may be run twice, and after a crash between any two of its steps: the next round
decides the same again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.control import run_ends, suspicion, upgrades
from vedette.control.admission import Limits
from vedette.control.decisions import Act, Seen, decide, find, halt
from vedette.control.fleet import Fleet
from vedette.control.losses import Losses
from vedette.control.parking import ACTOR
from vedette.control.roster import Roster
from vedette.control.settling import Settler
from vedette.control.steadiness import is_steady, may_retry
from vedette.control.world import World, look
from vedette.executors.base import Executor
from vedette.model.ids import TaskId, WorkerId
from vedette.model.lifecycle import State, is_wanted
from vedette.store import assignments, tasks
from vedette.store.assignments import Holding
from vedette.store.db import Database
from vedette.store.tasks import Standing
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

CHUNK: Final = 200
"""How many tasks one transaction moves: whoever else wants to write has their turn in between."""


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
        self._limits = limits
        self._roster = Roster(db, fleet, executor, metrics, monotonic, lonely_limit=lonely_limit)
        self._settler = Settler(db, vault, fleet, self._roster)
        self._losses = Losses(db, vault, fleet, executor, self._roster, metrics, monotonic, crash_budget=crash_budget)

    def worker_exited(self, worker_id: WorkerId) -> None:
        """Take down that a worker's process has ended: what it held is free at once."""
        self._losses.exited(worker_id)

    async def ensure_worker(self) -> None:
        """Start a worker if there is none: somebody has work for it that is no task."""
        if not self._executor.present():
            await self._roster.spawn()

    async def run_once(self, now_ms: int) -> bool:
        """Do one round; return whether it changed anything."""
        now = self._losses.begin()
        world = await self._db.read(look, self._limits, now_ms)
        if buried := await self._losses.bury(world, now, now_ms):
            world = await self._db.read(look, self._limits, now_ms)
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
        await self._losses.end_hung(world, now)
        return bool(buried or changed or moved)

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
                steady = act.path and task.crashes and is_steady(task, now_ms)
                acts.append(replace(act, columns={**act.columns, "crashes": 0}) if steady else act)
            if (
                seen is Seen.NOTHING
                and is_wanted(task.state, task.resume)
                and not undeployed
                and may_retry(task, now_ms)
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
