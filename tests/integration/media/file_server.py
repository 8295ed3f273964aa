"""An HTTP server on loopback that serves one body, well or badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Manners:
    """How the server behaves.

    Attributes:
        ranges: whether it serves ranges.
        length: whether it says how long the body is.
        break_after: bytes after which each connection is cut, or None.
        cuts: how often it cuts; then it serves whole bodies.
        status: a status to answer instead of the body.
        location: where to redirect to.
        silent_after: bytes after which it says nothing more, but stays connected.
        content_range: what it says of a range instead of the truth.
        requests: the headers of each request.
        over: ends all silence.
    """

    body: bytes
    ranges: bool = True
    length: bool = True
    break_after: int | None = None
    cuts: int = 1 << 30
    status: int | None = None
    location: str | None = None
    silent_after: int | None = None
    content_range: str | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    manners: Manners

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        manners = self.manners
        manners.requests.append(dict(self.headers))
        if manners.location is not None:
            self.send_response(302)
            self.send_header("Location", manners.location)
            self.end_headers()
            return
        if manners.status is not None:
            self.send_error(manners.status)
            return
        begin = 0
        asked = self.headers.get("Range")
        if manners.ranges and asked:
            begin = int(asked.removeprefix("bytes=").partition("-")[0])
        body = manners.body[begin:]
        self.send_response(206 if manners.ranges and asked else 200)
        if manners.ranges and asked:
            last = len(manners.body) - 1
            truth = f"bytes {begin}-{last}/{len(manners.body)}"
            self.send_header("Content-Range", truth if manners.content_range is None else manners.content_range)
        if manners.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(body)

    def _send(self, body: bytes) -> None:
        manners = self.manners
        cut = None
        if manners.break_after is not None and manners.cuts > 0:
            cut, manners.cuts = manners.break_after, manners.cuts - 1
        try:
            if manners.silent_after is not None:
                self.wfile.write(body[: manners.silent_after])
                manners.over.wait(20)
                return
            self.wfile.write(body if cut is None else body[:cut])
        except OSError:  # the reader has hung up
            return


def handler_of(manners: Manners) -> type[BaseHTTPRequestHandler]:
    """Return a handler that behaves as told."""
    return type("Handler", (_Handler,), {"manners": manners})


@contextmanager
def serving(manners: Manners) -> Iterator[str]:
    """Serve; give the URL of the body."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(manners))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/clip"
    finally:
        manners.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
