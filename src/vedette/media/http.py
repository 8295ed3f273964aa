"""An http(s) file as a Python file object that can seek: what FFmpeg reads from.

FFmpeg's own http client follows redirects wherever they lead and verifies no certificate unless told to; here every
address is judged by the guard, connected to as judged, and a broken transfer is taken up where it broke.
"""

import base64
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

MAX_BYTES = 64 << 30
"""A file that is longer, or says so, is refused: no recording is, but a server that sends for ever is."""
REDIRECTS = 5
TRIES = 4
"""Connections in a row that may break without giving a byte."""
_AHEAD = 256 << 10
_SKIP = 1 << 20
"""A seek no farther ahead than this reads through instead of asking anew."""
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})
_BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes on it."""

    connect_s: float = 5.0
    read_s: float = 5.0


class HttpFile:
    """One file behind an http(s) URL, opened at the first byte; not thread-safe.

    A live source (an endless response) is read through once: it is neither seekable nor taken up again.

    Attributes:
        name: what PyAV calls the file in its errors; the URL may hold credentials.
        size: bytes, or None where the server does not say.
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
    """

    name = "<http>"

    def __init__(
        self,
        address: Address,
        *,
        policy: GuardPolicy,
        stop: threading.Event,
        timeouts: Timeouts = Timeouts(),
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Connect.

        Raises:
            SourceRefused: the guard, or the server with a 4xx, says no.
            SourceUnreachable: nobody answers in time, or the server answers 5xx.
        """
        self.size: int | None = None
        self.failure: SourceError | None = None
        self._address, self._policy, self._stop = address, policy, stop
        self._timeouts, self._max = timeouts, max_bytes
        self._live = address.liveness is Liveness.LIVE
        self._ranges = False
        self._tag: str | None = None
        self._position = 0  # what the reader of this file believes
        self._ahead = b""  # bytes at _position that have come already
        self._offset = 0  # of the first byte of _ahead that is still to be given
        self._response: BaseHTTPResponse | None = None
        self._connection: HTTPConnection | None = None
        self._connect(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Return whether the server serves ranges."""
        return self._ranges

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the connection follows at the next read."""
        if whence == 1:
            offset += self._position
        elif whence == 2:
            if self.size is None:
                raise OSError("the length of the file is not known")
            offset += self.size
        ahead = offset - self._position
        if 0 <= ahead <= len(self._ahead) - self._offset:
            self._offset += ahead
        else:
            self._ahead, self._offset = b"", 0
            left = self._response is not None and 0 < ahead <= _SKIP
            if not (left and self._skip(ahead)):
                self._close()
        self._position = offset
        return offset

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one; none at the end of the file.

        Raises:
            SourceLost: the transfer broke, and could not be taken up again.
            SourceError: as when connecting.
        """
        if self._offset >= len(self._ahead):
            try:
                self._ahead, self._offset = self._fetch(max(size, _AHEAD)), 0
            except SourceError as error:
                self.failure = error
                raise
        piece = self._ahead[self._offset : self._offset + size]
        self._offset += len(piece)
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Hang up."""
        self._ahead, self._offset = b"", 0
        self._close()

    def _fetch(self, size: int) -> bytes:
        """Return the bytes at the position, over as many connections as it takes."""
        if self.size is not None and self._position >= self.size:
            return b""
        for attempt in range(TRIES):
            if self._stop.is_set() or (attempt and self._stop.wait(0.1 * 2**attempt)):
                raise SourceLost("reading was stopped")
            try:
                if self._response is None:
                    self._connect(self._position)
                if piece := self._piece(size):
                    return piece
            except SourceUnreachable:
                if attempt == TRIES - 1:
                    raise
                self._close()
                continue
            if not self._live and self.size is None:
                return b""  # no length was promised: the end is wherever the server ends
            self._close()
            if self._live:
                break
        raise SourceLost(f"the transfer from {self._shown()} broke at byte {self._position}")

    def _piece(self, size: int) -> bytes:
        """Return what the present connection gives; nothing if it broke or ended."""
        assert self._response is not None
        if self._position > self._max:
            raise SourceInvalid(f"the file is longer than {self._max} bytes")
        try:
            return self._response.read1(size, decode_content=False)
        except _BROKEN:
            return b""

    def _skip(self, count: int) -> bool:
        while count > 0:
            piece = self._piece(min(count, _AHEAD))
            if not piece:
                return False
            count -= len(piece)
        return True

    def _connect(self, at: int) -> None:
        """Ask for the file from byte `at` on, and follow redirects, each judged anew."""
        address = self._address
        for _ in range(REDIRECTS + 1):
            pinned = pin(address, self._policy, ())
            same = pinned.host == urlsplit(self._address.url).hostname
            response = self._ask(pinned, at, login=same)
            if response.status not in _REDIRECT:
                self._take(response, at)
                return
            target = urljoin(address.url, response.headers.get("Location", ""))
            self._close()
            scheme = urlsplit(target).scheme.lower()
            if scheme not in ("http", "https") or (pinned.scheme == "https" and scheme == "http"):
                raise SourceRefused(f"{pinned.shown} redirects to the scheme {scheme[:20]!r}, which is not followed")
            address = Address(target, self._address.liveness, self._address.tls_verify)
        raise SourceRefused(f"{self._shown()} redirects more than {REDIRECTS} times")

    def _ask(self, pinned: Pinned, at: int, *, login: bool) -> BaseHTTPResponse:
        """Connect to the first judged address that answers."""
        headers = {"Host": _host_header(pinned), "User-Agent": "vedette", "Accept": "*/*"}
        headers["Accept-Encoding"] = "identity"
        if not self._live:
            headers["Range"] = f"bytes={at}-"
        if login and pinned.userinfo:
            credentials = base64.b64encode(unquote(pinned.userinfo).encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        reason = "no address"
        for one in pinned.addresses:
            connection = _connection(pinned, one, self._timeouts)
            try:
                connection.connect()
                assert isinstance(connection.sock, socket.socket)
                connection.sock.settimeout(self._timeouts.read_s)
                connection.request("GET", pinned.target, headers=headers, preload_content=False)
                self._response, self._connection = connection.getresponse(), connection
                return self._response
            except ssl.SSLCertVerificationError as error:
                connection.close()
                raise SourceRefused(
                    f"the certificate of {pinned.shown} does not hold: {error.verify_message}"
                ) from None
            except _BROKEN as error:
                connection.close()
                reason = _why(error)
        raise SourceUnreachable(f"{pinned.shown} does not answer: {reason}")

    def _take(self, response: BaseHTTPResponse, at: int) -> None:
        """Check what the server answered, and move to byte `at`."""
        status, shown = response.status, self._shown()
        if status >= 500 or status in _LATER:
            self._close()
            raise SourceUnreachable(f"{shown} answered {status}")
        if status not in (200, 206) and not (status == 416 and at == 0):
            self._close()
            raise SourceRefused(f"{shown} answered {status}")
        begin, size = _range(response) if status == 206 else (0, _length(response))
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if at == 0:
            self.size, self._tag = size, tag
            self._ranges = status == 206 and size is not None and not self._live
        elif (size, tag) != (self.size, self._tag):
            self._close()
            raise SourceInvalid(f"the file at {shown} changed while it was read")
        if size is not None and size > self._max:
            self._close()
            raise SourceInvalid(f"the file at {shown} says that it is {size} bytes long, more than {self._max}")
        if begin > at or not self._skip(at - begin):
            self._close()
            raise SourceUnreachable(f"{shown} does not give the part of the file that was asked for")

    def _close(self) -> None:
        response, self._response = self._response, None
        connection, self._connection = self._connection, None
        if response is not None:
            response.close()
        if connection is not None:
            connection.close()

    def _shown(self) -> str:
        parts = urlsplit(self._address.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _connection(pinned: Pinned, address: str, timeouts: Timeouts) -> HTTPConnection:
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


def _host_header(pinned: Pinned) -> str:
    host = f"[{pinned.host}]" if ":" in pinned.host else pinned.host
    usual = {"http": 80, "https": 443}[pinned.scheme]
    return host if pinned.port == usual else f"{host}:{pinned.port}"


def _range(response: BaseHTTPResponse) -> tuple[int, int | None]:
    """Return first byte and whole length of `Content-Range: bytes first-last/length` (RFC 9110, 14.4)."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit.strip().lower() != "bytes" or not first.isdecimal():
        raise SourceInvalid("the server sends a part of the file without saying which")
    return int(first), int(total) if total.isdecimal() else None


def _length(response: BaseHTTPResponse) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _why(error: BaseException) -> str:
    """Say why a connection failed, without addresses and object names."""
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timed out"
    if isinstance(error, urllib3.exceptions.NewConnectionError) and isinstance(error.__cause__, OSError):
        return error.__cause__.strerror or "no connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no valid HTTP answer"


class LocalFile:
    """A file on disk with the same face.

    Attributes:
        size: bytes when it was opened.
    """

    name = "<file>"

    def __init__(self, path: Path) -> None:
        """Open.

        Raises:
            SourceRefused: the operating system says no.
        """
        self.failure: SourceError | None = None
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise SourceRefused(f"the file {path.name!r} cannot be read: {error.strerror}") from None
        self.size: int | None = path.stat().st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        try:
            return self._file.read(size)
        except OSError as error:
            self.failure = SourceLost(f"the file could not be read on: {error.strerror}")
            raise self.failure from None

    def close(self) -> None:
        self._file.close()
