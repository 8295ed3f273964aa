"""Orders that end freeze their tasks, and thaw them when they hold again. Found by indexes, a chunk at a time.

A frozen task keeps its document and runs nothing. Whether it was to run before is written down with it, and holds
again when it is thawed; a timetable is calm meanwhile.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from vedette.model.lifecycle import WANTED, Signal, after
from vedette.store import freezing, tasks
from vedette.store.db import Database
from vedette.store.tasks import Standing

ACTOR: Final = "orders"
CHUNK: Final = 200
FRESH: Final[dict[str, object]] = {
    "run_id": None,
    "stream_id": None,
    "frames": 0,
    "crashes": 0,
    "error_code": None,
    "error_message": None,
}


class Expiry:
    """Freezes and thaws what resource orders pay for."""

    def __init__(self, db: Database, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._on_change = on_change

    async def run_once(self, now_ms: int) -> None:
        """Act on all orders that have expired, or hold again."""
        for find, move in ((freezing.to_freeze, _freeze), (freezing.to_thaw, _thaw)):
            # a look keeps nobody waiting, and nearly always there is nothing to do
            while await self._db.read(find, now_ms, 1) and await self._db.write(_step, find, move, now_ms) > 0:
                self._on_change()


def _step(
    conn: Connection,
    find: Callable[[Connection, int, int], list[Standing]],
    move: Callable[[Connection, Standing, int], bool],
    now_ms: int,
) -> int:
    return sum(move(conn, task, now_ms) for task in find(conn, now_ms, CHUNK))


def _freeze(conn: Connection, task: Standing, now_ms: int) -> bool:
    columns: dict[str, object] = {
        "frozen_by": f"{freezing.BY_ORDER}{task.resource_order_id}",
        "resume": int(task.state in WANTED or bool(task.activated)),
        "status": f"Frozen: the resource order {task.resource_order_id} has expired.",
    }
    if task.activated is not None:
        columns |= {"activated": 0, "next_due_at": None}
    cause = "its resource order has expired"
    step = after(task.state, Signal.FREEZE)
    return tasks.move(conn, task, (step,), cause=cause, actor=ACTOR, at=now_ms, **columns)


def _thaw(conn: Connection, task: Standing, now_ms: int) -> bool:
    columns: dict[str, object] = {"frozen_by": None, "resume": None, "status": ""}
    if task.resume:
        columns |= FRESH
        if task.activated is not None:
            columns |= {"activated": 1, "next_due_at": now_ms}  # the timetable says at once whether its window is open
    step = after(task.state, Signal.THAW_RUNNING if task.resume else Signal.THAW)
    return tasks.move(conn, task, (step,), cause="its resource order holds", actor=ACTOR, at=now_ms, **columns)
