"""The part of Keystone's identity service that clients of this API use: tokens by password, projects by name."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Caller, Parts, PartsOf, received
from vedette.api.described import takes
from vedette.api.people_views import base
from vedette.model.errors import Malformed, NotFound, Unauthorized
from vedette.schemas.identity import AuthRequest, Domain, Project, User
from vedette.schemas.token_document import IdentityVersionAnswer, TokenAnswer
from vedette.schemas.token_info import token_info
from vedette.store.identity import HeldToken, Principal

router = APIRouter(prefix="/v3", tags=["Identity"])

LOGIN: Final = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "ada", "password": "…", "domain": {"name": "default"}}},
        },
        "scope": {"project": {"name": "yard"}},
    }
}
_NO_PLACE: Final = "The user has no place in this project."


@router.get("", operation_id="KeystoneShowVersion", response_model=IdentityVersionAnswer)
@router.get("/", include_in_schema=False)
async def version(request: Request) -> JSONResponse:
    """Tell which identity API this is."""
    link = {"rel": "self", "href": f"{base(request)}/v3/"}
    info = {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": [link], "media-types": []}
    return JSONResponse({"version": info})


@router.post(
    "/auth/tokens",
    operation_id="KeystoneCreateUserTokenByPassword",
    status_code=201,
    response_model=TokenAnswer,
    openapi_extra=takes(AuthRequest, LOGIN),
)
async def create_token(request: Request, parts: PartsOf) -> JSONResponse:
    """Log in with a password; the token comes in the header X-Subject-Token."""
    sent = (await received(request, AuthRequest)).auth
    if "password" not in sent.identity.methods or sent.identity.password is None:
        raise Malformed("Of the methods only password is supported.")
    if sent.scope is not None and (sent.scope.project is None or sent.scope.domain is not None):
        raise Malformed("The scope must be a project, and no domain.")
    places = await _places(parts, sent.identity.password.user)
    principal = _choose(places, sent.scope.project if sent.scope else None)
    token, held = await parts.authenticator.issue(principal)
    catalog = "nocatalog" not in request.query_params
    return JSONResponse(token_info(held, base(request) if catalog else None), 201, {"X-Subject-Token": token})


@router.get("/auth/tokens", operation_id="KeystoneValidateToken", response_model=TokenAnswer)
async def show_token(request: Request, principal: Caller, parts: PartsOf) -> JSONResponse:
    """Tell what a token of one's own is for; the token is in the header X-Subject-Token."""
    token, held = await _own(request, principal, parts)
    catalog = "nocatalog" not in request.query_params
    return JSONResponse(token_info(held, base(request) if catalog else None), 200, {"X-Subject-Token": token})


@router.head("/auth/tokens", operation_id="KeystoneCheckToken", response_class=Response)
async def check_token(request: Request, principal: Caller, parts: PartsOf) -> Response:
    """Tell whether a token of one's own holds, without a body."""
    await _own(request, principal, parts)
    return Response(status_code=200)


@router.delete("/auth/tokens", operation_id="KeystoneRevokeToken", status_code=204)
async def end_token(request: Request, principal: Caller, parts: PartsOf) -> Response:
    """End a token of one's own at once; the token is in the header X-Subject-Token."""
    token, _ = await _own(request, principal, parts)
    await parts.authenticator.end(token)
    return Response(status_code=204)


async def _own(request: Request, principal: Principal, parts: Parts) -> tuple[str, HeldToken]:
    """Return the token of X-Subject-Token, if it is the caller's own.

    Raises:
        NotFound: it is another's, or does not hold.
    """
    token = request.headers.get("x-subject-token", "")
    try:
        held = await parts.authenticator.token(token)
    except Unauthorized:
        held = None
    if held is None or held.principal.user_id != principal.user_id:
        raise NotFound("The token of X-Subject-Token is not known.")
    return token, held


async def _places(parts: Parts, user: User) -> list[Principal]:
    if user.id is None and user.name is None:
        raise Malformed("The user must be named by id or by name.")
    return await parts.authenticator.login(
        user.password, user_id=user.id, name=user.name, domain=_domain_name(user.domain, user.name)
    )


def _domain_name(domain: Domain | None, user_name: str | None) -> str | None:
    """Return the name of a domain, None for the default one.

    Here a domain's id is its name. The vendor's clients name the account for the domain, and an account's first user
    bears its name: so the user's own name stands for their domain.
    """
    named = (domain.name or domain.id) if domain else None
    return None if named == user_name else named


def _choose(places: list[Principal], wanted: Project | None) -> Principal:
    """Return the place that the scope means.

    Raises:
        Unauthorized: there is none, or the scope leaves it open.
    """
    if wanted is not None:
        places = [place for place in places if _fits(place, wanted)]
    if not places:
        raise Unauthorized(_NO_PLACE)
    if len(places) > 1:
        raise Unauthorized("The user has more than one project: the scope must name one.")
    return places[0]


def _fits(place: Principal, wanted: Project) -> bool:
    if wanted.id is None and wanted.name is None:
        raise Malformed("The project must be named by id or by name.")
    domain = _domain_name(wanted.domain, place.user_name) or place.user_domain
    return (
        wanted.id in {None, place.project_id}
        and wanted.name in {None, place.project_name}
        and domain.lower() == place.project_domain.lower()
    )
