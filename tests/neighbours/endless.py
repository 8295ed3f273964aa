"""An HTTP server on loopback whose answers have no end that it tells: as cameras and media servers give."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Broadcast:
    """What each connection gets.

    Attributes:
        pieces: sent one after another.
        kind: media type, if one is told.
        pause_s: between pieces.
        chunked: ends in order; otherwise the connection is simply closed.
        more: headers besides.
        stays: whether the connection is held when all is sent.
        no_ranges: requests with a range are refused with 416.
        breaks: how many connections are cut in the middle of a chunk before one is served whole.
        requests: the headers of each request.
        over: ends all waiting.
    """

    pieces: Sequence[bytes]
    kind: str | None = None
    pause_s: float = 0.0
    chunked: bool = False
    more: dict[str, str] = field(default_factory=dict)
    stays: bool = False
    no_ranges: bool = False
    breaks: int = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    broadcast: Broadcast
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        told = self.broadcast
        told.requests.append(dict(self.headers))
        self.close_connection = True
        if told.no_ranges and "Range" in self.headers:
            self.send_error(416)
            return
        self.send_response(200)
        if told.kind is not None:
            self.send_header("Content-Type", told.kind)
        if told.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        for name, value in told.more.items():
            self.send_header(name, value)
        self.end_headers()
        cut = len(told.pieces) // 2 if told.breaks > 0 else None
        told.breaks -= 1
        try:
            for piece in told.pieces[:cut]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if told.chunked else piece)
                if told.pause_s and told.over.wait(told.pause_s):
                    return
            if told.chunked:
                half = b"" if cut is None else told.pieces[cut]
                self.wfile.write(b"0\r\n\r\n" if cut is None else b"%x\r\n%b" % (len(half), half[: len(half) // 2]))
            if told.stays:
                told.over.wait(20)
        except OSError:  # the reader has hung up
            return


def pieces_of(body: bytes, count: int) -> list[bytes]:
    """Cut a body into so many pieces."""
    size = -(-len(body) // count)
    return [body[at : at + size] for at in range(0, len(body), size)]


def parts_of(pictures: Sequence[bytes], *, length: bool = True) -> list[bytes]:
    """Write JPEG pictures as parts that replace one another."""
    return [
        b"--frame\r\nContent-Type: image/jpeg\r\n"
        + (b"Content-Length: %d\r\n" % len(one) if length else b"")
        + b"\r\n"
        + one
        + b"\r\n"
        for one in pictures
    ]


@contextmanager
def broadcasting(broadcast: Broadcast) -> Iterator[str]:
    """Serve; give the URL."""
    handler = type("Handler", (_Handler,), {"broadcast": broadcast})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/live"
    finally:
        broadcast.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
