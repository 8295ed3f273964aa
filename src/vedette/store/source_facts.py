"""What is known of sources by looks, tasks and templates; counted by indexes, and only for those asked for."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, Subquery, cast, func, select

from vedette.model.ids import ProjectId
from vedette.model.source import SourceLevel
from vedette.store import tables
from vedette.store.tables import tasks, templates
from vedette.store.text import BETWEEN

MANY: Final = 200
"""Beyond as many ids the whole project is looked at: so many values cost more than the rows they spare."""


def tasks_of(conn: Connection, project_id: ProjectId, source_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many tasks these sources have, where they have any; None: all sources of the project."""
    return _counted(conn, project_id, tasks.c.project_id, tasks.c.video_source_id, source_ids)


def templates_of(conn: Connection, project_id: ProjectId, source_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many templates these sources have, where they have any; None: all sources of the project."""
    return _counted(conn, project_id, templates.c.project_id, templates.c.source_id, source_ids)


def _counted(
    conn: Connection,
    project_id: ProjectId,
    project: ColumnElement[Any],
    source: ColumnElement[Any],
    source_ids: Collection[str] | None,
) -> dict[str, int]:
    """Return how many rows each source has.

    The database joins them into one text: while it counts, SQLite leaves Python's lock to others, and takes it for
    each row it gives.
    """
    columns = (source.label("source_id"), func.count().label("n"))
    each = select(*columns).where(project == project_id, among(source, source_ids)).group_by(source).subquery()
    told = func.aggregate_strings(each.c.source_id + " " + cast(each.c.n, String), BETWEEN)
    text = conn.execute(select(told)).scalar()
    pairs = (line.rpartition(" ") for line in text.split(BETWEEN)) if text else ()
    return {source_id: int(n) for source_id, _, n in pairs}


def among(column: ColumnElement[Any], ids: Collection[str] | None) -> ColumnElement[bool]:
    """Return the condition that a column is one of these ids, or none if they are too many, or all (None)."""
    return column.is_not(None) if ids is None or len(ids) > MANY else column.in_(list(ids))


def at_level(levels: Collection[SourceLevel], project_id: ProjectId, source: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a source of the project, named by a column, is at one of these levels."""
    seen = (
        tables.source_looks
    )  # a set that is made once, of the index alone: row by row the pictures would be in the way
    here = (seen.c.project_id == project_id, seen.c.level.in_([level.value for level in levels]))
    return source.in_(select(seen.c.source_id).where(*here))


def tasks_counted(project_id: ProjectId) -> Subquery:
    """Return how many tasks each source of the project has: `source_id` and `n`."""
    here = (tasks.c.project_id == project_id, tasks.c.video_source_id.is_not(None))
    counted = select(tasks.c.video_source_id.label("source_id"), func.count().label("n")).where(*here)
    return counted.group_by(tasks.c.video_source_id).subquery()


def templates_counted(project_id: ProjectId) -> Subquery:
    """Return how many templates each source of the project has: `source_id` and `n`."""
    here = (templates.c.project_id == project_id, templates.c.source_id.is_not(None))
    counted = select(templates.c.source_id, func.count().label("n")).where(*here)
    return counted.group_by(templates.c.source_id).subquery()
