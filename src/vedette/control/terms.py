"""Whether a task may use its service under the resource order it names. Checked when tasks are made and changed.

A service that an operator marked commercial demands an order. For the others an order that is registered holds all the
same (its quota, its end); one that nobody registered is kept, and a warning says that it has no effect.
"""

from typing import Protocol

from sqlalchemy import Connection

from vedette.model.errors import InvalidParameter, NotReferable
from vedette.model.ids import ProjectId
from vedette.store import orders

PARAM = "resource_order_id"


class Ordered(Protocol):
    """A document that names a service and perhaps an order, of a task or of a batch."""

    @property
    def service_name(self) -> str: ...
    @property
    def resource_order_id(self) -> str | None: ...


def check(
    conn: Connection, project_id: ProjectId, document: Ordered, now_ms: int, before: Ordered | None = None
) -> tuple[str, ...]:
    """Return the warnings about a document's order; call it in the transaction that writes the document.

    An order that a changed document had before may have expired: what stands under it is frozen, and is changed for
    the day it thaws.

    Raises:
        InvalidParameter: the service demands an order and none is named, or the order has expired.
        NotReferable: the order is not registered though the service demands one, or is for another service.
    """
    service, order_id = document.service_name, document.resource_order_id
    commercial = orders.is_commercial(conn, service)
    if order_id is None:
        if commercial:
            raise InvalidParameter(f"The service {service} demands a resource order.", param=PARAM)
        return ()
    order = orders.find(conn, project_id, order_id)
    if order is None:
        if commercial:
            raise NotReferable(f"There is no resource order {order_id}.", param=PARAM)
        return (f"The resource order {order_id!r} is not registered and has no effect.",)
    if order.service_name not in (None, service):
        raise NotReferable(f"The resource order {order_id} is not for the service {service}.", param=PARAM)
    kept = before is not None and before.resource_order_id == order_id
    if not kept and not order.holds(now_ms):
        raise InvalidParameter(f"The resource order {order_id} has expired.", param=PARAM)
    return ()
