"""The older sibling's operations on the tasks of a service.

It creates on the same path as CreateTask: `speaks_vas` tells the two apart by the body.
"""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request

from vedette.algorithms.registry import Registry
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, Parts, PartsOf, object_id, received, service_name
from vedette.api.described import takes
from vedette.model.errors import NotReferable, TaskNotFound
from vedette.model.ids import ProjectId, TaskId
from vedette.model.listed import ListedTask
from vedette.model.task import Task, TaskDocument
from vedette.schemas.tasks import Nothing
from vedette.schemas.vas import VasTaskCreate, VasTasksQuery, VasTaskUpdate
from vedette.schemas.vas_info import Lasting, TaskDetails, TaskDetailsPage, hosting_result, lasting, task_details
from vedette.schemas.vas_rules import vas_changes, vas_documents
from vedette.store.idempotency import Repeat
from vedette.store.identity import Principal
from vedette.store.service_tasks import Wanted, count, page
from vedette.store.vault import Vault

ONE = "/v2/{project_id}/services/{service_name}/tasks/{task_id}"
SHOWN: Final = 5_000
"""Documents of which it is remembered what is shown of them; a few MB, without their secrets."""
router = APIRouter(tags=["Tasks (older dialect)"])

ServiceName = Annotated[str, Depends(service_name)]
TaskIdInPath = Annotated[str, Depends(object_id("task_id"))]


async def create_vas(
    request: Request, principal: Principal, service: str, parts: Parts, repeat: Repeat | None
) -> JSONResponse:
    """Create a task for each input of a body in the older dialect; answers with a bare list of their ids."""
    wanted = vas_documents(await received(request, VasTaskCreate), service)
    ids = await parts.tasks.create(principal, wanted, repeat=repeat)
    return JSONResponse([{"id": task_id} for task_id in ids], 201)


@router.get(
    "/v2/{project_id}/services/{service_name}/tasks",
    operation_id="VasListTasksDetails",
    response_model=TaskDetailsPage,
)
async def listed(
    principal: Member, service: ServiceName, parts: PartsOf, query: Annotated[VasTasksQuery, Query()]
) -> JSONResponse:
    """List tasks of a service, with their details."""
    order, _, way = query.order.partition(":")
    wanted = Wanted(
        service,
        query.service_version,
        query.state,
        query.name_like,
        query.id_like,
        query.created_since,
        query.created_until,
        order,
        way == "DESC",
        query.offset,
        query.limit,
    )
    total, tasks = await _listed(parts, principal.project_id, wanted)
    shown = [_lasting(parts.vault, task.sealed) for task in tasks]
    titles = {version: _title(parts.registry, service, version) for version in {one.version for one in shown}}
    details = [task_details(task, one, titles[one.version]) for task, one in zip(tasks, shown, strict=True)]
    return JSONResponse({"count": total, "tasks": details})


async def _listed(parts: Parts, project_id: ProjectId, wanted: Wanted) -> tuple[int, list[ListedTask]]:
    """Return how many tasks match, and those of the page; they are looked up side by side where neither needs the other."""
    if wanted.offset and not wanted.seeks_text:
        total = await parts.db.read(count, project_id, wanted)
        return total, await parts.db.read(page, project_id, wanted, total)
    if wanted.seeks_text and not wanted.offset:
        found = await parts.db.read(page, project_id, wanted, None)
        if len(found) < wanted.limit:  # those are all, and need not be counted
            return len(found), found
        return await parts.db.read(count, project_id, wanted), found
    return await asyncio.gather(parts.db.read(count, project_id, wanted), parts.db.read(page, project_id, wanted, None))


@router.get(ONE, operation_id="VasShowTask", response_model=TaskDetails)
async def show(principal: Member, service: ServiceName, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one task of a service."""
    task = await _of_service(parts, principal, service, task_id)
    return JSONResponse(_details(parts, task) | hosting_result(task.document.output))


@router.put(
    ONE,
    operation_id="VasUpdateTask",
    response_model=TaskDetails,
    openapi_extra=takes(VasTaskUpdate, {"description": "people at the north gate, day and night"}),
)
async def update(
    request: Request, principal: Member, service: ServiceName, task_id: TaskIdInPath, parts: PartsOf
) -> JSONResponse:
    """Update a task of a service: what is absent stays; answers with the task as it is now.

    One that runs takes the change over live, and only another source makes it begin anew. `******` in place of a secret
    leaves the stored one, as long as the host it goes to stays the same.
    """
    wanted = await received(request, VasTaskUpdate)
    before = await _of_service(parts, principal, service, task_id)
    change = vas_changes(wanted, before.document)
    await parts.tasks.update(principal.project_id, before.id, change, actor=principal.user_name)
    task = await _of_service(parts, principal, service, task_id)
    return JSONResponse(_details(parts, task))


@router.delete(ONE, operation_id="VasDeleteTask", status_code=202, response_model=Nothing)
async def delete(principal: Member, service: ServiceName, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a task of a service: it is gone once nothing of it runs any more."""
    return await _tell(parts, principal, service, task_id, parts.tasks.delete)


@router.post(ONE + "/start", operation_id="VasStartTask", status_code=202, response_model=Nothing)
async def start(principal: Member, service: ServiceName, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Start a task of a service; saying it twice does no harm."""
    return await _tell(parts, principal, service, task_id, parts.tasks.start)


@router.post(ONE + "/stop", operation_id="VasStopTask", status_code=202, response_model=Nothing)
async def stop(principal: Member, service: ServiceName, task_id: TaskIdInPath, parts: PartsOf) -> JSONResponse:
    """Stop a task of a service; saying it twice does no harm."""
    return await _tell(parts, principal, service, task_id, parts.tasks.stop)


async def _tell(
    parts: Parts, principal: Principal, service: str, task_id: str, verb: Callable[..., Awaitable[None]]
) -> JSONResponse:
    task = await _of_service(parts, principal, service, task_id)
    await verb(principal.project_id, task.id, actor=principal.user_name)
    return JSONResponse({}, 202)


async def _of_service(parts: Parts, principal: Principal, service: str, task_id: str) -> Task:
    """Return a task of the service; the service of a task never changes, so what is asked next holds still.

    Raises:
        TaskNotFound: the service has none with that id in this project.
    """
    task, _ = await parts.tasks.get(principal.project_id, TaskId(task_id))
    if task.document.service_name != service:
        raise TaskNotFound(f"The service {service} has no task {task_id}.", param="task_id")
    return task


def _details(parts: Parts, task: Task) -> dict[str, Any]:
    shown = lasting(task.document)
    return task_details(task, shown, _title(parts.registry, task.document.service_name, shown.version))


@lru_cache(SHOWN)
def _lasting(vault: Vault, sealed: bytes) -> Lasting:
    """Return what a sealed document says; it never changes, as no two are sealed to the same bytes."""
    return lasting(vault.unseal(sealed, TaskDocument))


def _title(registry: Registry, service: str, version: str) -> tuple[str, str] | None:
    """Return English and Chinese name of a service, or None if it is not installed any more."""
    try:
        manifest = registry.find(service, version).manifest
    except NotReferable:
        return None
    return manifest.title_en, manifest.title_cn
