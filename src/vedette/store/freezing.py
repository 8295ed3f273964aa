"""Tasks whose resource order has expired, and frozen ones whose order holds (again)."""

from typing import Final

from sqlalchemy import Connection, and_, exists, or_, select

from vedette.model.lifecycle import TRANSITIONS, Signal, State
from vedette.store.tables import resource_orders, tasks
from vedette.store.tasks import Standing, standings

BY_ORDER: Final = "order:"
"""How `frozen_by` begins for tasks that an order froze."""
UNFREEZABLE: Final = tuple(state for state, signals in TRANSITIONS.items() if Signal.FREEZE not in signals)

_ITS_ORDER: Final = and_(
    resource_orders.c.project_id == tasks.c.project_id, resource_orders.c.id == tasks.c.resource_order_id
)


def to_freeze(conn: Connection, now_ms: int, limit: int) -> list[Standing]:
    """Return tasks that are not frozen though their order has expired."""
    over = resource_orders.c.expires_at <= now_ms
    here = (
        tasks.c.resource_order_id.in_(select(resource_orders.c.id).where(over)),  # by the index of the tasks' orders
        tasks.c.state.not_in(UNFREEZABLE),
        exists().where(_ITS_ORDER, over),
    )
    return standings(conn, *here, limit=limit)


def to_thaw(conn: Connection, now_ms: int, limit: int) -> list[Standing]:
    """Return tasks that an order froze, and whose order holds now; or who name none any more."""
    holds = or_(
        resource_orders.c.id.is_(None), resource_orders.c.expires_at.is_(None), resource_orders.c.expires_at > now_ms
    )
    chosen = (
        select(tasks.c.id)
        .outerjoin(resource_orders, _ITS_ORDER)
        .where(tasks.c.state == State.FROZEN, tasks.c.frozen_by.startswith(BY_ORDER, autoescape=True), holds)
        .limit(limit)
    )
    return standings(conn, tasks.c.id.in_(chosen))
