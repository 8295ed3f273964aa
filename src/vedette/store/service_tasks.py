"""The tasks of one service, as the older sibling lists them: counted, ordered by a column, and cut by offset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.task import Task
from vedette.store.paging import cut
from vedette.store.tables import tasks
from vedette.store.tasks import chosen
from vedette.store.text import holds
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks, and how.

    Attributes:
        name_like: part of the name, in any case.
        id_like: part of the id.
        created_since: milliseconds since the epoch, included.
        created_until: milliseconds since the epoch, included.
        order: `name`, `created_at` or `updated_at`.
    """

    service_name: str
    service_version: str | None = None
    states: Sequence[State] | None = None
    name_like: str | None = None
    id_like: str | None = None
    created_since: int | None = None
    created_until: int | None = None
    order: str = "created_at"
    descending: bool = True
    offset: int = 0
    limit: int = 100


def page(conn: Connection, vault: Vault, project_id: ProjectId, wanted: Wanted) -> tuple[int, list[Task]]:
    """Return how many tasks of the project match, and those of the page, in order."""
    here = [tasks.c.project_id == project_id, tasks.c.service_name == wanted.service_name, *_filters(wanted)]
    counted = select(func.count()).select_from(tasks).where(*here)
    count = conn.execute(counted).scalar_one() if wanted.offset else None
    part = cut(wanted.offset, wanted.limit, count)
    ids = select(tasks.c.id).where(*here).order_by(*_order(wanted, turned=part.turned))
    found = chosen(conn, vault, ids.offset(part.offset).limit(part.limit), _order(wanted))
    if count is None:  # a page that is not full has told it
        count = len(found) if len(found) < wanted.limit else conn.execute(counted).scalar_one()
    return count, found


def _order(wanted: Wanted, *, turned: bool = False) -> list[ColumnElement[Any]]:
    columns = (tasks.c[wanted.order], tasks.c.id)
    return [column.desc() if wanted.descending is not turned else column.asc() for column in columns]


def _filters(wanted: Wanted) -> list[Any]:
    conditions: list[tuple[object, Any]] = [
        (wanted.service_version, tasks.c.service_version == wanted.service_version),
        (wanted.states, tasks.c.state.in_(list(wanted.states or ()))),
        (wanted.name_like, holds(tasks.c.name, wanted.name_like or "")),
        (wanted.id_like, holds(tasks.c.id, wanted.id_like or "")),
        (wanted.created_since, tasks.c.created_at >= (wanted.created_since or 0)),
        (wanted.created_until, tasks.c.created_at <= (wanted.created_until or 0)),
    ]
    return [condition for given, condition in conditions if given is not None]
