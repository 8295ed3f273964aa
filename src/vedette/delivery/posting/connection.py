"""One connection: a request is written, and its answer is read as far as it matters. The parser is llhttp, of Node."""

import asyncio
from dataclasses import dataclass
from typing import Final

import httptools

READ_CAP: Final = 65_536
"""Bytes of an answer that are read so that the connection can be used again; a longer answer costs the connection."""
READ_S: Final = 2.0
"""Seconds for those bytes: the status has been told, and nothing more is of interest."""
SWITCHING: Final = 101


@dataclass(frozen=True, slots=True)
class Answer:
    """What of an answer matters.

    Attributes:
        retry_after: the header of that name, as it came.
    """

    status: int
    retry_after: str | None


class Broken(Exception):
    """The connection ended before there was an answer.

    Attributes:
        heard: something of an answer had come.
    """

    def __init__(self, *, heard: bool) -> None:
        super().__init__("the connection broke")
        self.heard = heard


class NotHttp(Exception):
    """What came is no answer of HTTP."""


class Connection(asyncio.Protocol):
    """A connection that is made; the methods that are not documented here are called by the loop and by the parser.

    Attributes:
        kept_at: when it was last used, on the loop's clock.
    """

    def __init__(self) -> None:
        self.kept_at = 0.0
        self._reusable = False
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._status, self._taken = 0, 0
        self._after: str | None = None
        self._reading = False

    @property
    def reusable(self) -> bool:
        """Whether another request may follow."""
        return self._reusable and not self._transport.is_closing()

    async def ask(self, request: bytes, deadline: float) -> Answer:
        """Send a request, and return its answer as soon as it is known; call it again only while `reusable`.

        Args:
            deadline: on the loop's clock.

        Raises:
            Broken: the connection ended before there was an answer.
            NotHttp: what came is no answer.
            TimeoutError: the deadline has passed.
        """
        self._status, self._taken, self._after, self._reading, self._patience = 0, 0, None, False, None
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        if self._transport.is_closing():
            self._fail(Broken(heard=False))
        else:
            self._transport.write(request)
            self._timer = self._loop.call_at(deadline, self._too_late)
        try:
            return await waiter
        finally:
            self._waiter = None
            for timer in (self._timer, self._patience):
                if timer is not None:
                    timer.cancel()

    def close(self) -> None:
        """End it; what is still to be sent is not."""
        self._reusable = False
        self._transport.abort()

    # -- of the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:  # nobody has asked: whatever it is, the next answer could not be told from it
            self.close()
            return
        if not self._reading:
            self._taken += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._done(False)
        except httptools.HttpParserError:
            self._fail(NotHttp())
        if not self._reading:
            if self._taken > READ_CAP:
                self._fail(NotHttp())
        elif self._patience is None and not self._is_done():
            self._patience = self._loop.call_later(READ_S, self._done, False)

    def eof_received(self) -> None:
        return None  # closes: nobody who has said all is of use

    def connection_lost(self, _exc: Exception | None) -> None:
        self._reusable = False
        if self._reading:
            self._done(False)
        else:
            self._fail(Broken(heard=self._taken > 0))

    # -- of the parser

    def on_message_begin(self) -> None:
        if self._is_done():  # more than was asked for
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 or status == SWITCHING:
            self._status, self._taken, self._reading = status, 0, True

    def on_body(self, body: bytes) -> None:
        self._taken += len(body)
        if self._taken > READ_CAP:
            self._done(False)

    def on_message_complete(self) -> None:
        if self._reading:  # not of what is said beforehand, such as 100
            self._done(self._parser.should_keep_alive() and self._status != SWITCHING)

    # -- endings

    def _is_done(self) -> bool:
        return self._waiter is None or self._waiter.done()

    def _done(self, reusable: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._reusable = reusable and self._transport.get_write_buffer_size() == 0
            self._waiter.set_result(Answer(self._status, self._after))

    def _fail(self, error: Exception) -> None:
        self._reusable = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def _too_late(self) -> None:
        self._fail(TimeoutError())
