"""Tasks that ended long ago, and histories that have grown long: found by indexes, for the janitor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, select

from vedette.store.tables import task_moves, tasks
from vedette.store.tasks import Standing, standings

ALWAYS: Final = 10
"""The newest moves of a task are kept however old they are, and so is the first: they say what it is, and since when."""

_ENDED: Final[ColumnElement[bool]] = literal_column("state IN ('SUCCEEDED', 'FAILED') AND next_due_at IS NULL")
"""Word for word the condition of the index `tasks_finished`: with values that are bound no planner would know it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some moves, in the order in which they were made.

    Attributes:
        ids: of moves that may go.
        last: id of the last one looked at; None if there was none.
        more: there are more behind it that are to be looked at.
    """

    ids: Sequence[int]
    last: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """Some tasks' moves that are too many.

    Attributes:
        ids: of moves that may go.
        last: id of the last task looked at.
        more: there are more behind it that are to be looked at.
    """

    ids: Sequence[int]
    last: str
    more: bool


def finished(conn: Connection, before_ms: int, limit: int) -> list[Standing]:
    """Return tasks that ended before a time, and that no timetable starts again: the longest ended first."""
    ended = select(tasks.c.id).where(_ENDED, tasks.c.updated_at < before_ms).order_by(tasks.c.updated_at).limit(limit)
    found = list(conn.execute(ended).scalars())
    return standings(conn, tasks.c.id.in_(found)) if found else []


def aged(conn: Connection, after: int, before_ms: int, limit: int) -> Page:
    """Return moves behind an id that were made before a time, but never the first of a task nor its newest.

    Ids grow with time, so the first move that is young enough ends the look.
    """
    page = conn.execute(
        select(task_moves.c.id, task_moves.c.task_id, task_moves.c.at, task_moves.c.before)
        .where(task_moves.c.id > after)
        .order_by(task_moves.c.id)
        .limit(limit)
    ).all()
    old = [row for row in page if row.at < before_ms]
    edges = {task_id: _edge(conn, task_id, ALWAYS) for task_id in {row.task_id for row in old if row.before}}
    ids = [row.id for row in old if row.before and row.id <= edges[row.task_id]]
    return Page(ids, old[-1].id if old else None, len(old) == limit)


def crowded(conn: Connection, after: str, most: int, limit: int) -> Crowd:
    """Return the moves beyond so many of tasks whose ids come behind one, but never the first of a task.

    Args:
        limit: tasks that are looked at. They are counted by the index of moves: nothing is read of those with few.
    """
    moves = select(task_moves.c.task_id, func.count().label("n")).where(task_moves.c.task_id > after)
    counted = moves.group_by(task_moves.c.task_id).order_by(task_moves.c.task_id).limit(limit).subquery()
    last, looked_at = conn.execute(select(func.max(counted.c.task_id), func.count())).one()
    ids: list[int] = []
    for task_id in conn.execute(select(counted.c.task_id).where(counted.c.n > most)).scalars().all():
        beyond = (task_moves.c.task_id == task_id, task_moves.c.id <= _edge(conn, task_id, most - 1))
        ids += conn.execute(select(task_moves.c.id).where(*beyond, task_moves.c.before.is_not(None))).scalars()
    return Crowd(ids, last or after, looked_at == limit)


def forget(conn: Connection, ids: Iterable[int]) -> int:
    """Remove moves; return how many went."""
    return conn.execute(delete(task_moves).where(task_moves.c.id.in_(list(ids)))).rowcount


def _edge(conn: Connection, task_id: str, kept: int) -> int:
    """Return the id of the newest move of a task that is not among so many of its newest; 0 if there is none."""
    newest = select(task_moves.c.id).where(task_moves.c.task_id == task_id).order_by(task_moves.c.id.desc())
    return conn.execute(newest.offset(kept).limit(1)).scalar() or 0
