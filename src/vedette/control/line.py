"""The line of waiting tasks, as a round reads it: a few hundred at most, however many wait."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from vedette.control.admission import Barrier, Limits, Used, order_of, standing_barrier, used
from vedette.control.cores import reckon
from vedette.model.ids import TaskId
from vedette.model.service import ResourceOrder
from vedette.store import deployments, orders, waiting
from vedette.store.assignments import Holding
from vedette.store.orders import OrderKey
from vedette.store.tasks import Standing

WINDOW: Final = 200
"""How many waiting tasks a round looks at, and of those parked under one key."""
URGENT: Final = 20
"""For how many of the tasks parked under one key a round looks for one that gives way."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, as a round finds it.

    Attributes:
        new: waiting tasks that are not parked.
        stirred: parked tasks that may no longer wait for what they are parked under.
        barriers: the keys under which tasks go on waiting, with their sentences; keys of streams apart.
        for_streams: whether tasks are parked for want of room on the workers.
        in_use: streams that are taken.
        urgent: those of the parked tasks that are more important than usual, and still barred.
        given_way: tasks that give way to a more important one, or have stopped for it.
    """

    new: Sequence[Standing]
    stirred: Sequence[Standing]
    barriers: Sequence[Barrier]
    for_streams: bool
    limits: Limits
    in_use: Used
    urgent: Sequence[Standing] = ()
    given_way: Sequence[TaskId] = ()


def look(conn: Connection, usual: Limits, running: Sequence[Standing], held: Collection[Holding], now_ms: int) -> Queue:
    """Read what waits, and what is allowed.

    Args:
        usual: the limits that do not stand in the database.
        running: all tasks that have a place.
        held: the streams that are held.
    """
    new, keys = waiting.unparked(conn, now_ms, WINDOW), waiting.keys(conn)
    limits = replace(
        usual,
        cores=reckon(usual.cores_at_once, held, running),
        capacities=deployments.capacities(conn),
        orders=orders.some(conn, {order for key in keys if (order := order_of(key))}),
    )
    in_use = used(running, limits)
    barriers = {key: standing_barrier(key, limits, in_use) for key in keys}
    stirred = [
        task for key, barrier in barriers.items() if barrier is None for task in waiting.parked(conn, key, WINDOW)
    ]
    closed = [barrier for barrier in barriers.values() if barrier is not None]
    for_room = waiting.wait_for_room(conn)
    urgent = [task for barrier in closed for task in waiting.urgent(conn, barrier.key, URGENT)]
    urgent += waiting.urgent_for_room(conn, URGENT) if for_room else []
    limits = replace(limits, orders=_orders(conn, (*new, *stirred, *urgent)))
    return Queue(new, stirred, closed, for_room, limits, in_use, urgent, waiting.given_way(conn, WINDOW))


def for_streams(conn: Connection, joinable: Sequence[str], limit: int, limits: Limits) -> tuple[list[Standing], Limits]:
    """Return tasks that wait for streams which can be had now, and the limits with the orders of these tasks.

    Args:
        joinable: keys of streams that run already.
        limit: for how many others there is room.
    """
    found = waiting.parked_on(conn, joinable, WINDOW)
    if limit:
        found += waiting.parked_for_room(conn, limit)
    return found, replace(limits, orders={**limits.orders, **_orders(conn, found)})


def _orders(conn: Connection, named: Iterable[Standing]) -> Mapping[OrderKey, ResourceOrder]:
    return orders.some(conn, {(task.project_id, task.resource_order_id) for task in named if task.resource_order_id})
