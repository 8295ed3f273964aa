"""Rollouts of versions of services, and how each stands; their steps are in `store.rollout_steps`."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, text, update

from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId
from vedette.model.rollout import Rollout, Status
from vedette.store.tables import projects, rollouts

KEPT: Final = 100
"""Rollouts of a project that have ended and are kept."""
TOLD: Final = 512
"""Characters of a reason."""
_EDGES: Final = text("""
    WITH RECURSIVE found(name) AS (
        SELECT min(service_name) FROM tasks WHERE project_id = :project
        UNION ALL
        SELECT (SELECT min(service_name) FROM tasks WHERE project_id = :project AND service_name > found.name)
        FROM found WHERE found.name IS NOT NULL
    )
    SELECT found.name,
        (SELECT min(service_version) FROM tasks WHERE project_id = :project AND service_name = found.name) AS least,
        (SELECT max(service_version) FROM tasks WHERE project_id = :project AND service_name = found.name) AS greatest
    FROM found WHERE found.name IS NOT NULL
""")


def insert(conn: Connection, rollout: Rollout) -> None:
    """Write a new rollout; the service's one before ends with what is under way, and of the oldest some go."""
    conn.execute(select(projects.c.id).where(projects.c.id == rollout.project_id).with_for_update())
    before = and_(
        rollouts.c.project_id == rollout.project_id,
        rollouts.c.service_name == rollout.service_name,
        rollouts.c.ended_at.is_(None),
    )
    _halt(conn, before, f"The rollout {rollout.id} took its place.")
    row = {
        "id": rollout.id,
        "project_id": rollout.project_id,
        "service_name": rollout.service_name,
        "version": rollout.version,
        "at_once": rollout.at_once,
        "status": rollout.status,
        "actor": rollout.actor,
        "created_at": rollout.created_at,
    }
    conn.execute(rollouts.insert().values(row))
    _forget(conn, rollout.project_id)


def get(conn: Connection, project_id: ProjectId, rollout_id: str) -> Rollout:
    """Return a rollout of the project.

    Raises:
        NotFound: it has none with that id.
    """
    row = conn.execute(select(rollouts).where(rollouts.c.project_id == project_id, rollouts.c.id == rollout_id)).first()
    if row is None:
        raise NotFound(f"There is no rollout {rollout_id}.", param="rollout_id")
    return _rollout(row)


def of_project(conn: Connection, project_id: ProjectId) -> list[Rollout]:
    """Return the rollouts of a project, newest first."""
    rows = conn.execute(
        select(rollouts)
        .where(rollouts.c.project_id == project_id)
        .order_by(rollouts.c.created_at.desc(), rollouts.c.id.desc())
    )
    return [_rollout(row) for row in rows]


def halt(conn: Connection, project_id: ProjectId, rollout_id: str, reason: str) -> None:
    """Let a rollout begin nothing more; one that has ended stays as it is."""
    here = (rollouts.c.project_id == project_id, rollouts.c.id == rollout_id, rollouts.c.ended_at.is_(None))
    _halt(conn, and_(*here), reason)


def _halt(conn: Connection, here: ColumnElement[bool], reason: str) -> None:
    running = rollouts.c.status == Status.RUNNING
    conn.execute(update(rollouts).where(here, running).values(status=Status.STOPPING, reason=reason[:TOLD]))


def end(conn: Connection, rollout_id: str, status: Status, now_ms: int) -> None:
    """Note that a rollout has ended."""
    conn.execute(update(rollouts).where(rollouts.c.id == rollout_id).values(status=status, ended_at=now_ms))


def under_way(conn: Connection) -> list[str]:
    """Return the rollouts that have not ended, of every project (for the loop)."""
    return list(conn.execute(select(rollouts.c.id).where(rollouts.c.ended_at.is_(None))).scalars())


def locked(conn: Connection, rollout_id: str) -> Rollout | None:
    """Return a rollout, kept from everybody else until the transaction ends; None if it has ended or is gone."""
    here = (rollouts.c.id == rollout_id, rollouts.c.ended_at.is_(None))
    row = conn.execute(select(rollouts).where(*here).with_for_update()).first()
    return _rollout(row) if row else None


def services_under_way(conn: Connection, project_id: ProjectId) -> frozenset[str]:
    """Return the services that go to another version in a project just now."""
    here = (rollouts.c.project_id == project_id, rollouts.c.ended_at.is_(None))
    return frozenset(conn.execute(select(rollouts.c.service_name).where(*here)).scalars())


def edges(conn: Connection, project_id: ProjectId) -> dict[str, tuple[str, str]]:
    """Return the services that tasks of the project use, each with the least and the greatest version by its text.

    Each service is a few seeks in an index, however many tasks there are; those without tasks are not looked for.
    """
    rows = conn.execute(_EDGES, {"project": project_id})
    return {row.name: (row.least, row.greatest) for row in rows}


def _forget(conn: Connection, project_id: ProjectId) -> None:
    ended = (
        select(rollouts.c.id)
        .where(rollouts.c.project_id == project_id, rollouts.c.ended_at.is_not(None))
        .order_by(rollouts.c.created_at.desc(), rollouts.c.id.desc())
        .offset(KEPT)
        .limit(KEPT)
    )
    conn.execute(delete(rollouts).where(rollouts.c.id.in_(list(conn.execute(ended).scalars()))))


def _rollout(row: Row[Any]) -> Rollout:
    return Rollout(
        id=row.id,
        project_id=ProjectId(row.project_id),
        service_name=row.service_name,
        version=row.version,
        at_once=row.at_once,
        status=Status(row.status),
        actor=row.actor,
        created_at=row.created_at,
        reason=row.reason,
        ended_at=row.ended_at,
    )
