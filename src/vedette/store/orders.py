"""Resource orders that an operator registered, and which services are sold under one alone."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, tuple_, update

from vedette.model.errors import AlreadyExists, IllegalTransition, NotFound
from vedette.model.ids import ProjectId
from vedette.model.service import ResourceOrder
from vedette.store.deployments import holding
from vedette.store.tables import insert_new, resource_orders, service_terms, tasks, upsert

OrderKey = tuple[str, str]
"""Project and order."""
_COMMERCIAL = select(service_terms.c.commercial).where(service_terms.c.service_name == bindparam("service_name"))


def insert(conn: Connection, order: ResourceOrder) -> None:
    """Register an order.

    Raises:
        AlreadyExists: the project has one with that id.
    """
    if insert_new(conn, resource_orders, [_row(order)]) == 0:
        raise AlreadyExists(f"There is a resource order {order.id} already.", param="id")


def find(conn: Connection, project_id: ProjectId, order_id: str) -> ResourceOrder | None:
    """Return an order of the project, or None if no such one is registered."""
    row = conn.execute(select(resource_orders).where(*_here(project_id, order_id))).first()
    return _order(row) if row else None


def get(conn: Connection, project_id: ProjectId, order_id: str) -> ResourceOrder:
    """Return an order of the project.

    Raises:
        NotFound: no such order is registered.
    """
    order = find(conn, project_id, order_id)
    if order is None:
        raise NotFound(f"There is no resource order {order_id}.", param="order_id")
    return order


def of_project(conn: Connection, project_id: ProjectId) -> list[ResourceOrder]:
    """Return the orders of a project, oldest first."""
    rows = conn.execute(
        select(resource_orders)
        .where(resource_orders.c.project_id == project_id)
        .order_by(resource_orders.c.created_at, resource_orders.c.id)
    )
    return [_order(row) for row in rows]


def some(conn: Connection, keys: Collection[OrderKey]) -> Mapping[OrderKey, ResourceOrder]:
    """Return these orders, of whatever project (for the loops); those that are not registered are left out."""
    if not keys:
        return {}
    here = tuple_(resource_orders.c.project_id, resource_orders.c.id).in_(list(keys))
    found = [_order(row) for row in conn.execute(select(resource_orders).where(here))]
    return {(order.project_id, order.id): order for order in found}


def change(conn: Connection, order: ResourceOrder) -> None:
    """Write what an order says now.

    Raises:
        NotFound: no such order is registered.
    """
    here = _here(ProjectId(order.project_id), order.id)
    if conn.execute(update(resource_orders).where(*here).values(_row(order))).rowcount != 1:
        raise NotFound(f"There is no resource order {order.id}.", param="order_id")


def remove(conn: Connection, project_id: ProjectId, order_id: str) -> None:
    """Forget an order that no task names.

    Raises:
        NotFound: no such order is registered.
        IllegalTransition: a task names it.
    """
    get(conn, project_id, order_id)
    named = (tasks.c.resource_order_id == order_id, tasks.c.project_id == project_id)
    if conn.execute(select(tasks.c.id).where(*named).limit(1)).first() is not None:
        raise IllegalTransition(f"Tasks of the project run under the resource order {order_id}.", param="order_id")
    conn.execute(delete(resource_orders).where(*_here(project_id, order_id)))


def in_use(conn: Connection, project_id: ProjectId) -> Mapping[str, int]:
    """Return how many tasks of a project hold a stream under each order."""
    here = (
        tasks.c.resource_order_id.is_not(None),
        tasks.c.resource_order_id.in_(select(resource_orders.c.id).where(resource_orders.c.project_id == project_id)),
        tasks.c.project_id == project_id,
        holding(),
    )
    rows = conn.execute(
        select(tasks.c.resource_order_id, func.count().label("n")).where(*here).group_by(tasks.c.resource_order_id)
    )
    return {row.resource_order_id: row.n for row in rows}


def is_commercial(conn: Connection, service_name: str) -> bool:
    """Return whether a service demands an order."""
    return bool(conn.execute(_COMMERCIAL, {"service_name": service_name}).scalar())


def commercial(conn: Connection) -> frozenset[str]:
    """Return the names of all services that demand an order."""
    return frozenset(
        conn.execute(select(service_terms.c.service_name).where(service_terms.c.commercial == 1)).scalars()
    )


def set_commercial(conn: Connection, service_name: str, *, commercial: bool) -> None:
    """Say whether a service demands an order, in every project."""
    upsert(conn, service_terms, ["service_name"], {"service_name": service_name, "commercial": int(commercial)})


def _here(project_id: ProjectId, order_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (resource_orders.c.project_id == project_id, resource_orders.c.id == order_id)


def _row(order: ResourceOrder) -> dict[str, object]:
    return {
        "project_id": order.project_id,
        "id": order.id,
        "service_name": order.service_name,
        "stream_quota": order.stream_quota,
        "expires_at": order.expires_at,
        "created_at": order.created_at,
    }


def _order(row: Row[tuple[object, ...]]) -> ResourceOrder:
    return ResourceOrder(
        row.project_id, row.id, row.service_name, row.stream_quota, row.expires_at, created_at=row.created_at
    )
