"""Video sources: create, show."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from vedette.api.deps import Member, PartsOf, object_id, received
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import Quotas, Resource
from vedette.model.source import VideoSource
from vedette.schemas.source_info import source_info, source_of
from vedette.schemas.video_sources import VideoSourceCreate
from vedette.store import quotas, video_sources
from vedette.store.vault import Vault

router = APIRouter(tags=["Video sources"])

SourceIdInPath = Annotated[str, Depends(object_id("video_source_id"))]
NONE_YET: Final[dict[str, Any]] = {"scene_recommend": [], "video_packages": [], "service_config_templates": []}
"""What a source's document lists and this release knows nothing of."""


@router.post("/v2/{project_id}/source", operation_id="CreateVideoSource")
async def create(request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
    """Register a video source; answers with its id."""
    source = source_of(
        await received(request, VideoSourceCreate), principal.project_id, str(uuid.uuid4()), parts.clock()
    )
    await parts.db.write(insert, parts.vault, source, parts.quotas)
    return JSONResponse({"video_source_id": source.id})


@router.get("/v2/{project_id}/source/sources/{video_source_id}", operation_id="ShowVideoSourceDetail")
async def show(principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one video source."""
    source = await parts.db.read(video_sources.get, parts.vault, principal.project_id, VideoSourceId(source_id))
    return JSONResponse(source_info(source) | NONE_YET)


def insert(conn: Connection, vault: Vault, source: VideoSource, usual: Quotas) -> None:
    """Write a source within the project's quota.

    Raises:
        SourceNameTaken: a source of the project has the name.
        SourceQuotaReached: the project would have too many.
    """
    video_sources.insert(conn, vault, source)
    quotas.take(conn, ProjectId(source.project_id), Resource.SOURCES, 1, usual)
