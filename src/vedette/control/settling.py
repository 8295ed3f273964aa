"""How a task that nobody holds comes to a worker, or is parked until it can.

A round looks at a few hundred tasks at most: those that nobody has looked at yet, and of the parked ones those whose
key says that there is something to be had. What a round does not come to, the next one does.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from vedette.control import giving_way, run_ends
from vedette.control.admission import Limits, admit, in_order, stream_key
from vedette.control.cores import KIND, Cores, has_changed
from vedette.control.fleet import Fleet
from vedette.control.line import WINDOW, Queue, for_streams
from vedette.control.parking import ACTOR, Parking
from vedette.control.placement import Placement, place, room
from vedette.control.precedence import for_limits, for_room
from vedette.control.roster import Roster
from vedette.control.sources import address_of, stream_of
from vedette.model.errors import NotInstalled, VedetteError
from vedette.model.ids import RunId, StreamId, new_hex
from vedette.model.lifecycle import WANTED, Signal, State, path
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import assignments, tasks, waiting
from vedette.store.assignments import Holding
from vedette.store.db import Database
from vedette.store.tasks import Standing
from vedette.store.vault import Vault

OVER: Final = frozenset({StreamState.ENDED, StreamState.REFUSED, StreamState.FAILED})

Wish = tuple[Task, StreamId, RunId]


class Settler:
    """Finds places for tasks that nobody holds."""

    def __init__(self, db: Database, vault: Vault, fleet: Fleet, roster: Roster) -> None:
        self._db = db
        self._vault = vault
        self._fleet = fleet
        self._roster = roster
        self._parking = Parking(db)

    async def run_once(
        self,
        queue: Queue,
        running: Sequence[Standing],
        lost: Sequence[Standing],
        held: Sequence[Holding],
        now_ms: int,
    ) -> bool:
        """Place what can be placed, park the rest; return whether anything changed.

        Args:
            queue: what waits.
            running: all tasks that have a place.
            lost: tasks that nobody holds any more and that may be tried again; they keep their place.
            held: the streams that are held.
        """
        roomy, limits = await self._for_streams(queue, held)
        unique = {task.id: task for task in (*queue.new, *queue.stirred, *roomy)}
        admitted, barred = admit(in_order(unique.values()), limits, queue.in_use)
        changed = await self._parking.park(barred, now_ms)
        await self._note_costs(held)
        changed += await self._parking.restate(queue)
        if ready := [*in_order(lost), *admitted][:WINDOW]:
            changed += await self._settle(ready, limits, now_ms)
        changed += await self._make_way(queue, running, held, now_ms)
        await self._roster.send_home()
        return changed > 0

    # -- who is looked at

    async def _for_streams(self, queue: Queue, held: Sequence[Holding]) -> tuple[Sequence[Standing], Limits]:
        """Return parked tasks for whose stream there is room now, or whose stream runs already for somebody else.

        The limits are those of the queue, with the orders of these tasks.
        """
        if not queue.for_streams:
            return (), queue.limits
        free, more = room(await self._roster.crew(held))
        limit = min(WINDOW, free + max(0, more - len(queue.new)))
        joinable = [stream_key(holding.stream_id) for holding in held]
        return await self._db.read(for_streams, joinable, limit, queue.limits)

    # -- who gives way

    async def _make_way(self, queue: Queue, running: Sequence[Standing], held: Sequence[Holding], now_ms: int) -> int:
        """Let less important tasks give way, and those that have stopped for it wait again; return how many."""
        changed = 0
        if queue.given_way:
            changed += await self._db.write(giving_way.come_back, self._vault, queue.given_way, now_ms)
        if not queue.urgent:
            return changed
        crew = await self._roster.crew(held)
        free, more = room(crew)
        shared = {holding.stream_id for holding in held if holding.worker_id in crew.loads}
        crowded = [task for task in queue.urgent if (task.parked_for or "").startswith(waiting.STREAMS)]
        short = [task for task in queue.urgent if (task.parked_for or "").startswith(f"{KIND}:")]
        barred = [task for task in queue.urgent if task not in crowded and task not in short]
        pairs = for_limits(barred, running, queue.limits, queue.in_use, now_ms)
        pairs += for_room(crowded, running, shared, free + more + crew.starting, now_ms)
        pairs += for_room(short, running, shared, 0, now_ms)
        return changed + (await self._db.write(giving_way.stop, pairs, now_ms) if pairs else 0)

    # -- placing

    async def _settle(self, ready: Sequence[Standing], limits: Limits, now_ms: int) -> int:
        wishes, refused = await self._db.write(self._wishes, ready, limits, now_ms)
        held = await self._db.read(assignments.holdings)
        plan = await self._plan(wishes, held, limits.cores)
        for _ in range(plan.spawn):
            await self._roster.spawn()
        for worker_id in plan.dismiss:
            await self._roster.dismiss(worker_id, "another stream needs a worker of its own more")
        return refused + await self._db.write(self._place, wishes, held, plan, now_ms)

    def _wishes(
        self, conn: Connection, ready: Sequence[Standing], limits: Limits, now_ms: int
    ) -> tuple[list[Wish], int]:
        """Say which stream each task is to feed on; tasks that no worker can run, or whose input none can, end here."""
        wishes: list[Wish] = []
        refused = 0
        known = {standing.id: standing for standing in ready}
        for task in tasks.some(conn, self._vault, list(known)):
            if task.state not in WANTED or task.version != known[task.id].version:
                continue
            run_id = task.run_id or RunId(new_hex())
            try:
                limits.check_installed(task.document.service_name, task.document.service_version)
                wishes.append((task, stream_of(task, run_id, address_of(conn, self._vault, task)), run_id))
            except VedetteError as failure:
                signal = Signal.UNPLACED if isinstance(failure, NotInstalled) else Signal.REFUSED
                passed = path(task.state, (signal, Signal.CRASHED))
                refused += run_ends.move(
                    conn, self._vault, task, passed, cause=failure.message, actor=ACTOR, at=now_ms,
                    error_code=failure.code, error_message=failure.message, stream_id=None,
                )  # fmt: skip
        turn = {task_id: number for number, task_id in enumerate(known)}
        return sorted(wishes, key=lambda wish: turn[wish[0].id]), refused

    async def _plan(self, wishes: Sequence[Wish], held: Sequence[Holding], cores: Cores) -> Placement:
        taken = {holding.stream_id for holding in held}
        homeless = [stream for stream in dict.fromkeys(stream for _, stream, _ in wishes) if stream not in taken]
        crew = replace(await self._roster.crew(held), cores=cores)
        needs = await self._db.read(self._needs, wishes, homeless, cores) if cores.limit is not None else {}
        return place(homeless, crew, await self._db.read(assignments.crashes, homeless), needs)

    def _needs(
        self, conn: Connection, wishes: Sequence[Wish], homeless: Sequence[StreamId], cores: Cores
    ) -> dict[StreamId, float]:
        """Return what live streams cost, as was measured or as is usual; those that were lost keep their place."""
        waiting = {stream for task, stream, run_id in wishes if str(stream) != run_id and task.state is State.PENDING}
        lost = {stream for task, stream, _ in wishes if task.state is not State.PENDING}
        asked = [stream for stream in homeless if stream in waiting - lost]
        return dict.fromkeys(asked, cores.usual) | assignments.costs(conn, asked)

    async def _note_costs(self, held: Sequence[Holding]) -> None:
        """Write down what workers have measured, where that is news."""
        costs: dict[StreamId, float] = {}
        for holding in held:
            view = self._fleet.get(holding.worker_id) if holding.worker_id else None
            report = view.reports.get(holding.stream_id) if view else None
            if report is None or report.epoch != holding.epoch or report.cores is None:
                continue
            if report.state is StreamState.FLOWING and has_changed(holding.cost, report.cores):
                costs[holding.stream_id] = report.cores
        if costs:
            await self._db.write(assignments.price, costs)

    def _place(
        self, conn: Connection, wishes: Sequence[Wish], held: Sequence[Holding], plan: Placement, now_ms: int
    ) -> int:
        placed = {holding.stream_id for holding in held if not self._is_over(holding)}
        for stream_id, worker_id in plan.chosen.items():
            if assignments.assign(conn, stream_id, worker_id) is not None:
                placed.add(stream_id)
                if worker_id in plan.apart:
                    assignments.set_apart(conn, worker_id)
        changed = 0
        for task, stream_id, run_id in wishes:
            if stream_id in placed:
                columns: dict[str, object] = {"stream_id": stream_id, "status": ""}
                if task.run_id is None:
                    columns |= {"run_id": run_id, "run_started_at": now_ms, "frames": 0, "crashes": 0}
                passed = path(task.state, (Signal.PLACED,))
                cause = (
                    "a worker of its own took it" if plan.chosen.get(stream_id) in plan.apart else "a worker took it"
                )
                changed += tasks.move(conn, task, passed, cause=cause, actor=ACTOR, at=now_ms, **columns)
            else:
                changed += self._wait(conn, task, stream_id, plan, len(held) + len(plan.chosen), now_ms)
        return changed

    def _wait(
        self, conn: Connection, task: Task, stream_id: StreamId, plan: Placement, streams: int, now_ms: int
    ) -> bool:
        """Say what a task waits for; park it if only a stream that ends can help. Return whether it was (un)parked."""
        crowded = stream_id in plan.crowded
        status = "Waiting for a worker to start."
        if crowded:
            status = f"Waiting for room: {streams} streams run on {len(self._fleet.all())} workers, and no more fit."
        parked_for = stream_key(stream_id) if crowded and task.state is State.PENDING else None
        if short := plan.short.get(stream_id):
            parked_for, status = short.key, short.status
        if (task.parked_for, task.status) == (parked_for, status):
            return False
        tasks.move(conn, task, (), cause="", actor=ACTOR, at=now_ms, parked_for=parked_for, status=status)
        return task.parked_for != parked_for

    def _is_over(self, holding: Holding) -> bool:
        """Tell whether a stream has come to its end already: whoever wants it next waits until it is handed back."""
        view = self._fleet.get(holding.worker_id) if holding.worker_id else None
        report = view.reports.get(holding.stream_id) if view else None
        return report is not None and report.epoch == holding.epoch and report.state in OVER
