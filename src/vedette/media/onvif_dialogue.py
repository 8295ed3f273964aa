"""Questions to one ONVIF camera, asked as one user, with one deadline for all answers.

The login is a token in the message, by the camera's own clock; HTTP Digest if the camera wants that instead.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

from vedette.media.asking import Answer, ask
from vedette.media.connection import SAFE
from vedette.media.login import Login
from vedette.media.resolve import Pinned, pin
from vedette.media.soap import envelope, fault_of, parts_of, text, username_token, who_asks
from vedette.model.errors import SourceInvalid, SourceRefused, SourceUnreachable, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, OnvifLookup

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
SCHEMA: Final = "http://www.onvif.org/ver10/schema"
ANSWER_S: Final = 5.0
"""Seconds a camera has for one answer."""


class Dialogue:
    """What is asked of a camera.

    Attributes:
        device: its device service.

    Args of the constructor:
        whole_s: seconds for all that is asked.
        wall: seconds since the epoch.
    """

    def __init__(
        self, asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float, wall: Callable[[], float] = time.time
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
        self.device = self._pinned(asked.url)
        self._login = Login(f"{quote(asked.username, safe='')}:{quote(asked.password, safe='')}")
        self._digest = False  # the camera wants HTTP Digest, not the token in the message
        self._offset: float | None = None

    def place(self, announced: str) -> Pinned:
        """Return where a service is asked: as announced on our host, else its path where the device service is.

        Raises:
            SourceInvalid: it is announced at what is no URL.
            SourceRefused: the guard says no.
        """
        try:
            parts = urlsplit(announced)
            same = (parts.scheme, parts.hostname) == (self.device.scheme, self.device.host)
            elsewhere = parts._replace(scheme=self.device.scheme, netloc=urlsplit(self._asked.url).netloc)
        except ValueError:
            raise SourceInvalid(f"{self.device.shown} announces a service at what is no URL") from None
        return self._pinned(announced if same else elsewhere.geturl())

    def ask(self, place: Pinned, namespace: str, name: str, body: str, *, login: bool = True) -> Element:
        """Ask once (and again as HTTP Digest wants it); return the element that answers.

        Args:
            place: the service.
            namespace: of the operation.
            name: of the operation.
            body: XML within the element that asks; names without a prefix are of its namespace.
            login: whether the camera may want to know who asks.

        Raises:
            SourceRefused: the camera says no; `login` if it does so to user or password.
            SourceUnreachable: it does not answer in time, or cannot now.
            SourceInvalid: it answers with what is no ONVIF.
            SourceUnsupported: it does not have the operation.
        """
        login = login and bool(self._asked.username)
        if login and self._offset is None:
            self._offset = self._clock_offset()
        within = f'<{name} xmlns="{namespace}" xmlns:tt="{SCHEMA}">{body}</{name}>'
        self._login.begin()
        answer = self._send(place, f"{namespace}/{name}", within, login=login)
        if answer.status == 401 and login and self._challenged(answer, place):
            self._digest = True
            answer = self._send(place, f"{namespace}/{name}", within, login=True)
        if answer.status == 401:
            raise who_asks(place.shown, named=login)
        try:
            found = parts_of(answer.body, place.shown)[1]
        except SourceInvalid:
            if answer.status == 200:
                raise
            said = f"{place.shown} answered {answer.status} to {name}"
            raise (SourceUnreachable(said) if answer.status >= 500 else SourceRefused(said)) from None
        error = fault_of(found, place.shown, name, named=login)
        if error is not None:
            raise error
        element = found.find(f"{{{namespace}}}{name}Response")
        if element is None:
            raise SourceInvalid(f"{place.shown} answers to {name} with something else")
        return element

    def _pinned(self, url: str) -> Pinned:
        return pin(Address(url, Liveness.LIVE, self._asked.tls_verify), self._policy, ())

    def _clock_offset(self) -> float:
        """Return how many seconds the camera's clock is ahead; a login holds for some seconds of its time."""
        try:
            answer = self.ask(self.device, DEVICE, "GetSystemDateAndTime", "", login=False)
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
