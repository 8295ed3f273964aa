"""The answer's document of a template, as a source's detail has it, and its query."""

import json
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from vedette.model.template import Template
from vedette.schemas.common import ObjectId, Wire
from vedette.schemas.task_list import Listed


class TemplateInfo(Wire):
    """A stored configuration (`VideoServiceConfigTemplateDto`), with what we add to it."""

    template_id: str
    """Id of the template; an addition of ours."""
    name: str
    """Name of the task it was saved with."""
    service_name: str
    """Service whose parameters it holds; an addition of ours."""
    video_source_id: str | None = None
    """Video source it was saved for; absent if the task's input was none. An addition of ours."""
    serviceConfig: str  # noqa: N815 - the name of the wire
    """The configuration, JSON text: `{"common": {…}}`."""
    roi: str | None = None
    """Regions and lines, where they were given apart from the configuration."""
    numTask: int  # noqa: N815 - the name of the wire
    """Tasks that were made with it, or saved it."""
    createAt: int  # noqa: N815 - the name of the wire
    """When it was first saved, milliseconds since the epoch."""
    modifyAt: int  # noqa: N815 - the name of the wire
    """When it was last saved, milliseconds since the epoch."""


class TemplateList(Wire):
    """A page of templates."""

    count: int
    """Templates on this page."""
    total: int
    """Templates that fit the filters."""
    templates: list[TemplateInfo]
    """The templates, newest first."""


class TemplateQuery(Wire):
    """Which templates."""

    model_config = ConfigDict(strict=False)

    video_source_id: ObjectId | None = None
    """Only those that were saved for this video source."""
    service_name: Listed = Field(default_factory=list)
    """Only those of these services; repeated or joined by commas."""
    page_num: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Number of the page."""
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    """Templates on a page."""


def template_info(template: Template) -> dict[str, Any]:
    """Return the document of a template; what is not set is left out."""
    info = {
        "template_id": template.id,
        "name": template.name,
        "service_name": template.service_name,
        "video_source_id": template.source_id,
        "serviceConfig": json.dumps({"common": template.config}, ensure_ascii=False),
        "roi": template.roi,
        "numTask": template.num_task,
        "createAt": template.create_at,
        "modifyAt": template.modify_at,
    }
    return {name: value for name, value in info.items() if value is not None}
