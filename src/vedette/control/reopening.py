"""A task whose source has become another: it leaves its stream, and a new run opens what is wanted now.

Other tasks on the old stream are not touched: the stream lives as long as one task wants it.
"""

from typing import Any

from sqlalchemy import Connection, select

from vedette.model.freezing import COLD, Comeback
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import WANTED, Signal, path
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.tables import tasks as rows
from vedette.store.vault import Vault

CAUSE = "its source was changed"
REOPENED = (*WANTED, *COLD)
FRESH: dict[str, Any] = {"run_id": None, "run_started_at": None, "stream_id": None, "frames": 0, "crashes": 0}


def reopen(conn: Connection, task: Task, *, actor: str, at: int, **columns: Any) -> bool:
    """Let a task begin anew on its changed source; one that is at rest only takes the further columns.

    Positions of another video say nothing about this one, so it is a new run.

    Returns:
        False if somebody else moved it first; nothing was written then.
    """
    if task.state in COLD and task.resume is Comeback.GOES_ON:
        columns |= {"resume": int(Comeback.ANEW)}
    if task.state not in WANTED:
        return tasks.move(conn, task, (), cause="", actor=actor, at=at, **columns)
    fresh = FRESH | {"parked_for": None, "error_code": None, "error_message": None, "status": ""}
    return tasks.move(conn, task, path(task.state, (Signal.LOST,)), cause=CAUSE, actor=actor, at=at, **fresh, **columns)


def reopen_source(
    conn: Connection, vault: Vault, project_id: ProjectId, source_id: str, *, actor: str, at: int
) -> tuple[TaskId, ...]:
    """Reopen every task that looks at a video source; return those that somebody else moved first, to be tried again.

    The version of those that are to run grows, for what they look at is another: whoever is just placing one by what it
    was is too late.
    """
    here = (rows.c.project_id == project_id, rows.c.video_source_id == source_id, rows.c.state.in_(REOPENED))
    found = [TaskId(task_id) for task_id in conn.execute(select(rows.c.id).where(*here)).scalars()]
    return tuple(
        task.id
        for task in tasks.some(conn, vault, found)
        if not reopen(conn, task, actor=actor, at=at, **({"version": task.version + 1} if task.state in WANTED else {}))
    )
