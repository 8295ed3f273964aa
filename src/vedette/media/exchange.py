"""Single HTTP exchanges: connections to a judged address in the name of its host, and what answers mean."""

import http.client
from dataclasses import dataclass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from vedette.media.resolve import Pinned
from vedette.model.errors import SourceInvalid

BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
"""What a connection that fails raises."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes on it."""

    connect_s: float = 5.0
    read_s: float = 5.0


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
