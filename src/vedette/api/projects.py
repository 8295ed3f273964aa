"""Projects and the one domain: listed to those who are in them, managed by those who mind the installation."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Caller, PartsOf, received
from vedette.api.described import takes
from vedette.api.people_views import domain_info, listing, project_info
from vedette.auth.authenticator import DOMAIN
from vedette.auth.projects import Projects
from vedette.model.errors import NotFound
from vedette.schemas.people import DOMAIN_ID, ChangedProject, NewProject
from vedette.schemas.people_info import DomainAnswer, DomainsAnswer, ProjectAnswer, ProjectsAnswer
from vedette.schemas.people_queries import ProjectsQuery
from vedette.store.projects import ProjectRow

router = APIRouter(tags=["People"])
ONE: Final = "/v3/projects/{project_id}"


async def projects(principal: Caller, parts: PartsOf) -> Projects:
    """Return what the caller may manage."""
    return Projects(parts.db, parts.clock, principal)


ProjectsOf = Annotated[Projects, Depends(projects)]
Wanted = Annotated[ProjectsQuery, Query()]


@router.get("/v3/projects", operation_id="KeystoneListProjects", response_model=ProjectsAnswer)
async def listed(request: Request, mine: ProjectsOf, query: Wanted) -> JSONResponse:
    """List projects: the caller's own, and all of them for a te_admin; a name that one's own project has means that."""
    return _page(request, await mine.listed(name=query.name, enabled=query.enabled), query)


@router.get("/v3/auth/projects", operation_id="KeystoneListAuthProjects", response_model=ProjectsAnswer)
async def own(request: Request, mine: ProjectsOf, query: Wanted) -> JSONResponse:
    """List the projects the caller can log in to."""
    return _page(request, await mine.own(name=query.name, enabled=query.enabled), query)


@router.post(
    "/v3/projects",
    operation_id="KeystoneCreateProject",
    status_code=201,
    openapi_extra=takes(NewProject, {"project": {"name": "harbour", "description": "cameras at the quay"}}),
    response_model=ProjectAnswer,
)
async def create(request: Request, mine: ProjectsOf) -> JSONResponse:
    """Make a project; nobody is in it until somebody gets a role there."""
    sent = (await received(request, NewProject)).project
    made = await mine.add(sent.name, DOMAIN, description=sent.description, enabled=sent.enabled)
    return JSONResponse({"project": project_info(request, made)}, 201)


@router.get(ONE, operation_id="KeystoneShowProject", response_model=ProjectAnswer)
async def show(request: Request, mine: ProjectsOf, project_id: str) -> JSONResponse:
    """Show a project: one's own, or any for a te_admin."""
    return JSONResponse({"project": project_info(request, await mine.project(project_id))})


@router.patch(
    ONE,
    operation_id="KeystoneUpdateProject",
    openapi_extra=takes(ChangedProject, {"project": {"name": "quay"}}),
    response_model=ProjectAnswer,
)
async def change(request: Request, mine: ProjectsOf, project_id: str) -> JSONResponse:
    """Change a project; disabled, it can be entered no more, and its tasks go on."""
    sent = (await received(request, ChangedProject)).project
    changes = sent.model_dump(include={"name", "description"}, exclude_none=True)
    if sent.enabled is not None:
        changes["enabled"] = int(sent.enabled)
    return JSONResponse({"project": project_info(request, await mine.change(project_id, changes))})


@router.delete(ONE, operation_id="KeystoneDeleteProject", status_code=204)
async def remove(mine: ProjectsOf, project_id: str) -> Response:
    """Remove a project that is empty, with the roles, tokens and keys for it."""
    await mine.remove(project_id)
    return Response(status_code=204)


@router.get("/v3/domains", operation_id="KeystoneListDomains", response_model=DomainsAnswer)
@router.get("/v3/auth/domains", operation_id="KeystoneListAuthDomains", response_model=DomainsAnswer)
async def domains(request: Request, _principal: Caller, name: str | None = None) -> JSONResponse:
    """List the one domain."""
    known = domain_info(request)
    return JSONResponse(listing(request, "domains", [known] if name in {None, known["name"]} else []))


@router.get("/v3/domains/{domain_id}", operation_id="KeystoneShowDomain", response_model=DomainAnswer)
async def domain(request: Request, _principal: Caller, domain_id: str) -> JSONResponse:
    """Show the one domain."""
    if domain_id != DOMAIN_ID:
        raise NotFound(f"There is no domain {domain_id}.", param="domain_id")
    return JSONResponse({"domain": domain_info(request)})


def _page(request: Request, found: list[ProjectRow], query: ProjectsQuery) -> JSONResponse:
    below = {(query.domain_id or DOMAIN_ID).lower(), (query.parent_id or DOMAIN_ID).lower()}
    if query.is_domain or below != {DOMAIN_ID}:
        found = []
    if query.per_page is not None:
        begin = (query.page - 1) * query.per_page
        found = found[begin : begin + query.per_page]
    elif query.page > 1:
        found = []
    return JSONResponse(listing(request, "projects", [project_info(request, project) for project in found]))
