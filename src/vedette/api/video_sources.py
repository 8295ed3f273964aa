"""Video sources: create, change, delete, show, list."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from vedette.api import source_changes, source_views
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, object_id, received
from vedette.api.described import takes
from vedette.api.source_changes import Change
from vedette.model.ids import VideoSourceId
from vedette.schemas.source_info import SourceCreated, SourceInfo, SourceList, source_of
from vedette.schemas.video_sources import SourceQuery, VideoSourceCreate, VideoSourceUpdate
from vedette.store import idempotency, video_sources

router = APIRouter(tags=["Video sources"])

SourceIdInPath = Annotated[str, Depends(object_id("video_source_id"))]
EXAMPLE: Final[dict[str, Any]] = {
    "video_source_name": "north gate",
    "access_type": "cloud",
    "type": "url",
    "type_config": "<type_config><url_address>rtsp://12.12.12.12:333</url_address></type_config>",
    "latitude": "39.90420",
    "longitude": "116.40739",
    "tag": ["gate"],
    "video_group_ids": [],
}
CHANGED: Final = {
    "video_source_name": "",
    "type_config": "<type_config><url_address>rtsp://12.12.12.12:444</url_address></type_config>",
    "tag": ["gate", "north"],
}


@router.post(
    "/v2/{project_id}/source",
    operation_id="CreateVideoSource",
    openapi_extra=takes(VideoSourceCreate, EXAMPLE),
    response_model=SourceCreated,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Register a video source; answers with its id."""
    body = await received(request, VideoSourceCreate)
    now = parts.clock()
    source = source_of(body, principal.project_id, str(uuid.uuid4()), now)

    def insert(conn: Connection) -> dict[str, Any]:
        source_changes.insert(conn, parts.vault, source, parts.quotas, body.video_group_ids or ())
        return {"video_source_id": source.id}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once))


@router.get("/v2/{project_id}/source/sources", operation_id="ListVideoSources", response_model=SourceList)
async def find(principal: Member, query: Annotated[SourceQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the video sources of the project, newest first unless another order is asked for."""
    return JSONResponse(
        await source_views.source_list(parts.db, parts.vault, principal.project_id, query, parts.quotas)
    )


@router.get(
    "/v2/{project_id}/source/sources/{video_source_id}",
    operation_id="ShowVideoSourceDetail",
    response_model=SourceInfo,
)
async def show(principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one video source, with its groups, its templates and how it is."""
    view = source_views.source
    return JSONResponse(await parts.db.read(view, parts.vault, principal.project_id, VideoSourceId(source_id)))


@router.put(
    "/v2/{project_id}/source/{video_source_id}",
    operation_id="UpdateVideoSource",
    openapi_extra=takes(VideoSourceUpdate, CHANGED),
    response_model=SourceInfo,
)
async def update(request: Request, principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> JSONResponse:
    """Change a video source; if another address is opened from now on, tasks at work begin anew on it.

    A password that is shown as `******` may be sent back so: the stored one stays, as long as the host does.
    """
    body = await received(request, VideoSourceUpdate)
    by = Change(principal.project_id, VideoSourceId(source_id), principal.user_name, parts.clock())
    if await parts.db.write(source_changes.change, parts.vault, body, by):
        parts.tasks.wake()
    return JSONResponse(await parts.db.read(source_views.source, parts.vault, by.project_id, by.source_id))


@router.delete("/v2/{project_id}/source/{video_source_id}", operation_id="DeleteVideoSource", response_model=bool)
async def delete(principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a video source, and its templates; refused while tasks refer to it."""
    await parts.db.write(video_sources.remove, principal.project_id, VideoSourceId(source_id), parts.clock())
    return JSONResponse(content=True)
