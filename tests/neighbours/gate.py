"""A gate before an RTSP server: every address it gives is good for one connection, as those of camera platforms are."""

import re
import secrets
import socket
import threading
from contextlib import suppress

_TOKEN = re.compile(rb"[?&]token=(\w+)")


class Gate:
    """Lets a connection through whose first line carries a token that no other one has used.

    Attributes:
        passed: connections let through.
        turned_away: connections with a token that is good for nothing any more.
        strangers: connections without one: whoever asks the server what it can do names no stream.
    """

    def __init__(self, port: int) -> None:
        """Listen; `port` is the RTSP server's on loopback."""
        self._behind = port
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self.passed = 0
        self.turned_away = 0
        self.strangers = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/live") -> str:
        """Return an address with a new token."""
        token = secrets.token_hex(8)
        with self._lock:
            self._tokens.add(token)
        return f"rtsp://127.0.0.1:{self.port}{path}?token={token}"

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._admit, args=(client,), daemon=True).start()

    def _admit(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            said = b""
            while b"\r\n" not in said:
                piece = client.recv(4096)
                if not piece:
                    return  # somebody who only wanted to know whether anybody is at home
                said += piece
            found = _TOKEN.search(said.partition(b"\r\n")[0])
            with self._lock:
                good = found is not None and found[1].decode() in self._tokens
                if good and found is not None:
                    self._tokens.discard(found[1].decode())
                    self.passed += 1
                elif found is not None:
                    self.turned_away += 1
                else:
                    self.strangers += 1
            if not good:
                client.sendall(b"RTSP/1.0 403 Forbidden\r\nCSeq: 1\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._behind), 5) as server:
                server.settimeout(None)
                server.sendall(said)
                threading.Thread(target=_relay, args=(server, client), daemon=True).start()
                _relay(client, server)


def _relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
