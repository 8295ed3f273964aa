"""Which tasks feed on which streams."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, select

from vedette.model.ids import ProjectId, StreamId, TaskId
from vedette.model.lifecycle import WANTED
from vedette.store.tables import tasks


@dataclass(frozen=True, slots=True)
class Feeding:
    """A stream and the tasks of a project that feed on it, oldest first."""

    stream_id: StreamId
    project_id: ProjectId
    tasks: tuple[TaskId, ...]


def of(conn: Connection, project_id: ProjectId | None = None) -> list[Feeding]:
    """Return the streams that tasks of a project want, or those of all projects; in order of their ids."""
    rows = (
        select(tasks.c.stream_id, tasks.c.project_id, tasks.c.id)
        .where(tasks.c.stream_id.is_not(None), tasks.c.state.in_(list(WANTED)))
        .order_by(tasks.c.created_at, tasks.c.id)
    )
    if project_id is not None:
        rows = rows.where(tasks.c.project_id == project_id)
    found: dict[tuple[str, str], list[TaskId]] = defaultdict(list)
    for stream_id, project, task_id in conn.execute(rows):
        found[stream_id, project].append(TaskId(task_id))
    return [
        Feeding(StreamId(stream), ProjectId(project), tuple(ids)) for (stream, project), ids in sorted(found.items())
    ]
