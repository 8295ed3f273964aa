"""Brokers of a project, an addition of ours: what `dis` outputs go to instead of the service's own data streams."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.api.object_stores import WAIT_S, Minder
from vedette.control.brokers import change, register
from vedette.control.brokers import check as look
from vedette.model.broker import Broker
from vedette.model.errors import InvalidParameter, SinkError, Unavailable
from vedette.schemas.brokers import (
    BROKER_NAME,
    BrokerBody,
    BrokerCheck,
    BrokerCheckInfo,
    BrokerCreate,
    BrokerInfo,
    BrokerList,
    broker_info,
)
from vedette.schemas.common import matches
from vedette.schemas.tasks import Nothing
from vedette.store import brokers, idempotency, projects

router = APIRouter(tags=["Brokers"])

BROKERS: Final = "/vedette/v1/{project_id}/brokers"
BROKER: Final = "/vedette/v1/{project_id}/brokers/{broker_name}"
EXAMPLE: Final[dict[str, Any]] = {
    "name": "events",
    "kind": "nats",
    "servers": ["nats-1.example.org:4222", "nats-2.example.org:4222"],
    "tls": True,
    "username": "vedette",
    "password": "the password of the user",
    "prefix": "video.",
    "streams": ["gate-events"],
}
CHANGED: Final = {name: value for name, value in EXAMPLE.items() if name != "name"} | {"password": "******"}


async def broker_name(_member: Member, broker_name: Annotated[str, Path()]) -> str:
    """Return the broker of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no name of a broker.
    """
    if not matches(BROKER_NAME, broker_name):
        raise InvalidParameter(f"broker_name: it does not have the form ^{BROKER_NAME}$.", param="broker_name")
    return broker_name


BrokerInPath = Annotated[str, Depends(broker_name)]


@router.get(BROKERS, operation_id="ListBrokers", response_model=BrokerList)
async def find(principal: Member, parts: PartsOf) -> JSONResponse:
    """List the brokers of the project, by name."""
    found = await parts.db.read(brokers.all_of, parts.vault, principal.project_id)
    return JSONResponse({"count": len(found), "brokers": [broker_info(broker) for broker in found]})


@router.post(
    BROKERS,
    operation_id="CreateBroker",
    status_code=201,
    openapi_extra=takes(BrokerCreate, EXAMPLE),
    response_model=BrokerInfo,
)
async def create(request: Request, principal: Minder, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Register a broker; needs the role admin in the project. Events of its streams go to it within a second."""
    body = await received(request, BrokerCreate)
    now = parts.clock()
    broker = body.broker(body.name, now, now)

    def insert(conn: Connection) -> dict[str, Any]:
        return broker_info(register(conn, parts.vault, principal.project_id, broker))

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get(BROKER, operation_id="ShowBroker", response_model=BrokerInfo)
async def show(principal: Member, name: BrokerInPath, parts: PartsOf) -> JSONResponse:
    """Show a broker."""
    return JSONResponse(broker_info(await parts.db.read(brokers.get, parts.vault, principal.project_id, name)))


@router.put(
    BROKER,
    operation_id="UpdateBroker",
    openapi_extra=takes(BrokerBody, CHANGED),
    response_model=BrokerInfo,
)
async def update(request: Request, principal: Minder, name: BrokerInPath, parts: PartsOf) -> JSONResponse:
    """Say what a broker is from now on, all of it; needs the role admin in the project. It counts within a second."""
    body = await received(request, BrokerBody)
    now = parts.clock()

    def edit(stored: Broker) -> Broker:
        return body.broker(name, stored.created_at, now)

    broker = await parts.db.write(change, parts.vault, principal.project_id, name, edit)
    return JSONResponse(broker_info(broker))


@router.delete(BROKER, operation_id="DeleteBroker", response_model=Nothing)
async def delete(principal: Minder, name: BrokerInPath, parts: PartsOf) -> JSONResponse:
    """Forget a broker; needs the role admin in the project. What still waits goes where its stream goes from then on."""
    await parts.db.write(brokers.remove, principal.project_id, name)
    return JSONResponse({})


@router.post(
    BROKER + "/check",
    operation_id="CheckBroker",
    openapi_extra=takes(BrokerCheck, {"stream_name": "gate-events"}),
    response_model=BrokerCheckInfo,
)
async def check(request: Request, principal: Minder, name: BrokerInPath, parts: PartsOf) -> JSONResponse:
    """Connect and log in, and tell why a stream's events would not be taken; needs the role admin in the project.

    Nothing is written to the broker.
    """
    body = await received(request, BrokerCheck)
    broker = await parts.db.read(brokers.get, parts.vault, principal.project_id, name)
    allow = await parts.db.read(projects.guard_allow, principal.project_id)
    try:
        await asyncio.wait_for(parts.checking.acquire(), WAIT_S)
    except TimeoutError:
        raise Unavailable("Other checks are under way.") from None
    try:
        await look(parts.reach.policy, allow, broker, body.stream_name, clock=lambda: parts.clock() / 1000)
    except SinkError as error:
        return JSONResponse({"usable": False, "error_code": error.code, "reason": error.message})
    finally:
        parts.checking.release()
    return JSONResponse({"usable": True})
