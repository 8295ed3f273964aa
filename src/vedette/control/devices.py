"""Edge devices that change: tasks that look at them begin anew, and what is in use stays.

A task names its device in its sealed document. Its name in lists, `input_name`, is the device's id as well: that column
finds the few tasks whose documents are then read.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from vedette.control.reopening import reopen, reopen_source
from vedette.control.tasks import TRIES
from vedette.model.device import Device, opened
from vedette.model.errors import IllegalTransition
from vedette.model.ids import ProjectId, TaskId
from vedette.model.source import InputType, SourceKind
from vedette.model.task import Task
from vedette.store import devices, source_looks, tasks
from vedette.store.tables import tasks as task_rows
from vedette.store.tables import video_sources
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which device, and when."""

    project_id: ProjectId
    device_id: str
    actor: str
    at: int


def insert(conn: Connection, vault: Vault, device: Device) -> None:
    """Write a new device; sources that stood for it before it was there are looked at again.

    Raises:
        AlreadyExists: the project has a device with this id.
        NameTaken: a device of the project has the name.
    """
    devices.insert(conn, vault, device)
    for source_id in sources(conn, ProjectId(device.project_id), device.id):
        source_looks.reset(conn, device.project_id, source_id, device.created_at)


def change(conn: Connection, vault: Vault, by: Change, edit: Callable[[Device], Device]) -> bool:
    """Change a device; return whether something else is opened from now on.

    Its tasks are told then: those that are at work begin anew on what it is now.

    Args:
        edit: makes of the stored device the one that is wanted.

    Raises:
        NotFound: the project has no such device.
        NameTaken: another device of the project has the name.
        IllegalTransition: a task of it changes too quickly.
    """
    stored = devices.get(conn, vault, by.project_id, by.device_id, hold=True)
    device = replace(edit(stored), updated_at=by.at)
    devices.rewrite(conn, vault, device)
    if opened(device) == opened(stored):
        return False
    left = _reopened(looking(conn, vault, by.project_id, by.device_id), conn, by)
    for source_id in sources(conn, by.project_id, by.device_id):
        source_looks.reset(conn, by.project_id, source_id, by.at)
        left += reopen_source(conn, vault, by.project_id, source_id, actor=by.actor, at=by.at)
    for _ in range(TRIES):
        if not left:
            return True
        left = _reopened(tasks.some(conn, vault, left), conn, by)
    raise IllegalTransition("A task of the edge device changes too quickly for it to be changed.")


def remove(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str) -> None:
    """Remove a device.

    Raises:
        NotFound: the project has no such device.
        IllegalTransition: tasks or video sources refer to it.
    """
    devices.get(conn, vault, project_id, device_id, hold=True)
    used = {
        "tasks": len(looking(conn, vault, project_id, device_id)),
        "video sources": len(sources(conn, project_id, device_id)),
    }
    if said := " and ".join(f"{count} {what}" for what, count in used.items() if count):
        raise IllegalTransition(f"{said} refer to the edge device: delete them first.")
    devices.remove(conn, project_id, device_id)


def looking(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str) -> list[Task]:
    """Return the tasks whose input is this device."""
    here = (task_rows.c.project_id == project_id, task_rows.c.input_name == device_id)
    named = [TaskId(task_id) for task_id in conn.execute(select(task_rows.c.id).where(*here)).scalars()]
    return [task for task in tasks.some(conn, vault, named) if task.document.input.type is InputType.EDGECAMERA]


def sources(conn: Connection, project_id: ProjectId, device_id: str) -> list[str]:
    """Return the ids of the video sources that stand for this device."""
    mine = (video_sources.c.project_id == project_id, video_sources.c.device_id == device_id)
    cameras = select(video_sources.c.id).where(*mine, video_sources.c.kind == SourceKind.CAMERA)
    return list(conn.execute(cameras).scalars())


def _reopened(found: list[Task], conn: Connection, by: Change) -> tuple[TaskId, ...]:
    """Reopen tasks; return those that somebody else moved first."""
    return tuple(
        task.id for task in found if not reopen(conn, task, actor=by.actor, at=by.at, version=task.version + 1)
    )
