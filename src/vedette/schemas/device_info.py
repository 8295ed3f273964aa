"""The documents that edge devices are answered with; from a received device to the model's value, and from it to them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vedette.model.device import Attribute, Device, shown, unmask
from vedette.schemas.common import Wire
from vedette.schemas.devices import (
    EDGE,
    USER_DEFINED,
    DeviceAttribute,
    DeviceCreateBody,
    DeviceTag,
    DeviceUpdateBody,
)


class DeviceInfo(Wire):
    """A device."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    description: str
    """What it is."""
    project_id: str
    """The project it belongs to."""
    attributes: dict[str, DeviceAttribute]
    """What is known of it, secrets hidden."""
    tags: list[DeviceTag]
    """Its tags; an addition of ours."""
    connection_type: str
    """Always `edge`."""
    access_protocol: str
    """Always `userdefine`."""
    twin: dict[str, Any]
    """Always empty: devices report nothing here."""
    access_config: dict[str, Any]
    """Always empty."""
    property_visitors: dict[str, Any]
    """Always empty."""
    created_at: str
    """When it was registered, such as `2027-01-31T18:00:00.123000Z`."""
    updated_at: str
    """When it was last changed."""


class DeviceAnswer(Wire):
    """A device, as it is answered."""

    device: DeviceInfo
    """The device."""


class DeviceList(Wire):
    """A page of devices."""

    count: int
    """Devices that match, on all pages."""
    devices: list[DeviceInfo]
    """The devices, newest first."""


def device_of(received: DeviceCreateBody, project_id: str, device_id: str, at_ms: int) -> Device:
    """Return the device that was received.

    Args:
        device_id: its id if the caller gives none.

    Raises:
        InvalidParameter: something is masked in it.
    """
    return Device(
        id=received.id or device_id,
        project_id=project_id,
        name=received.name,
        description=received.description or "",
        tags=_tags(received.tags or ()),
        attributes=unmask(_attributes(received.attributes or {}), {}),
        created_at=at_ms,
        updated_at=at_ms,
    )


def changed_device(received: DeviceUpdateBody, stored: Device) -> Device:
    """Return the stored device as an update wants it.

    Raises:
        InvalidParameter: a masked value stands for nothing, or would go elsewhere than before.
    """
    given = received.attributes
    return replace(
        stored,
        name=stored.name if received.name is None else received.name,
        description=stored.description if received.description is None else received.description,
        attributes=stored.attributes if given is None else unmask(_attributes(given), stored.attributes),
        tags=stored.tags if received.tags is None else _tags(received.tags),
    )


def device_info(device: Device) -> dict[str, Any]:
    """Return the document of a device, secrets hidden."""
    return {
        "id": device.id,
        "name": device.name,
        "description": device.description,
        "project_id": device.project_id,
        "attributes": {
            name: {"value": shown(name, one.value), "optional": one.optional, "metadata": {"type": one.type}}
            for name, one in device.attributes.items()
        },
        "tags": [{"key": key, "value": value} for key, value in device.tags.items()],
        "connection_type": EDGE,
        "access_protocol": USER_DEFINED,
        "twin": {},
        "access_config": {},
        "property_visitors": {},
        "created_at": _time(device.created_at),
        "updated_at": _time(device.updated_at),
    }


def _attributes(received: Mapping[str, DeviceAttribute]) -> dict[str, Attribute]:
    return {name: Attribute(one.value, one.optional, one.metadata.type) for name, one in received.items()}


def _tags(received: Sequence[DeviceTag]) -> dict[str, str]:
    return {tag.key: tag.value for tag in received}


def _time(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}000Z"
