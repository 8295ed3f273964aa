"""An http(s) file as a Python file object that can seek: what FFmpeg reads from.

FFmpeg's own http client follows redirects wherever they lead and verifies no certificate unless told to; here every
address is judged by the guard, connected to as judged, and a broken transfer is taken up where it broke.

What an address stands for that may be a file or endless, is told by the first answer: see `_endless`.
"""

import threading
from urllib.parse import urlsplit

from urllib3.response import BaseHTTPResponse

from vedette.media.answers import is_for_later, length_of, range_of
from vedette.media.connection import BROKEN, Timeouts
from vedette.media.exchange import Client, Reply
from vedette.media.objects import stored_behind
from vedette.media.resolve import shown
from vedette.media.store_codes import ANSWER
from vedette.media.transfer import MAX_BYTES, Transfer
from vedette.model.errors import SourceInvalid, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

PARTS = "multipart/x-mixed-replace"
"""The type of pictures that replace one another: how cameras send MJPEG."""


class Absent(SourceRefused):
    """The server answers, and has no such file."""


class HttpFile(Transfer):
    """One file behind an http(s) URL, opened at the first byte; not thread-safe.

    Attributes:
        name: what PyAV calls the file in its errors; the URL may hold credentials.
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
        super().__init__(shown(address.url), stop, max_bytes)
        self.live = address.liveness is Liveness.LIVE
        self.kind, self.url = "", address.url
        self._userinfo = "@" in urlsplit(address.url).netloc
        self._stored = stored_behind(address)
        self._client = Client(address, policy, timeouts)
        self._told = address.liveness is not Liveness.EITHER
        self._tag: str | None = None
        self._reply: Reply | None = None
        self._begin(0)

    def _ask(self, at: int) -> int:
        url = self._stored.url() if self._stored is not None else None
        ranged = {} if self.live else {"Range": f"bytes={at}-"}
        self._reply = self._client.get(ranged, url, follow=url is None)
        response = self._reply.response
        if response.status == 416 and at == 0 and "*/0" not in response.headers.get("Content-Range", ""):
            self._hang_up()  # there is something, but not in parts: servers of live streams may say so
            self._reply = self._client.get({}, url, follow=url is None)
        return self._take(self._reply.response, at)

    def _receive(self, size: int) -> bytes | None:
        assert self._reply is not None
        try:
            return self._reply.response.read1(size, decode_content=False)
        except BROKEN:
            return None

    def _take(self, response: BaseHTTPResponse, at: int) -> int:
        """Check what the server answered; return the byte it begins with."""
        self._judge_status(response, at)
        if response.status == 206 and not any(name in response.headers for name in ("Content-Range", "Content-Length")):
            raise SourceUnreachable(f"{self.shown} broke off in the middle of its answer's head")
        begin, size = range_of(response) if response.status == 206 else (0, length_of(response))
        if response.status == 416:
            size = 0
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if at == 0:
            self._tell_kind(response, size)
            self.size, self._tag = None if self.live else size, tag
            self.cheap_seeks = response.status == 206 and size is not None and not self.live
        elif (size, tag) != (self.size, self._tag):
            raise SourceInvalid(f"the file at {self.shown} changed while it was read")
        if size is not None and size > self._max and not self.live:
            raise SourceInvalid(f"the file at {self.shown} says that it is {size} bytes long, more than {self._max}")
        return begin

    def _judge_status(self, response: BaseHTTPResponse, at: int) -> None:
        """Raise unless the server gives what was asked for."""
        status = response.status
        if status in (200, 206) or (status == 416 and at == 0):
            return
        if self._stored is not None:
            raise self._stored.refusal(status, self._said(response))
        if is_for_later(status):
            raise SourceUnreachable(f"{self.shown} answered {status}")
        if status == 416:
            raise SourceInvalid(f"the file at {self.shown} changed while it was read: it has become shorter")
        if status == 401 and self._userinfo:
            said = f"{self.shown} answered 401: it does not accept the user and password of the URL"
            raise SourceRefused(said, login=True)
        kind = Absent if status in (404, 410) else SourceRefused
        raise kind(f"{self.shown} answered {status}", login=status in (401, 403))

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

    def _hang_up(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()


def _endless(response: BaseHTTPResponse, size: int | None) -> bool:
    """Return whether an answer to a request for all bytes from the first on seems to have no end.

    A part, or a length, is a file's; so is what has ranges or a version. Some cameras give a length beyond all measure,
    which means none.
    """
    if size is not None:
        return size > MAX_BYTES
    ranges = response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
    return response.status == 200 and not ranges and "ETag" not in response.headers
