"""Roles: the four there are, who holds them, and how they are given and taken."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Caller
from vedette.api.people import PeopleOf
from vedette.api.people_views import assignment_info, listing, role_info
from vedette.model.errors import NotFound
from vedette.schemas.people_info import AssignmentsAnswer, RoleAnswer, RolesAnswer
from vedette.schemas.people_queries import AssignmentsQuery, RolesQuery
from vedette.store.identity import ROLES

router = APIRouter(tags=["People"])
HELD: Final = "/v3/projects/{project_id}/users/{user_id}/roles"
ONE: Final = HELD + "/{role_id}"


@router.get("/v3/roles", operation_id="KeystoneListPermissions", response_model=RolesAnswer)
async def listed(request: Request, _principal: Caller, query: Annotated[RolesQuery, Query()]) -> JSONResponse:
    """List the roles, the highest first."""
    found = [role for role in ROLES if query.domain_id is None and query.name in {None, role}]
    return JSONResponse(listing(request, "roles", [role_info(request, role) for role in found]))


@router.get("/v3/roles/{role_id}", operation_id="KeystoneShowPermission", response_model=RoleAnswer)
async def show(request: Request, _principal: Caller, role_id: str) -> JSONResponse:
    """Show a role."""
    return JSONResponse({"role": role_info(request, role_id)})


@router.get("/v3/role_assignments", operation_id="KeystoneListRoleAssignments", response_model=AssignmentsAnswer)
async def assignments(request: Request, mine: PeopleOf, query: Annotated[AssignmentsQuery, Query()]) -> JSONResponse:
    """List who holds which roles: everywhere for a te_admin, in the project for its admin, else one's own."""
    found = await mine.assignments(user_id=query.user_id, project_id=query.project_id, role=query.role_id)
    shown = [
        assignment_info(request, place, role, names=query.include_names)
        for place in found
        for role in place.roles
        if query.role_id in {None, role}
    ]
    return JSONResponse(listing(request, "role_assignments", shown))


@router.get(HELD, operation_id="KeystoneListUserRoles", response_model=RolesAnswer)
async def held(request: Request, mine: PeopleOf, project_id: str, user_id: str) -> JSONResponse:
    """List the roles a user holds in a project."""
    await mine.user(user_id)
    found = await mine.assignments(user_id=user_id, project_id=project_id)
    roles = [role_info(request, role) for place in found for role in place.roles]
    return JSONResponse(listing(request, "roles", roles))


@router.get(ONE, operation_id="KeystoneCheckUserRole", status_code=204)
@router.head(ONE, operation_id="KeystoneHasUserRole", status_code=204)
async def check(mine: PeopleOf, project_id: str, user_id: str, role_id: str) -> Response:
    """Tell whether a user holds a role in a project: 204 for yes, 404 for no."""
    if not await mine.assignments(user_id=user_id, project_id=project_id, role=role_id):
        raise NotFound("The user does not hold this role in the project.", param="role_id")
    return Response(status_code=204)


@router.put(ONE, operation_id="KeystoneGrantUserRole", status_code=204)
async def grant(mine: PeopleOf, project_id: str, user_id: str, role_id: str) -> Response:
    """Give a user a role in a project; nobody gives a role above their own."""
    await mine.grant(user_id, project_id, role_id)
    return Response(status_code=204)


@router.delete(ONE, operation_id="KeystoneRevokeUserRole", status_code=204)
async def revoke(mine: PeopleOf, project_id: str, user_id: str, role_id: str) -> Response:
    """Take a role from a user; with the last one they leave the project, and their keys for it end."""
    await mine.revoke(user_id, project_id, role_id)
    return Response(status_code=204)
