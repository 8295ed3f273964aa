"""Which algorithms are deployed in which project, and with what settings; the settings are sealed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.model.service import AlgStatus, Deployment
from vedette.store.tables import deployments, tasks, upsert
from vedette.store.vault import Vault

ANALYSIS_FPS: Final = "ANALYSIS_FPS"
"""The one name of `envs` that has an effect: pictures a second that runs of the algorithm analyse."""

DeploymentKey = tuple[str, str]
"""Project and algorithm."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a deployment allows, without its settings: what the loops look at."""

    status: AlgStatus
    stream_count: int


@dataclass(frozen=True, slots=True)
class _Settings:
    deploy_config: dict[str, Any] = field(default_factory=dict)
    envs: dict[str, str] = field(default_factory=dict)


def put(conn: Connection, vault: Vault, deployment: Deployment) -> None:
    """Write a deployment, new or changed."""
    row = {
        "project_id": deployment.project_id,
        "alg_id": deployment.alg_id,
        "pool_id": deployment.pool_id,
        "stream_count": deployment.stream_count,
        "status": deployment.status,
        "settings": vault.seal(_Settings(deployment.deploy_config, deployment.envs)),
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at,
    }
    upsert(conn, deployments, ["project_id", "alg_id"], row)


def find(conn: Connection, vault: Vault, project_id: ProjectId, alg_id: str) -> Deployment | None:
    """Return how an algorithm is deployed in a project, or None if nobody ever said."""
    here = (deployments.c.project_id == project_id, deployments.c.alg_id == alg_id)
    row = conn.execute(select(deployments).where(*here)).first()
    return _deployment(vault, row) if row else None


def of_project(conn: Connection, vault: Vault, project_id: ProjectId) -> list[Deployment]:
    """Return all deployments of a project, oldest first."""
    rows = conn.execute(
        select(deployments)
        .where(deployments.c.project_id == project_id)
        .order_by(deployments.c.created_at, deployments.c.alg_id)
    )
    return [_deployment(vault, row) for row in rows]


def in_use(conn: Connection, project_id: ProjectId, service_names: Collection[str]) -> int:
    """Return how many tasks of these services hold a stream."""
    # not the bare name: few tasks hold a stream, and their states are the index to find them by
    of_service = func.coalesce(tasks.c.service_name, "").in_(list(service_names))
    here = (tasks.c.project_id == project_id, of_service, holding())
    return conn.execute(select(func.count()).select_from(tasks).where(*here)).scalar_one()


def holding() -> ColumnElement[bool]:
    """Return the condition that a task holds a stream, or that its last run is still being ended."""
    placed = [state for state in (*WANTED, *CLEARING) if state is not State.PENDING]
    return and_(  # the states first and by themselves, so that they are found by an index
        tasks.c.state.in_(placed), or_(tasks.c.state.not_in(list(CLEARING)), tasks.c.stream_id.is_not(None))
    )


def defaults(conn: Connection, vault: Vault, project_id: ProjectId, alg_id: str) -> tuple[dict[str, Any], float | None]:
    """Return what the runs of an algorithm start from in a project.

    Returns:
        The defaults of `config.common`, under what the task itself says, and the pictures a second to analyse, or None
        for what the algorithm asks for.
    """
    deployment = find(conn, vault, project_id, alg_id)
    if deployment is None:
        return {}, None
    rate = deployment.envs.get(ANALYSIS_FPS)
    return deployment.deploy_config, float(rate) if rate else None


def capacities(conn: Connection) -> Mapping[DeploymentKey, Capacity]:
    """Return what all deployments of all projects allow (for the loops)."""
    columns = (deployments.c.project_id, deployments.c.alg_id, deployments.c.status, deployments.c.stream_count)
    return {
        (row.project_id, row.alg_id): Capacity(AlgStatus(row.status), row.stream_count)
        for row in conn.execute(select(*columns))
    }


def capacities_of(conn: Connection, project_id: ProjectId) -> Mapping[str, Capacity]:
    """Return what the deployments of a project allow, by algorithm; none is unsealed."""
    columns = (deployments.c.alg_id, deployments.c.status, deployments.c.stream_count)
    rows = conn.execute(select(*columns).where(deployments.c.project_id == project_id))
    return {row.alg_id: Capacity(AlgStatus(row.status), row.stream_count) for row in rows}


def _deployment(vault: Vault, row: Row[Any]) -> Deployment:
    settings = vault.unseal(row.settings, _Settings)
    return Deployment(
        project_id=row.project_id,
        alg_id=row.alg_id,
        pool_id=row.pool_id,
        stream_count=row.stream_count,
        status=AlgStatus(row.status),
        deploy_config=settings.deploy_config,
        envs=settings.envs,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
