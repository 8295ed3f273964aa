"""Video groups: create, change, delete, show, list."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import uuid
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from vedette.api import group_views
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, object_id, received
from vedette.api.described import takes
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId
from vedette.model.quota import Resource
from vedette.model.source import AccessType
from vedette.schemas.video_groups import (
    GroupCreated,
    GroupList,
    GroupQuery,
    VideoGroupCreate,
    VideoGroupInfo,
    VideoGroupUpdate,
)
from vedette.store import groups, idempotency, quotas

router = APIRouter(tags=["Video groups"])

GroupIdInPath = Annotated[str, Depends(object_id("video_group_id"))]
GROUP: Final = "/v2/{project_id}/video-group/{video_group_id}"
SOURCE_ID: Final = "0f6b6a3e-6f0a-4f6e-9b39-0c4c5a1f7d21"
EXAMPLE: Final[dict[str, Any]] = {
    "video_group_name": "gates",
    "access_type": "cloud",
    "description": "all gates of the yard",
}
CHANGED: Final = {"video_group_name": "yard", "video_source_ids": [SOURCE_ID]}


@router.post(
    "/v2/{project_id}/video-group",
    operation_id="CreateVideoGroup",
    openapi_extra=takes(VideoGroupCreate, EXAMPLE),
    response_model=GroupCreated,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Create a video group of one access type, with sources or none; answers with its id."""
    body = await received(request, VideoGroupCreate)
    now = parts.clock()
    group = VideoGroup(
        id=str(uuid.uuid4()),
        project_id=principal.project_id,
        name=body.video_group_name,
        access_type=AccessType(body.access_type),
        description=body.description or "",
        create_at=now,
        modify_at=now,
    )

    def insert(conn: Connection) -> dict[str, Any]:
        groups.insert(conn, group, dict.fromkeys(body.video_source_ids or ()))
        quotas.take(conn, principal.project_id, Resource.GROUPS, 1, parts.quotas)
        return {"video_group_id": group.id}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once))


@router.get("/v2/{project_id}/videoGroup/groups", operation_id="ListVideoGroupsByExample", response_model=GroupList)
@router.get("/v2/{project_id}/video-group/groups", operation_id="ListVideoGroups", response_model=GroupList)
async def find(principal: Member, query: Annotated[GroupQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the video groups of the project, newest first unless another order is asked for."""
    return JSONResponse(await parts.db.read(group_views.group_list, principal.project_id, query, parts.quotas))


@router.get(GROUP, operation_id="ShowVideoGroupDetail", response_model=VideoGroupInfo)
async def show(principal: Member, group_id: GroupIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one video group, with how its sources are."""
    return JSONResponse(await parts.db.read(group_views.group, principal.project_id, group_id))


@router.put(GROUP, operation_id="UpdateVideoGroup", openapi_extra=takes(VideoGroupUpdate, CHANGED), response_model=bool)
async def update(request: Request, principal: Member, group_id: GroupIdInPath, parts: PartsOf) -> JSONResponse:
    """Change a video group: the sources that are sent are all it has from now on; name and description may stay."""
    body = await received(request, VideoGroupUpdate)
    await parts.db.write(_change, principal.project_id, group_id, body, parts.clock())
    return JSONResponse(content=True)


@router.delete(GROUP, operation_id="DeleteVideoGroup", response_model=bool)
async def delete(principal: Member, group_id: GroupIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a video group; its sources stay, and tasks that were made over it go on."""
    await parts.db.write(groups.remove, principal.project_id, group_id)
    return JSONResponse(content=True)


def _change(conn: Connection, project_id: ProjectId, group_id: str, body: VideoGroupUpdate, at: int) -> None:
    known = groups.get(conn, project_id, group_id, hold=True)
    group = replace(
        known,
        name=known.name if body.video_group_name is None else body.video_group_name,
        description=known.description if body.description is None else body.description,
        modify_at=at,
    )
    groups.rewrite(conn, group, dict.fromkeys(body.video_source_ids))
