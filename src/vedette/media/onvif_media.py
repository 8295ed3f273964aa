"""The media services of ONVIF cameras, Media and Media 2: where they are, how they are asked, what profiles they tell.

Sources: ONVIF Core, Media and Media 2 Service Specifications.
"""

from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from vedette.media.onvif_dialogue import DEVICE, Dialogue
from vedette.media.resolve import Pinned
from vedette.media.soap import text
from vedette.model.errors import SourceUnsupported

MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
MOST: Final = 64
"""Profiles of a camera that are looked at."""
LONGEST: Final = 128
"""Signs of a token or a name."""
_PROFILES2: Final = "<Type>VideoEncoder</Type>"
_STREAM2: Final = "<Protocol>RTSP</Protocol>"
_STREAM: Final = (
    "<StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
    "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup>"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream that a camera offers.

    Attributes:
        encoding: as the camera says it, such as `H264`; empty if it does not.
    """

    token: str
    name: str
    encoding: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class MediaService:
    """A media service, and how it is asked.

    Attributes:
        profiles: what stands in GetProfiles.
        stream: what stands in GetStreamUri before the token.
    """

    namespace: str
    place: Pinned = field(repr=False)
    profiles: str
    stream: str


def media_services(talk: Dialogue) -> list[MediaService]:
    """Return the media services of a camera, the newer one first.

    Raises:
        SourceError: as `Dialogue.ask`.
    """
    try:
        body = "<IncludeCapability>false</IncludeCapability>"
        answer = talk.ask(talk.device, DEVICE, "GetServices", body)
        known = {text(one, "Namespace"): text(one, "XAddr") for one in answer.findall("{*}Service")}
    except SourceUnsupported:
        answer = talk.ask(talk.device, DEVICE, "GetCapabilities", "<Category>All</Category>")
        known = {MEDIA: text(answer, "Capabilities/Media/XAddr")}
    kinds = ((MEDIA2, _PROFILES2, _STREAM2), (MEDIA, "", _STREAM))
    return [MediaService(name, talk.place(known[name]), *rest) for name, *rest in kinds if known.get(name)]


def profiles_of(answer: Element) -> tuple[Profile, ...]:
    """Return the profiles that have video, in the camera's order."""
    found = [_profile(element) for element in answer.findall("{*}Profiles")[:MOST]]
    return tuple(one for one in found if one is not None)


def _profile(element: Element) -> Profile | None:
    """Return a profile in either form; None if it is not to be named, or has no video."""
    encoder = element.find("{*}Configurations/{*}VideoEncoder")
    if encoder is None:
        encoder = element.find("{*}VideoEncoderConfiguration")
    token = element.get("token", "")
    if not 0 < len(token) <= LONGEST or encoder is None:
        return None
    width, height = (_count(text(encoder, f"Resolution/{name}")) for name in ("Width", "Height"))
    return Profile(token, text(element, "Name")[:LONGEST], text(encoder, "Encoding")[:LONGEST], width, height)


def _count(said: str) -> int:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 0
