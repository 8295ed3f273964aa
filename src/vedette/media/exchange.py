"""HTTP exchanges: connections to a judged address in the name of its host, redirects, log-ins, what answers mean."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util.ssl_match_hostname import CertificateError

from vedette.media.login import Login
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceInvalid, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address

REDIRECTS: Final = 5
SAFE: Final = "/%:@!$&'()*+,;=?~-._[]"
"""What stays as it is in a path or query; anything else (letters beyond ASCII) is percent-encoded."""
_ASKS: Final = 3
"""Times that one request is made: as a stranger, logged in, and logged in again with a challenge that is not stale."""
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})

BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
"""What a connection that fails raises."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes on it."""

    connect_s: float = 5.0
    read_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body is still to be read.

    Attributes:
        url: where it came from in the end; may hold credentials.
    """

    response: BaseHTTPResponse
    connection: HTTPConnection
    url: str

    def close(self) -> None:
        """Hang up."""
        self.response.close()
        self.connection.close()


class Client:
    """Asks for what is behind one address, again and again; not thread-safe."""

    def __init__(self, address: Address, policy: GuardPolicy, timeouts: Timeouts) -> None:
        self._address, self._policy, self._timeouts = address, policy, timeouts
        parts = urlsplit(address.url)
        self._home = (parts.hostname, parts.scheme.lower(), parts.port)
        self._login = Login(parts.netloc.rpartition("@")[0])

    def get(self, headers: Mapping[str, str], url: str | None = None, *, follow: bool = True) -> Reply:
        """Ask, and follow redirects, each judged anew.

        Args:
            headers: besides those of every request.
            url: instead of the address's own.
            follow: a redirect is an answer like any other if not.

        Raises:
            SourceRefused: the guard says no, a certificate does not hold, or a redirect leads astray.
            SourceUnreachable: nobody answers in time.
        """
        address = Address(url or self._address.url, self._address.liveness, self._address.tls_verify)
        self._login.begin()
        for _ in range(REDIRECTS + 1):
            pinned = pin(address, self._policy, ())
            reply = self._ask(pinned, address.url, headers)
            if reply.response.status not in _REDIRECT or not follow:
                return reply
            reply.close()
            target = _target(pinned, address.url, reply.response)
            address = Address(target, address.liveness, address.tls_verify)
        raise SourceRefused(f"{pinned.shown} redirects more than {REDIRECTS} times")

    def _ask(self, pinned: Pinned, url: str, headers: Mapping[str, str]) -> Reply:
        """Ask one server, as whom it wants to know; the password is told to the host it is for, and to no other."""
        usual = {"Host": host_header(pinned), "User-Agent": "vedette", "Accept": "*/*", "Accept-Encoding": "identity"}
        target = quote(pinned.target, safe=SAFE)
        home = self._is_home(pinned)
        for left in range(_ASKS - 1, -1, -1):
            sent = usual | dict(headers)
            if home and (authorization := self._login.header("GET", target)):
                sent["Authorization"] = authorization
            reply = self._send(pinned, url, target, sent)
            if reply.response.status != 401 or not home or not left:
                break
            if not self._login.challenged(reply.response.headers.getlist("WWW-Authenticate")):
                break
            reply.close()
        return reply

    def _is_home(self, pinned: Pinned) -> bool:
        """Return whether a server is the one that the login is for: another port may be somebody else's."""
        host, scheme, port = self._home
        same = port or {"http": 80, "https": 443}[scheme]
        return pinned.host == host and (pinned.port == same or (scheme, pinned.scheme) == ("http", "https"))

    def _send(self, pinned: Pinned, url: str, target: str, headers: dict[str, str]) -> Reply:
        """Connect to the first judged address that answers."""
        reason = "no address"
        for one in pinned.addresses:
            connection = connection_to(pinned, one, self._timeouts)
            try:
                with cut_after(
                    partial(getattr, connection, "sock", None), self._timeouts.connect_s + self._timeouts.read_s
                ):
                    connection.connect()
                    assert isinstance(connection.sock, socket.socket)
                    connection.sock.settimeout(self._timeouts.read_s)
                    connection.request("GET", target, headers=headers, preload_content=False)
                    return Reply(connection.getresponse(), connection, url)
            except (ssl.SSLCertVerificationError, CertificateError) as error:
                connection.close()
                said = "it is for another name" if isinstance(error, CertificateError) else error.verify_message
                raise SourceRefused(f"the certificate of {pinned.shown} does not hold: {said}") from None
            except BROKEN as error:
                connection.close()
                reason = why(error)
        raise SourceUnreachable(f"{pinned.shown} does not answer: {reason}")


def _target(pinned: Pinned, url: str, response: BaseHTTPResponse) -> str:
    """Return where a redirect leads, if that is somewhere http(s) may lead."""
    try:
        target = urljoin(url, response.headers.get("Location", ""))
        scheme = urlsplit(target).scheme.lower()
    except ValueError:
        raise SourceRefused(f"{pinned.shown} redirects to what is no URL") from None
    if scheme not in ("http", "https") or (pinned.scheme == "https" and scheme == "http"):
        raise SourceRefused(f"{pinned.shown} redirects to the scheme {scheme[:20]!r}, which is not followed")
    return target


@contextmanager
def cut_after(sock: Callable[[], object], seconds: float) -> Iterator[None]:
    """Hang up on who takes longer than this: a time-out alone begins anew with each byte of a dripping answer.

    Args:
        sock: gives the socket there is then, or None.
        seconds: for all that is done meanwhile.

    Raises:
        TimeoutError: it was too long; what was read until then may look like an answer.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        present = sock()
        if isinstance(present, socket.socket):
            with suppress(OSError):
                present.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


def connection_to(pinned: Pinned, address: str, timeouts: Timeouts) -> HTTPConnection:
    """Return a connection, not yet connected, to one address in the name of its host."""
    if pinned.scheme == "http":
        return HTTPConnection(address, pinned.port, timeout=timeouts.connect_s)
    return HTTPSConnection(
        address,
        pinned.port,
        timeout=timeouts.connect_s,
        cert_reqs="CERT_REQUIRED" if pinned.tls_verify else "CERT_NONE",
        server_hostname=pinned.host,
        assert_hostname=pinned.host if pinned.tls_verify else False,
    )


def host_header(pinned: Pinned) -> str:
    host = f"[{pinned.host}]" if ":" in pinned.host else pinned.host
    usual = {"http": 80, "https": 443}[pinned.scheme]
    return host if pinned.port == usual else f"{host}:{pinned.port}"


def range_of(response: BaseHTTPResponse) -> tuple[int, int | None]:
    """Return first byte and whole length of `Content-Range: bytes first-last/length` (RFC 9110, 14.4)."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit.strip().lower() != "bytes" or (begin := _count(first)) is None:
        raise SourceInvalid("the server sends a part of the file without saying which")
    return begin, _count(total)


def length_of(response: BaseHTTPResponse) -> int | None:
    """Return the length that the server declares, if it does."""
    return _count(response.headers.get("Content-Length", ""))


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def why(error: BaseException) -> str:
    """Say why a connection failed, without addresses and object names."""
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # before the time-outs: it is one of them by birth
        return (isinstance(error.__cause__, OSError) and error.__cause__.strerror) or "no connection"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no valid HTTP answer"
