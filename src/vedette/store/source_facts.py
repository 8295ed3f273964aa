"""What is known of sources by looks, tasks and templates; counted by indexes, and only for those asked for."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, cast, func, select

from vedette.model.ids import ProjectId
from vedette.model.source import SourceLevel
from vedette.store import tables
from vedette.store.tables import tasks, templates, video_sources
from vedette.store.text import BETWEEN

MANY: Final = 200
"""Beyond as many ids the whole project is looked at: so many values cost more than the rows they spare."""


NUM_TASKS: Final = (
    select(func.count())
    .select_from(tasks)
    .where(tasks.c.project_id == video_sources.c.project_id, tasks.c.video_source_id == video_sources.c.id)
    .correlate(video_sources)
    .scalar_subquery()
)
NUM_TEMPLATES: Final = (
    select(func.count())
    .select_from(templates)
    .where(templates.c.project_id == video_sources.c.project_id, templates.c.source_id == video_sources.c.id)
    .correlate(video_sources)
    .scalar_subquery()
)
"""How many tasks and templates a source of a statement has: one stretch of an index for each, on both databases quicker
than to count all and put them into groups."""


def counts(conn: Connection, project_id: ProjectId, source_ids: Collection[str] | None) -> dict[str, tuple[int, int]]:
    """Return how many tasks and how many templates these sources have; None: all sources of the project.

    The database joins them into one text: while it counts, SQLite leaves Python's lock to others, and takes it for
    each row it gives.
    """
    line = video_sources.c.id + " " + cast(NUM_TASKS, String) + " " + cast(NUM_TEMPLATES, String)
    here = (video_sources.c.project_id == project_id, among(video_sources.c.id, source_ids))
    text = conn.execute(select(func.aggregate_strings(line, BETWEEN)).where(*here)).scalar() or ""
    told = (each.split(" ") for each in text.split(BETWEEN) if each)
    return {source_id: (int(used), int(kept)) for source_id, used, kept in told}


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
