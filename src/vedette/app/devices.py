"""Edge devices, managed beside the running service; and the search for cameras on the network of this machine."""

import asyncio
import uuid
from typing import Any

from pydantic import ValidationError

from vedette.api.errors import invalid
from vedette.app.ground import ground, now_ms, policy
from vedette.app.sales import project_of
from vedette.control import devices as changes
from vedette.media.onvif_survey import Survey, survey
from vedette.model.device import Device
from vedette.schemas.device_discovery import DiscoverRequest
from vedette.schemas.device_info import device_of
from vedette.schemas.devices import DeviceCreateBody
from vedette.settings import Settings
from vedette.store import devices


async def add(settings: Settings, project: str | None, fields: dict[str, Any]) -> Device:
    """Register a device.

    Raises:
        InvalidParameter: a field breaks its rule, or the project is not known.
        AlreadyExists: the project has a device with that id.
        NameTaken: a device of the project has the name.
    """
    try:
        body = DeviceCreateBody.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        device = device_of(body, chosen, str(uuid.uuid4()), now_ms())
        await base.db.write(changes.insert, base.vault, device)
        return device


async def listed(settings: Settings, project: str | None) -> list[Device]:
    """Return the devices of a project, newest first."""
    async with ground(settings) as base:
        found, _ = await base.db.read(devices.find, base.vault, await project_of(base.db, project))
        return found


async def remove(settings: Settings, project: str | None, device_id: str) -> None:
    """Remove a device.

    Raises:
        NotFound: the project has none with that id.
        IllegalTransition: tasks or video sources refer to it.
    """
    async with ground(settings) as base:
        await base.db.write(changes.remove, base.vault, await project_of(base.db, project), device_id)


async def discover(settings: Settings, fields: dict[str, Any], interfaces: tuple[str, ...]) -> Survey:
    """Search for cameras, and ask them if there is a login.

    Raises:
        InvalidParameter: a field breaks its rule.
        SourceError: the place may not be reached, or its name cannot be resolved.
    """
    try:
        body = DiscoverRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None
    return await asyncio.to_thread(
        survey,
        policy(settings),
        place=body.address or "",
        username=body.username or "",
        password=body.password or "",
        within_s=body.seconds,
        interfaces=interfaces,
    )
