"""How much a project has and may have: counters in its row, so that no count is ever made.

`take` is one guarded statement: two requests at once cannot both have the last place, on either database.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Connection, Integer, bindparam, case, func, select, update

from vedette.model.errors import GroupQuotaReached, NotFound, QuotaReached, SourceQuotaReached, TaskQuotaReached
from vedette.model.ids import ProjectId
from vedette.model.quota import Quotas, Resource
from vedette.store.tables import projects

_LIMIT: Final[dict[Resource, Column[int]]] = {
    Resource.TASKS: projects.c.task_quota,
    Resource.SOURCES: projects.c.source_quota,
    Resource.GROUPS: projects.c.group_quota,
}
_COUNT: Final[dict[Resource, Column[int]]] = {
    Resource.TASKS: projects.c.task_count,
    Resource.SOURCES: projects.c.source_count,
    Resource.GROUPS: projects.c.group_count,
}
_TAKE: Final = {
    resource: update(projects)
    .where(
        projects.c.id == bindparam("project"),
        column + bindparam("more", type_=Integer) <= func.coalesce(_LIMIT[resource], bindparam("usual", type_=Integer)),
    )
    .values({column: column + bindparam("more", type_=Integer)})
    for resource, column in _COUNT.items()
}
_USED: Final = {
    resource: select(column).where(projects.c.id == bindparam("project")) for resource, column in _COUNT.items()
}
_REFUSAL: Final[dict[Resource, tuple[type[QuotaReached], str]]] = {
    Resource.TASKS: (TaskQuotaReached, "tasks"),
    Resource.SOURCES: (SourceQuotaReached, "video sources"),
    Resource.GROUPS: (GroupQuotaReached, "video groups"),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a resource a project has, and may have."""

    used: int
    limit: int


def take(conn: Connection, project_id: ProjectId, resource: Resource, count: int, usual: Quotas) -> None:
    """Count new objects of a project; call it in the transaction that makes them.

    Raises:
        QuotaReached: the project would have too many; its subclass says of what.
    """
    given = {"project": project_id, "more": count, "usual": usual.of(resource)}
    if conn.execute(_TAKE[resource], given).rowcount != 1:
        refusal, what = _REFUSAL[resource]
        raise refusal(f"A project may have {usage(conn, project_id, usual)[resource].limit} {what}.")


def give_back(conn: Connection, project_id: ProjectId, resource: Resource, count: int) -> None:
    """Count objects that are gone."""
    column = _COUNT[resource]
    left = case((column > count, column - count), else_=0)
    conn.execute(update(projects).where(projects.c.id == project_id).values({column: left}))


def used(conn: Connection, project_id: ProjectId, resource: Resource) -> int | None:
    """Return how much of a resource a project has, or None if there is no such project."""
    return conn.execute(_USED[resource], {"project": project_id}).scalar()


def usage(conn: Connection, project_id: ProjectId, usual: Quotas) -> dict[Resource, Usage]:
    """Return what a project has and may have.

    Raises:
        NotFound: there is no such project.
    """
    row = conn.execute(select(projects).where(projects.c.id == project_id)).mappings().first()
    if row is None:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    return {
        resource: Usage(
            row[_COUNT[resource].name],
            usual.of(resource) if row[_LIMIT[resource].name] is None else row[_LIMIT[resource].name],
        )
        for resource in Resource
    }


def set_limits(conn: Connection, project_id: ProjectId, limits: dict[Resource, int | None]) -> None:
    """Set limits of a project; None for what the settings say."""
    if limits:
        values = {_LIMIT[resource]: limit for resource, limit in limits.items()}
        conn.execute(update(projects).where(projects.c.id == project_id).values(values))
