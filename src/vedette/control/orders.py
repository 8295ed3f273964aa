"""The control plane's side of the worker protocol: what a worker shall hold, and what it hands over."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Connection

from vedette.control.bell import Bell, heard
from vedette.control.fleet import Fleet
from vedette.control.looks import Looks
from vedette.control.sources import address_of, stream_name, stream_of
from vedette.model.errors import VedetteError
from vedette.model.ids import EventId, ProjectId, StreamId, TaskId
from vedette.model.lifecycle import WANTED
from vedette.model.source import Address
from vedette.model.stream import Assignment, Ingest, Orders, StreamSpec, Sync, TaskRun
from vedette.model.task import Task, TaskDocument
from vedette.store import assignments, deployments, ingest, tasks
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
        looks: Looks,
        alg_ids: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take what it works with.

        Args:
            clock: milliseconds since the epoch.
            on_news: called when a worker said something that a decision may hang on.
            looks: takes what workers saw, and has probes for them.
            alg_ids: service name -> what it is deployed as; one that is not there has no deployment.
        """
        self._db = db
        self._vault = vault
        self._fleet = fleet
        self._lease_s = lease_s
        self._clock = clock
        self._monotonic = monotonic
        self._on_news = on_news
        self._looks = looks
        self._alg_ids = alg_ids
        self.changed = Bell()
        """Rung by the reconciler when orders may have changed."""

    async def sync(self, message: Sync) -> Orders:
        """Take a worker's report, renew its lease, and answer what it shall hold.

        The answer is held back while there is nothing new, for as long as the worker allows.
        """
        await self._looks.take(message)  # first: what a stream says is told of its source, whatever becomes of its task
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
            if left <= 0 or not nothing_new or self._looks.has_news(message.worker_id):
                return replace(orders, probes=self._looks.probes(message.worker_id))
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
        terms = _Terms(conn, self._vault, self._alg_ids)
        for holding in holdings:
            feeding = by_stream[holding.stream_id]
            if not feeding:
                continue
            key = (holding.stream_id, holding.epoch)
            runs = {task.id: terms.run_of(task) for task in feeding}
            revision = _revision(list(runs.values()))
            if known.get(key) == revision:
                held.append(key)
            elif spec := self._spec(conn, holding, feeding, runs, is_open=key in known):
                changed.append(Assignment(spec, holding.epoch, revision))
        return Orders(self._lease_s, tuple(held), tuple(changed))

    def _spec(
        self,
        conn: Connection,
        holding: Holding,
        feeding: Sequence[Task],
        runs: Mapping[TaskId, TaskRun],
        *,
        is_open: bool,
    ) -> StreamSpec | None:
        """Return a stream as it is handed out, or None if no task says what to open: the reconciler refuses them.

        A task whose source was changed, and which has not been reopened yet, speaks of another stream than it feeds
        on. It has no say in what is opened; where the stream is open already, it stays on it until then.
        """
        places = {task.id: self._place(conn, task) for task in feeding}
        agreeing = [
            task
            for task in feeding
            if (place := places[task.id]) and task.run_id and stream_of(task, task.run_id, place) == holding.stream_id
        ]
        chosen = feeding if is_open else agreeing
        voices = agreeing or (chosen if is_open else [])
        where = next((place for task in voices if (place := places[task.id])), None)
        if where is None:
            return None
        handed = (runs[task.id] for task in chosen)
        return StreamSpec(
            holding.stream_id,
            where,
            tuple(_with_checkpoint(conn, run) for run in handed),
        )

    def _place(self, conn: Connection, task: Task) -> Address | None:
        try:
            return address_of(conn, self._vault, task)
        except VedetteError:
            return None


class _Terms:
    """What runs are given; the settings of each deployment are read once."""

    def __init__(self, conn: Connection, vault: Vault, alg_ids: Mapping[str, str]) -> None:
        self._conn, self._vault, self._alg_ids = conn, vault, alg_ids
        self._known: dict[tuple[ProjectId, str], tuple[dict[str, Any], float | None]] = {}

    def run_of(self, task: Task) -> TaskRun:
        """Return the run of a task, without its checkpoint."""
        if task.run_id is None or task.run_started_at is None:
            raise AssertionError("a task on a stream has a run")
        document = task.document
        defaults, fps = self._defaults(task.project_id, document.service_name)
        return TaskRun(
            task_id=task.id,
            run_id=task.run_id,
            project_id=task.project_id,
            service=document.service_name,
            service_version=document.service_version,
            config=effective_config(document, defaults),
            stream_name=stream_name(task),
            started_ms=task.run_started_at,
            fps=fps,
        )

    def _defaults(self, project_id: ProjectId, service_name: str) -> tuple[dict[str, Any], float | None]:
        alg_id = self._alg_ids.get(service_name)
        if alg_id is None:
            return {}, None
        key = (project_id, alg_id)
        if key not in self._known:
            self._known[key] = deployments.defaults(self._conn, self._vault, project_id, alg_id)
        return self._known[key]


def effective_config(document: TaskDocument, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run is configured with: the deployment's defaults, the task's own words over them, its region last.

    A parameter that is null is one that is not there, as everywhere in the API.
    """
    own = {key: value for key, value in (document.config or {}).items() if value is not None or key not in defaults}
    region = {} if document.target_roi is None else {"target_roi": document.target_roi}
    return {**defaults, **own, **region}


def _revision(runs: Sequence[TaskRun]) -> str:
    """Return a short name for what is handed out: the same runs with the same configuration have the same."""
    said = msgspec.json.encode(sorted(runs, key=lambda run: run.run_id), order="deterministic")
    return hashlib.sha256(said).hexdigest()[:16]


def _with_checkpoint(conn: Connection, run: TaskRun) -> TaskRun:
    return replace(run, checkpoint=ingest.checkpoint_of(conn, run.run_id))
