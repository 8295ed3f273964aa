"""A wire to a server on loopback that counts what passes, and can be cut."""

import socket
import threading
from types import TracebackType
from typing import Self


class Wire:
    """Listens on a port of its own and passes on what comes; each connection carries one request.

    Attributes:
        asked: the first byte that each request asked for.
        targets: the path and query of each request.
        passed: bytes of answers that went through.
        cuts: after how many bytes of the answers of the next connections the wire is cut.
    """

    def __init__(self, port: int) -> None:
        self.asked: list[int] = []
        self.targets: list[str] = []
        self.passed = 0
        self.cuts: list[int] = []
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        cut = self.cuts.pop(0) if self.cuts else None
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
        with near:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += near.recv(65536)
                self._note(head.decode("latin-1"))
                with socket.create_connection(("127.0.0.1", self._to), 5) as far:
                    far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
                    far.sendall(head)
                    while (cut is None or cut > 0) and (piece := far.recv(16384 if cut is None else min(cut, 16384))):
                        near.sendall(piece)
                        self.passed += len(piece)
                        cut = None if cut is None else cut - len(piece)
            except OSError:
                return

    def _note(self, head: str) -> None:
        self.targets.append(head.split(" ", 2)[1])
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        self.asked.append(int(fields["range"].removeprefix("bytes=").partition("-")[0]) if "range" in fields else 0)
