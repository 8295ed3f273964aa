"""The timetable: a window opens, the task is started; it closes, the task is stopped. Found by an index, not by a scan.

What is due is decided by what the clock says now, never by what it said before: a machine that slept, or a clock that was
set forward, finds many changes due at once, and acts on the last. A clock that is set back leaves moments written down
under the time that never came; then, and whenever a service begins to act, all timetables are looked at anew, a few at a
time and beside the others' work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from vedette.model.ids import TaskId
from vedette.model.lifecycle import CLEARING, RESTING, WANTED, Signal, State, is_wanted, path
from vedette.model.schedule import Schedule
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

ACTOR: Final = "timetable"
NEVER: Final = "Outside its timetable, which does not open any more; change its schedule to run it again."
REMOVED: Final = "its timetable was removed"
BATCH: Final = 500
"""Tasks that one transaction moves: whoever else wants to write has their turn in between."""
REVIEWED: Final = 100
"""Timetables that are looked at anew in one go."""
AGAIN_MS: Final = 1000
"""A window that opens while the run before is still being ended is looked at again after this."""
GRACE_MS: Final = 60_000
"""A run whose window opens within this time is not ended for it: the clock was corrected a little, or is another's."""

Found = tuple[bool, int | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a task whose timetable is due; the same for all that are alike."""

    path: tuple[State, ...]
    cause: str
    columns: tuple[tuple[str, object], ...]


class Scheduler:
    """Starts and stops tasks when their windows open and close."""

    def __init__(self, db: Database, vault: Vault, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._vault = vault
        self._on_change = on_change
        self._doubted = True
        self._unreviewed: Sequence[TaskId] = ()

    async def run_once(self, now_ms: int) -> int | None:
        """Act on all that is due; return when something is next due, milliseconds since the epoch."""
        following = await self._db.read(tasks.next_due)
        moved = True
        while moved and following is not None and following <= now_ms:
            moved, following = await self._db.write(self._act, now_ms)
            self._on_change()
        return following

    def doubt(self) -> None:
        """Say that moments may be written down that were reckoned with another clock."""
        self._doubted = True

    async def review(self, now_ms: int) -> bool:
        """Look at some timetables anew, if there is doubt; return whether others are left."""
        if self._doubted:
            self._doubted, self._unreviewed = False, await self._db.read(tasks.due_later, now_ms)
        some, self._unreviewed = self._unreviewed[:REVIEWED], self._unreviewed[REVIEWED:]
        if some and (wrong := await self._db.read(self._wrong, some, now_ms)):
            await self._db.write(_mend, wrong, now_ms)
        return bool(self._unreviewed)

    def _act(self, conn: Connection, now_ms: int) -> tuple[bool, int | None]:
        known: dict[Schedule, Found] = {}
        alike: dict[tuple[State, int, Change], list[Task]] = {}
        for task in tasks.due(conn, self._vault, now_ms, BATCH):
            alike.setdefault((task.state, task.version, decide(task, now_ms, known)), []).append(task)
        moved = 0
        for (_, _, change), group in alike.items():
            moved += tasks.move_all(
                conn, group, change.path, cause=change.cause, actor=ACTOR, at=now_ms, **dict(change.columns)
            )
        return moved > 0, tasks.next_due(conn)

    def _wrong(self, conn: Connection, some: Sequence[TaskId], now_ms: int) -> list[tuple[Task, int | None]]:
        read = tasks.some(conn, self._vault, some)
        due = [(task, mended(task, now_ms)) for task in read if (task.next_due_at or 0) > now_ms]
        return [(task, at) for task, at in due if at != task.next_due_at]


def decide(task: Task, now_ms: int, known: dict[Schedule, Found]) -> Change:
    """Return what brings a task to where its timetable has it now, and when to look again.

    Args:
        known: what timetables say at this moment: many tasks have the same.
    """
    schedule = task.document.schedule
    if not task.activated:
        return Change((), "", (("next_due_at", None),))
    is_open, following = (True, None) if schedule is None else _find(schedule, now_ms, known)
    columns: dict[str, object] = {"next_due_at": following}
    signals: tuple[Signal, ...] = ()
    cause = ""
    if is_open:
        if _is_ending(task):
            columns["next_due_at"] = now_ms + AGAIN_MS  # it can be started when nothing of it runs any more
        elif task.state in RESTING:
            columns |= {"run_id": None, "stream_id": None, "error_code": None, "error_message": None, "status": ""}
            signals, cause = (Signal.START,), _why(schedule, task, "opened", "run") if schedule else REMOVED
        if schedule is None and columns["next_due_at"] is None:
            columns["activated"] = None
    else:
        columns |= {
            "status": NEVER if following is None else f"Outside its timetable; it starts again at {_iso(following)}."
        }
        signals = (Signal.STOP,) if is_wanted(task.state, task.resume) else ()
        cause = _why(schedule, task, "closed", "rest")
    return Change(tuple(path(task.state, signals)), cause, tuple(columns.items()))


def _why(schedule: Schedule | None, task: Task, turned: str, told: str) -> str:
    """Return why a timetable moves a task: a window that opens or closes, or an edit, a start or a clock that was set."""
    due = task.next_due_at
    at_edge = schedule is not None and due is not None and schedule.is_open(due) is not schedule.is_open(due - 1)
    return f"its window has {turned}" if at_edge else f"its timetable has it {told} now"


def mended(task: Task, now_ms: int) -> int | None:
    """Return when a timetable is really due that is not due now, by the clock there is now."""
    schedule = task.document.schedule
    if schedule is None:
        return min(task.next_due_at or now_ms, now_ms + AGAIN_MS)
    is_open, following = schedule.is_open(now_ms), schedule.next_change(now_ms)
    if _is_ending(task):
        return now_ms + AGAIN_MS if is_open else following
    idle = task.state is State.STOPPED and task.halted_by is None  # one that has ended by itself is not begun again
    early = is_wanted(task.state, task.resume) and (following is None or following - now_ms > GRACE_MS)
    return now_ms if (idle if is_open else early) else following


def _is_ending(task: Task) -> bool:
    return task.state in CLEARING or (task.state in WANTED and not is_wanted(task.state, task.resume))


def _find(schedule: Schedule, now_ms: int, known: dict[Schedule, Found]) -> Found:
    found = known.get(schedule)
    if found is None:
        found = known[schedule] = schedule.is_open(now_ms), schedule.next_change(now_ms)
    return found


def _mend(conn: Connection, wrong: Sequence[tuple[Task, int | None]], now_ms: int) -> None:
    for task, at in wrong:
        tasks.move(conn, task, (), cause="", actor=ACTOR, at=now_ms, next_due_at=at)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
