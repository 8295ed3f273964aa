"""Tasks: create, show, start, stop, delete."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse

from vedette.api.deps import Member, PartsOf, object_id, received, service_name
from vedette.api.vas import create_vas
from vedette.api.vas_errors import speaks_vas
from vedette.model.errors import InvalidParameter
from vedette.model.ids import TaskId
from vedette.schemas.task_info import task_info
from vedette.schemas.task_rules import documents
from vedette.schemas.tasks import TaskCreate

router = APIRouter(tags=["Tasks"])

ServiceName = Annotated[str, Depends(service_name)]
TaskIdInPath = Annotated[str, Depends(object_id("task_id"))]


@router.post("/v1/{project_id}/infer/services/{service_name}/tasks", operation_id="CreateTaskV1")
@router.post("/v2/{project_id}/services/{service_name}/tasks", operation_id="CreateTask")
async def create(request: Request, principal: Member, service: ServiceName, parts: PartsOf) -> JSONResponse:
    """Create a task for each input; answers with their ids, in the order of the inputs."""
    if await speaks_vas(request):
        return await create_vas(request, principal, service, parts)
    wanted = documents(await received(request, TaskCreate), service)
    ids = await parts.tasks.create(principal, wanted)
    return JSONResponse({"tasks": [{"id": task_id} for task_id in ids]})


@router.get("/v2/{project_id}/tasks/{task_id}", operation_id="ShowTaskInfo")
async def show(principal: Member, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one task."""
    task, service = await parts.tasks.get(principal.project_id, TaskId(task_id))
    facts: dict[str, Any] = asdict(service) if service else {}
    return JSONResponse(task_info(task, facts))


@router.delete("/v2/{project_id}/tasks/{task_id}", operation_id="DeleteTask")
async def delete(principal: Member, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a task: it is gone once nothing of it runs any more."""
    await parts.tasks.delete(principal.project_id, TaskId(task_id), actor=principal.user_name)
    return JSONResponse({})


@router.put("/v2/{project_id}/tasks/{task_id}/action/{command}", operation_id="StartStopTask")
async def command(
    principal: Member, task_id: TaskIdInPath, command: Annotated[str, Path()], parts: PartsOf
) -> JSONResponse:
    """Start or stop a task; saying it twice does no harm."""
    verbs = {"start": parts.tasks.start, "stop": parts.tasks.stop}
    if command not in verbs:
        raise InvalidParameter("command must be start or stop.", param="command")
    await verbs[command](principal.project_id, TaskId(task_id), actor=principal.user_name)
    return JSONResponse({"id": task_id, "status_code": 200, "status_msg": "success"})
