"""The documents of a search for cameras, an addition of ours."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from vedette.schemas.common import Rule, Text, Wire, matches, whole
from vedette.schemas.devices import is_service

HOST: Final = r"(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]{1,253})(:[0-9]{1,5})?"


def _place(text: str) -> str:
    fits = is_service(text) if "://" in text else matches(HOST, text) and _has_port(text)
    if not fits:
        raise ValueError(
            "it must be a host, with a port if it is not 3702, or an http or https URL without user and password"
        )
    return text


def _has_port(text: str) -> bool:
    try:
        return urlsplit(f"//{text}").port != 0
    except ValueError:
        return False


class DiscoverRequest(Wire):
    """What is searched for."""

    address: Annotated[str, Rule(_place, {"pattern": whole(rf"{HOST}|https?://.*")})] | None = None
    """A host that is searched alone (with a port, if it is not 3702), or the http or https address of a device service,
    which is asked without a search. Without it the network of the service's machine is searched."""
    username: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    """Whom to ask the cameras as; each that is found is then asked for its profiles. The login is not kept."""
    password: Annotated[Text, Field(max_length=255)] | None = Field(default=None, repr=False)
    """Their password."""
    seconds: Annotated[float, Field(ge=0.1, le=10)] = 3.0
    """How long to wait for answers to the search."""


class OfferInfo(Wire):
    """A stream that a camera offers."""

    token: str
    """What it is called in the attribute `onvif-profile`."""
    name: str
    """Its name."""
    encoding: str
    """Its codec, as the camera says it, such as `H264`; empty if it does not."""
    width: int
    """Pixels; 0 if the camera does not say."""
    height: int
    """Pixels; 0 if the camera does not say."""
    url: str
    """Address of the stream, without a login; empty if the camera does not tell it."""


class DiscoveryError(Wire):
    """Why a camera does not tell."""

    code: str
    """Code of the failure."""
    message: str
    """What happened."""


class DiscoveredDevice(Wire):
    """A device that was found."""

    address: str
    """The machine it answered from."""
    service: str
    """Address of its device service, for the attribute `onvif`; empty if it announces none on that machine."""
    announced: list[str]
    """All addresses that it announces."""
    endpoint: str
    """What it calls itself, mostly a `urn:uuid:…`."""
    name: str
    """Its name; empty if it says none, as of the next two."""
    hardware: str
    """Its make."""
    location: str
    """Where it is."""
    profiles: list[OfferInfo] | None = None
    """The streams it offers; absent if it was not asked, or did not tell."""
    error: DiscoveryError | None = None
    """Why it did not tell."""


class Discovery(Wire):
    """What was found."""

    count: int
    """Devices that were found, 256 at most."""
    refused: int
    """Machines that answered and that the guard forbids; nothing is told of them."""
    devices: list[DiscoveredDevice]
    """The devices, by their addresses."""
