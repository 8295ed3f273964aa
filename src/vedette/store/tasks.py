"""Tasks: inserted, read, and moved only from the state they were read in."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import TaskNameTaken, TaskNotFound
from vedette.model.freezing import Comeback
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.lifecycle import WANTED, State
from vedette.model.output import RESULT
from vedette.model.priority import USUAL
from vedette.model.quota import Resource
from vedette.model.task import Move, Task, TaskDocument
from vedette.store import quotas
from vedette.store.tables import events, insert_new, outbox, task_documents, task_moves, tasks, video_sources
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands, without its document: what the loops look at all the time."""

    id: TaskId
    project_id: ProjectId
    state: State
    updated_at: int
    status: str
    error_code: str | None
    run_id: RunId | None
    stream_id: StreamId | None
    crashes: int
    version: int = 1
    service_name: str = ""
    resource_order_id: str | None = None
    priority: int = USUAL.rank
    halted_by: str | None = None
    created_at: int = 0
    parked_for: str | None = None
    activated: int | None = None
    resume: int | None = None
    frozen_by: str | None = None
    service_version: str = ""
    former_version: str | None = None


STATUS_LENGTH = 4096
ERROR_LENGTH = 512

_SOURCE = (tasks.c.project_id == video_sources.c.project_id) & (tasks.c.video_source_id == video_sources.c.id)
_WHOLE = (
    select(tasks, task_documents.c.document, video_sources.c.name.label("video_source_name"))
    .join(task_documents, task_documents.c.task_id == tasks.c.id)
    .outerjoin(video_sources, _SOURCE)
    .order_by(tasks.c.created_at, tasks.c.id)
)
_READ = tuple(column.key for column in _WHOLE.selected_columns)
_ONE = _WHOLE.where(tasks.c.project_id == bindparam("project"), tasks.c.id == bindparam("task"))
_NEW_DOCUMENT = insert_into(task_documents)
_NEW_MOVE = insert_into(task_moves).inline()
"""Made once: to build a statement costs as much as to run it."""


def insert(conn: Connection, vault: Vault, task: Task, *, actor: str) -> None:
    """Write a new task, and its first move.

    Raises:
        TaskNameTaken: a task of the project has the name.
    """
    document = task.document
    row = _document_columns(document) | {
        "id": task.id,
        "project_id": task.project_id,
        "creator": task.creator,
        "input_name": task.input_name,
        "batch_id": task.batch_id,
        "group_id": task.group_id,
        "template_id": task.template_id,
        "state": task.state,
        "status": task.status[:STATUS_LENGTH],
        "warnings": json.dumps(task.warnings, ensure_ascii=False),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "activated": None if task.activated is None else int(task.activated),
        "next_due_at": task.next_due_at,
        "frames": 0,
        "crashes": 0,
    }
    if insert_new(conn, tasks, [row]) == 0:  # ids are random: it can only be the name
        raise TaskNameTaken(f"A task of this project has the name {document.name!r}.", param="name")
    conn.execute(_NEW_DOCUMENT, {"task_id": task.id, "document": vault.seal(document)})
    _record(conn, Move(task.id, task.created_at, None, task.state, "created", actor))


def get(conn: Connection, vault: Vault, project_id: ProjectId, task_id: TaskId) -> Task:
    """Return a task of the project.

    Raises:
        TaskNotFound: the project has none with that id.
    """
    row = conn.execute(_ONE, {"project": project_id, "task": task_id}).first()
    if row is None:
        raise TaskNotFound(f"There is no task {task_id}.", param="task_id")
    return _task(vault, row)


def lock(conn: Connection, project_id: ProjectId, task_id: TaskId) -> None:
    """Keep everybody else from moving a task until the transaction ends; read it afterwards, not before.

    Two statements, because on PostgreSQL one that waits for a row sees the rows it joins as they were before.
    """
    conn.execute(select(tasks.c.id).where(tasks.c.project_id == project_id, tasks.c.id == task_id).with_for_update())


def rewrite(conn: Connection, vault: Vault, task: Task, document: TaskDocument, **columns: Any) -> bool:
    """Write the changed document of a task, with further columns; its version grows.

    Returns:
        False if somebody else moved or changed it since it was read; nothing was written then.

    Raises:
        TaskNameTaken: another task of the project has the name.
    """
    taken = TaskNameTaken(f"A task of this project has the name {document.name!r}.", param="name")
    others = (tasks.c.project_id == task.project_id, tasks.c.name == document.name, tasks.c.id != task.id)
    if document.name != task.document.name and conn.execute(select(tasks.c.id).where(*others)).first():
        raise taken
    values = _document_columns(document) | columns | {"version": task.version + 1}
    if "warnings" in values:
        values["warnings"] = json.dumps(values["warnings"], ensure_ascii=False)
    try:
        if conn.execute(update(tasks).where(*_as_read(task)).values(values)).rowcount != 1:
            return False
    except IntegrityError:  # somebody took the name between the look and the update
        raise taken from None
    sealed = {"document": vault.seal(document)}
    conn.execute(update(task_documents).where(task_documents.c.task_id == task.id).values(sealed))
    return True


