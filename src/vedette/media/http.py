"""An http(s) file as a Python file object that can seek: what FFmpeg reads from.

FFmpeg's own http client follows redirects wherever they lead and verifies no certificate unless told to; here every
address is judged by the guard, connected to as judged, and a broken transfer is taken up where it broke.
"""

import base64
import socket
import ssl
import threading
from dataclasses import replace
from urllib.parse import quote, unquote, urljoin, urlsplit

from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util.ssl_match_hostname import CertificateError

from vedette.media.exchange import BROKEN, Timeouts, connection_to, host_header, length_of, range_of, why
from vedette.media.objects import ANSWER, stored_behind
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

MAX_BYTES = 64 << 30
"""A file that is longer, or says so, is refused: no recording is, but a server that sends for ever is."""
REDIRECTS = 5
REWINDS = 8
"""Times that a file on a server without ranges is read again from its start, to get to a place before or behind."""
TRIES = 4
"""Connections in a row that may break without giving a byte."""
SAFE = "/%:@!$&'()*+,;=?~-._[]"
"""What stays as it is in a path or query; anything else (letters beyond ASCII) is percent-encoded."""
_AHEAD = 256 << 10
_SKIP = 1 << 20
"""A seek no farther ahead than this reads through instead of asking anew."""
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})


