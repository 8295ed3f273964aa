"""A video cloud node that holds its clients to the letter of the contract (reference, section 7.3).

Four calls over HTTPS under a certificate of its own making. Whatever a client does beside the contract (a wrong method,
a missing header, a field too many, a cookie nobody gave it) is written down in `violations` and answered with 400.
"""

import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from neighbours.certificates import self_signed

CAMERA = "01234567890123456789#0123456789abcdef0123456789abcdef"
OTHER_CAMERA = "98765432109876543210#0123456789abcdef0123456789abcdef"
EXPIRED_PASSWORD, FIRST_LOGIN = 119101305, 119101308
WRONG_PASSWORD, NO_SESSION, NO_CAMERA = 119100001, 119100002, 119100003
"""Codes of this server's own: what others than the two above are, nobody has published."""
_METHODS = {
    "/loginInfo/login/v1.0": "POST",
    "/video/rtspurl/v1.0": "POST",
    "/common/keepAlive": "GET",
    "/users/logout": "GET",
}
_MEDIA = {
    "broadCastType": 0,
    "packProtocolType": 1,
    "protocolType": 2,
    "serviceType": 1,
    "transMode": 0,
    "clientType": 1,
}


@dataclass
class _Session:
    user: str
    used: float


@dataclass
class VcnServer:
    """The server; start it as a context, or with `start`.

    Attributes:
        url_of: gives a new address for a camera and a stream type; None: there is no such camera.
        users: passwords by name.
        life_s: seconds after which a session that is not used ends, by the server's clock.
        single: a login ends the session that the user has.
        login_code: what a good login is answered with.
        gone_status: HTTP status for calls under a session that is not known; with 200 a result code says it.
        now: the server's clock, in seconds; the test moves it.
        script: answers to give instead, by path: status and body, or None to say nothing until the test is over.
        counts: calls that were in order: login, refused, url, keep_alive, logout.
        types: stream types that were asked for.
        violations: what clients did beside the contract.
    """

    url_of: Callable[[str, int], str | None]
    users: dict[str, str] = field(default_factory=lambda: {"operator": "pa55-word"})
    life_s: float = 600.0
    single: bool = True
    login_code: int = 0
    gone_status: int = 200
    now: float = 0.0
    script: dict[str, tuple[int, bytes] | None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    types: list[int] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._context = self_signed("vcn.test")
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._over = threading.Event()

    @property
    def sessions(self) -> int:
        """Return how many sessions there are."""
        with self._lock:
            self._expire()
            return len(self._sessions)

    def start(self) -> None:
        """Listen, on the same port as before; nobody is logged in."""
        self._sessions.clear()
        self._over.clear()
        server = _Server(("127.0.0.1", self.port), _handler_of(self))
        server.socket = self._context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._server = server

    def stop(self) -> None:
        self._over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes, str | None]:
        """Return status, body and cookie for a call."""
        if path in self.script:
            told = self.script[path]
            if told is None:
                self._over.wait(60)
                return 500, b"", None
            return *told, None
        with self._lock:
            try:
                self._check(method, path, headers)
                status, said, cookie = self._do(path, headers, json.loads(body) if method == "POST" else _no(body))
            except (_Wrong, ValueError) as wrong:
                self.violations.append(f"{method} {path}: {wrong}")
                return 400, b"", None
        return status, json.dumps(said).encode(), cookie

    def _check(self, method: str, path: str, headers: dict[str, str]) -> None:
        if _METHODS.get(path) != method:
            raise _Wrong("no such call")
        needed = {"content-type": "application/json", "cache-control": "no-cache", "host": f"127.0.0.1:{self.port}"}
        for name, value in needed.items():
            if headers.get(name) != value:
                raise _Wrong(f"{name} is {headers.get(name)!r}")
        if (path == "/loginInfo/login/v1.0") == ("cookie" in headers):
            raise _Wrong(f"cookie: {headers.get('cookie')!r}")

    def _do(self, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, Any], str | None]:
        if path == "/loginInfo/login/v1.0":
            return self._login(body)
        self._expire()
        cookie = headers["cookie"]
        if not cookie.startswith("JSESSIONID=") or ";" in cookie:
            raise _Wrong(f"cookie: {cookie!r}")
        session = self._sessions.get(cookie.removeprefix("JSESSIONID="))
        if session is None:
            self.counts["gone"] += 1
            return self.gone_status, {"resultCode": NO_SESSION}, None
        session.used = self.now
        if path == "/users/logout":
            del self._sessions[cookie.removeprefix("JSESSIONID=")]
            self.counts["logout"] += 1
            return 200, {"resultCode": 0}, None
        if path == "/common/keepAlive":
            self.counts["keep_alive"] += 1
            return 200, {"resultCode": 0}, None
        return self._url(body)

    def _login(self, body: Any) -> tuple[int, dict[str, Any], str | None]:
        if not isinstance(body, dict) or set(body) != {"userName", "password"}:
            raise _Wrong(f"fields: {sorted(body)}")
        if self.users.get(body["userName"]) != body["password"]:
            self.counts["refused"] += 1
            return 200, {"resultCode": WRONG_PASSWORD}, None
        if self.single:
            self._sessions = {key: one for key, one in self._sessions.items() if one.user != body["userName"]}
        made = secrets.token_hex(16).upper()
        self._sessions[made] = _Session(body["userName"], self.now)
        self.counts["login"] += 1
        return 200, {"resultCode": self.login_code, "userName": body["userName"]}, made

    def _url(self, body: Any) -> tuple[int, dict[str, Any], str | None]:
        if not isinstance(body, dict) or set(body) != {"cameraCode", "mediaURLParam"}:
            raise _Wrong(f"fields: {body}")
        media = dict(body["mediaURLParam"])
        kind = media.pop("streamType", None)
        if media != _MEDIA or any(isinstance(value, bool) for value in media.values()) or kind not in (1, 2, 3):
            raise _Wrong(f"mediaURLParam: {body['mediaURLParam']}")
        self.types.append(kind)
        url = self.url_of(body["cameraCode"], kind)
        self.counts["url"] += 1
        return 200, {"resultCode": 0, "rtspURL": url} if url else {"resultCode": NO_CAMERA}, None

    def _expire(self) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if self.now - one.used < self.life_s}


class _Wrong(Exception):
    """What a client did beside the contract."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is the test."""


def _no(body: bytes) -> None:
    if body:
        raise _Wrong("a body")


def _handler_of(vcn: VcnServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            status, said, cookie = vcn.answer(self.command, self.path, headers, body)
            self.send_response(status)
            if cookie is not None:
                self.send_header("Set-Cookie", f"JSESSIONID={cookie}; Path=/; Secure; HttpOnly")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names are BaseHTTPRequestHandler's

        def log_message(self, *_: object) -> None:
            pass

    return Handler
