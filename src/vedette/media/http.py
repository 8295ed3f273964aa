"""An http(s) file as a Python file object that can seek: what FFmpeg reads from.

FFmpeg's own http client follows redirects wherever they lead and verifies no certificate unless told to; here every
address is judged by the guard, connected to as judged, and a broken transfer is taken up where it broke.

What an address stands for that may be a file or endless, is told by the first answer: see `_endless`.
"""

import threading
import time
from urllib.parse import urlsplit

from urllib3.response import BaseHTTPResponse

from vedette.media.exchange import BROKEN, SAFE, Client, Reply, Timeouts, length_of, range_of
from vedette.media.objects import ANSWER, stored_behind
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

__all__ = ["MAX_BYTES", "SAFE", "Absent", "HttpFile"]

MAX_BYTES = 64 << 30
"""A file that is longer, or says so, is refused: no recording is, but a server that sends for ever is."""
REWINDS = 8
"""Times that a file on a server without ranges is read again from its start, to get to a place before or behind."""
TRIES = 4
"""Connections in a row that may break without giving a byte."""
DRIP_BYTES, DRIP_S = 1024, 15.0
"""Who sends less than this within so many seconds of waiting is as good as silent: no video is that small."""
_AHEAD = 256 << 10
_SKIP = 1 << 20
"""A seek no farther ahead than this reads through instead of asking anew."""
_LATER = frozenset({408, 425, 429})
PARTS = "multipart/x-mixed-replace"
"""The type of pictures that replace one another: how cameras send MJPEG."""


class Absent(SourceRefused):
    """The server answers, and has no such file."""


