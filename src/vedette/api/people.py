"""Users: made, changed and removed by administrators; everybody changes their own password."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Caller, PartsOf, received
from vedette.api.described import takes
from vedette.api.people_views import listing, user_info
from vedette.auth.authenticator import DOMAIN
from vedette.auth.people import NewUser as Wanted
from vedette.auth.people import People
from vedette.model.errors import Forbidden
from vedette.schemas.people import DOMAIN_ID, ChangedPassword, ChangedUser, NewUser
from vedette.schemas.people_info import UserAnswer, UsersAnswer
from vedette.schemas.people_queries import UsersQuery

router = APIRouter(tags=["People"])

EXAMPLE: Final[dict[str, Any]] = {"user": {"name": "guard", "password": "correct horse", "description": "night shift"}}


async def people(principal: Caller, parts: PartsOf) -> People:
    """Return what the caller may manage."""
    return People(parts.db, parts.clock, principal)


PeopleOf = Annotated[People, Depends(people)]


@router.get("/v3/users", operation_id="KeystoneListUsers", response_model=UsersAnswer)
async def listed(request: Request, mine: PeopleOf, query: Annotated[UsersQuery, Query()]) -> JSONResponse:
    """List users: all of them for a te_admin, those of the project for its admin."""
    found = await mine.users(name=query.name, enabled=query.enabled)
    if query.domain_id is not None and query.domain_id.lower() != DOMAIN_ID:
        found = []
    return JSONResponse(listing(request, "users", [user_info(request, user) for user in found]))


@router.post(
    "/v3/users",
    operation_id="KeystoneCreateUser",
    status_code=201,
    openapi_extra=takes(NewUser, EXAMPLE),
    response_model=UserAnswer,
)
@router.post(
    "/v3.0/OS-USER/users",
    operation_id="CreateUser",
    status_code=201,
    openapi_extra=takes(NewUser, EXAMPLE),
    response_model=UserAnswer,
)
async def create(request: Request, mine: PeopleOf) -> JSONResponse:
    """Make a user; whom an admin makes is a viewer of their project until another role is given."""
    sent = (await received(request, NewUser)).user
    made = await mine.add_user(
        Wanted(sent.name, DOMAIN, sent.password, sent.description, sent.enabled, sent.default_project_id)
    )
    return JSONResponse({"user": user_info(request, made)}, 201)


@router.get("/v3/users/{user_id}", operation_id="KeystoneShowUser", response_model=UserAnswer)
@router.get("/v3.0/OS-USER/users/{user_id}", operation_id="ShowUser", response_model=UserAnswer)
async def show(request: Request, mine: PeopleOf, user_id: str) -> JSONResponse:
    """Show a user: oneself, or one whom the caller minds."""
    return JSONResponse({"user": user_info(request, await mine.user(user_id))})


@router.patch(
    "/v3/users/{user_id}",
    operation_id="KeystoneUpdateUserByAdmin",
    openapi_extra=takes(ChangedUser, {"user": {"enabled": False}}),
    response_model=UserAnswer,
)
async def change(request: Request, mine: PeopleOf, user_id: str) -> JSONResponse:
    """Change a user; a new password, or being disabled, ends their tokens."""
    sent = (await received(request, ChangedUser)).user
    changes = sent.model_dump(include={"name", "description"}, exclude_none=True)
    if sent.enabled is not None:
        changes["enabled"] = int(sent.enabled)
    return JSONResponse({"user": user_info(request, await mine.change_user(user_id, changes, sent.password))})


@router.delete("/v3/users/{user_id}", operation_id="KeystoneDeleteUser", status_code=204)
async def remove(mine: PeopleOf, user_id: str) -> Response:
    """Remove a user with their roles, tokens and access keys."""
    await mine.remove_user(user_id)
    return Response(status_code=204)


@router.post(
    "/v3/users/{user_id}/password",
    operation_id="KeystoneUpdateUserPassword",
    status_code=204,
    openapi_extra=takes(ChangedPassword, {"user": {"password": "new and long", "original_password": "old and long"}}),
)
async def change_password(request: Request, principal: Caller, parts: PartsOf, user_id: str) -> Response:
    """Change one's own password; it needs the present one, and ends one's tokens."""
    if user_id != principal.user_id:
        raise Forbidden("Only one's own password is changed here.")
    sent = (await received(request, ChangedPassword)).user
    await parts.authenticator.new_password(principal.user_id, sent.original_password, sent.password)
    return Response(status_code=204)