class HttpFile:
    """One file behind an http(s) URL, opened at the first byte; not thread-safe.

    A live source (an endless response) is read through once: it is neither seekable nor taken up again.

    Attributes:
        name: what PyAV calls the file in its errors; the URL may hold credentials.
        size: bytes, or None where the server does not say.
        cheap_seeks: the server serves ranges; without them every step back reads the file from its start again.
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
    """

    name = "<http>"

    def __init__(
        self,
        address: Address,
        *,
        policy: GuardPolicy,
        stop: threading.Event,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
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
        self._stored = stored_behind(address)
        self._timeouts, self._max = timeouts, max_bytes
        self._live = address.liveness is Liveness.LIVE
        self.cheap_seeks = False
        self._rewinds = 0
        self._tag: str | None = None
        self._position = 0  # what the reader of this file believes
        self._arrived = 0  # the next byte of the connection
        self._ahead = b""  # bytes that have come already: the last ones before _arrived
        self._offset = 0  # of the first byte of _ahead that is still to be given
        self._response: BaseHTTPResponse | None = None
        self._connection: HTTPConnection | None = None
        try:
            self._connect(0)
        except SourceError:
            self._close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Return whether it can be moved: by ranges, or (where the server has none) by reading it again."""
        return self.size is not None and not self._live

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
        begin = self._arrived - len(self._ahead)
        if begin <= offset <= self._arrived:
            self._offset = offset - begin
        else:
            self._ahead, self._offset = b"", 0
        self._position = offset
        return offset

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one; none at the end of the file.

        Raises:
            SourceLost: the transfer broke, and could not be taken up again.
            SourceError: as when connecting.
        """
        if self._offset >= len(self._ahead):
            self._ahead, self._offset = b"", 0
            try:
                self._ahead = self._fetch(max(size, _AHEAD))
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
                self._approach()
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

    def _approach(self) -> None:
        """Bring the connection to the position: read on to it where it is near, else ask anew."""
        ahead = self._position - self._arrived
        if self._response is not None and ahead and not (0 < ahead <= (_SKIP if self.cheap_seeks else self._max)):
            self._close()
        if self._response is None:
            self._connect(self._position)
        elif not self._skip(ahead):
            raise SourceUnreachable(f"{self._shown()} broke off")

    def _piece(self, size: int) -> bytes:
        """Return what the present connection gives; nothing if it broke or ended."""
        assert self._response is not None
        if self._arrived > self._max:
            raise SourceInvalid(f"the file is longer than {self._max} bytes")
        try:
            piece = self._response.read1(size, decode_content=False)
        except BROKEN:
            return b""
        self._arrived += len(piece)
        return piece

    def _skip(self, count: int) -> bool:
        while count > 0:
            piece = self._piece(min(count, _AHEAD))
            if not piece:
                return False
            count -= len(piece)
        return True

    def _connect(self, at: int) -> None:
        """Ask for the file from byte `at` on, and follow redirects, each judged anew."""
        address = self._address if self._stored is None else replace(self._address, url=self._stored.url())
        for _ in range(REDIRECTS + 1):
            pinned = pin(address, self._policy, ())
            same = pinned.host == urlsplit(self._address.url).hostname
            response = self._ask(pinned, at, login=same)
            if response.status not in _REDIRECT or self._stored is not None:
                self._take(response, at)
                return
            self._close()
            try:
                target = urljoin(address.url, response.headers.get("Location", ""))
                scheme = urlsplit(target).scheme.lower()
            except ValueError:
                raise SourceRefused(f"{pinned.shown} redirects to what is no URL") from None
            if scheme not in ("http", "https") or (pinned.scheme == "https" and scheme == "http"):
                raise SourceRefused(f"{pinned.shown} redirects to the scheme {scheme[:20]!r}, which is not followed")
            address = Address(target, self._address.liveness, self._address.tls_verify)
        raise SourceRefused(f"{self._shown()} redirects more than {REDIRECTS} times")

    def _ask(self, pinned: Pinned, at: int, *, login: bool) -> BaseHTTPResponse:
        """Connect to the first judged address that answers."""
        headers = {"Host": host_header(pinned), "User-Agent": "vedette", "Accept": "*/*"}
        headers["Accept-Encoding"] = "identity"
        if not self._live:
            headers["Range"] = f"bytes={at}-"
        if login and pinned.userinfo:
            credentials = base64.b64encode(unquote(pinned.userinfo).encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        reason = "no address"
        for one in pinned.addresses:
            connection = connection_to(pinned, one, self._timeouts)
            try:
                connection.connect()
                assert isinstance(connection.sock, socket.socket)
                connection.sock.settimeout(self._timeouts.read_s)
                connection.request("GET", quote(pinned.target, safe=SAFE), headers=headers, preload_content=False)
                self._response, self._connection = connection.getresponse(), connection
                return self._response
            except (ssl.SSLCertVerificationError, CertificateError) as error:
                connection.close()
                said = "it is for another name" if isinstance(error, CertificateError) else error.verify_message
                raise SourceRefused(f"the certificate of {pinned.shown} does not hold: {said}") from None
            except BROKEN as error:
                connection.close()
                reason = why(error)
        raise SourceUnreachable(f"{pinned.shown} does not answer: {reason}")

    def _take(self, response: BaseHTTPResponse, at: int) -> None:
        """Check what the server answered, and move to byte `at`."""
        status, shown = response.status, self._shown()
        if status not in (200, 206) and not (status == 416 and at == 0):
            refusal = self._refusal(response)
            self._close()
            raise refusal
        begin, size = range_of(response) if status == 206 else (0, 0 if status == 416 else length_of(response))
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if at == 0:
            self.size, self._tag = size, tag
            self.cheap_seeks = status == 206 and size is not None and not self._live
        elif (size, tag) != (self.size, self._tag):
            self._close()
            raise SourceInvalid(f"the file at {shown} changed while it was read")
        if size is not None and size > self._max:
            self._close()
            raise SourceInvalid(f"the file at {shown} says that it is {size} bytes long, more than {self._max}")
        self._arrived = begin
        if begin < at:
            self._rewinds += 1
            if self._rewinds > REWINDS:
                self._close()
                raise SourceInvalid(f"{shown} serves no ranges, and this file cannot be read from its start to its end")
        if begin > at or not self._skip(at - begin):
            self._close()
            raise SourceUnreachable(f"{shown} does not give the part of the file that was asked for")

    def _refusal(self, response: BaseHTTPResponse) -> SourceError:
        """Return what it means that the server gives nothing."""
        status = response.status
        if self._stored is not None:
            try:
                answer = response.read1(ANSWER, decode_content=False)
            except BROKEN:
                answer = b""
            return self._stored.refusal(status, answer)
        said = f"{self._shown()} answered {status}"
        if status >= 500 or status in _LATER:
            return SourceUnreachable(said)
        return SourceRefused(said, login=status in (401, 403))

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
