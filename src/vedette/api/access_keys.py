"""Access keys: one's own in the project of the token, and those of members whom one minds."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Caller, PartsOf, received
from vedette.api.described import takes
from vedette.api.people_views import key_info
from vedette.auth.keys import Keys
from vedette.schemas.people import ChangedKey, NewKey
from vedette.schemas.people_info import KeyAnswer, KeysAnswer, NewKeyAnswer
from vedette.schemas.people_queries import KeysQuery

router = APIRouter(tags=["People"])
ALL: Final = "/v3.0/OS-CREDENTIAL/credentials"
ONE: Final = ALL + "/{access_key}"


async def keys(principal: Caller, parts: PartsOf) -> Keys:
    """Return what the caller may manage."""
    return Keys(parts.db, parts.vault, parts.clock, principal)


KeysOf = Annotated[Keys, Depends(keys)]


@router.get(ALL, operation_id="ListPermanentAccessKeys", response_model=KeysAnswer)
async def listed(mine: KeysOf, query: Annotated[KeysQuery, Query()]) -> JSONResponse:
    """List the access keys of a user, without their secrets."""
    return JSONResponse({"credentials": [key_info(key) for key in await mine.listed(query.user_id)]})


@router.post(
    ALL,
    operation_id="CreatePermanentAccessKey",
    status_code=201,
    openapi_extra=takes(NewKey, {"credential": {"user_id": "0f" * 16, "description": "the gateway in hall 3"}}),
    response_model=NewKeyAnswer,
)
async def create(request: Request, mine: KeysOf) -> JSONResponse:
    """Make an access key, with the rights its owner has in the project; its secret is told this once."""
    sent = (await received(request, NewKey)).credential
    key, secret = await mine.add(sent.user_id, sent.description, sent.project_id)
    return JSONResponse({"credential": key_info(key, secret)}, 201)


@router.get(ONE, operation_id="ShowPermanentAccessKey", response_model=KeyAnswer)
async def show(mine: KeysOf, access_key: str) -> JSONResponse:
    """Show an access key, without its secret."""
    return JSONResponse({"credential": key_info(await mine.key(access_key))})


@router.put(
    ONE,
    operation_id="UpdatePermanentAccessKey",
    openapi_extra=takes(ChangedKey, {"credential": {"status": "inactive"}}),
    response_model=KeyAnswer,
)
async def change(request: Request, mine: KeysOf, access_key: str) -> JSONResponse:
    """Change an access key; an inactive one is refused at once."""
    sent = (await received(request, ChangedKey)).credential
    changes = sent.model_dump(include={"description"}, exclude_none=True)
    if sent.status is not None:
        changes["enabled"] = int(sent.status == "active")
    return JSONResponse({"credential": key_info(await mine.change(access_key, changes))})


@router.delete(ONE, operation_id="DeletePermanentAccessKey", status_code=204)
async def remove(mine: KeysOf, access_key: str) -> Response:
    """Remove an access key."""
    await mine.remove(access_key)
    return Response(status_code=204)
