"""The tasks of one service, as the older sibling lists them: counted, ordered by a column, and cut by offset."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.listed import ListedTask
from vedette.store.paging import cut
from vedette.store.tables import task_documents, tasks
from vedette.store.text import holds

_SHOWN: Final = (
    *(tasks.c[name] for name in ("id", "project_id", "creator")),
    task_documents.c.document,
    *(tasks.c[name] for name in ("state", "created_at", "updated_at", "status", "error_code", "error_message")),
    *(tasks.c[name] for name in ("activated", "warnings")),
)
_STATES: Final = {state.value: state for state in State}


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

    @property
    def seeks_text(self) -> bool:
        """Whether a part of a text is looked for: no index leads there, so each look passes over all tasks."""
        return self.name_like is not None or self.id_like is not None


def count(conn: Connection, project_id: ProjectId, wanted: Wanted) -> int:
    """Return how many tasks of the project match."""
    here = _filters(project_id, wanted)
    return conn.execute(select(func.count()).select_from(tasks).where(*here)).scalar_one()


def page(conn: Connection, project_id: ProjectId, wanted: Wanted, total: int | None) -> list[ListedTask]:
    """Return the tasks of the page, in order.

    Args:
        total: how many match, if that is known: a page far from the beginning is read from the end then.
    """
    part = cut(wanted.offset, wanted.limit, total)
    ids = select(tasks.c.id).where(*_filters(project_id, wanted)).order_by(*_order(wanted, turned=part.turned))
    found = ids.offset(part.offset).limit(part.limit).subquery()  # an index tells; rows are read for the page alone
    rows = select(*_SHOWN).join(found, found.c.id == tasks.c.id)
    rows = rows.join(task_documents, task_documents.c.task_id == tasks.c.id)
    return [_listed(row) for row in conn.execute(rows.order_by(*_order(wanted))).all()]


def _listed(row: Sequence[Any]) -> ListedTask:
    # in the order of the columns: to ask a row for each by its name takes longer than to read it
    task_id, project_id, creator, sealed, state, created_at, updated_at = row[:7]
    status, error_code, error_message, activated, warnings = row[7:]
    return ListedTask(
        task_id,
        project_id,
        creator,
        sealed,
        _STATES[state],
        created_at,
        updated_at,
        status,
        error_code,
        error_message,
        None if activated is None else bool(activated),
        () if warnings == "[]" else tuple(json.loads(warnings)),
    )


def _order(wanted: Wanted, *, turned: bool = False) -> list[ColumnElement[Any]]:
    columns = (tasks.c[wanted.order], tasks.c.id)
    return [column.desc() if wanted.descending is not turned else column.asc() for column in columns]


def _filters(project_id: ProjectId, wanted: Wanted) -> list[Any]:
    here = [tasks.c.project_id == project_id, tasks.c.service_name == wanted.service_name]
    conditions: list[tuple[object, Any]] = [
        (wanted.service_version, tasks.c.service_version == wanted.service_version),
        (wanted.states, tasks.c.state.in_(list(wanted.states or ()))),
        (wanted.name_like, holds(tasks.c.name, wanted.name_like or "")),
        (wanted.id_like, holds(tasks.c.id, wanted.id_like or "")),
        (wanted.created_since, tasks.c.created_at >= (wanted.created_since or 0)),
        (wanted.created_until, tasks.c.created_at <= (wanted.created_until or 0)),
    ]
    return here + [condition for given, condition in conditions if given is not None]
