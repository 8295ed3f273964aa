"""ONVIF: a camera is asked for the address of its stream.

Sources: ONVIF Core, Media and Media 2 Service Specifications. Of what a device announces only paths and ports are taken:
its services are asked on the host that was named, and a password goes nowhere else.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from vedette.media.asking import Answer, ask
from vedette.media.http import SAFE
from vedette.media.login import Login
from vedette.media.resolve import Pinned, pin
from vedette.media.soap import envelope, fault_of, parts_of, text, username_token
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceUnreachable, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, OnvifLookup

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
SCHEMA: Final = "http://www.onvif.org/ver10/schema"
ANSWER_S: Final = 5.0
"""Seconds a camera has for one answer."""
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
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        asked: OnvifLookup,
        policy: GuardPolicy,
        *,
        whole_s: float = WHOLE_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Judge the address; ask nothing yet.

        Raises:
            SourceRefused: the guard says no, or it is no http address.
            SourceUnreachable: the name cannot be resolved.
        """
        if urlsplit(asked.url).scheme.lower() not in ("http", "https"):
            raise SourceRefused("the device service of a camera has an http or https address")
        self._asked, self._policy, self._wall = asked, policy, wall
        self._deadline = time.monotonic() + whole_s
        self._device = self._pinned(asked.url)
        self._login = Login(f"{quote(asked.username, safe='')}:{quote(asked.password, safe='')}")
        self._digest = False  # the camera wants HTTP Digest, not the token in the message
        self._offset: float | None = None
        self._media: _Media | None = None

    @property
    def shown(self) -> str:
        """Return scheme, host and port of its device service."""
        return self._device.shown

    def profiles(self) -> tuple[Profile, ...]:
        """Return the profiles that have video, in the camera's order.

        Raises:
            SourceError: as `find`.
        """
        for media in self._services():
            self._media = media
            try:
                answer = self._call(media.place, media.namespace, "GetProfiles", media.profiles)
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
        answer = self._call(media.place, media.namespace, "GetStreamUri", body)
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
        if not self._asked.username or parts.username or (parts.hostname or "") != self._device.host:
            return url
        login = f"{quote(self._asked.username, safe='')}:{quote(self._asked.password, safe='')}"
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()

    # -- its services

    def _services(self) -> "list[_Media]":
        """Return its media services, the newer one first; the clock is compared before the first login."""
        if self._offset is None:
            self._offset = self._clock_offset() if self._asked.username else 0.0
        try:
            body = "<IncludeCapability>false</IncludeCapability>"
            answer = self._call(self._device, DEVICE, "GetServices", body)
            known = {text(one, "Namespace"): text(one, "XAddr") for one in answer.findall("{*}Service")}
        except SourceUnsupported:
            answer = self._call(self._device, DEVICE, "GetCapabilities", "<Category>All</Category>")
            known = {MEDIA: text(answer, "Capabilities/Media/XAddr")}
        kinds = ((MEDIA2, _PROFILES2, _STREAM2), (MEDIA, "", _STREAM))
        return [_Media(name, self._place(known[name]), *rest) for name, *rest in kinds if known.get(name)]

    def _place(self, announced: str) -> Pinned:
        """Return where a service is asked: as announced on our host, else its path where the device service is."""
        try:
            parts = urlsplit(announced)
            same = (parts.scheme, parts.hostname) == (self._device.scheme, self._device.host)
            elsewhere = parts._replace(scheme=self._device.scheme, netloc=urlsplit(self._asked.url).netloc)
        except ValueError:
            raise SourceInvalid(f"{self.shown} announces a service at what is no URL") from None
        return self._pinned(announced if same else elsewhere.geturl())

    def _pinned(self, url: str) -> Pinned:
        return pin(Address(url, Liveness.LIVE, self._asked.tls_verify), self._policy, ())

    def _clock_offset(self) -> float:
        """Return how many seconds the camera's clock is ahead; a login holds for some seconds of its time."""
        try:
            answer = self._call(self._device, DEVICE, "GetSystemDateAndTime", "", login=False)
        except (SourceRefused, SourceInvalid, SourceUnsupported):
            return 0.0  # some want a login for this as well
        at = answer.find("{*}SystemDateAndTime/{*}UTCDateTime")
        names = ("Date/Year", "Date/Month", "Date/Day", "Time/Hour", "Time/Minute", "Time/Second")
        try:
            year, month, day, hour, minute, second = (int(text(at, name)) for name in names)
            there = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
        except (ValueError, OverflowError):
            return 0.0
        return there - self._wall()

    # -- one question

    def _call(self, place: Pinned, namespace: str, name: str, body: str, *, login: bool = True) -> Element:
        """Ask once (and again as HTTP Digest wants it); return the element that answers."""
        login = login and bool(self._asked.username)
        within = f'<{name} xmlns="{namespace}" xmlns:tt="{SCHEMA}">{body}</{name}>'
        self._login.begin()
        answer = self._send(place, f"{namespace}/{name}", within, login=login)
        if answer.status == 401 and login and self._challenged(answer, place):
            self._digest = True
            answer = self._send(place, f"{namespace}/{name}", within, login=True)
        if answer.status == 401:
            raise SourceRefused(f"{place.shown} does not take the user or the password", login=True)
        try:
            found = parts_of(answer.body, place.shown)[1]
        except SourceInvalid:
            if answer.status == 200:
                raise
            said = f"{place.shown} answered {answer.status} to {name}"
            raise (SourceUnreachable(said) if answer.status >= 500 else SourceRefused(said)) from None
        error = fault_of(found, place.shown, name)
        if error is not None:
            raise error
        element = found.find(f"{{{namespace}}}{name}Response")
        if element is None:
            raise SourceInvalid(f"{place.shown} answers to {name} with something else")
        return element

    def _challenged(self, answer: Answer, place: Pinned) -> bool:
        """Take a challenge; one for Basic only over TLS, for it tells the password."""
        asked = answer.headers.get_all("WWW-Authenticate") or []
        if place.scheme == "http":
            asked = [one for one in asked if one.strip().lower().startswith("digest")]
        return bool(asked) and self._login.challenged(asked)

    def _send(self, place: Pinned, action: str, within: str, *, login: bool) -> Answer:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise SourceUnreachable(f"{place.shown} did not answer everything in time")
        target = quote(place.target, safe=SAFE)
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        token = ""
        if login and self._digest:
            if (header := self._login.header("POST", target)) is not None:
                headers["Authorization"] = header
        elif login:
            asked = self._asked
            token = username_token(asked.username, asked.password, self._wall() + (self._offset or 0.0))
        return ask(place, "POST", target, headers, envelope(within, token), within_s=min(left, ANSWER_S))


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
