"""Fetches a model file over HTTP: only from addresses that the guard permits, and never more than was announced."""

import hashlib
import socket
from pathlib import Path
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

from vedette.model.errors import ModelError
from vedette.model.guard import GuardPolicy

MOST_REDIRECTS = 5
CHUNK = 1 << 16
_TIMEOUT = urllib3.Timeout(connect=10, read=30)


def fetch(url: str, target: Path, most: int, policy: GuardPolicy) -> str:
    """Write what the address gives to `target` and return its SHA-256.

    Args:
        url: http or https; redirects are followed, and each address is judged anew.
        target: a file that does not exist yet.
        most: bytes after which the download is broken off.
        policy: which addresses may be reached.

    Raises:
        ModelError: the address is refused, does not answer, or gives too much.
    """
    manager = _manager(policy)
    try:
        for _ in range(MOST_REDIRECTS + 1):
            if not url.lower().startswith(("http://", "https://")):
                raise ModelError("A model is pulled over http or https only.")
            answer = manager.request(
                "GET",
                url,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=_TIMEOUT,
                headers={"Accept-Encoding": "identity"},
            )
            where = answer.get_redirect_location()
            if not where:
                return _write(answer, target, most)
            answer.release_conn()
            url = urljoin(url, where)
    except (HTTPError, OSError) as error:
        raise ModelError(f"The model cannot be pulled: {_reason(error)}.") from error
    finally:
        manager.clear()
    raise ModelError(f"The model cannot be pulled: more than {MOST_REDIRECTS} redirects.")


def _write(answer: urllib3.BaseHTTPResponse, target: Path, most: int) -> str:
    if answer.status != 200:
        raise ModelError(f"The model cannot be pulled: the server answers {answer.status}.")
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        for chunk in answer.stream(CHUNK, decode_content=False):
            size += len(chunk)
            if size > most:
                raise ModelError(f"The model cannot be pulled: it is larger than {most} bytes.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    """Return what went wrong, without the address: it may hold credentials."""
    if isinstance(error, _RefusedError):
        return "the guard refuses its address (VEDETTE_GUARD_ALLOW exempts)"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


class _RefusedError(NewConnectionError):
    """The guard permits none of the host's addresses."""


def _manager(policy: GuardPolicy) -> urllib3.PoolManager:
    def connect(connection: HTTPConnection) -> socket.socket:
        """Resolve the host, and connect to the very address that was judged."""
        try:
            found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NewConnectionError(connection, "the host has no address") from error
        permitted = [str(entry[4][0]) for entry in found if policy.permits(connection.host, str(entry[4][0]))]
        if not permitted:
            raise _RefusedError(connection, "the guard refuses the address")
        try:
            return create_connection((permitted[0], connection.port), connection.timeout)
        except OSError as error:
            raise NewConnectionError(connection, "nobody answers") from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    manager = urllib3.PoolManager()
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager
