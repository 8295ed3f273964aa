"""What an operator freezes and thaws beside the running service, which takes notice within a second."""

from vedette.app.ground import ground, now_ms
from vedette.app.sales import project_of
from vedette.control.freezes import Freezes, TaskFreeze
from vedette.model.freezing import ProjectFreeze
from vedette.model.ids import TaskId
from vedette.settings import Settings
from vedette.store.db import Database
from vedette.store.vault import Vault

ACTOR = "operator"
"""Who has done it, in the history of the tasks."""


async def freeze_task(settings: Settings, project: str | None, task_id: str, reason: str) -> TaskFreeze:
    """Freeze a task, and return what freezes it.

    Raises:
        InvalidParameter: the project is not known.
        TaskNotFound: it has no such task.
        IllegalTransition: the task is being deleted.
    """
    async with ground(settings) as base:
        chosen, freezes = await project_of(base.db, project), _freezes(base.db, base.vault)
        await freezes.freeze_task(chosen, TaskId(task_id), reason, actor=ACTOR)
        return await freezes.of_task(chosen, TaskId(task_id))


async def thaw_task(settings: Settings, project: str | None, task_id: str) -> TaskFreeze:
    """Take back the operator's freeze of a task, and return what freezes it still.

    Raises:
        InvalidParameter: the project is not known.
        TaskNotFound: it has no such task.
        IllegalTransition: something else froze it.
    """
    async with ground(settings) as base:
        chosen, freezes = await project_of(base.db, project), _freezes(base.db, base.vault)
        await freezes.thaw_task(chosen, TaskId(task_id), actor=ACTOR)
        return await freezes.of_task(chosen, TaskId(task_id))


async def freeze_project(settings: Settings, project: str | None, reason: str) -> ProjectFreeze:
    """Freeze a project.

    Raises:
        InvalidParameter: it is not known.
    """
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        return await _freezes(base.db, base.vault).freeze_project(chosen, reason, actor=ACTOR)


async def thaw_project(settings: Settings, project: str | None) -> None:
    """Thaw a project.

    Raises:
        InvalidParameter: it is not known.
    """
    async with ground(settings) as base:
        await _freezes(base.db, base.vault).thaw_project(await project_of(base.db, project), actor=ACTOR)


def _freezes(db: Database, vault: Vault) -> Freezes:
    return Freezes(db, vault, lambda: None, now_ms)
