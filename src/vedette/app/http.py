"""The socket and the server behind it."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from vedette.model.errors import Misconfigured


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the order of the end is ours."""

    def __init__(self, app: object) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type] # FastAPI is an ASGI application; uvicorn's type is narrower
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=2,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen while the context lasts; port 0 lets the system choose.

    Raises:
        Misconfigured: the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # with its protocol named: asyncio sends small answers at once only on sockets that say they are TCP
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Misconfigured(f"Cannot listen on {host}: {error.strerror}.") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(512)
        except OSError as error:
            raise Misconfigured(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
        yield listener


def local_url(listener: socket.socket) -> str:
    """Return where this machine finds the service: a wildcard address is reached by loopback."""
    host, port = listener.getsockname()[:2]
    if listener.family is socket.AF_INET6:
        return f"http://[{'::1' if host == '::' else host}]:{port}"
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared, not bound
