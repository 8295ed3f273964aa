"""Lists of batch tasks: filtered, sorted and counted by the database; no document is unsealed for a list."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.store.batches import LEAVING
from vedette.store.db import Database
from vedette.store.source_facts import among
from vedette.store.tables import batches, tasks, video_groups, video_sources
from vedette.store.text import BETWEEN, holds

NO_SERVICE: Final = "no_service"
STOPPED_NO_SERVICE: Final = "STOPPED_NO_SERVICE"
MOST_NAMES: Final = 100
"""Children of one batch whose sources' names are read."""


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which batches are wanted; what is empty says nothing.

    Attributes:
        by_service: whether `name_like` looks at the service's name instead of the batch's.
        services: names of services, or None for all.
        states: some child is in one of these; `no_service`, or stopped with its service.
    """

    groups: Collection[str] = ()
    states: Collection[State] = ()
    no_service: bool = False
    name_like: str = ""
    by_service: bool = False
    services: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """How they are ordered, and which page is wanted; no limit: all."""

    by_count: bool = False
    descending: bool = True
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch in a list.

    Attributes:
        states: state -> how many children are in it; `STOPPED_NO_SERVICE` beside the fifteen.
    """

    id: str
    name: str
    service_name: str
    created_at: int
    states: dict[str, int] = field(default_factory=dict)
    source_names: Sequence[str] = ()
    group_names: Sequence[str] = ()


async def page(db: Database, project_id: ProjectId, wanted: BatchFilter, order: BatchOrder) -> tuple[int, list[Listed]]:
    """Return how many batches of the project are wanted, and those of the page; what is to be shown is found side by side."""
    total, rows = await db.read(_found, project_id, wanted, order)
    ids = [row.id for row in rows]
    states, group_names, source_names = await asyncio.gather(
        db.read(_states, ids), db.read(_group_names, project_id, ids), db.read(_source_names, project_id, ids)
    )
    return total, [
        Listed(
            row.id,
            row.name,
            row.service_name,
            row.created_at,
            states.get(row.id, {}),
            source_names.get(row.id, ()),
            group_names.get(row.id, ()),
        )
        for row in rows
    ]


def _found(
    conn: Connection, project_id: ProjectId, wanted: BatchFilter, order: BatchOrder
) -> tuple[int, Sequence[Any]]:
    here = _where(project_id, wanted)
    total = conn.execute(select(func.count()).select_from(batches).where(*here)).scalar_one()
    columns = (batches.c.id, batches.c.name, batches.c.service_name, batches.c.created_at)
    query = select(*columns).where(*here)
    if order.by_count:
        counted = select(func.count()).select_from(tasks).where(tasks.c.batch_id == batches.c.id)
        key: ColumnElement[Any] = counted.correlate(batches).scalar_subquery()
    else:
        key = batches.c.created_at
    keys = [one.desc() if order.descending else one for one in (key, batches.c.id)]
    return total, conn.execute(query.order_by(*keys).offset(order.offset).limit(order.limit)).all()


def _where(project_id: ProjectId, wanted: BatchFilter) -> list[ColumnElement[bool]]:
    here: list[ColumnElement[bool]] = [batches.c.project_id == project_id, batches.c.expanded != LEAVING]
    if wanted.groups:
        in_groups = select(tasks.c.batch_id).where(tasks.c.group_id.in_(list(wanted.groups)))
        here.append(batches.c.id.in_(in_groups))
    if wanted.states or wanted.no_service:
        child = tasks.c.batch_id == batches.c.id
        plain = [state for state in wanted.states if state is not State.STOPPED]
        either: list[ColumnElement[bool]] = [exists().where(child, tasks.c.state.in_(plain))] if plain else []
        idle = exists().where(child, tasks.c.state == State.STOPPED)
        without_service = tasks.c.halted_by.is_not_distinct_from(NO_SERVICE)
        if State.STOPPED in wanted.states:
            either.append(idle if wanted.no_service else idle.where(~without_service))
        elif wanted.no_service:
            either.append(idle.where(without_service))
        here.append(or_(*either))
    if wanted.name_like:
        here.append(holds(batches.c.service_name if wanted.by_service else batches.c.name, wanted.name_like))
    if wanted.services is not None:
        here.append(batches.c.service_name.in_(list(wanted.services)))
    return here


def _states(conn: Connection, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how many children of each batch are in each state; an index alone answers it."""
    found: dict[str, dict[str, int]] = {}
    kinds = (tasks.c.batch_id, tasks.c.state, tasks.c.halted_by)
    counted = select(*kinds, func.count().label("n")).where(tasks.c.batch_id.in_(batch_ids)).group_by(*kinds)
    for row in conn.execute(counted.order_by(tasks.c.state)):
        idle = row.state == State.STOPPED and row.halted_by == NO_SERVICE
        states, name = found.setdefault(row.batch_id, {}), STOPPED_NO_SERVICE if idle else row.state
        states[name] = states.get(name, 0) + row.n
    return found


def _source_names(conn: Connection, project_id: ProjectId, batch_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of sources of each batch: an index tells their ids, joined, and each name is read once."""
    as_indexed = (tasks.c.state, tasks.c.halted_by)  # else PostgreSQL may look for them through the whole table
    children = select(tasks.c.video_source_id).where(tasks.c.batch_id == batches.c.id).correlate(batches)
    some = children.order_by(*as_indexed).limit(MOST_NAMES).subquery()
    joined = select(func.aggregate_strings(some.c.video_source_id, BETWEEN)).scalar_subquery()
    rows = conn.execute(select(batches.c.id, joined).where(batches.c.id.in_(batch_ids))).all()
    found = {batch_id: set(ids.split(BETWEEN)) for batch_id, ids in rows if ids}
    wanted = {source_id for ids in found.values() for source_id in ids}
    here = (video_sources.c.project_id == project_id, among(video_sources.c.id, wanted))
    named = conn.execute(select(video_sources.c.id, video_sources.c.name).where(*here)).all() if wanted else ()
    names = {row.id: row.name for row in named}
    return {batch_id: sorted(names[one] for one in ids if one in names) for batch_id, ids in found.items()}


def _group_names(conn: Connection, project_id: ProjectId, batch_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the groups of each batch: a project has few groups, and an index knows who has a child.

    The limit keeps PostgreSQL from reading all children for it.
    """
    child = select(tasks.c.group_id).where(tasks.c.group_id == video_groups.c.id, tasks.c.batch_id == batches.c.id)
    pairs = (
        select(batches.c.id, video_groups.c.name)
        .select_from(batches)
        .join(video_groups, video_groups.c.project_id == batches.c.project_id)
        .where(batches.c.project_id == project_id, batches.c.id.in_(batch_ids))
        .where(child.limit(1).scalar_subquery().is_not(None))
        .order_by(video_groups.c.name)
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(pairs):
        found.setdefault(row.id, []).append(row.name)
    return found
