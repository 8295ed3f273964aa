"""A video cloud node (VCN, IVS1800): log in, ask for the address of a camera, keep the session, log out.

HTTPS with the node's own certificate, which nobody could verify; JSON both ways; the session is a cookie. The calls and
their fields are those of public clients of it (reference, section 7.3). A result code other than 0 says no; which code
means what is published for two of them only.

Imports nothing that decodes: the control plane holds the sessions, so that all workers share one login.
"""

import http.client
import http.cookies
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.media.answers import is_for_later
from vedette.media.asking import ask
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, VcnServer

CALL_S: Final = 10.0
"""Seconds for one call."""
LOGIN: Final = "/loginInfo/login/v1.0"
RTSP_URL: Final = "/video/rtspurl/v1.0"
KEEP_ALIVE: Final = "/common/keepAlive"
LOGOUT: Final = "/users/logout"
WARNINGS: Final[Mapping[int, str]] = {
    119101305: "the password has expired",
    119101308: "this is the first login, and the password is still the one it was made with",
}
"""Result codes of a login that is good nevertheless."""
_LIVE_OVER_TCP: Final = {
    "broadCastType": 0,
    "packProtocolType": 1,
    "protocolType": 2,
    "serviceType": 1,
    "transMode": 0,
    "clientType": 1,
}
"""One receiver, elementary streams, TCP, live pictures."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login.

    Attributes:
        cookie: proves it.
        warning: what the node had to say about the account; empty if nothing.
    """

    cookie: str = field(repr=False)
    warning: str = ""


class VcnNode:
    """One account of a node; blocks, may be used by several threads, and remembers nothing."""

    def __init__(self, server: VcnServer, policy: GuardPolicy, *, within_s: float = CALL_S) -> None:
        self._server, self._policy, self._within_s = server, policy, within_s

    @property
    def shown(self) -> str:
        """Return the node's address, for people."""
        return f"{self._server.ip}:{self._server.port}"

    def login(self) -> Session:
        """Begin a session.

        Raises:
            SourceRefused: the node, or the guard, says no.
            SourceUnreachable: no answer in time.
        """
        body = {"userName": self._server.username, "password": self._server.password}
        said, headers = self._call("POST", LOGIN, body)
        code = self._code(said, "the login")
        if code and code not in WARNINGS:
            raise SourceRefused(f"the VCN server {self.shown} refused the login with the result code {code}")
        cookie = "; ".join(_cookies(headers))
        if "JSESSIONID=" not in cookie:
            raise SourceRefused(f"the VCN server {self.shown} took the login and gave no session")
        return Session(cookie, WARNINGS.get(code, ""))

    def rtsp_url(self, session: Session, camera: str, stream_type: int) -> str:
        """Return an address of a camera's live stream, good for one connection.

        Raises:
            SourceRefused: the session is not known, or the answer is not to be understood.
            SourceUnreachable: no answer in time; or a result code, which may as well mean that the camera is off.
        """
        body = {"cameraCode": camera, "mediaURLParam": {**_LIVE_OVER_TCP, "streamType": stream_type}}
        said, _ = self._call("POST", RTSP_URL, body, session)
        if code := self._code(said, "the question for an address"):
            text = f"the VCN server {self.shown} gave no address of the camera, but the result code {code}"
            raise SourceUnreachable(text)
        url = said.get("rtspURL")
        if not isinstance(url, str) or not url.strip():
            raise SourceRefused(f"the VCN server {self.shown} answered without an address of the camera")
        return url.strip()

    def keep_alive(self, session: Session) -> bool:
        """Keep a session from ending; return False if it has ended.

        Raises:
            SourceUnreachable: no answer in time.
        """
        try:
            said, _ = self._call("GET", KEEP_ALIVE, None, session)
            return self._code(said, "the keep-alive") == 0
        except SourceRefused:
            return False

    def logout(self, session: Session) -> None:
        """End a session; one that has ended already is none to worry about.

        Raises:
            SourceError: the node says no, or nothing.
        """
        self._call("GET", LOGOUT, None, session)

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, session: Session | None = None
    ) -> tuple[dict[str, Any], http.client.HTTPMessage]:
        pinned = self._pinned()
        headers = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
        if session is not None:
            headers["Cookie"] = session.cookie
        content = None if body is None else json.dumps(body).encode()
        answer = ask(pinned, method, path, headers, content, within_s=self._within_s)
        if is_for_later(answer.status):
            raise SourceUnreachable(f"the VCN server {self.shown} answered {answer.status}")
        if answer.status != 200:
            raise SourceRefused(f"the VCN server {self.shown} answered {answer.status}")
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise SourceRefused(f"the VCN server {self.shown} answered with what is no JSON object")
        return said, answer.headers

    def _pinned(self) -> Pinned:
        if not self._server.port:
            raise SourceRefused("the port of the VCN server is 0")
        return pin(Address(f"https://{self.shown}", Liveness.LIVE, tls_verify=False), self._policy, ())

    def _code(self, said: Mapping[str, Any], what: str) -> int:
        code = said.get("resultCode")
        if isinstance(code, bool) or not isinstance(code, int):
            raise SourceRefused(f"the VCN server {self.shown} answered {what} without a result code")
        return code


def _cookies(headers: http.client.HTTPMessage) -> list[str]:
    """Return the cookies that an answer sets, as they are sent back."""
    pairs = []
    for line in headers.get_all("Set-Cookie") or []:
        jar: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
        try:
            jar.load(line)
        except http.cookies.CookieError:
            continue
        pairs += [f"{morsel.key}={morsel.coded_value}" for morsel in jar.values()]
    return pairs
