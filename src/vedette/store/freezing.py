"""Which tasks are to be frozen, and which may be thawed; all found by indexes, for the loop that does it.

`tasks.frozen_by` names what holds a task. All tasks with one mark in one project are held by the same thing, so one
look at it says whether any of them need be looked at: ten thousand frozen tasks cost no more than one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, select, tuple_, update

from vedette.model.errors import Frozen, NotFound
from vedette.model.freezing import OPERATOR, ProjectFreeze
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import TRANSITIONS, Signal, State
from vedette.store.tables import projects, resource_orders, task_moves, tasks
from vedette.store.tasks import Standing, standings

FREEZABLE: Final = tuple(state for state, signals in TRANSITIONS.items() if Signal.FREEZE in signals)
COUNTED: Final = (*FREEZABLE, State.STOPPING)
"""States of the tasks that a quota lets be; what is frozen or going takes no room of it."""

Held = tuple[str, ProjectId]
"""What marks tasks as frozen, and in which project."""
_PAIR: Final = tuple_(tasks.c.frozen_by, tasks.c.project_id)
_BEFORE: Final = (
    select(task_moves.c.before)
    .where(task_moves.c.task_id == bindparam("task"), task_moves.c.after == State.FREEZING)
    .order_by(task_moves.c.id.desc())
    .limit(1)
)
"""Made once: to build a statement costs as much as to run it."""
_ITS_ORDER: Final = and_(
    resource_orders.c.project_id == tasks.c.project_id, resource_orders.c.id == tasks.c.resource_order_id
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a project's row freezes its tasks.

    Attributes:
        freeze: None: it is not frozen.
        quota: its own quota of tasks; None: it has none.
        tasks: how many it has.
    """

    freeze: ProjectFreeze | None
    quota: int | None
    tasks: int


# -- what freezes


def frozen_projects(conn: Connection) -> list[ProjectId]:
    """Return the projects that are frozen."""
    return list(map(ProjectId, conn.execute(select(projects.c.id).where(projects.c.frozen_at.is_not(None))).scalars()))


def overfull_projects(conn: Connection) -> list[ProjectId]:
    """Return the projects that have more tasks than a quota of their own."""
    over = (projects.c.task_quota.is_not(None), projects.c.task_count > projects.c.task_quota)
    return list(map(ProjectId, conn.execute(select(projects.c.id).where(*over)).scalars()))


def of_project(conn: Connection, project_id: ProjectId, limit: int) -> list[Standing]:
    """Return tasks of a project that can be frozen."""
    here = (tasks.c.project_id == project_id, tasks.c.state.in_(FREEZABLE))
    return _chosen(conn, select(tasks.c.id).where(*here).limit(limit))


def under_expired_orders(conn: Connection, now_ms: int, limit: int) -> list[Standing]:
    """Return tasks that can be frozen and whose order has expired."""
    over = resource_orders.c.expires_at <= now_ms
    here = (
        tasks.c.resource_order_id.in_(select(resource_orders.c.id).where(over)),
        tasks.c.state.in_(FREEZABLE),
        exists().where(_ITS_ORDER, over),
    )
    return _chosen(conn, select(tasks.c.id).where(*here).limit(limit))


def least_wanted(conn: Connection, project_id: ProjectId, limit: int) -> list[Standing]:
    """Return tasks of a project that can be frozen: of the lowest priority first, and of these the newest."""
    here = (tasks.c.project_id == project_id, tasks.c.state.in_(FREEZABLE))
    worst = (tasks.c.priority.desc(), tasks.c.created_at.desc(), tasks.c.id.desc())
    return _chosen(conn, select(tasks.c.id).where(*here).order_by(*worst).limit(limit))


def marked(conn: Connection, limit: int) -> list[Standing]:
    """Return tasks that an operator froze while they could not be yet, such as one that was being stopped."""
    return standings(conn, tasks.c.frozen_by == OPERATOR, tasks.c.state.in_(FREEZABLE), limit=limit)


