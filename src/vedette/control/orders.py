"""The control plane's side of the worker protocol: what a worker shall hold, and what it hands over."""

import hashlib
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from vedette.control.bell import Bell, heard
from vedette.control.fleet import Fleet
from vedette.control.sources import address_of, stream_name
from vedette.model.errors import VedetteError
from vedette.model.ids import EventId, StreamId
from vedette.model.lifecycle import WANTED
from vedette.model.stream import Assignment, Ingest, Orders, StreamSpec, Sync, TaskRun
from vedette.model.task import Task
from vedette.store import assignments, ingest, tasks
from vedette.store.assignments import Holding, WorkerRow
from vedette.store.db import Database
from vedette.store.vault import Vault


class Desk:
    """Where workers report and are told what to do."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        fleet: Fleet,
        *,
        lease_s: float,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        on_news: Callable[[], None],
    ) -> None:
        """Take what it works with.

        Args:
            clock: milliseconds since the epoch.
            on_news: called when a worker said something that a decision may hang on.
        """
        self._db = db
        self._vault = vault
        self._fleet = fleet
        self._lease_s = lease_s
        self._clock = clock
        self._monotonic = monotonic
        self._on_news = on_news
        self.changed = Bell()
        """Rung by the reconciler when orders may have changed."""

    async def sync(self, message: Sync) -> Orders:
        """Take a worker's report, renew its lease, and answer what it shall hold.

        The answer is held back while there is nothing new, for as long as the worker allows.
        """
        if self._fleet.heard(message, self._monotonic()):
            self._on_news()
        lease_until = self._clock() + round((self._lease_s + message.wait_s) * 1000)
        row = WorkerRow(message.worker_id, message.node, message.pid, message.capacity, lease_until)
        await self._db.write(assignments.renew, row)
        deadline = self._monotonic() + message.wait_s
        while True:
            ring = self.changed.listen()
            orders = await self._db.read(self._orders, message)
            left = deadline - self._monotonic()
            nothing_new = not orders.changed and len(orders.held) == len(message.streams)
            if left <= 0 or not nothing_new:
                return orders
            await heard(ring, left)

    async def ingest(self, batch: Ingest, pictures: Mapping[EventId, str]) -> ingest.Stored:
        """Store events with the checkpoint that follows them."""
        return await self._db.write(ingest.store, self._vault, batch, pictures, self._clock())

    async def holds(self, batch: Ingest) -> bool:
        """Return whether the worker still holds the stream it speaks of."""
        return await self._db.read(assignments.holds, batch.stream_id, batch.epoch, batch.worker_id)

    def _orders(self, conn: Connection, message: Sync) -> Orders:
        holdings = assignments.holdings(conn, message.worker_id)
        by_stream: dict[StreamId, list[Task]] = {holding.stream_id: [] for holding in holdings}
        for task in tasks.of_streams(conn, self._vault, list(by_stream)):
            if task.state in WANTED and task.stream_id:
                by_stream[task.stream_id].append(task)
        known = {(report.stream_id, report.epoch): report.revision for report in message.streams}
        held: list[tuple[StreamId, int]] = []
        changed: list[Assignment] = []
        for holding in holdings:
            feeding = by_stream[holding.stream_id]
            if not feeding:
                continue
            revision = _revision(feeding)
            if known.get((holding.stream_id, holding.epoch)) == revision:
                held.append((holding.stream_id, holding.epoch))
            elif spec := self._spec(conn, holding, feeding):
                changed.append(Assignment(spec, holding.epoch, revision))
        return Orders(self._lease_s, tuple(held), tuple(changed))

    def _spec(self, conn: Connection, holding: Holding, feeding: list[Task]) -> StreamSpec | None:
        try:
            place = address_of(conn, self._vault, feeding[0])
        except VedetteError:
            return None  # the reconciler refuses the task
        return StreamSpec(holding.stream_id, place, tuple(_run(conn, task) for task in feeding))


def _revision(feeding: list[Task]) -> str:
    runs = "|".join(sorted(str(task.run_id) for task in feeding))
    return hashlib.sha256(runs.encode()).hexdigest()[:16]


def _run(conn: Connection, task: Task) -> TaskRun:
    if task.run_id is None or task.run_started_at is None:
        raise AssertionError("a task on a stream has a run")
    return TaskRun(
        task_id=task.id,
        run_id=task.run_id,
        project_id=task.project_id,
        service=task.document.service_name,
        service_version=task.document.service_version,
        config=task.document.config or {},
        stream_name=stream_name(task),
        started_ms=task.run_started_at,
        checkpoint=ingest.checkpoint_of(conn, task.run_id),
    )
