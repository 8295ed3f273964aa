"""The documents of edge devices.

Their shape is that of the edge platform's published API (`/v2/{project_id}/edgemgr/devices`); `tags` in bodies are an
addition of ours.
"""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from vedette.model.device import CERTIFICATE_CHECK, ONVIF, ONVIF_PASSWORD, ONVIF_PROFILE, ONVIF_USER, RTSP
from vedette.model.secrets import without_userinfo
from vedette.schemas.common import Text, Wire, is_url, of_form, one_of
from vedette.schemas.listing import listed_as

DEVICE_NAME: Final = r"[\u4e00-\u9fa5a-zA-Z0-9_-]{1,64}"
GIVEN_ID: Final = r"[a-zA-Z0-9][a-zA-Z0-9_-]{23,62}"
"""The published form, up to the 63 characters that a task's input has room for."""
ATTRIBUTE_NAME: Final = r"[^\s\x00-\x1f\x7f]{1,64}"
TAG_KEY: Final = r"[a-zA-Z0-9_-]{1,36}"
TAG_VALUE: Final = r"[a-zA-Z0-9_-]{1,43}"
VALUE_LENGTH: Final = 1000
EDGE: Final = "edge"
USER_DEFINED: Final = "userdefine"
STREAMS: Final = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://")


def _named(value: Any) -> Any:
    """Take attributes as a list of names and values too, and values without anything around them."""
    if isinstance(value, list):
        pairs = [(one.get("name"), one) for one in value if isinstance(one, dict)]
        if len({name for name, _ in pairs}) < len(value):
            raise ValueError("each entry needs a name of its own")
        value = dict(pairs)
    if isinstance(value, dict):
        return {name: {"value": one} if isinstance(one, str) else one for name, one in value.items()}
    return value


def _keyed(value: Any) -> Any:
    """Take tags as an object too."""
    return [{"key": key, "value": text} for key, text in value.items()] if isinstance(value, dict) else value


class AttributeKind(Wire):
    """What kind of value an attribute has."""

    type: Annotated[str, one_of(("string", "int", "float", "boolean"))] = "string"
    """Kept and shown; values are text here, whatever they are meant to be."""


class DeviceAttribute(Wire):
    """A static property of a device."""

    value: Annotated[Text, Field(max_length=VALUE_LENGTH, repr=False)]
    """Its value. `user:password@` of an address, and all of what is named like a secret, is kept sealed and shown as
    `******`."""
    optional: bool = True
    """Kept and shown."""
    metadata: AttributeKind = AttributeKind()
    """What kind of value it has."""


class DeviceTag(Wire):
    """A tag of a device."""

    key: Annotated[str, of_form(TAG_KEY)]
    """Its name."""
    value: Annotated[str, of_form(TAG_VALUE)]
    """Its value."""


def is_service(text: str) -> bool:
    """Return whether a text is the address of a device service; who asks it is said elsewhere."""
    return is_url(text) and text.startswith(("http://", "https://")) and without_userinfo(text) == text


def _fitting(found: dict[str, DeviceAttribute]) -> dict[str, DeviceAttribute]:
    """Check the attributes that say how a camera is opened."""
    for name in found:
        of_form(ATTRIBUTE_NAME).check(name)
    url, service = (found[name].value if name in found else None for name in (RTSP, ONVIF))
    if url is not None and service is not None:
        raise ValueError(f"{RTSP} is the address of the stream, {ONVIF} that of who tells it: give one of them")
    if url is not None and not (is_url(url) and url.startswith(STREAMS)):
        raise ValueError(f"{RTSP} must be an rtsp, rtsps, rtmp, http or https URL")
    if service is None and (idle := {ONVIF_USER, ONVIF_PASSWORD, ONVIF_PROFILE} & found.keys()):
        raise ValueError(f"{', '.join(sorted(idle))} go with {ONVIF} only")
    if service is not None and not is_service(service):
        raise ValueError(f"{ONVIF} must be an http or https URL without user and password")
    if CERTIFICATE_CHECK in found and found[CERTIFICATE_CHECK].value.lower() not in {"true", "false"}:
        raise ValueError(f"{CERTIFICATE_CHECK} must be true or false")
    return found


def _each_once(found: list[DeviceTag]) -> list[DeviceTag]:
    if len({tag.key for tag in found}) < len(found):
        raise ValueError("a key stands for one tag")
    return found


Description = Annotated[Text, Field(max_length=255)]
Attributes = Annotated[
    dict[str, DeviceAttribute], BeforeValidator(_named), Field(max_length=64), AfterValidator(_fitting)
]
Tags = Annotated[list[DeviceTag], BeforeValidator(_keyed), Field(max_length=20), AfterValidator(_each_once)]


class DeviceCreateBody(Wire):
    """A new device."""

    id: Annotated[str, of_form(GIVEN_ID)] | None = None
    """Its id, once in a project; a UUID is made if there is none."""
    name: Annotated[str, of_form(DEVICE_NAME)]
    """Its name, once in a project."""
    description: Description | None = None
    """What it is."""
    attributes: Attributes | None = None
    """What is known of it, by name. A camera needs `rtsp`, the address of its stream; or `onvif`, the address of its device
    service, with `onvif-user`, `onvif-password` and `onvif-profile` if they are needed: it is then asked for its stream at
    every connection. `certificate-check` = `false` lets certificates pass unverified."""
    tags: Tags | None = None
    """Its tags; a camera needs `iva-device-type` = `camera`. An addition of ours."""
    connection_type: Annotated[str, one_of((EDGE,))] | None = None
    """How it is connected: only `edge` is known."""
    access_protocol: Annotated[str, one_of(("", USER_DEFINED))] | None = None
    """How an edge platform speaks with it: nobody does here, so only `userdefine` is known."""


class DeviceCreate(Wire):
    """The body of a create-device request."""

    device: DeviceCreateBody
    """The device."""


class DeviceUpdateBody(Wire):
    """What is to be changed; what is absent stays."""

    name: Annotated[str, of_form(DEVICE_NAME)] | None = None
    """The new name; an addition of ours."""
    description: Description | None = None
    """The new description."""
    attributes: Attributes | None = None
    """All attributes that it has from now on; `******` leaves a stored secret, as long as the host stays the same."""
    tags: Tags | None = None
    """All tags that it has from now on; an addition of ours."""


class DeviceUpdate(Wire):
    """The body of an update-device request."""

    device: DeviceUpdateBody
    """What is to be changed."""


class DeviceQuery(Wire):
    """The query of the list of devices."""

    model_config = ConfigDict(strict=False)

    name: Annotated[Text, Field(max_length=64)] = ""
    """A part of the name."""
    tags: Annotated[list[str], listed_as(rf"{TAG_KEY}\.{TAG_VALUE}")] = Field(default_factory=list)
    """Tags that a device must have, all of them: key and value joined by a dot, several by commas."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    """Entries on a page."""
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    """Entries before the page."""

    @property
    def tagged(self) -> dict[str, str]:
        """The tags by key."""
        return dict(pair.split(".", 1) for pair in self.tags)
