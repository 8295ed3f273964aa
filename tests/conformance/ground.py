"""What the store is filled with in these tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, func, select

from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.ids import EventId, ProjectId, RunId, StreamId, TaskId, WorkerId, derived_uuid, new_hex
from vedette.model.lifecycle import State
from vedette.model.output import HostingOutput, TaskOutput, WebhookOutput
from vedette.model.schedule import Schedule
from vedette.model.source import InputDatum, InputType, TaskInput
from vedette.model.stream import Checkpoint, Ingest, RunProgress
from vedette.model.task import Task, TaskDocument
from vedette.store import assignments, identity, tables, tasks
from vedette.store.assignments import WorkerRow
from vedette.store.db import Database
from vedette.store.vault import Vault

NOW = 1_713_859_200_000
"""Tuesday, 23 April 2024, 08:00 UTC."""
MINE, OTHERS = ProjectId("mine"), ProjectId("others")
WEBHOOK = WebhookOutput("http://receiver.example/hook", {"X-Auth": "s3cret"})
SERVICE = "c-intrusiondetection-cloud"


def document(
    name: str = "gate",
    *,
    url: str = "file:///clips/a.mp4",
    schedule: Schedule | None = None,
    webhook: bool = True,
    hosting: bool = False,
) -> TaskDocument:
    output = TaskOutput(
        webhook=WEBHOOK if webhook else None, event_center=True, hosting=HostingOutput() if hosting else None
    )
    source = TaskInput(InputType.URL, InputDatum(url=url))
    return TaskDocument(name, SERVICE, "3.0", source, output, {"person_sw": True}, schedule=schedule)


def task(name: str = "gate", *, project: ProjectId = MINE, at: int = NOW, **given: Any) -> Task:
    kept = {key: given.pop(key) for key in ("state", "activated", "next_due_at") if key in given}
    fresh = Task(TaskId(new_hex()), project, "operator", document(name, **given), State.PENDING, at, at)
    return replace(fresh, **kept)


async def people(db: Database) -> None:
    """Bring in the two projects."""

    def add(conn: Connection) -> None:
        for project in (MINE, OTHERS):
            identity.add_project(conn, project, project, "default", at=NOW)

    await db.write(add)


def count_tasks(conn: Connection, project: ProjectId) -> int:
    return conn.execute(
        select(func.count()).select_from(tables.tasks).where(tables.tasks.c.project_id == project)
    ).scalar_one()


async def insert(db: Database, vault: Vault, *new: Task) -> None:
    def add(conn: Connection) -> None:
        for one in new:
            tasks.insert(conn, vault, one, actor=one.creator)

    await db.write(add)


async def read(db: Database, vault: Vault, known: Task) -> Task:
    return await db.read(tasks.get, vault, known.project_id, known.id)


async def move(db: Database, one: Task, path: Sequence[State], **given: Any) -> bool:
    """Move a task as `store.tasks.move` does."""

    def act(conn: Connection) -> bool:
        return tasks.move(conn, one, path, **given)

    return await db.write(act)


async def count(db: Database, table: Table) -> int:
    def counted(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()

    return await db.read(counted)


async def running(db: Database, vault: Vault, name: str = "gate", **given: Any) -> tuple[Task, int]:
    """Bring in a task that runs on a stream of a worker `w1`; return it, and the epoch."""
    fresh = task(name, **given)
    await insert(db, vault, fresh)
    run_id = RunId(new_hex())

    def place(conn: Connection) -> int | None:
        here = tasks.get(conn, vault, fresh.project_id, fresh.id)
        columns = {"run_id": run_id, "run_started_at": NOW, "stream_id": StreamId(run_id)}
        assert tasks.move(conn, here, (State.STARTING, State.RUNNING), cause="", actor="service", at=NOW, **columns)
        assignments.renew(conn, WorkerRow(WorkerId("w1"), "here", 1, 60, NOW + 10_000))
        return assignments.assign(conn, StreamId(run_id), WorkerId("w1"))

    epoch = await db.write(place)
    assert epoch is not None
    return await read(db, vault, fresh), epoch


def event(of: Task, index: int) -> Event:
    assert of.run_id is not None
    name = EventId(derived_uuid(of.id, of.run_id, index))
    message = {"event_type": 196609, "message_id": name, "data": {"event_set": [index]}}
    return Event(name, of.id, of.run_id, 196609, Position(0, index, index * 40_000), NOW + index * 40, message, None)


def progress(of: Task, indexes: Sequence[int], *, state: bytes | None = b"state") -> RunProgress:
    """Return events of these pictures, and the checkpoint after the last of them."""
    assert of.run_id is not None
    last = indexes[-1]
    point = Checkpoint(Position(0, last, last * 40_000), state, b"seek" if state else None, last + 1)
    return RunProgress(of.id, of.run_id, tuple(event(of, index) for index in indexes), point)


def batch(of: Task, epoch: int, indexes: Sequence[int], *, worker: str = "w1") -> Ingest:
    assert of.stream_id is not None
    return Ingest(WorkerId(worker), of.stream_id, epoch, (progress(of, indexes),))
