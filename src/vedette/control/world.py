"""What a round of the reconciler looks at: all that runs or is to be cleared away, and the line of those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from vedette.control import line
from vedette.control.admission import Limits
from vedette.control.line import Queue
from vedette.model.ids import StreamId
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.store import assignments, tasks
from vedette.store.assignments import Holding, WorkerRow
from vedette.store.tasks import Standing

LOOKED_AT: Final = WANTED - {State.PENDING} | CLEARING


@dataclass(frozen=True, slots=True)
class World:
    """What a round looks at.

    Attributes:
        tasks: those that run or are to be cleared away; those that wait to be placed stand in the queue.
    """

    tasks: Sequence[Standing]
    held: dict[StreamId, Holding]
    workers: Sequence[WorkerRow]
    queue: Queue


def look(conn: Connection, limits: Limits, now_ms: int) -> World:
    """Read it."""
    held = {holding.stream_id: holding for holding in assignments.holdings(conn)}
    running = tasks.standing(conn, LOOKED_AT)
    return World(running, held, assignments.all_workers(conn), line.look(conn, limits, running, held.values(), now_ms))
