"""End devices of edge nodes, such as cameras, and what their attributes say of how they are opened."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from vedette.model.errors import SourceRefused
from vedette.model.secrets import MASK, is_same_place, shown_url, unmask_text, unmask_value
from vedette.model.source import Address, Liveness, Lookup, OnvifLookup

RTSP: Final = "rtsp"
"""The attribute that holds the address of a camera's stream."""
ONVIF: Final = "onvif"
"""Attribute of a camera that tells its address itself: the address of its device service."""
ONVIF_USER: Final = "onvif-user"
ONVIF_PASSWORD: Final = "onvif-password"  # noqa: S105 - the name of an attribute
ONVIF_PROFILE: Final = "onvif-profile"
"""Token or name of the media profile; the first one if there is none."""
CERTIFICATE_CHECK: Final = "certificate-check"
"""`false`: certificates are not verified, neither that of the device service nor that of the stream."""
TYPE_TAG: Final = "iva-device-type"
"""The tag that tells what a device is."""
CAMERA: Final = "camera"
_SECRET: Final = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What is said of a device.

    Attributes:
        optional: kept and shown.
        type: kept and shown.
    """

    value: str = field(repr=False)
    optional: bool = True
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        tags: not secret; lists are filtered by them.
        attributes: may hold secrets.
        created_at: milliseconds since the epoch.
        updated_at: milliseconds since the epoch.
    """

    id: str
    project_id: str
    name: str
    description: str
    tags: Mapping[str, str]
    attributes: Mapping[str, Attribute] = field(repr=False)
    created_at: int
    updated_at: int

    def value(self, name: str) -> str:
        """Return the value of an attribute; empty if there is none."""
        found = self.attributes.get(name)
        return found.value if found else ""


def address_of(device: Device) -> Address:
    """Return what is opened of a camera.

    Raises:
        SourceRefused: the device is no camera, or says neither its address nor who tells it.
    """
    if device.tags.get(TYPE_TAG) != CAMERA:
        raise SourceRefused(f"The edge device {device.id} is no camera: it needs the tag {TYPE_TAG} = {CAMERA}.")
    tls_verify = device.value(CERTIFICATE_CHECK).lower() != "false"
    if url := device.value(RTSP):
        return Address(url, Liveness.LIVE, tls_verify)
    service = device.value(ONVIF)
    if not service:
        raise SourceRefused(f"The edge device {device.id} has no attribute {RTSP!r} with its address.")
    asked = OnvifLookup(
        service, device.value(ONVIF_USER), device.value(ONVIF_PASSWORD), device.value(ONVIF_PROFILE), tls_verify
    )
    return Address("", Liveness.LIVE, tls_verify, Lookup(onvif=asked))


def opened(device: Device) -> tuple[str, ...]:
    """Return all that says what is opened of a device."""
    names = (RTSP, ONVIF, ONVIF_USER, ONVIF_PASSWORD, ONVIF_PROFILE, CERTIFICATE_CHECK)
    return (device.tags.get(TYPE_TAG, ""), *(device.value(name) for name in names))


def shown(name: str, value: str) -> str:
    """Return the value of an attribute as answers show it: passwords hidden."""
    if _SECRET.search(name):
        return MASK
    return shown_url(value) if "://" in value else value


def unmask(new: Mapping[str, Attribute], stored: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return attributes with what is masked in them taken from the stored ones.

    Raises:
        InvalidParameter: a value is masked and nothing is stored under it, or it would go elsewhere than before.
    """
    urls = [name for name, one in new.items() if "://" in one.value]
    same = all(name in stored and is_same_place(new[name].value, stored[name].value) for name in urls)

    def plain(name: str, one: Attribute) -> Attribute:
        known = stored[name].value if name in stored else None
        if _SECRET.search(name):
            return replace(one, value=unmask_value(one.value, known, same_place=same, param=name))
        return replace(one, value=unmask_text(one.value, known, param=name)) if "://" in one.value else one

    return {name: plain(name, one) for name, one in new.items()}