class HttpFile:
    """One file behind an http(s) URL, opened at the first byte; not thread-safe.

    A live source (an endless response) is read through once: it is neither seekable nor taken up again.

    Attributes:
        name: what PyAV calls the file in its errors; the URL may hold credentials.
        size: bytes, or None where the server does not say.
        cheap_seeks: the server serves ranges; without them every step back reads the file from its start again.
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
        live: it has no end; what the container's header tells may correct what the first answer let expect.
        kind: the media type that the server names, in lower case and without parameters.
        url: where it came from after all redirects; may hold credentials.
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
        self.live = address.liveness is Liveness.LIVE
        self.cheap_seeks = False
        self.kind, self.url = "", address.url
        self._address, self._stop, self._max = address, stop, max_bytes
        self._stored = stored_behind(address)
        self._client = Client(address, policy, timeouts)
        self._told = address.liveness is not Liveness.EITHER
        self._rewinds = 0
        self._tag: str | None = None
        self._position = 0  # what the reader of this file believes
        self._arrived = 0  # the next byte of the connection
        self._ahead = b""  # bytes that have come already: the last ones before _arrived
        self._offset = 0  # of the first byte of _ahead that is still to be given
        self._waited, self._dripped = 0.0, 0
        self._reply: Reply | None = None
        try:
            self._connect(0)
        except SourceError:
            self._close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Return whether it can be moved: by ranges, or (where the server has none) by reading it again."""
        return self.size is not None and not self.live

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

    def peek(self, count: int) -> bytes:
        """Return the first bytes at the position without moving: `count`, or fewer at the end.

        Raises:
            SourceError: as `read` does.
        """
        while len(self._ahead) - self._offset < count:
            held = self._ahead[self._offset :]
            self._position += len(held)
            try:
                more = self._filled(_AHEAD)
            finally:
                self._position -= len(held)
            self._ahead, self._offset = held + more, 0
            if not more:
                break
        return self._ahead[self._offset : self._offset + count]

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one; none at the end of the file.

        Raises:
            SourceLost: the transfer broke, and could not be taken up again.
            SourceError: as when connecting.
        """
        if self._offset >= len(self._ahead):
            self._ahead, self._offset = b"", 0
            self._ahead = self._filled(max(size, _AHEAD))
        piece = self._ahead[self._offset : self._offset + size]
        self._offset += len(piece)
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Hang up."""
        self._ahead, self._offset = b"", 0
        self._close()

    def _filled(self, size: int) -> bytes:
        try:
            return self._fetch(size)
        except SourceError as error:
            self.failure = error
            raise

    def _fetch(self, size: int) -> bytes:
        """Return the bytes at the position, over as many connections as it takes."""
        if self.size is not None and self._position >= self.size and not self.live:
            return b""
        for attempt in range(TRIES):
            if self._stop.is_set() or (attempt and self._stop.wait(0.1 * 2**attempt)):
                raise SourceLost("reading was stopped")
            try:
                self._approach()
                piece = self._piece(size)
            except SourceUnreachable:
                self._close()
                if self.live or attempt == TRIES - 1:
                    raise
                continue
            # without a length, the end is where the server ends: a chunk of none, or a connection closed in order
            if piece or (piece is not None and (self.live or self.size is None)):
                return piece
            self._close()
            if self.live:
                break
        raise SourceLost(f"the transfer from {self._shown()} broke at byte {self._position}")

    def _approach(self) -> None:
        """Bring the connection to the position: read on to it where it is near, else ask anew."""
        ahead = self._position - self._arrived
        if self._reply is not None and ahead and not (0 < ahead <= (_SKIP if self.cheap_seeks else self._max)):
            self._close()
        if self._reply is None:
            self._connect(self._position)
        elif not self._skip(ahead):
            raise SourceUnreachable(f"{self._shown()} broke off")

    def _piece(self, size: int) -> bytes | None:
        """Return what the present connection gives; nothing where it ended, None where it broke."""
        assert self._reply is not None
        if self._arrived > self._max and not self.live:
            raise SourceInvalid(f"the file is longer than {self._max} bytes")
        began = time.monotonic()
        try:
            piece = self._reply.response.read1(size, decode_content=False)
        except BROKEN:
            return None
        self._arrived += len(piece)
        self._judge_pace(len(piece), time.monotonic() - began)
        return piece

    def _judge_pace(self, count: int, waited_s: float) -> None:
        """Count bytes against the time spent waiting for them."""
        self._dripped += count
        self._waited += waited_s
        if self._dripped >= DRIP_BYTES:
            self._waited, self._dripped = 0.0, 0
        elif self._waited > DRIP_S:
            raise SourceLost(f"{self._shown()} sends no more than {self._dripped} bytes in {self._waited:.0f} s")

    def _skip(self, count: int) -> bool:
        while count > 0:
            piece = self._piece(min(count, _AHEAD))
            if not piece:
                return False
            count -= len(piece)
        return True

    def _connect(self, at: int) -> None:
        """Ask for the file from byte `at` on."""
        url = self._stored.url() if self._stored is not None else None
        ranged = {} if self.live else {"Range": f"bytes={at}-"}
        self._reply = self._client.get(ranged, url, follow=url is None)
        response = self._reply.response
        if response.status == 416 and at == 0 and "*/0" not in response.headers.get("Content-Range", ""):
            self._close()  # there is something, but not in parts: servers of live streams may say so
            self._reply = self._client.get({}, url, follow=url is None)
        self._take(self._reply.response, at)

    def _take(self, response: BaseHTTPResponse, at: int) -> None:
        """Check what the server answered, and move to byte `at`."""
        self._judge_status(response, at)
        if response.status == 206 and not any(name in response.headers for name in ("Content-Range", "Content-Length")):
            raise SourceUnreachable(f"{self._shown()} broke off in the middle of its answer's head")
        begin, size = range_of(response) if response.status == 206 else (0, length_of(response))
        if response.status == 416:
            size = 0
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if at == 0:
            self._tell_kind(response, size)
            self.size, self._tag = None if self.live else size, tag
            self.cheap_seeks = response.status == 206 and size is not None and not self.live
        elif (size, tag) != (self.size, self._tag):
            self._close()
            raise SourceInvalid(f"the file at {self._shown()} changed while it was read")
        if size is not None and size > self._max and not self.live:
            self._close()
            raise SourceInvalid(f"the file at {self._shown()} says that it is {size} bytes long, more than {self._max}")
        self._arrived = begin
        if begin < at:
            self._rewinds += 1
            if self._rewinds > REWINDS:
                self._close()
                raise SourceInvalid(
                    f"{self._shown()} serves no ranges, and this file cannot be read from its start to its end"
                )
        if begin > at or not self._skip(at - begin):
            self._close()
            raise SourceUnreachable(f"{self._shown()} does not give the part of the file that was asked for")

    def _judge_status(self, response: BaseHTTPResponse, at: int) -> None:
        """Raise unless the server gives what was asked for."""
        status = response.status
        if status in (200, 206) or (status == 416 and at == 0):
            return
        if self._stored is not None:
            raise self._stored.refusal(status, self._said(response))
        if status >= 500 or status in _LATER:
            raise SourceUnreachable(f"{self._shown()} answered {status}")
        if status == 416:
            raise SourceInvalid(f"the file at {self._shown()} changed while it was read: it has become shorter")
        if status == 401 and "@" in urlsplit(self._address.url).netloc:
            said = f"{self._shown()} answered 401: it does not accept the user and password of the URL"
            raise SourceRefused(said, login=True)
        kind = Absent if status in (404, 410) else SourceRefused
        raise kind(f"{self._shown()} answered {status}", login=status in (401, 403))

    def _said(self, response: BaseHTTPResponse) -> bytes:
        try:
            return response.read1(ANSWER, decode_content=False)
        except BROKEN:
            return b""

    def _tell_kind(self, response: BaseHTTPResponse, size: int | None) -> None:
        """Note what the server sends, and whether that has an end."""
        assert self._reply is not None
        self.kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.url = self._reply.url
        if not self._told:
            self._told = True
            self.live = self.kind == PARTS or _endless(response, size)

    def _close(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()

    def _shown(self) -> str:
        parts = urlsplit(self._address.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _endless(response: BaseHTTPResponse, size: int | None) -> bool:
    """Return whether an answer to a request for all bytes from the first on seems to have no end.

    A part, or a length, is a file's; so is what has ranges or a version. Some cameras give a length beyond all measure,
    which means none.
    """
    if size is not None:
        return size > MAX_BYTES
    ranges = response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
    return response.status == 200 and not ranges and "ETag" not in response.headers
