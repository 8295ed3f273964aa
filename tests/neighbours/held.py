"""A web server that gives the beginning of a file, and the rest when it is told to: a task that stays half-way meanwhile."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHUNK = 65_536
PATIENCE_S = 60.0


class Held(ThreadingHTTPServer):
    """Serves one file, with ranges.

    Args:
        share: of its bytes, how much is given before `release`.
    """

    daemon_threads = True

    def __init__(self, path: Path, share: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = path.read_bytes()
        self.open_until = int(len(self.body) * share)
        self.released = threading.Event()
        self._opened = threading.Condition()

    def handle_error(self, *given: Any) -> None:
        """Say nothing of clients that were killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*given)

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_port}/clip.mp4"

    def open_further(self, share: float) -> None:
        """Give more of it."""
        with self._opened:
            self.open_until = int(len(self.body) * share)
            self._opened.notify_all()

    def release(self) -> None:
        """Give the rest."""
        self.released.set()
        self.open_further(1.0)

    def waits_for(self, end: int) -> bool:
        """Wait until it may be given up to there; return whether it may."""
        with self._opened:
            return self._opened.wait_for(lambda: end <= self.open_until, PATIENCE_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Held

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(self.server.body)), len(self.server.body) - 1) + 1
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"1"')
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(self.server.body)}")
        self.end_headers()
        try:
            while start < end:
                stop = min(end, start + CHUNK)
                if not self.server.waits_for(stop):
                    return
                self.wfile.write(self.server.body[start:stop])
                start = stop
        except OSError:
            self.close_connection = True


@contextmanager
def held(path: Path, share: float = 0.4) -> Iterator[Held]:
    """Run one."""
    server = Held(path, share)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release()
        server.shutdown()
        server.server_close()
        thread.join()
