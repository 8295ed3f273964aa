"""Batch tasks: one configuration, fanned out over groups and sources."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request

from vedette.algorithms.registry import Registry
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, object_id, received
from vedette.api.described import takes
from vedette.control.services import facts
from vedette.model.errors import InvalidParameter
from vedette.schemas.batch_info import BatchList, BatchListQuery, BatchResult, batch_entry, batch_result
from vedette.schemas.batch_tasks import BatchCreate, BatchUpdate, batch_change, batch_document
from vedette.store import batch_lists
from vedette.store.batch_lists import BatchFilter, BatchOrder

router = APIRouter(tags=["Batch tasks"])

BatchId = Annotated[str, Depends(object_id("id"))]

EXAMPLE: Final[dict[str, Any]] = {
    "name": "entrances",
    "batch_input": {
        "video_source_group": [
            {
                "video_source_group_id": "3f0c5b0e-7a55-4c0e-9d0e-1b1f6f7f2a11",
                "video_source_list": [{"video_source_id": "8d3c1f52-6f0b-4a55-bb43-0a2c6a1d9e01", "target_roi": ""}],
            }
        ]
    },
    "output": {"event_center": True},
    "service_name": "c-intrusiondetection-cloud",
    "service_version": "3.0",
    "config": {"common": {}},
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {"description": "all entrances", "output": {"event_center": True}}


@router.post(
    "/v2/{project_id}/batch-tasks",
    operation_id="CreateBatchTask",
    response_model=BatchResult,
    openapi_extra=takes(BatchCreate, EXAMPLE),
)
async def create(request: Request, principal: Member, parts: PartsOf, repeat: RepeatOf) -> JSONResponse:
    """Create a task for each source of each group, all with one configuration.

    Each child is checked as a single task is: one that cannot be made is counted and told, the others are made. What is
    wrong for all of them, such as an unknown service, refuses the whole request.
    """
    wanted = batch_document(await received(request, BatchCreate))
    return JSONResponse(batch_result(*await parts.batches.create(principal, wanted, repeat)))


@router.get("/v2/{project_id}/batch-tasks", operation_id="ListBatchTasks", response_model=BatchList)
async def listed(principal: Member, query: Annotated[BatchListQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List batch tasks, with the number of children in each state."""
    states, no_service = query.states()
    wanted = BatchFilter(
        groups=query.video_group,
        states=states,
        no_service=no_service,
        name_like=query.name_like,
        by_service=query.type_like == "publish_service_name",
        services=_services(parts.registry, query.manufacturer, query.title),
    )
    order = BatchOrder(
        by_count=query.sort_name == "task_count",
        descending=query.order_by == "desc",
        offset=(query.page_num - 1) * query.page_size if query.is_paged else 0,
        limit=query.page_size if query.is_paged else None,
    )
    count, found = await batch_lists.page(parts.db, principal.project_id, wanted, order)
    known = _facts(parts.registry)
    entries = [batch_entry(one, known.get(one.service_name, {})) for one in found]
    return JSONResponse({"count": count, "batch_task_list": entries})


@router.put(
    "/v2/{project_id}/batch-tasks/{id}",
    operation_id="UpdateBatchTask",
    response_model=BatchResult,
    openapi_extra=takes(BatchUpdate, CHANGE_EXAMPLE),
)
async def update(request: Request, principal: Member, batch_id: BatchId, parts: PartsOf) -> JSONResponse:
    """Change all children of a batch task; those that run take it over without a stop.

    What is absent stays as it is. With `batch_input`, children of sources that are not named any more are deleted, and
    missing ones are made.
    """
    change = batch_change(await received(request, BatchUpdate))
    tally = await parts.batches.update(principal.project_id, batch_id, change, actor=principal.user_name)
    return JSONResponse(batch_result(batch_id, tally))


@router.delete("/v2/{project_id}/batch-tasks/{id}", operation_id="DeleteBatchTask", response_model=BatchResult)
async def delete(principal: Member, batch_id: BatchId, parts: PartsOf) -> JSONResponse:
    """Delete a batch task with its children: it is gone at once, and they are once nothing of them runs any more."""
    tally = await parts.batches.delete(principal.project_id, batch_id, actor=principal.user_name)
    return JSONResponse(batch_result(batch_id, tally))


@router.put(
    "/v2/{project_id}/batch-tasks/{id}/action/{command}",
    operation_id="BatchStartStopTask",
    response_model=BatchResult,
)
async def command(
    principal: Member, batch_id: BatchId, command: Annotated[str, Path()], parts: PartsOf
) -> JSONResponse:
    """Start or stop all children of a batch task; those whose state forbids it are counted and told."""
    verbs = {"start": parts.batches.start, "stop": parts.batches.stop}
    if command not in verbs:
        raise InvalidParameter("command must be start or stop.", param="command")
    tally = await verbs[command](principal.project_id, batch_id, actor=principal.user_name)
    return JSONResponse(batch_result(batch_id, tally))


def _services(registry: Registry, manufacturer: str | None, title: str | None) -> list[str] | None:
    """Return the services of a maker and with a title, or None if neither is asked for."""
    if manufacturer is None and title is None:
        return None
    return [
        service.name.name
        for service in registry.services()
        if (manufacturer is None or service.manifest.company == manufacturer)
        and (title is None or _is_titled(service.manifest.title_en, service.manifest.title_cn, title))
    ]


def _is_titled(english: str, chinese: str, title: str) -> bool:
    return any(title.lower() in known.lower() for known in (english, chinese))


def _facts(registry: Registry) -> dict[str, dict[str, str]]:
    """Return what a list says of each service, by name."""
    found = {}
    for service in registry.services():
        known = facts(registry, service.name.name, service.manifest.versions[0])
        if known is not None:
            found[service.name.name] = {"title": known.title, "company": known.company, "type": known.type}
    return found
