"""Lists of tasks: found by an index alone, then the few rows of the page are read; documents are never opened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, or_, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.quota import Resource
from vedette.store import quotas
from vedette.store.paging import cut
from vedette.store.tables import group_members, tasks, video_groups, video_sources
from vedette.store.text import holds

NO_SERVICE = "no_service"
SHOWN = ("id", "name", "state", "created_at", "input_name", "batch_id", "service_name", "service_version")

_MEMBER = select(group_members.c.group_id).where(
    group_members.c.project_id == bindparam("project"), group_members.c.source_id == bindparam("source")
)
_GROUP_NAMES = (
    select(video_groups.c.name)
    .where(video_groups.c.project_id == bindparam("project"))
    .where(or_(video_groups.c.id == bindparam("group"), video_groups.c.id.in_(_MEMBER)))
    .order_by(video_groups.c.name)
)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are wanted; what is empty does not matter.

    Attributes:
        states: in one of these states.
        no_service: or STOPPED because their service was.
        name: what their names contain.
        camera_name: what the names of their video sources contain, or what stands for those.
        service_names: of these services; None: of any.
        group_ids: those that look at a source of one of these groups, or were made for one.
    """

    states: Collection[State] = ()
    no_service: bool = False
    name: str = ""
    camera_name: str = ""
    service_names: Collection[str] | None = None
    batch_id: str | None = None
    group_ids: Collection[str] = ()


def page(
    conn: Connection, project_id: ProjectId, wanted: TaskFilter, *, newest_first: bool, offset: int, limit: int
) -> Sequence[Row[Any]]:
    """Return the rows of some tasks of the project, in the order of their creation; `SHOWN` and the source's name."""
    if wanted.service_names is not None and not wanted.service_names:
        return []
    conditions = _conditions(project_id, wanted)
    total = quotas.used(conn, project_id, Resource.TASKS) if offset and not conditions else None
    part = cut(offset, limit, total)
    ids = (
        select(tasks.c.id)
        .where(tasks.c.project_id == project_id, *conditions)
        .order_by(*_order(newest_first=newest_first is not part.turned))
        .offset(part.offset)
        .limit(part.limit)
    )
    source = (tasks.c.project_id == video_sources.c.project_id) & (tasks.c.video_source_id == video_sources.c.id)
    columns = (*(tasks.c[name] for name in SHOWN), video_sources.c.name.label("video_source_name"))
    rows = select(*columns).outerjoin(video_sources, source).where(tasks.c.id.in_(ids))
    return conn.execute(rows.order_by(*_order(newest_first=newest_first))).all()


def group_names(conn: Connection, project_id: ProjectId, source_id: str | None, group_id: str | None) -> list[str]:
    """Return the names of the groups that a source is in, and of the group a task was made for, by name."""
    given = {"project": project_id, "source": source_id, "group": group_id}
    return list(conn.execute(_GROUP_NAMES, given).scalars())


def _order(*, newest_first: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if newest_first else column.asc() for column in (tasks.c.created_at, tasks.c.id)]


def _conditions(project_id: ProjectId, wanted: TaskFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.states or wanted.no_service:
        halted = (tasks.c.state == State.STOPPED) & (tasks.c.halted_by == NO_SERVICE)
        either = [tasks.c.state.in_(list(wanted.states))] if wanted.states else []
        conditions.append(or_(*either, halted) if wanted.no_service else either[0])
    if wanted.name:
        conditions.append(holds(tasks.c.name, wanted.name))
    if wanted.camera_name:
        named = select(video_sources.c.id).where(
            video_sources.c.project_id == project_id, holds(video_sources.c.name, wanted.camera_name)
        )
        conditions.append(or_(tasks.c.video_source_id.in_(named), holds(tasks.c.input_name, wanted.camera_name)))
    if wanted.service_names is not None:
        conditions.append(tasks.c.service_name.in_(sorted(wanted.service_names)))
    if wanted.batch_id is not None:
        conditions.append(tasks.c.batch_id == wanted.batch_id)
    if wanted.group_ids:
        groups = list(wanted.group_ids)
        members: Select[Any] = select(group_members.c.source_id).where(
            group_members.c.project_id == project_id, group_members.c.group_id.in_(groups)
        )
        conditions.append(or_(tasks.c.group_id.in_(groups), tasks.c.video_source_id.in_(members)))
    return conditions
