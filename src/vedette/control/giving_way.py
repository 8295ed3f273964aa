"""How a task gives way to a more important one, and how it comes back; who does is decided by `control.precedence`.

It is told to stop, by the service and with the reason, as anybody could; when nothing of it runs any more it is started,
and waits in the line by its own priority. It keeps its run: what it has seen counts on.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from vedette.control.precedence import HALTED, Pair
from vedette.model.ids import TaskId
from vedette.model.lifecycle import Signal, State, path
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.vault import Vault

ACTOR: Final = "service"
STATUS: Final = "It gives way to the more important task {}, and goes on when there is room."


def stop(conn: Connection, pairs: Iterable[Pair], now_ms: int) -> int:
    """Let tasks give way; return how many do."""
    return sum(
        tasks.move(
            conn, victim, path(victim.state, (Signal.STOP,)), cause=f"it gives way to the more important task {task.id}",
            actor=ACTOR, at=now_ms, halted_by=HALTED, status=STATUS.format(task.id),
        )
        for victim, task in pairs
    )  # fmt: skip


def come_back(conn: Connection, vault: Vault, stopped: Sequence[TaskId], now_ms: int) -> int:
    """Let those that gave way wait in the line again, unless their timetable has closed or is not obeyed any more."""
    return sum(
        tasks.move(
            conn,
            task,
            path(task.state, (Signal.START,)),
            cause="it waits for room again",
            actor=ACTOR,
            at=now_ms,
            status="",
        )
        if _may_run(task, now_ms)
        else tasks.move(conn, task, (), cause="", actor=ACTOR, at=now_ms, halted_by=None)
        for task in tasks.some(conn, vault, stopped)
        if task.state is State.STOPPED and task.halted_by == HALTED
    )


def _may_run(task: Task, now_ms: int) -> bool:
    schedule = task.document.schedule
    return schedule is None or (bool(task.activated) and schedule.is_open(now_ms))
