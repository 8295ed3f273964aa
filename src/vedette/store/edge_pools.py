"""Edge pools."""

import json
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.exc import IntegrityError

from vedette.model.edge_pool import EdgePool
from vedette.model.errors import IllegalTransition, NameTaken, NotFound
from vedette.model.ids import ProjectId
from vedette.model.service import AlgStatus
from vedette.store.tables import deployments, edge_pools
from vedette.store.text import holds


def insert(conn: Connection, pool: EdgePool) -> None:
    """Write a new pool.

    Raises:
        NameTaken: a pool of the project has the name.
    """
    taken = NameTaken(f"An edge pool of this project has the name {pool.name!r}.", param="name")
    here = (edge_pools.c.project_id == pool.project_id, edge_pools.c.name == pool.name)
    if conn.execute(select(edge_pools.c.id).where(*here)).first():
        raise taken
    row = {
        "id": pool.id,
        "project_id": pool.project_id,
        "name": pool.name,
        "description": pool.description,
        "ief_service_instance_id": pool.ief_service_instance_id,
        "nodes": json.dumps(pool.nodes),
        "created_at": pool.created_at,
        "updated_at": pool.updated_at,
    }
    try:
        conn.execute(edge_pools.insert().values(row))
    except IntegrityError:  # somebody took the name between the look and the insert
        raise taken from None


def get(conn: Connection, project_id: ProjectId, pool_id: str) -> EdgePool:
    """Return a pool of the project.

    Raises:
        NotFound: the project has none with that id.
    """
    row = conn.execute(select(edge_pools).where(*_key(project_id, pool_id))).first()
    if row is None:
        raise NotFound(f"There is no edge pool {pool_id}.", param="id")
    return _pool(row)


def find(
    conn: Connection, project_id: ProjectId, *, name_like: str | None, by: str, descending: bool
) -> list[EdgePool]:
    """Return the pools of the project in the order of a column, `created_at` or `updated_at`.

    Args:
        name_like: what their names contain, in any case.
    """
    here = [edge_pools.c.project_id == project_id]
    if name_like:
        here.append(holds(edge_pools.c.name, name_like))
    order = [edge_pools.c[by], edge_pools.c.id]
    rows = conn.execute(select(edge_pools).where(*here).order_by(*(c.desc() if descending else c for c in order)))
    return [_pool(row) for row in rows]


def remove(conn: Connection, project_id: ProjectId, pool_id: str) -> None:
    """Remove a pool of the project.

    Raises:
        NotFound: the project has none with that id.
        IllegalTransition: algorithms are deployed on it.
    """
    known = conn.execute(select(edge_pools.c.id).where(*_key(project_id, pool_id)).with_for_update()).first()
    if known is None:
        raise NotFound(f"There is no edge pool {pool_id}.", param="id")
    using = (
        deployments.c.project_id == project_id,
        deployments.c.pool_id == pool_id,
        deployments.c.status != AlgStatus.STOPPED,
    )
    count = conn.execute(select(func.count()).select_from(deployments).where(*using)).scalar_one()
    if count:
        raise IllegalTransition(f"The edge pool is used by {count} deployments: stop them first.")
    conn.execute(delete(edge_pools).where(*_key(project_id, pool_id)))


def _key(project_id: ProjectId, pool_id: str) -> tuple[Any, ...]:
    return edge_pools.c.project_id == project_id, edge_pools.c.id == pool_id


def _pool(row: Row[Any]) -> EdgePool:
    return EdgePool(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        nodes=tuple(json.loads(row.nodes)),
        description=row.description,
        ief_service_instance_id=row.ief_service_instance_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