def standing(conn: Connection, states: Collection[State]) -> list[Standing]:
    """Return where all tasks in these states stand, of every project (for the loops), oldest first."""
    return standings(conn, tasks.c.state.in_(list(states)))


def standings(
    conn: Connection, *where: ColumnElement[bool], limit: int | None = None, by_priority: bool = False
) -> list[Standing]:
    """Return where the tasks of these conditions stand, of every project (for the loops), oldest first.

    Args:
        where: the conditions.
        limit: how many at most.
        by_priority: the most important ones come before the oldest.
    """
    columns = (tasks.c[field.name] for field in fields(Standing))
    first = (tasks.c.priority,) if by_priority else ()
    rows = conn.execute(select(*columns).where(*where).order_by(*first, tasks.c.created_at, tasks.c.id).limit(limit))
    return [Standing(**(dict(row) | {"state": State(row["state"])})) for row in rows.mappings()]


def some(conn: Connection, vault: Vault, task_ids: Collection[TaskId]) -> list[Task]:
    """Return these tasks, of whatever project (for the loops), oldest first."""
    return _select(conn, vault, tasks.c.id.in_(list(task_ids)))


def of_streams(conn: Connection, vault: Vault, stream_ids: Collection[StreamId]) -> list[Task]:
    """Return all tasks that feed on these streams (for the loops), oldest first."""
    return _select(conn, vault, tasks.c.stream_id.in_(list(stream_ids)))


