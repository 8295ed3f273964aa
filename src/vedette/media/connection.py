"""HTTP connections to one judged address in the name of its host: time-outs, certificates, and why they fail."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from vedette.media.resolve import PORTS, Pinned
from vedette.model.errors import SourceRefused

SAFE: Final = "/%:@!$&'()*+,;=?~-._[]"
"""What stays as it is in a path or query; anything else (letters beyond ASCII) is percent-encoded."""
BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
"""What a connection that fails raises."""
UNTRUSTED = (ssl.SSLCertVerificationError, CertificateError)
"""What it raises where the certificate does not hold."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes on it."""

    connect_s: float = 5.0
    read_s: float = 5.0


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
    """Return what the host is called in a request (RFC 9110, 7.2): without the port that is meant anyway."""
    host = f"[{pinned.host}]" if ":" in pinned.host else pinned.host
    return host if pinned.port == PORTS[pinned.scheme] else f"{host}:{pinned.port}"


def certificate_refused(error: ssl.SSLCertVerificationError | CertificateError, pinned: Pinned) -> SourceRefused:
    """Return what it means that a certificate does not hold."""
    said = "it is for another name" if isinstance(error, CertificateError) else error.verify_message
    return SourceRefused(f"the certificate of {pinned.shown} does not hold: {said}")


def why(error: BaseException, otherwise: str = "no valid HTTP answer") -> str:
    """Say why a connection failed, without addresses and object names.

    Args:
        error: what it raised.
        otherwise: what to say where the system has no words for it.
    """
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # before the time-outs: it is one of them by birth
        return (isinstance(error.__cause__, OSError) and error.__cause__.strerror) or "no connection"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return otherwise
