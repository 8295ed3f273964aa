"""One HTTP call that is asked and answered as a whole: one deadline for all of it, and an answer of bounded size.

A time-out of the socket begins anew with every byte; a server that sends one byte a second would hold us for ever. Here
the socket is given what is left of the deadline before every read.
"""

import http.client
import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from urllib3.connection import HTTPConnection

from vedette.media.connection import (
    BROKEN,
    UNTRUSTED,
    Timeouts,
    certificate_refused,
    connection_to,
    host_header,
    why,
)
from vedette.media.resolve import Pinned
from vedette.model.errors import SourceInvalid, SourceRefused, SourceUnreachable

LARGEST = 1 << 20
"""Bytes of an answer; one that names an address has some hundred."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; it may hold secrets."""

    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    body: bytes = field(repr=False)


def ask(
    pinned: Pinned, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None, *, within_s: float
) -> Answer:
    """Connect to a judged address, ask, and read the whole answer; no redirect is followed.

    Args:
        pinned: whom to ask.
        method: of HTTP.
        target: path and query, percent-encoded.
        headers: besides those that every call has; they win over them.
        body: sent with its length, if there is one.
        within_s: seconds for all of it: the connection, every byte there and every byte back.

    Raises:
        SourceRefused: the certificate does not hold, or a header cannot be sent.
        SourceUnreachable: no whole answer came in time.
        SourceInvalid: the answer is too large.
    """
    deadline = time.monotonic() + within_s
    connection = _connected(pinned, deadline)
    usual = {"Host": host_header(pinned), "User-Agent": "vedette", "Accept": "*/*", "Accept-Encoding": "identity"}
    given = {name.lower() for name in headers}
    sent = {name: value for name, value in usual.items() if name.lower() not in given} | dict(headers)
    try:
        connection.timeout = _left(deadline)
        connection.request(method, target, body=body, headers=sent | {"Connection": "close"})
        with http.client.HTTPResponse(
            cast("socket.socket", _Until(connection.sock, deadline)), method=method
        ) as answer:
            answer.begin()
            content = answer.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise SourceInvalid(f"{pinned.shown} answers with more than {LARGEST} bytes")
            if answer.length:  # it said that there was more
                raise SourceUnreachable(f"{pinned.shown} broke off within its answer")
            return Answer(answer.status, answer.headers, content)
    except ValueError:  # before the others: what http.client says of names and values with signs that are not theirs
        raise SourceRefused(f"a header for {pinned.shown} has signs that cannot be sent") from None
    except BROKEN as error:
        raise SourceUnreachable(f"{pinned.shown} gives no answer: {why(error)}") from None
    finally:
        connection.close()


def _connected(pinned: Pinned, deadline: float) -> HTTPConnection:
    """Return a connection to the first judged address that takes one."""
    reason = "no address"
    for one in pinned.addresses:
        connection = connection_to(pinned, one, Timeouts(connect_s=_left(deadline)))
        try:
            connection.connect()
        except UNTRUSTED as error:
            connection.close()
            raise certificate_refused(error, pinned) from None
        except BROKEN as error:
            connection.close()
            reason = why(error)
        else:
            return connection
    raise SourceUnreachable(f"{pinned.shown} does not answer: {reason}")


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


class _Until:
    """What `http.client` takes for a socket: its file reads until the deadline, and no longer."""

    def __init__(self, sock: socket.socket | None, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        assert self._sock is not None
        return io.BufferedReader(_Reads(self._sock, self._deadline))


class _Reads(io.RawIOBase):
    """The reading side of a socket, with one deadline for all reads."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the base says Buffer, which is any of them
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)
