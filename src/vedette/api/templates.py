"""Templates of a project, an addition of ours: kept with a task (`is_saved_as_template`), used again with `template_id`."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, object_id
from vedette.schemas.tasks import Nothing
from vedette.schemas.template_info import TemplateInfo, TemplateList, TemplateQuery, template_info
from vedette.store import templates

router = APIRouter(tags=["Templates"])

TemplateIdInPath = Annotated[str, Depends(object_id("template_id"))]


@router.get("/vedette/v1/{project_id}/templates", operation_id="ListTemplates", response_model=TemplateList)
async def listed(principal: Member, query: Annotated[TemplateQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the templates of the project, newest first."""
    found, total = await parts.db.read(
        templates.page,
        principal.project_id,
        source_id=query.video_source_id,
        service_names=query.service_name,
        offset=(query.page_num - 1) * query.page_size,
        limit=query.page_size,
    )
    shown = [template_info(template) for template in found]
    return JSONResponse({"count": len(shown), "total": total, "templates": shown})


@router.get(
    "/vedette/v1/{project_id}/templates/{template_id}", operation_id="ShowTemplate", response_model=TemplateInfo
)
async def show(principal: Member, template_id: TemplateIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one template."""
    return JSONResponse(template_info(await parts.db.read(templates.get, principal.project_id, template_id)))


@router.delete(
    "/vedette/v1/{project_id}/templates/{template_id}", operation_id="DeleteTemplate", response_model=Nothing
)
async def delete(principal: Member, template_id: TemplateIdInPath, parts: PartsOf) -> JSONResponse:
    """Delete a template; tasks that were made with it keep their configuration."""
    await parts.db.write(templates.remove, principal.project_id, template_id)
    return JSONResponse({})
