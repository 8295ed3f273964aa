"""TCP servers that misbehave, each in its own way, and a proxy that spoils what a good one sends."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Final, Self

Manner = Callable[[socket.socket, threading.Event], None]
"""Deals with one connection; returns to hang up."""

_SDP: Final = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=rude\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)


def mute(_peer: socket.socket, over: threading.Event) -> None:
    """Accept, and say nothing."""
    over.wait()


def half(peer: socket.socket, over: threading.Event) -> None:
    """Begin an answer, and leave it there."""
    peer.recv(4096)
    peer.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Le")
    over.wait()


def garbage(peer: socket.socket, over: threading.Event) -> None:
    """Send nonsense without end."""
    while not over.is_set():
        peer.sendall(b"\x00nonsense\xff" * 400)


def trickle(peer: socket.socket, over: threading.Event) -> None:
    """Answer one byte at a time: something always comes, and never enough."""
    peer.recv(4096)
    for byte in b"RTSP/1.0 200 OK\r\nX-Long: " + b"y" * 100_000:
        if over.wait(0.1):
            return
        peer.sendall(bytes([byte]))


def hang_up(_peer: socket.socket, _over: threading.Event) -> None:
    """Close at once."""


def locked(peer: socket.socket, _over: threading.Event) -> None:
    """Refuse whatever login comes."""
    while request := _request(peer):
        _answer(peer, request, "401 Unauthorized", 'WWW-Authenticate: Basic realm="rude"\r\n')


def elsewhere(url: str) -> Manner:
    """Redirect whatever is asked."""

    def redirect(peer: socket.socket, _over: threading.Event) -> None:
        while request := _request(peer):
            _answer(peer, request, "302 Moved Temporarily", f"Location: {url}\r\n")

    return redirect


def silent_play(peer: socket.socket, over: threading.Event) -> None:
    """Answer as a camera does, down to PLAY, and send no packet."""
    while request := _request(peer):
        method = request.partition(" ")[0]
        if method == "DESCRIBE":
            body = f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n"
            _answer(peer, request, "200 OK", body, _SDP)
        elif method == "SETUP":
            _answer(peer, request, "200 OK", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7\r\n")
        elif method == "PLAY":
            _answer(peer, request, "200 OK", "Session: 7\r\n")
            over.wait()
            return
        else:
            _answer(peer, request, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")


def _request(peer: socket.socket) -> str:
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        piece = peer.recv(4096)
        if not piece:
            return ""
        text += piece
    return text.decode("latin-1")


def _answer(peer: socket.socket, request: str, status: str, headers: str = "", body: str = "") -> None:
    number = next(line for line in request.split("\r\n") if line.lower().startswith("cseq"))
    peer.sendall(f"RTSP/1.0 {status}\r\n{number}\r\n{headers}\r\n{body}".encode())


class Rude:
    """A server on loopback that treats everybody in one manner.

    Attributes:
        connections: how many have come.
    """

    def __init__(self, manner: Manner) -> None:
        self.manner, self.connections = manner, 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peers: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def url(self, scheme: str = "rtsp", path: str = "/app/live") -> str:
        return f"{scheme}://user:hunter2@127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for one in (self._listener, *self._peers):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._peers.append(peer)
            thread = threading.Thread(target=self._deal, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _deal(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError, StopIteration):
            self.manner(peer, self._over)
            peer.shutdown(socket.SHUT_RDWR)


class Proxy(Rude):
    """Stands before a good server; what it sends can be held back or spoiled.

    Attributes:
        stalled: nothing of the server's is passed on while this is set; connections stay.
        spoil: changes what the server sends.
    """

    def __init__(self, port: int) -> None:
        super().__init__(self._pass)
        self._server = port
        self.stalled = threading.Event()
        self.spoil: Callable[[bytes], bytes] = bytes

    def _pass(self, peer: socket.socket, over: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", self._server)) as server:
            self._peers.append(server)
            back = threading.Thread(target=self._pump, args=(peer, server))
            self._threads.append(back)
            back.start()
            while piece := server.recv(65536):
                while self.stalled.is_set():
                    if over.wait(0.02):
                        return
                peer.sendall(self.spoil(piece))

    def _pump(self, peer: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := peer.recv(65536):
                server.sendall(piece)
            server.shutdown(socket.SHUT_RDWR)
