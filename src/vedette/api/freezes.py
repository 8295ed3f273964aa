"""Freezes of tasks and projects, additions of ours: everybody in the project reads them, the operator sets them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request

from vedette.api.answers import JSONResponse
from vedette.api.deps import Administrator, Caller, Parts, PartsOf, received
from vedette.api.described import takes
from vedette.api.orders import Minded, Readable
from vedette.control.freezes import Freezes
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, TaskId
from vedette.schemas.common import OBJECT_ID, matches
from vedette.schemas.freezes import (
    FreezeBody,
    ProjectFreezeInfo,
    TaskFreezeInfo,
    project_freeze_info,
    task_freeze_info,
)

router = APIRouter(tags=["Freezes"])

PROJECT: Final = "/vedette/v1/{project_id}/freeze"
TASK: Final = "/vedette/v1/{project_id}/tasks/{task_id}/freeze"
EXAMPLE: Final = {"reason": "The invoice of May is not paid."}


async def task(_principal: Caller, task_id: Annotated[str, Path()]) -> TaskId:
    """Return the task of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    if not matches(OBJECT_ID, task_id):
        raise InvalidParameter(f"task_id: it does not have the form ^{OBJECT_ID}$.", param="task_id")
    return TaskId(task_id)


TaskInPath = Annotated[TaskId, Depends(task)]


@router.get(PROJECT, operation_id="ShowProjectFreeze", response_model=ProjectFreezeInfo)
async def show_project(project_id: Readable, parts: PartsOf) -> JSONResponse:
    """Show whether an operator has frozen the project, and why."""
    return JSONResponse(project_freeze_info(await _freezes(parts).of_project(project_id)))


@router.put(
    PROJECT,
    operation_id="FreezeProject",
    openapi_extra=takes(FreezeBody, EXAMPLE),
    response_model=ProjectFreezeInfo,
)
async def freeze_project(
    request: Request, principal: Administrator, project_id: Minded, parts: PartsOf
) -> JSONResponse:
    """Freeze a project; needs the role te_admin. Its tasks are frozen, none is started or created.

    What is stored can be read, changed and deleted, and deliveries that wait go on.
    """
    body = await received(request, FreezeBody)
    done = await _freezes(parts).freeze_project(project_id, body.reason or "", actor=principal.user_name)
    return JSONResponse(project_freeze_info(done))


@router.delete(PROJECT, operation_id="ThawProject", response_model=ProjectFreezeInfo)
async def thaw_project(principal: Administrator, project_id: Minded, parts: PartsOf) -> JSONResponse:
    """Thaw a project; needs the role te_admin. Each task that nothing else freezes comes back to what it was."""
    await _freezes(parts).thaw_project(project_id, actor=principal.user_name)
    return JSONResponse(project_freeze_info(None))


@router.get(TASK, operation_id="ShowTaskFreeze", response_model=TaskFreezeInfo)
async def show_task(project_id: Readable, task_id: TaskInPath, parts: PartsOf) -> JSONResponse:
    """Show all that freezes a task, and what it comes back to."""
    return JSONResponse(await _shown(parts, project_id, task_id))


@router.put(TASK, operation_id="FreezeTask", openapi_extra=takes(FreezeBody, EXAMPLE), response_model=TaskFreezeInfo)
async def freeze_task(
    request: Request, principal: Administrator, project_id: Minded, task_id: TaskInPath, parts: PartsOf
) -> JSONResponse:
    """Freeze a task; needs the role te_admin. It is FREEZING while something of it runs, then FROZEN."""
    body = await received(request, FreezeBody)
    await _freezes(parts).freeze_task(project_id, task_id, body.reason or "", actor=principal.user_name)
    return JSONResponse(await _shown(parts, project_id, task_id))


@router.delete(TASK, operation_id="ThawTask", response_model=TaskFreezeInfo)
async def thaw_task(principal: Administrator, project_id: Minded, task_id: TaskInPath, parts: PartsOf) -> JSONResponse:
    """Take back an operator's freeze of a task; needs the role te_admin. It thaws if nothing else freezes it."""
    await _freezes(parts).thaw_task(project_id, task_id, actor=principal.user_name)
    return JSONResponse(await _shown(parts, project_id, task_id))


def _freezes(parts: Parts) -> Freezes:
    return Freezes(parts.db, parts.vault, parts.tasks.wake, parts.clock)


async def _shown(parts: Parts, project_id: ProjectId, task_id: TaskId) -> dict[str, object]:
    found = await _freezes(parts).of_task(project_id, task_id)
    return task_freeze_info(frozen=found.frozen, since=found.since, causes=found.causes, comes_back=found.comes_back)