def due(conn: Connection, vault: Vault, now_ms: int, limit: int) -> list[Task]:
    """Return tasks whose timetable opens or closes by now, longest due first; found by an index.

    Nobody else moves them until the transaction ends; those that somebody is moving are left for the next look.
    """
    rows = conn.execute(
        select(tasks.c.id)
        .where(tasks.c.next_due_at.is_not(None), tasks.c.next_due_at <= now_ms)
        .order_by(tasks.c.next_due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _select(conn, vault, tasks.c.id.in_([row.id for row in rows]))


def next_due(conn: Connection) -> int | None:
    """Return when the next timetable opens or closes."""
    return conn.execute(select(func.min(tasks.c.next_due_at)).where(tasks.c.next_due_at.is_not(None))).scalar()


def due_later(conn: Connection, now_ms: int) -> list[TaskId]:
    """Return the ids of all tasks whose timetable opens or closes after this moment, of every project, soonest first."""
    rows = conn.execute(select(tasks.c.id).where(tasks.c.next_due_at > now_ms).order_by(tasks.c.next_due_at))
    return [TaskId(task_id) for task_id in rows.scalars()]


def count_by_state(conn: Connection) -> dict[str, int]:
    """Return how many tasks there are in each state, over all projects."""
    rows = conn.execute(select(tasks.c.state, func.count().label("n")).group_by(tasks.c.state))
    return {row.state: row.n for row in rows}


def move(
    conn: Connection,
    task: Task | Standing,
    path: Sequence[State],
    *,
    cause: str,
    actor: str,
    at: int,
    **columns: Any,
) -> bool:
    """Move a task along a path of states, each step recorded; write further columns with the last one.

    The move happens only if the task still stands where it was read (state, run and version of its document); an empty
    path writes the columns alone, under the same condition.

    Returns:
        False if somebody else moved it first; nothing was written then.
    """
    values = _values(task, path, at, columns)
    if not values:
        return True
    if conn.execute(update(tasks).where(*_as_read(task)).values(values)).rowcount != 1:
        return False
    before = task.state
    for step in path:
        _record(conn, Move(task.id, at, before, step, cause, actor))
        before = step
    return True


def move_all(
    conn: Connection, alike: Sequence[Task], path: Sequence[State], *, cause: str, actor: str, at: int, **columns: Any
) -> int:
    """Move tasks that stand alike, as `move` does, in a few statements for all of them; return how many were moved.

    Args:
        alike: all in one state, with one version of their documents; read by `due`, so that nobody else moves them.
    """
    values, first = _values(alike[0], path, at, columns), alike[0]
    here = (tasks.c.id.in_([task.id for task in alike]), tasks.c.state == first.state, tasks.c.version == first.version)
    moved = conn.execute(update(tasks).where(*here).values(values).returning(tasks.c.id)).scalars().all()
    steps = list(zip((first.state, *path), path, strict=False))
    rows = [
        {"task_id": task_id, "at": at, "before": before, "after": following, "cause": cause, "actor": actor}
        for task_id in moved
        for before, following in steps
    ]
    if rows:
        conn.execute(_NEW_MOVE, rows)
    return len(moved)


def _values(task: Task | Standing, path: Sequence[State], at: int, columns: dict[str, Any]) -> dict[str, Any]:
    """Return what is written of a task that goes along a path."""
    values = dict(columns)
    if path:
        upgraded: dict[str, Any] = {"resume": None} if task.state is State.UPGRADING else {}
        values = {"parked_for": None} | upgraded | values | {"state": path[-1], "updated_at": at}
        if path[-1] in WANTED - {State.UPGRADING}:  # one at rest is STOPPED for the same reason again afterwards
            values |= {"halted_by": None}
    if "status" in values:
        values["status"] = values["status"][:STATUS_LENGTH]
    if values.get("error_message") is not None:
        values["error_message"] = values["error_message"][:ERROR_LENGTH]
    return values


def wanted_streams(conn: Connection, among: Collection[StreamId]) -> set[StreamId]:
    """Return which of these streams some task is to feed on."""
    here = (tasks.c.stream_id.in_(list(among)), tasks.c.state.in_(list(WANTED)))
    return {StreamId(stream_id) for stream_id in conn.execute(select(tasks.c.stream_id).where(*here)).scalars()}


def remove(conn: Connection, task_id: TaskId) -> bool:
    """Remove a task that is DELETING, with its history; events and what is still to be sent of them stay."""
    here = (tasks.c.id == task_id, tasks.c.state == State.DELETING)
    project = conn.execute(select(tasks.c.project_id).where(*here)).scalar()
    if project is None or conn.execute(delete(tasks).where(*here)).rowcount != 1:  # moves and checkpoints go with it
        return False
    quotas.give_back(conn, ProjectId(project), Resource.TASKS, 1)
    return True


def history(conn: Connection, project_id: ProjectId, task_id: TaskId) -> list[Move]:
    """Return the moves of a task of the project, oldest first."""
    rows = conn.execute(
        select(task_moves)
        .join(tasks, tasks.c.id == task_moves.c.task_id)
        .where(tasks.c.project_id == project_id, task_moves.c.task_id == task_id)
        .order_by(task_moves.c.id)
    )
    return [
        Move(
            TaskId(row.task_id),
            row.at,
            State(row.before) if row.before else None,
            State(row.after),
            row.cause,
            row.actor,
        )
        for row in rows
    ]


def deliveries(conn: Connection, project_id: ProjectId, task_id: TaskId) -> dict[str, int]:
    """Return how many deliveries of a task are due, done and dead."""
    rows = conn.execute(
        select(outbox.c.state, func.count().label("n"))
        .where(outbox.c.project_id == project_id, outbox.c.task_id == task_id)
        .group_by(outbox.c.state)
    )
    return {"due": 0, "done": 0, "dead": 0} | {row.state: row.n for row in rows}


def count_events(conn: Connection, project_id: ProjectId, task_id: TaskId) -> int:
    """Return how many events of a task are stored, over all its runs."""
    here = (events.c.project_id == project_id, events.c.task_id == task_id, events.c.event_type != RESULT)
    return conn.execute(select(func.count()).select_from(events).where(*here)).scalar_one()


def _document_columns(document: TaskDocument) -> dict[str, Any]:
    """Return what of a document stands in the task's row as well, to be found by."""
    return {
        "name": document.name,
        "service_name": document.service_name,
        "service_version": document.service_version,
        "video_source_id": document.input.source_id,
        "resource_order_id": document.resource_order_id,
        "priority": document.importance.rank,
    }


def _as_read(task: Task | Standing) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a task still stands where it was read."""
    return (
        tasks.c.id == task.id,
        tasks.c.state == task.state,
        tasks.c.run_id.is_not_distinct_from(task.run_id),
        tasks.c.version == task.version,
    )


def _record(conn: Connection, step: Move) -> None:
    row = {"task_id": step.task_id, "at": step.at, "before": step.before, "after": step.after}
    conn.execute(_NEW_MOVE, row | {"cause": step.cause, "actor": step.actor})


def _select(conn: Connection, vault: Vault, *where: Any) -> list[Task]:
    return [_task(vault, row) for row in conn.execute(_WHOLE.where(*where)).all()]


def _task(vault: Vault, row: Row[Any]) -> Task:
    at = dict(
        zip(_READ, row, strict=True)
    )  # a row is asked for a column by position first: names cost more than the rest
    return Task(
        id=TaskId(at["id"]),
        project_id=ProjectId(at["project_id"]),
        creator=at["creator"],
        document=vault.unseal(at["document"], TaskDocument),
        state=State(at["state"]),
        created_at=at["created_at"],
        updated_at=at["updated_at"],
        status=at["status"],
        error_code=at["error_code"],
        error_message=at["error_message"],
        activated=None if at["activated"] is None else bool(at["activated"]),
        next_due_at=at["next_due_at"],
        run_id=RunId(at["run_id"]) if at["run_id"] else None,
        run_started_at=at["run_started_at"],
        stream_id=StreamId(at["stream_id"]) if at["stream_id"] else None,
        frames=at["frames"],
        crashes=at["crashes"],
        video_source_name=at["video_source_name"],
        input_name=at["input_name"],
        version=at["version"],
        batch_id=at["batch_id"],
        group_id=at["group_id"],
        template_id=at["template_id"],
        halted_by=at["halted_by"],
        frozen_by=at["frozen_by"],
        resume=None if at["resume"] is None else Comeback(at["resume"]),
        parked_for=at["parked_for"],
        former_version=at["former_version"],
        warnings=tuple(json.loads(at["warnings"])) if at["warnings"] != "[]" else (),
    )
