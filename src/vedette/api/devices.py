"""Edge devices: create, list, show, change, delete."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.control import devices as changes
from vedette.control.devices import Change
from vedette.model.errors import InvalidParameter
from vedette.schemas.common import EDGE_CAMERA, matches
from vedette.schemas.device_info import DeviceAnswer, DeviceList, changed_device, device_info, device_of
from vedette.schemas.devices import DeviceCreate, DeviceQuery, DeviceUpdate
from vedette.store import devices, idempotency

router = APIRouter(tags=["Edge devices"])

EXAMPLE: Final[dict[str, Any]] = {
    "device": {
        "name": "gate-camera",
        "description": "over the north gate",
        "attributes": {"rtsp": {"value": "rtsp://user:password@192.168.1.20/stream1"}},
        "tags": [{"key": "iva-device-type", "value": "camera"}],
    }
}
CHANGED: Final = {"device": {"attributes": {"rtsp": {"value": "rtsp://user:password@192.168.1.21/stream1"}}}}


async def device_id(_member: Member, device_id: Annotated[str, Path()]) -> str:
    """Return the device's id of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    if not matches(EDGE_CAMERA, device_id):
        raise InvalidParameter(f"device_id: it does not have the form ^{EDGE_CAMERA}$.", param="device_id")
    return device_id


DeviceIdInPath = Annotated[str, Depends(device_id)]


@router.post(
    "/v2/{project_id}/edgemgr/devices",
    operation_id="CreateDevice",
    status_code=201,
    openapi_extra=takes(DeviceCreate, EXAMPLE),
    response_model=DeviceAnswer,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Register an edge device; a camera's id is the `id` of `edgecamera` inputs."""
    body = await received(request, DeviceCreate)
    now = parts.clock()
    device = device_of(body.device, principal.project_id, str(uuid.uuid4()), now)

    def insert(conn: Connection) -> dict[str, Any]:
        changes.insert(conn, parts.vault, device)
        return {"device": device_info(device)}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get("/v2/{project_id}/edgemgr/devices", operation_id="ListDevices", response_model=DeviceList)
async def find(principal: Member, query: Annotated[DeviceQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the edge devices of the project, newest first; `tags=iva-device-type.camera` lists the cameras."""
    found, total = await parts.db.read(
        devices.find,
        parts.vault,
        principal.project_id,
        name=query.name,
        tags=query.tagged,
        offset=query.offset,
        limit=query.limit,
    )
    return JSONResponse({"count": total, "devices": [device_info(device) for device in found]})


@router.get("/v2/{project_id}/edgemgr/devices/{device_id}", operation_id="ShowDevice", response_model=DeviceAnswer)
async def show(principal: Member, device: DeviceIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one edge device."""
    found = await parts.db.read(devices.get, parts.vault, principal.project_id, device)
    return JSONResponse({"device": device_info(found)})


@router.put(
    "/v2/{project_id}/edgemgr/devices/{device_id}",
    operation_id="UpdateDevice",
    openapi_extra=takes(DeviceUpdate, CHANGED),
    response_model=DeviceAnswer,
)
async def update(request: Request, principal: Member, device: DeviceIdInPath, parts: PartsOf) -> JSONResponse:
    """Change an edge device; if another address is opened from now on, tasks at work begin anew on it."""
    body = await received(request, DeviceUpdate)
    by = Change(principal.project_id, device, principal.user_name, parts.clock())
    edit = lambda stored: changed_device(body.device, stored)  # noqa: E731 - handed on as it is
    if await parts.db.write(changes.change, parts.vault, by, edit):
        parts.tasks.wake()
    found = await parts.db.read(devices.get, parts.vault, principal.project_id, device)
    return JSONResponse({"device": device_info(found)})


@router.delete(
    "/v2/{project_id}/edgemgr/devices/{device_id}",
    operation_id="DeleteDevice",
    status_code=204,
    response_class=Response,
)
async def delete(principal: Member, device: DeviceIdInPath, parts: PartsOf) -> Response:
    """Delete an edge device; refused while tasks or video sources refer to it."""
    await parts.db.write(changes.remove, parts.vault, principal.project_id, device)
    return Response(status_code=204)
