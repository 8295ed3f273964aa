"""Webhooks of a project, additions of ours: the secrets that sign their calls, and what they may reach besides."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import PartsOf, received
from vedette.api.described import takes
from vedette.api.object_stores import Minder
from vedette.api.orders import Minded, Readable
from vedette.delivery.signing import new_secret
from vedette.model.errors import InvalidParameter
from vedette.model.ids import new_hex
from vedette.model.webhook_secret import WebhookSecret
from vedette.schemas.common import matches
from vedette.schemas.webhook_secrets import (
    SECRET_ID,
    GuardAllow,
    SecretCreate,
    SecretCreated,
    SecretList,
    secret_info,
)
from vedette.store import projects, webhook_secrets

router = APIRouter(tags=["Webhooks"])

SECRETS: Final = "/vedette/v1/{project_id}/webhook-secrets"
SECRET: Final = "/vedette/v1/{project_id}/webhook-secrets/{secret_id}"  # noqa: S105 - a path
ALLOW: Final = "/vedette/v1/{project_id}/guard-allow"
EXAMPLE: Final[dict[str, Any]] = {"others_expire_after": 86_400}


async def secret_id(_minder: Minder, secret_id: Annotated[str, Path()]) -> str:
    """Return the secret of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    if not matches(SECRET_ID, secret_id):
        raise InvalidParameter(f"secret_id: it does not have the form ^{SECRET_ID}$.", param="secret_id")
    return secret_id


SecretInPath = Annotated[str, Depends(secret_id)]


@router.get(SECRETS, operation_id="ListWebhookSecrets", response_model=SecretList)
async def find(principal: Minder, parts: PartsOf) -> JSONResponse:
    """List the secrets that sign the calls of the project's webhooks, without themselves; for the role admin."""
    found = await parts.db.read(webhook_secrets.listed, principal.project_id, parts.clock())
    return JSONResponse({"count": len(found), "webhook_secrets": [secret_info(one) for one in found]})


@router.post(
    SECRETS,
    operation_id="CreateWebhookSecret",
    status_code=201,
    openapi_extra=takes(SecretCreate, EXAMPLE),
    response_model=SecretCreated,
)
async def create(request: Request, principal: Minder, parts: PartsOf) -> JSONResponse:
    """Make a secret, which is told this once; needs the role admin in the project.

    From then on calls of the project's webhooks are signed by it (Standard Webhooks). Two may hold at once, and calls
    bear a signature of each, so that receivers can change over.
    """
    body, now = await received(request, SecretCreate), parts.clock()
    made, secret = WebhookSecret(new_hex(), now), new_secret()
    until = None if body.others_expire_after is None else now + body.others_expire_after * 1000

    def add(conn: Connection) -> None:
        webhook_secrets.add(conn, parts.vault, principal.project_id, made, secret, others_until=until)

    await parts.db.write(add)
    return JSONResponse(secret_info(made) | {"secret": secret}, 201)


@router.delete(SECRET, operation_id="DeleteWebhookSecret", status_code=204, response_class=Response)
async def delete(principal: Minder, secret: SecretInPath, parts: PartsOf) -> Response:
    """Delete a secret; needs the role admin in the project. Without any, calls are no longer signed."""
    await parts.db.write(webhook_secrets.remove, principal.project_id, secret, parts.clock())
    return Response(status_code=204)


@router.get(ALLOW, operation_id="ShowGuardAllow", response_model=GuardAllow)
async def show_allowed(project_id: Readable, parts: PartsOf) -> JSONResponse:
    """Show what the webhooks of a project may reach besides what the guard lets through."""
    return JSONResponse({"guard_allow": await parts.db.read(projects.guard_allow, project_id)})


@router.put(
    ALLOW,
    operation_id="UpdateGuardAllow",
    openapi_extra=takes(GuardAllow, {"guard_allow": ["10.1.0.17", "alarms.example.org"]}),
    response_model=GuardAllow,
)
async def allow(request: Request, project_id: Minded, parts: PartsOf) -> JSONResponse:
    """Say what the webhooks of a project may reach besides; needs the role te_admin."""
    body = await received(request, GuardAllow)
    await parts.db.write(projects.set_guard_allow, project_id, body.guard_allow)
    return JSONResponse({"guard_allow": body.guard_allow})
