"""Tasks: create, list, show, update, start, stop, delete."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, object_id, received, service_name
from vedette.api.described import takes
from vedette.api.vas import create_vas
from vedette.api.vas_errors import speaks_vas
from vedette.control.services import lasting_facts, names_of
from vedette.model.errors import InvalidParameter
from vedette.model.ids import TaskId
from vedette.schemas.task_document import TaskInfo
from vedette.schemas.task_info import task_info
from vedette.schemas.task_list import SYNC, TaskList, TaskListQuery, task_entry, wanted_states
from vedette.schemas.task_rules import change_of, documents
from vedette.schemas.tasks import CommandDone, CreatedTask, CreatedTasks, Nothing, TaskCreate, TaskUpdate
from vedette.schemas.vas import VasTaskCreate
from vedette.store import task_lists
from vedette.store.task_lists import TaskFilter

router = APIRouter(tags=["Tasks"])

ServiceName = Annotated[str, Depends(service_name)]
TaskIdInPath = Annotated[str, Depends(object_id("task_id"))]

EXAMPLE: Final[dict[str, Any]] = {
    "name": "north-gate",
    "description": "people at the north gate",
    "service_version": "3.0",
    "input": {"type": "url", "data": [{"url": "rtsp://192.0.2.10:554/main", "index": 0}]},
    "output": {"webhook": {"url": "https://receiver.example.com/events", "headers": {"X-Key": "secret"}}},
    "config": {"common": {}},
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {
    "name": "north-gate",
    "input": {"type": "url", "data": [{"url": "rtsp://192.0.2.10:554/main"}]},
    "output": {"webhook": {"url": "https://receiver.example.com/events", "headers": {"X-Key": "******"}}},
    "schedule": None,
}


async def versions(
    _member: Member,
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` of the task as it was read: the update is refused with 412 if the task has been "
            "changed since. An addition of ours.",
        ),
    ] = None,
) -> frozenset[int] | None:
    """Return the versions that If-Match names, or None if any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(number) for number in re.findall(r'"([0-9]{1,9})"', if_match))


CREATED_AS_BEFORE: dict[int | str, dict[str, Any]] = {
    201: {"model": list[CreatedTask], "description": "Done, asked for in the older dialect: a bare list."}
}
"""What a body in the older dialect is answered with, on the path that both share."""


@router.post(
    "/v1/{project_id}/infer/services/{service_name}/tasks",
    operation_id="CreateTaskV1",
    response_model=CreatedTasks,
    responses=CREATED_AS_BEFORE,
    openapi_extra=takes(TaskCreate, EXAMPLE, or_else=VasTaskCreate),
)
@router.post(
    "/v2/{project_id}/services/{service_name}/tasks",
    operation_id="CreateTask",
    response_model=CreatedTasks,
    responses=CREATED_AS_BEFORE,
    openapi_extra=takes(TaskCreate, EXAMPLE, or_else=VasTaskCreate),
)
async def create(
    request: Request, principal: Member, service: ServiceName, parts: PartsOf, repeat: RepeatOf
) -> JSONResponse:
    """Create a task for each input; answers with their ids, in the order of the inputs."""
    if await speaks_vas(request):
        return await create_vas(request, principal, service, parts, repeat)
    sent = await received(request, TaskCreate)
    ids = await parts.tasks.create(principal, documents(sent, service), template_id=sent.template_id, repeat=repeat)
    return JSONResponse({"tasks": [{"id": task_id} for task_id in ids]})


@router.get("/v2/{project_id}/tasks", operation_id="ListTasks", response_model=TaskList)
async def listed(principal: Member, query: Annotated[TaskListQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List tasks, the newest first unless asked otherwise; each filter leaves fewer of them."""
    states, no_service = wanted_states(query.task_state)
    title, companies, alg_id = query.title or "", query.company, query.alg_id or ""
    wanted = TaskFilter(
        states=states,
        no_service=no_service,
        name=query.task_name or "",
        camera_name=query.camera_name or "",
        service_names=names_of(parts.registry, title=title, companies=companies, alg_id=alg_id)
        if title or companies or alg_id
        else None,
        batch_id=query.batch_id,
        group_ids=query.video_group_id,
    )
    rows = await parts.db.read(
        task_lists.page,
        principal.project_id,
        wanted,
        newest_first=query.sort_dir == "desc",
        offset=(query.page - 1) * query.page_size,
        limit=0 if query.source_data_type == SYNC else query.page_size,
    )
    services = {
        key: lasting_facts(parts.registry, *key) for key in {(row.service_name, row.service_version) for row in rows}
    }
    entries = [task_entry(row, services[row.service_name, row.service_version]) for row in rows]
    return JSONResponse({"count": len(entries), "page": query.page, "page_size": query.page_size, "tasks": entries})


@router.get("/v2/{project_id}/tasks/{task_id}", operation_id="ShowTaskInfo", response_model=TaskInfo)
async def show(principal: Member, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one task. The header `ETag` tells the version of its document, for `If-Match` of an update."""
    shown = await parts.tasks.show(principal.project_id, TaskId(task_id))
    info = task_info(shown.task, shown.service, shown.groups, shown.source, shown.next_change_at)
    return JSONResponse(info, headers={"ETag": f'"{shown.task.version}"'})


@router.put(
    "/v2/{project_id}/tasks/{task_id}",
    operation_id="UpdateTask",
    response_model=Nothing,
    openapi_extra=takes(TaskUpdate, CHANGE_EXAMPLE),
)
async def update(
    request: Request,
    principal: Member,
    task_id: TaskIdInPath,
    parts: PartsOf,
    if_versions: Annotated[frozenset[int] | None, Depends(versions)],
) -> JSONResponse:
    """Update a task; one that runs takes the change over live, and only another source makes it begin anew.

    `******` in place of a secret leaves the stored one, as long as the host it goes to stays the same.
    """
    change = change_of(await received(request, TaskUpdate))
    await parts.tasks.update(
        principal.project_id, TaskId(task_id), change, actor=principal.user_name, versions=if_versions
    )
    return JSONResponse({})


@router.delete("/v2/{project_id}/tasks/{task_id}", operation_id="DeleteTask", response_model=Nothing)
async def delete(principal: Member, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a task: it is gone once nothing of it runs any more."""
    await parts.tasks.delete(principal.project_id, TaskId(task_id), actor=principal.user_name)
    return JSONResponse({})


@router.put(
    "/v2/{project_id}/tasks/{task_id}/action/{command}", operation_id="StartStopTask", response_model=CommandDone
)
async def command(
    principal: Member, task_id: TaskIdInPath, command: Annotated[str, Path()], parts: PartsOf
) -> JSONResponse:
    """Start or stop a task; saying it twice does no harm."""
    verbs = {"start": parts.tasks.start, "stop": parts.tasks.stop}
    if command not in verbs:
        raise InvalidParameter("command must be start or stop.", param="command")
    await verbs[command](principal.project_id, TaskId(task_id), actor=principal.user_name)
    return JSONResponse({"id": task_id, "status_code": 200, "status_msg": "success"})
