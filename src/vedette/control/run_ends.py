"""What is told when a run has ended for good: the summary that file tasks write last, beside their events.

It is decided in the transaction that ends the run, so it is decided once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from vedette.control.input_paths import file_of
from vedette.model.errors import advice_on
from vedette.model.lifecycle import State
from vedette.model.secrets import hide_userinfo
from vedette.model.source import Liveness
from vedette.model.task import Task
from vedette.store import run_results, tasks
from vedette.store.tasks import Standing
from vedette.store.vault import Vault

OVER: Final[Mapping[State, str]] = {
    State.SUCCEEDED: "the file is finished",
    State.FAILED: "it broke",
    State.START_FAILED: "it could not be opened",
    State.STOPPED: "it was stopped",
}
"""States in which a run has ended for good, and what is said of it if nothing else is known."""
FAILED: Final = frozenset({State.FAILED, State.START_FAILED, State.CREATE_FAILED})


def move(
    conn: Connection,
    vault: Vault,
    task: Task | Standing,
    path: Sequence[State],
    *,
    cause: str,
    actor: str,
    at: int,
    **columns: Any,
) -> bool:
    """Move a task as `store.tasks.move` does; if that ends the run of a file, let its summary be sent.

    One that has failed is told what can be done about it.
    """
    code = columns.get("error_code", task.error_code)
    if path and path[-1] in FAILED and code and not columns.get("status"):
        columns["status"] = advice_on(code)
    moved = tasks.move(conn, task, path, cause=cause, actor=actor, at=at, **columns)
    # a stream of its own is a file's; a live one is shared, and named otherwise. One that is thawed left it before
    of_file = task.state is State.FROZEN or str(task.stream_id) == task.run_id
    if moved and path and path[-1] in OVER and task.run_id is not None and of_file:
        for ended in tasks.some(conn, vault, [task.id]):
            _tell(conn, vault, ended, at)
    return moved


def _tell(conn: Connection, vault: Vault, task: Task, at: int) -> None:
    output = task.document.output.obs
    if output is None:
        return
    file = file_of(conn, vault, task)
    if file is None or (file.liveness is Liveness.EITHER and task.state is not State.SUCCEEDED):
        return
    summary = {"path": file.path or task.id, "summary": _summary(task, file.shown, at)}
    run_results.announce(conn, vault, task, output, summary, at)


def _summary(task: Task, shown: Mapping[str, Any], at: int) -> dict[str, Any]:
    reason = task.error_message or task.status
    if task.state is State.SUCCEEDED or not reason:
        reason = OVER[task.state]
    document = task.document
    return {
        "task_id": task.id,
        "run_id": task.run_id,
        "name": document.name,
        "service_name": document.service_name,
        "service_version": document.service_version,
        "input": shown,
        "state": task.state,
        "reason": hide_userinfo(reason),
        "error_code": task.error_code,
        "frames": task.frames,
        "started_at": task.run_started_at,
        "ended_at": at,
    }
