"""What is known of sources by their tasks, templates and groups; counted by indexes, and only for those asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, exists, func, not_, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.source import SourceLevel
from vedette.store.tables import tasks, templates

SEEN: Final = (State.RUNNING,)
MISSED: Final = (State.ABNORMAL, State.RECOVERING)
MANY: Final = 200
"""Beyond as many ids the whole project is looked at: so many values cost more than the rows they spare."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source."""

    level: SourceLevel = SourceLevel.OFFLINE
    num_tasks: int = 0
    num_templates: int = 0


def facts(conn: Connection, project_id: ProjectId, source_ids: Collection[str]) -> dict[str, SourceFacts]:
    """Return what is known of these sources of the project."""
    here = (tasks.c.project_id == project_id, among(tasks.c.video_source_id, source_ids))
    counted = select(tasks.c.video_source_id, func.count().label("n")).where(*here).group_by(tasks.c.video_source_id)
    used = {row.video_source_id: row.n for row in conn.execute(counted).all()}
    busy = levels(project_id)
    at_work = select(busy.c.source_id, busy.c.level).where(among(busy.c.source_id, source_ids))
    known = {source_id: SourceLevel(level) for source_id, level in conn.execute(at_work).all()}
    kept = (templates.c.project_id == project_id, among(templates.c.source_id, source_ids))
    counted = select(templates.c.source_id, func.count().label("n")).where(*kept).group_by(templates.c.source_id)
    stored = {row.source_id: row.n for row in conn.execute(counted).all()}
    return {
        source_id: SourceFacts(
            known.get(source_id, SourceLevel.OFFLINE), used.get(source_id, 0), stored.get(source_id, 0)
        )
        for source_id in source_ids
    }


def among(column: ColumnElement[Any], ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of these ids, or none if they are too many."""
    return column.in_(list(ids)) if len(ids) <= MANY else column.is_not(None)


def at_level(level: SourceLevel, project: ColumnElement[Any], source: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a source, named by two columns, is at a level."""
    seen, missed = _some(SEEN, project, source), _some(MISSED, project, source)
    return {
        SourceLevel.ONLINE: seen,
        SourceLevel.EXCEPTION: and_(not_(seen), missed),
        SourceLevel.OFFLINE: and_(not_(seen), not_(missed)),
    }[level]


def levels(project_id: ProjectId) -> Subquery:
    """Return the levels of the project's sources that are not offline: `source_id` and `level`."""
    level = case((tasks.c.state.in_(list(SEEN)), SourceLevel.ONLINE.value), else_=SourceLevel.EXCEPTION.value)
    here = (tasks.c.project_id == project_id, tasks.c.state.in_([*SEEN, *MISSED]))
    # not the bare column: SQLite would read all tasks in the order of their sources, where few are at work
    source = func.coalesce(tasks.c.video_source_id, "").label("source_id")
    # of both, online is the smaller
    return select(source, func.min(level).label("level")).where(*here).group_by(source).subquery()


def tasks_counted(project_id: ProjectId, *, states: bool = False) -> Subquery:
    """Return how many tasks each source of the project has: `source_id` and `n`.

    Args:
        states: count as well those by which a source is known to be at a level, as `seen` and `missed`.
    """
    columns: list[ColumnElement[Any]] = [tasks.c.video_source_id.label("source_id"), func.count().label("n")]
    for name, those in (("seen", SEEN), ("missed", MISSED)) if states else ():
        columns.append(func.sum(case((tasks.c.state.in_(list(those)), 1), else_=0)).label(name))
    here = (tasks.c.project_id == project_id, tasks.c.video_source_id.is_not(None))
    return select(*columns).where(*here).group_by(tasks.c.video_source_id).subquery()


def templates_counted(project_id: ProjectId) -> Subquery:
    """Return how many templates each source of the project has: `source_id` and `n`."""
    here = (templates.c.project_id == project_id, templates.c.source_id.is_not(None))
    counted = select(templates.c.source_id, func.count().label("n")).where(*here)
    return counted.group_by(templates.c.source_id).subquery()


def counted_at(level: SourceLevel, counted: Subquery) -> ColumnElement[bool]:
    """Return the condition that a source is at a level, by its row of `tasks_counted` (with states), which may be missing."""
    seen, missed = func.coalesce(counted.c.seen, 0), func.coalesce(counted.c.missed, 0)
    return {
        SourceLevel.ONLINE: seen > 0,
        SourceLevel.EXCEPTION: and_(seen == 0, missed > 0),
        SourceLevel.OFFLINE: and_(seen == 0, missed == 0),
    }[level]


def _some(states: Collection[State], project: ColumnElement[Any], source: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(
        tasks.c.project_id == project, tasks.c.video_source_id == source, tasks.c.state.in_(list(states))
    )
