"""What the operations share: the parts they are made of, who calls, and the document that was sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Path, Request
from pydantic import ValidationError
from pydantic_core import from_json

from vedette.algorithms.registry import Registry
from vedette.api.errors import invalid
from vedette.auth.authenticator import Authenticator
from vedette.auth.signature import ALGORITHM, SignedRequest
from vedette.control.batches import Batches
from vedette.control.fleet import Fleet
from vedette.control.object_stores import Reach
from vedette.control.streams import Streams
from vedette.control.tasks import Tasks
from vedette.model.data_stream import USUAL_BYTES
from vedette.model.errors import BadSignature, Forbidden, InvalidParameter, Malformed, Unauthorized
from vedette.model.ids import ProjectId
from vedette.model.quota import USUAL, Quotas
from vedette.schemas.common import OBJECT_ID, SERVICE_NAME, Wire, matches
from vedette.store.db import Database
from vedette.store.idempotency import Repeat
from vedette.store.identity import Principal
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

D = TypeVar("D", bound=Wire)

SIGNED: Final = ("SDK-", "V11-", "SDK_")
"""How the vendor's signature algorithms begin; of them only one is taken."""


CHECKS_AT_ONCE: Final = 4
"""Checks wait for servers that may be slow, in threads that others need as well."""
KEY: Final = "Idempotency-Key"
READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app hands to the REST door.

    Attributes:
        clock: milliseconds since the epoch.
        ready: raises `Unavailable` while the service cannot do its work.
        registry: the published services.
        quotas: what a project may have that has no limits of its own.
        streams: those that exist now; none where there is no data plane.
        reach: what may be read when somebody asks whether it can be.
        data_stream_bytes: what a data stream may hold.
        checking: whose turn it is to do so.
    """

    db: Database
    vault: Vault
    authenticator: Authenticator
    tasks: Tasks
    batches: Batches
    metrics: Metrics
    clock: Callable[[], int]
    ready: Callable[[], Awaitable[None]]
    registry: Registry
    quotas: Quotas = USUAL
    streams: Streams = field(default_factory=lambda: Streams(Fleet(), time.monotonic))
    reach: Reach = Reach()  # noqa: RUF009 - frozen
    data_stream_bytes: int = USUAL_BYTES
    checking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CHECKS_AT_ONCE))


async def parts(request: Request) -> Parts:  # as all of these: what is no coroutine is sent to a thread
    """Return what the app handed in."""
    found: Parts = request.app.state.parts
    return found


PartsOf = Annotated[Parts, Depends(parts)]


async def caller(request: Request, having: PartsOf) -> Principal:
    """Return who calls, by X-Auth-Token or by signature.

    Raises:
        Unauthorized: neither, or it does not hold.
    """
    token = request.headers.get("x-auth-token")
    if token is not None:
        principal = (await having.authenticator.token(token)).principal
        if request.headers.get("x-project-id", principal.project_id) != principal.project_id:
            raise Unauthorized("X-Project-Id names another project than that of the token.")
        return principal
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(ALGORITHM + " "):
        return await having.authenticator.signed(authorization, await signed_request(request))
    if authorization.upper().startswith(SIGNED):
        raise BadSignature(f"Of the signature algorithms only {ALGORITHM} is supported.")
    raise Unauthorized("The request has neither an X-Auth-Token nor a signature.")


Caller = Annotated[Principal, Depends(caller)]


async def member(request: Request, principal: Caller, project_id: Annotated[str, Path()]) -> Principal:
    """Return who calls, in the project of the path; whoever changes something needs more than the role of a viewer.

    Raises:
        Unauthorized: their token or key is for another project.
        Forbidden: they may only read.
    """
    if principal.project_id != ProjectId(project_id):
        raise Unauthorized("The token or access key is for another project than the one in the path.")
    if request.method not in READING and not principal.may_write:
        raise Forbidden("A viewer cannot change anything.")
    return principal


Member = Annotated[Principal, Depends(member)]


async def administrator(principal: Caller) -> Principal:
    """Return who calls, if they mind the installation: they may act on every project.

    Raises:
        Forbidden: they do not.
    """
    if not principal.minds_installation:
        raise Forbidden("This needs the role te_admin.")
    return principal


Administrator = Annotated[Principal, Depends(administrator)]


async def signed_request(request: Request) -> SignedRequest:
    """Return the request as the signature sees it."""
    return SignedRequest(
        method=request.method,
        path=request.scope.get("raw_path") or request.scope["path"].encode(),
        query=request.scope["query_string"],
        headers=request.headers.raw,
        body=await request.body(),
    )


async def service_name(_member: Member, service_name: Annotated[str, Path()]) -> str:
    """Return the path's service name, checked after the caller.

    Raises:
        InvalidParameter: it is no name of a service.
    """
    if not matches(SERVICE_NAME, service_name):
        raise InvalidParameter(f"service_name: it does not have the form ^{SERVICE_NAME}$.", param="service_name")
    return service_name


def object_id(name: str) -> Callable[..., Awaitable[str]]:
    """Return a dependency that gives an id of the path, checked after the caller.

    Raises:
        InvalidParameter: from the dependency: it is no id.
    """

    async def checked(request: Request, _member: Member) -> str:
        value = str(request.path_params[name])
        if not matches(OBJECT_ID, value):
            raise InvalidParameter(f"{name}: it does not have the form ^{OBJECT_ID}$.", param=name)
        return value

    return checked


async def repeat(request: Request, having: PartsOf) -> Repeat | None:
    """Return the Idempotency-Key of a request with its fingerprint, or None if it has none.

    Raises:
        InvalidParameter: the key is empty, longer than 255 characters or no plain text.
    """
    key = request.headers.get(KEY)
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise InvalidParameter(f"{KEY} must be 1 to 255 printable ASCII characters.", param=KEY)
    whole = b"\n".join((request.method.encode(), request.url.path.encode(), await request.body()))
    return Repeat(key, having.vault.fingerprint(whole))  # a body may hold a short secret, which a plain hash gives away


RepeatOf = Annotated[Repeat | None, Depends(repeat)]


async def received(request: Request, kind: type[D]) -> D:
    """Return the document that was sent.

    Raises:
        Malformed: it is not one JSON object in UTF-8.
        InvalidParameter: a field breaks its rule.
    """
    try:
        value: Any = from_json(await request.body(), allow_inf_nan=False)
    except ValueError:
        raise Malformed("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise Malformed("The body is no JSON object.")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise invalid(error) from None
