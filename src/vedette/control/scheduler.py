"""The timetable: a window opens, the task is started; it closes, the task is stopped. Found by an index, not by a scan."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from vedette.model.lifecycle import CLEARING, RESTING, WANTED, Signal, path
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

ACTOR: Final = "timetable"
NEVER: Final = "Outside its timetable, which does not open any more."
BATCH: Final = 500
AGAIN_MS: Final = 1000
"""A window that opens while the run before is still being ended is looked at again after this."""


class Scheduler:
    """Starts and stops tasks when their windows open and close."""

    def __init__(self, db: Database, vault: Vault, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._vault = vault
        self._on_change = on_change

    async def run_once(self, now_ms: int) -> int | None:
        """Act on all that is due; return when something is next due, milliseconds since the epoch."""
        following = await self._db.read(tasks.next_due)
        while following is not None and following <= now_ms:
            following = await self._db.write(self._act, now_ms)
            self._on_change()
        return following

    def _act(self, conn: Connection, now_ms: int) -> int | None:
        for task in tasks.due(conn, self._vault, now_ms, BATCH):
            apply(conn, task, now_ms)
        return tasks.next_due(conn)


def apply(conn: Connection, task: Task, now_ms: int, *, actor: str = ACTOR) -> None:
    """Bring one task to where its timetable has it now, and note when to look again."""
    schedule = task.document.schedule
    if not task.activated:
        tasks.move(conn, task, (), cause="", actor=actor, at=now_ms, next_due_at=None)
        return
    following = schedule.next_change(now_ms) if schedule else None
    columns: dict[str, object] = {"next_due_at": following}
    signals: tuple[Signal, ...] = ()
    cause = ""
    if schedule is None or schedule.is_open(now_ms):
        if task.state in CLEARING:
            columns["next_due_at"] = now_ms + AGAIN_MS  # it can be started when nothing of it runs any more
        elif task.state in RESTING:
            columns |= {"run_id": None, "stream_id": None, "error_code": None, "error_message": None, "status": ""}
            signals, cause = (Signal.START,), "its window has opened" if schedule else "its timetable was removed"
        if schedule is None and task.state not in CLEARING:
            columns["activated"] = None
    else:
        columns |= {
            "status": NEVER if following is None else f"Outside its timetable; it starts again at {_iso(following)}."
        }
        signals, cause = ((Signal.STOP,) if task.state in WANTED else ()), "its window has closed"
    tasks.move(conn, task, path(task.state, signals), cause=cause, actor=actor, at=now_ms, **columns)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
