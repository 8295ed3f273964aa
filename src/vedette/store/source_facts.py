"""What is known of sources by looks, tasks and templates; counted by indexes, and only for those asked for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Subquery, func, select

from vedette.model.ids import ProjectId
from vedette.model.look import Sight
from vedette.model.source import SourceLevel
from vedette.store import source_looks, tables
from vedette.store.tables import tasks, templates

MANY: Final = 200
"""Beyond as many ids the whole project is looked at: so many values cost more than the rows they spare."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source."""

    sight: Sight
    num_tasks: int
    num_templates: int


def facts(conn: Connection, project_id: ProjectId, source_ids: Collection[str]) -> dict[str, SourceFacts]:
    """Return what is known of these sources of the project."""
    seen = source_looks.of(conn, project_id, source_ids)
    return joined(source_ids, seen, counted(conn, project_id, source_ids))


def counted(
    conn: Connection, project_id: ProjectId, source_ids: Collection[str] | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many tasks and how many templates these sources have, where they have any; None: all of the project."""
    here = (tasks.c.project_id == project_id, among(tasks.c.video_source_id, source_ids))
    of_tasks = select(tasks.c.video_source_id, func.count().label("n")).where(*here).group_by(tasks.c.video_source_id)
    kept = (templates.c.project_id == project_id, among(templates.c.source_id, source_ids))
    of_templates = select(templates.c.source_id, func.count().label("n")).where(*kept).group_by(templates.c.source_id)
    used = {row.video_source_id: row.n for row in conn.execute(of_tasks).all()}
    return used, {row.source_id: row.n for row in conn.execute(of_templates).all()}


def joined(
    source_ids: Collection[str], seen: Mapping[str, Sight], counts: tuple[Mapping[str, int], Mapping[str, int]]
) -> dict[str, SourceFacts]:
    """Return what is known of these sources, from what was seen of them and what `counted` returned."""
    used, stored = counts
    return {
        source_id: SourceFacts(seen.get(source_id, Sight()), used.get(source_id, 0), stored.get(source_id, 0))
        for source_id in source_ids
    }


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
