"""ONVIF: a camera is asked for the address of its stream.

Sources: ONVIF Core, Media and Media 2 Service Specifications. Of what a device announces only paths and ports are taken:
its services are asked on the host that was named, and a password goes nowhere else.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from vedette.media.onvif_dialogue import DEVICE, Dialogue
from vedette.media.resolve import Pinned, pin
from vedette.media.soap import text
from vedette.model.errors import SourceError, SourceRefused, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, OnvifLookup

MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
WHOLE_S: Final = 15.0
"""Seconds it has for all of them."""
STREAMS: Final = frozenset({"rtsp", "rtsps", "http", "https"})
MOST: Final = 64
"""Profiles of a camera that are looked at."""
LONGEST: Final = 128
"""Signs of a token or a name."""
LONGEST_URL: Final = 2000


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


def find(asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> str:
    """Return the address of a camera's stream, with user and password in it.

    Raises:
        SourceRefused: the guard or the camera says no, or it has no such profile.
        SourceUnreachable: it does not answer in time, or cannot now.
        SourceInvalid: it answers with what is no ONVIF.
        SourceUnsupported: it has no media service.
    """
    camera = Camera(asked, policy, whole_s=whole_s)
    url = camera.stream(_chosen(camera.profiles(), asked.profile, camera.shown).token)
    return camera.with_login(url)


def _chosen(profiles: tuple[Profile, ...], wanted: str, shown: str) -> Profile:
    fitting = [one for one in profiles if wanted in ("", one.token)] or [one for one in profiles if one.name == wanted]
    if fitting:
        return fitting[0]
    offered = ", ".join(repr(one.token[:40]) for one in profiles[:8]) or "none"
    raise SourceRefused(f"{shown} has no profile {wanted[:40]!r}; it has {offered}")


class Camera:
    """One camera, asked as one user.

    Args of the constructor:
        whole_s: seconds for all that is asked.
    """

    def __init__(self, asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> None:
        """Judge the address; ask nothing yet.

        Raises:
            SourceRefused: the guard says no, or it is no http address.
            SourceUnreachable: the name cannot be resolved.
        """
        self._asked, self._policy = asked, policy
        self._dialogue = Dialogue(asked, policy, whole_s=whole_s)
        self._media: _Media | None = None

    @property
    def shown(self) -> str:
        """Return scheme, host and port of its device service."""
        return self._dialogue.device.shown

    def profiles(self) -> tuple[Profile, ...]:
        """Return the profiles that have video, in the camera's order.

        Raises:
            SourceError: as `find`.
        """
        for media in self._services():
            self._media = media
            try:
                answer = self._dialogue.ask(media.place, media.namespace, "GetProfiles", media.profiles)
            except SourceUnsupported:  # it announced what it does not have
                continue
            found = [_profile(element) for element in answer.findall("{*}Profiles")[:MOST]]
            return tuple(one for one in found if one is not None)
        raise SourceUnsupported(f"{self.shown} has no media service")

    def stream(self, token: str) -> str:
        """Return the address of a profile's stream, as the camera gives it.

        Raises:
            SourceError: as `find`.
        """
        if self._media is None:
            self.profiles()
        media = self._media
        assert media is not None
        body = f"{media.stream}<ProfileToken>{escape(token)}</ProfileToken>"
        answer = self._dialogue.ask(media.place, media.namespace, "GetStreamUri", body)
        url = text(answer, "Uri") or text(answer, "MediaUri/Uri")
        try:
            scheme = urlsplit(url).scheme.lower() if len(url) <= LONGEST_URL else ""
        except ValueError:
            scheme = ""
        if scheme not in STREAMS:
            raise SourceRefused(f"{self.shown} names an address with the scheme {scheme[:20]!r}, which is not opened")
        pin(Address(url, Liveness.LIVE), self._policy, ())
        return url

    def with_login(self, url: str) -> str:
        """Return the address with user and password, if it is on the host that they are for, and has none."""
        parts = urlsplit(url)
        if not self._asked.username or parts.username or (parts.hostname or "") != self._dialogue.device.host:
            return url
        login = f"{quote(self._asked.username, safe='')}:{quote(self._asked.password, safe='')}"
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()

    # -- its services

    def _services(self) -> "list[_Media]":
        """Return its media services, the newer one first."""
        talk = self._dialogue
        try:
            body = "<IncludeCapability>false</IncludeCapability>"
            answer = talk.ask(talk.device, DEVICE, "GetServices", body)
            known = {text(one, "Namespace"): text(one, "XAddr") for one in answer.findall("{*}Service")}
        except SourceUnsupported:
            answer = talk.ask(talk.device, DEVICE, "GetCapabilities", "<Category>All</Category>")
            known = {MEDIA: text(answer, "Capabilities/Media/XAddr")}
        kinds = ((MEDIA2, _PROFILES2, _STREAM2), (MEDIA, "", _STREAM))
        return [_Media(name, talk.place(known[name]), *rest) for name, *rest in kinds if known.get(name)]


@dataclass(frozen=True, slots=True)
class _Media:
    """A media service, and how it is asked.

    Attributes:
        profiles: what stands in GetProfiles.
        stream: what stands in GetStreamUri before the token.
    """

    namespace: str
    place: Pinned = field(repr=False)
    profiles: str
    stream: str


_PROFILES2: Final = "<Type>VideoEncoder</Type>"
_STREAM2: Final = "<Protocol>RTSP</Protocol>"
_STREAM: Final = (
    "<StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
    "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup>"
)


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


def offered(asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> list[tuple[Profile, str]]:
    """Return the profiles of a camera with the addresses of their streams, which hold no password of ours.

    Raises:
        SourceError: as `find`; of single streams it is passed over, with an empty address in its place.
    """
    camera = Camera(asked, policy, whole_s=whole_s)
    found = []
    for profile in camera.profiles():
        try:
            found.append((profile, camera.stream(profile.token)))
        except SourceError:
            found.append((profile, ""))
    return found
