"""Workers that are gone or hang: what they held is free, and their tasks are RECOVERING, or FAILED if it was too often."""

from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.control import run_ends, suspicion
from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.parking import ACTOR
from vedette.control.roster import Roster
from vedette.control.steadiness import STEADY_MS, crashes_in_a_row
from vedette.control.world import World
from vedette.executors.base import Executor
from vedette.model.errors import WorkerLost
from vedette.model.ids import WorkerId
from vedette.model.lifecycle import CLEARING, WANTED, Signal, path
from vedette.store import assignments
from vedette.store.assignments import Holding
from vedette.store.db import Database
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


class Losses:
    """Knows which workers are gone.

    Args:
        crash_budget: how often in a row the loss of its worker is forgiven a task.
        monotonic: seconds.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        fleet: Fleet,
        executor: Executor,
        roster: Roster,
        metrics: Metrics,
        monotonic: Callable[[], float],
        *,
        crash_budget: int,
    ) -> None:
        self._db, self._vault, self._fleet, self._executor = db, vault, fleet, executor
        self._roster, self._metrics, self._monotonic = roster, metrics, monotonic
        self._crash_budget = crash_budget
        self._exited: set[WorkerId] = set()
        self._began: float | None = None  # the round before
        self._hung: dict[WorkerId, float] = {}  # buried while their process lives, and when they were last heard

    def exited(self, worker_id: WorkerId) -> None:
        """Take down that a worker's process has ended."""
        self._exited.add(worker_id)

    def begin(self) -> float:
        """Begin a round; return the moment that silence is judged by: seconds of the monotonic clock, before anything is waited for."""
        now = self._monotonic()
        away = now - self._began if self._began is not None else 0.0
        if away > DEAF_S:
            self._fleet.pardon(away, now)
        self._began = now
        return now

    async def bury(self, world: World, now: float, now_ms: int) -> bool:
        """Free what dead workers held, and what was held under a lease that is over; return whether there was anything.

        Args:
            now: what `begin` returned.
        """
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
                crashes = crashes_in_a_row(task, now_ms)
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

    async def end_hung(self, world: World, now: float) -> None:
        """End the processes of workers that do not answer, at once where somebody waits for it."""
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
