"""A task's document is changed: what that means for its state, its timetable and its stream.

A task that runs takes its new document over live: its row and its version change, and the desk hands the new version
to its worker. Only if what is opened changes, the stream is left and a new run begins.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.control import task_rules
from vedette.control.reopening import reopen
from vedette.model.errors import IllegalTransition, InvalidParameter
from vedette.model.freezing import AGAIN, OPERATOR
from vedette.model.lifecycle import WANTED, State, is_wanted
from vedette.model.schedule import Schedule
from vedette.model.secrets import unmask
from vedette.model.source import InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.store import ingest, tasks, templates
from vedette.store.vault import Vault

log = structlog.get_logger()

AT_REST: Final = frozenset({State.STOPPED, State.STOPPING})
"""Where a timetable brings a task when its window closes."""


def apply(
    conn: Connection,
    vault: Vault,
    registry: Registry,
    task: Task,
    change: Mapping[str, Any],
    *,
    actor: str,
    now_ms: int,
) -> bool:
    """Change the document of a task; call it in the transaction that read the task.

    Read it after `store.tasks.lock`, and nobody can be quicker.

    Args:
        task: as it stands.
        change: fields of `TaskDocument` and their new values; masked secrets stand for the stored ones.

    Returns:
        False if somebody else moved or changed it since it was read; nothing was written then.

    Raises:
        IllegalTransition: it is being deleted.
        InvalidParameter: a rule is broken, a masked secret would go elsewhere, or a `video_source` would become another
            kind of input.
        NotReferable: its new video source or order do not exist.
        TaskNameTaken: another task of the project has the new name.
    """
    if task.state is State.DELETING:
        raise IllegalTransition("A task that is being deleted cannot be changed.")
    before = task.document
    document = unmask(replace(before, **change), before)
    if before.input.type is InputType.VIDEO_SOURCE is not document.input.type:
        raise InvalidParameter("The input type video_source of a task cannot be changed to another.", param="type")
    changed = [
        field.name for field in fields(TaskDocument) if getattr(document, field.name) != getattr(before, field.name)
    ]
    if changed and not _write(conn, vault, registry, task, document, actor, now_ms):
        return False
    if change.get("is_saved_as_template"):
        templates.keep(conn, replace(task, document=document), now_ms)
    log.info("task changed", task=task.id, fields=changed, actor=actor)
    return True


def _write(
    conn: Connection, vault: Vault, registry: Registry, task: Task, document: TaskDocument, actor: str, now_ms: int
) -> bool:
    columns = {
        "warnings": task_rules.check(conn, registry, task.project_id, document, now_ms, task.document),
        "input_name": task_rules.input_name(document.input),
        "parked_for": None,  # what it waited for may matter no more
        **timetable(task, document.schedule, now_ms),
    }
    if task.frozen_by and task.frozen_by != OPERATOR and document.resource_order_id != task.document.resource_order_id:
        columns["frozen_by"] = AGAIN  # what froze it may concern it no more
    if not tasks.rewrite(conn, vault, task, document, **columns):
        return False
    if document.output != task.document.output:
        ingest.renew_secrets(conn, vault, task.id, document.output)
    if _opened(document.input) == _opened(task.document.input):
        return True
    return reopen(conn, replace(task, document=document, version=task.version + 1), actor=actor, at=now_ms)


def timetable(task: Task, schedule: Schedule | None, now_ms: int) -> dict[str, Any]:
    """Return the columns that let a task obey a new timetable at once; what is due is done by the scheduler."""
    if schedule == task.document.schedule:
        return {}
    halted = task.halted_by is not None
    if schedule is None:
        # one that waits for its window was asked to run: nothing holds it back any more
        waits = task.activated and task.state in AT_REST and not halted
        return {"activated": True, "next_due_at": now_ms} if waits else {"activated": None, "next_due_at": None}
    asked = is_wanted(task.state, task.resume) or halted  # of a frozen one the thaw knows whether it is to run
    if not (asked if task.activated is None else task.activated):
        return {"activated": False, "next_due_at": None}
    at_once = task.state in WANTED | AT_REST and not halted  # one that has ended is not begun again by a new timetable
    return {"activated": True, "next_due_at": now_ms if at_once else schedule.next_change(now_ms)}


def _opened(given: TaskInput) -> tuple[object, ...]:
    """Return what of an input decides which stream is opened, and how."""
    datum = given.datum
    what: dict[InputType, tuple[object, ...]] = {
        InputType.VIDEO_SOURCE: (datum.video_source_id,),
        InputType.OBS: (datum.bucket, datum.path),
        InputType.URL: (datum.url,),
        InputType.RESTFUL: (datum.url, datum.headers, bool(datum.certificate_check), datum.rtsp_path_in_response),
        InputType.EDGECAMERA: (datum.id,),
        InputType.VCN: (datum.device_id, datum.stream_type or 1, given.vcn),
    }
    return given.type, *what[given.type]
