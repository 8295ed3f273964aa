"""Projects, as they are managed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import IllegalTransition, NameTaken, NotFound
from vedette.model.ids import ProjectId
from vedette.store import tables
from vedette.store.tables import projects, tokens

_HELD: Final[Mapping[str, Table]] = {
    "tasks": tables.tasks,
    "batch tasks": tables.batches,
    "video sources": tables.video_sources,
    "video groups": tables.video_groups,
    "templates": tables.templates,
    "deployments": tables.deployments,
    "resource orders": tables.resource_orders,
    "edge pools": tables.edge_pools,
    "subscriptions": tables.subscriptions,
}
"""What keeps a project from being removed."""


class ProjectRow(NamedTuple):
    """A project, as one is shown."""

    id: ProjectId
    name: str
    domain: str
    description: str
    enabled: bool


def add(conn: Connection, project: ProjectRow, *, at: int) -> None:
    """Add a project.

    Raises:
        NameTaken: the domain has a project of this name.
    """
    row = project._asdict() | {"enabled": int(project.enabled), "created_at": at}
    try:
        conn.execute(insert(projects).values(**row))
    except IntegrityError:
        raise NameTaken(f"There is a project {project.name} already.", param="name") from None


def project(conn: Connection, project_id: str) -> ProjectRow:
    """Return a project.

    Raises:
        NotFound: there is none with this id.
    """
    row = conn.execute(select(projects).where(projects.c.id == project_id)).first()
    if row is None:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    return _project(row)


def listed(
    conn: Connection, *, ids: list[ProjectId] | None = None, name: str | None = None, enabled: bool | None = None
) -> list[ProjectRow]:
    """Return projects by name: all, or those with these ids; narrowed by what is given."""
    where = (
        projects.c.id.in_(ids) if ids is not None else true(),
        projects.c.name == name if name is not None else true(),
        projects.c.enabled == int(enabled) if enabled is not None else true(),
    )
    rows = conn.execute(select(projects).where(*where).order_by(projects.c.name, projects.c.id))
    return [_project(row) for row in rows]


def change(conn: Connection, project_id: ProjectId, changes: dict[str, Any]) -> None:
    """Change name, description or enabled; tokens for a project that is disabled end.

    Raises:
        NameTaken: the domain has a project of this name.
    """
    try:
        conn.execute(update(projects).where(projects.c.id == project_id).values(**changes))
    except IntegrityError:
        raise NameTaken(f"There is a project {changes.get('name')} already.", param="name") from None
    if changes.get("enabled") == 0:
        conn.execute(delete(tokens).where(tokens.c.project_id == project_id))


def remove(conn: Connection, project_id: ProjectId) -> None:
    """Remove an empty project with its memberships, tokens and keys.

    Raises:
        IllegalTransition: it is not empty; the message says what is in it.
    """
    conn.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())
    left = []
    for what, table in _HELD.items():
        count = conn.execute(
            select(func.count()).select_from(table).where(table.c.project_id == project_id)
        ).scalar_one()
        if count:
            left.append(f"{count} {what}")
    if left:
        raise IllegalTransition(f"The project still has {', '.join(left)}.")
    conn.execute(delete(projects).where(projects.c.id == project_id))


def guard_allow(conn: Connection, project_id: ProjectId) -> list[str]:
    """Return what the webhooks of a project may reach besides what the guard lets through.

    Raises:
        NotFound: there is no such project.
    """
    row = conn.execute(select(projects.c.guard_allow).where(projects.c.id == project_id)).first()
    if row is None:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    return [str(entry) for entry in json.loads(row.guard_allow or "[]")]


def set_guard_allow(conn: Connection, project_id: ProjectId, allow: Sequence[str]) -> None:
    """Say what the webhooks of a project may reach besides what the guard lets through.

    Raises:
        NotFound: there is no such project.
    """
    values = {"guard_allow": json.dumps(list(allow)) if allow else None}
    if not conn.execute(update(projects).where(projects.c.id == project_id).values(values)).rowcount:
        raise NotFound(f"There is no project {project_id}.", param="project_id")


def take_over(conn: Connection, project_id: ProjectId, name: str, domain: str, *, at: int) -> ProjectRow:
    """Add a project of another identity service, or follow its name; return it as it stands here."""
    same = (projects.c.domain == domain, projects.c.name == name, projects.c.id != project_id)
    if conn.execute(select(projects.c.id).where(*same)).first() is not None:
        name = f"{name[:150]} ({project_id})"
    row = {"id": project_id, "name": name, "domain": domain, "created_at": at}
    if tables.insert_new(conn, projects, [row]) == 0:
        conn.execute(update(projects).where(projects.c.id == project_id, projects.c.domain == domain).values(name=name))
    return project(conn, project_id)


def _project(row: Row[Any]) -> ProjectRow:
    return ProjectRow(ProjectId(row.id), row.name, row.domain, row.description, bool(row.enabled))
