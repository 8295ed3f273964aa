"""Looks at video sources, an addition of ours: the last picture, and the wish to be looked at now."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, object_id
from vedette.api.events import JpegResponse
from vedette.model.errors import NotFound
from vedette.model.ids import VideoSourceId
from vedette.schemas.tasks import Nothing
from vedette.store import source_looks

router = APIRouter(tags=["Video sources (additions)"])

SourceIdInPath = Annotated[str, Depends(object_id("video_source_id"))]


@router.post(
    "/vedette/v1/{project_id}/source/sources/{video_source_id}/probe",
    operation_id="ProbeVideoSource",
    status_code=202,
    response_model=Nothing,
)
async def probe(principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> JSONResponse:
    """Have a video source looked at soon; its `status` has a newer `looked_at` then.

    A source that a task watches is looked at all the time, and is not connected to a second time.
    """
    await parts.db.write(source_looks.demand, principal.project_id, VideoSourceId(source_id), parts.clock())
    return JSONResponse({}, 202)


@router.get(
    "/vedette/v1/{project_id}/source/sources/{video_source_id}/picture",
    operation_id="ShowVideoSourcePicture",
    response_class=JpegResponse,
)
async def picture(request: Request, principal: Member, source_id: SourceIdInPath, parts: PartsOf) -> Response:
    """Return the last picture of a video source; with `If-None-Match`, only if there is another one by now."""
    found = await parts.db.read(source_looks.picture, principal.project_id, VideoSourceId(source_id))
    if found is None:
        raise NotFound("The project has no such video source, or no picture of it.", param="video_source_id")
    tag = f'"{found.at_ms:x}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (known.strip() for known in request.headers.get("If-None-Match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return JpegResponse(found.jpeg, headers=headers)
