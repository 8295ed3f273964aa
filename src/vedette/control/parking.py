"""Tasks that cannot have a place now are parked under what they wait for, with a sentence that says it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from vedette.control.admission import Barrier
from vedette.control.line import WINDOW, Queue
from vedette.store import tasks, waiting
from vedette.store.db import Database
from vedette.store.tasks import Standing

ACTOR: Final = "service"

Barred = tuple[Standing, Barrier]


class Parking:
    """Writes down what tasks wait for, where that is news."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stated: dict[str, str] = {}  # key -> the sentence that all tasks parked under it have

    async def park(self, barred: Sequence[Barred], now_ms: int) -> int:
        """Park tasks; return how many were not parked so."""
        moved = [one for one in barred if (one[0].parked_for, one[0].status) != (one[1].key, one[1].status)]
        return await self._db.write(_park, moved[: 2 * WINDOW], now_ms) if moved else 0

    async def restate(self, queue: Queue) -> int:
        """Tell parked tasks when what they wait for has another number."""
        changed = 0
        for barrier in queue.barriers:
            if self._stated.get(barrier.key) != barrier.status:
                told = await self._db.write(waiting.restate, barrier.key, barrier.status, WINDOW)
                changed += told
                if told < WINDOW:
                    self._stated[barrier.key] = barrier.status
        closed = {barrier.key for barrier in queue.barriers}
        self._stated = {key: sentence for key, sentence in self._stated.items() if key in closed}
        return changed


def _park(conn: Connection, barred: Sequence[Barred], now_ms: int) -> int:
    return sum(
        tasks.move(conn, task, (), cause="", actor=ACTOR, at=now_ms, parked_for=barrier.key, status=barrier.status)
        for task, barrier in barred
    )