# -- what thaws


def held(conn: Connection) -> list[Held]:
    """Return all there is of marks in projects; each is one seek."""
    return list(_held(conn))


def frozen(conn: Connection, mark: str, project_id: ProjectId, limit: int) -> list[Standing]:
    """Return tasks of a project that stand frozen under a mark: of the highest priority first, then the oldest."""
    here = (tasks.c.frozen_by == mark, tasks.c.project_id == project_id, tasks.c.state == State.FROZEN)
    best = (tasks.c.priority, tasks.c.created_at)
    return _chosen(conn, select(tasks.c.id).where(*here).order_by(*best).limit(limit))


# -- the world


def terms(conn: Connection, of: Collection[ProjectId]) -> dict[ProjectId, Terms]:
    """Return what of these projects freezes tasks."""
    rows = conn.execute(select(projects).where(projects.c.id.in_(list(of))))
    return {
        ProjectId(row.id): Terms(
            None if row.frozen_at is None else ProjectFreeze(row.frozen_at, row.frozen_by or "", row.frozen_for or ""),
            row.task_quota,
            row.task_count,
        )
        for row in rows
    }


def awake(conn: Connection, project_id: ProjectId) -> int:
    """Return how many tasks of a project are not frozen."""
    here = (tasks.c.project_id == project_id, tasks.c.state.in_(COUNTED))
    return conn.execute(select(func.count()).select_from(tasks).where(*here)).scalar_one()


def state_before(conn: Connection, task_id: TaskId) -> State | None:
    """Return what a task was before it was frozen last; None if its history does not reach back so far."""
    before = conn.execute(_BEFORE, {"task": task_id}).scalar()
    return None if before is None else State(before)


# -- projects


def project_freeze(conn: Connection, project_id: ProjectId) -> ProjectFreeze | None:
    """Return that a project is frozen, or None.

    Raises:
        NotFound: there is no such project.
    """
    found = terms(conn, [project_id]).get(project_id)
    if found is None:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    return found.freeze


def check_project(conn: Connection, project_id: ProjectId) -> None:
    """Make sure that work may begin in a project.

    Raises:
        Frozen: it is frozen.
    """
    found = terms(conn, [project_id]).get(project_id)
    if found is not None and found.freeze is not None:
        raise Frozen(found.freeze.status)


def set_project_freeze(conn: Connection, project_id: ProjectId, freeze: ProjectFreeze | None, *, actor: str) -> None:
    """Freeze a project, or thaw it."""
    at, why = (freeze.at, freeze.reason) if freeze else (None, None)
    values = {"frozen_at": at, "frozen_for": why, "frozen_by": actor}
    conn.execute(update(projects).where(projects.c.id == project_id).values(values))


def thawer(conn: Connection, project_id: ProjectId) -> str | None:
    """Return who thawed a project last."""
    return conn.execute(select(projects.c.frozen_by).where(projects.c.id == project_id)).scalar()


def _held(conn: Connection) -> Iterator[Held]:
    here: ColumnElement[bool] = tasks.c.frozen_by.is_not(None)
    following = select(tasks.c.frozen_by, tasks.c.project_id).order_by(tasks.c.frozen_by, tasks.c.project_id).limit(1)
    while row := conn.execute(following.where(here)).first():
        yield str(row.frozen_by), ProjectId(row.project_id)
        here = and_(tasks.c.frozen_by.is_not(None), tuple_(row.frozen_by, row.project_id) < _PAIR)


def _chosen(conn: Connection, ids: Select[Any]) -> list[Standing]:
    """Return where tasks stand, in the order in which they are found: an index gives them, and nothing is sorted."""
    found = list(map(str, conn.execute(ids).scalars()))
    place = {task_id: n for n, task_id in enumerate(found)}
    return sorted(standings(conn, tasks.c.id.in_(found)), key=lambda task: place[task.id]) if found else []
