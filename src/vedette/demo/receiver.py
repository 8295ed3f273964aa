"""The demonstration's own webhook: takes events, keeps each once, writes the pictures to a folder."""

import base64
import binascii
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HEADER = "X-Demo"
LARGEST = 64 << 20
"""Bytes of a message; a larger one is refused."""
WAITING = 1000
"""Events that wait to be shown; while they do, more are told to come back later."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that came for the first time.

    Attributes:
        number: its ordinal, from 1.
        message: the documented message, without its picture.
        picture: the file written, or None.
    """

    number: int
    message: dict[str, Any]
    picture: Path | None


class Inbox:
    """What has come so far.

    Attributes:
        arrivals: what is still to be shown.
        repeats: how often an event came that was there already; a sender that is unsure sends again.

    Args:
        folder: where pictures are written.
        secret: value of the header by which the sender is known.
    """

    def __init__(self, folder: Path, secret: str) -> None:
        self.arrivals: queue.Queue[Arrival] = queue.Queue(WAITING)
        self.repeats = 0
        self._folder = folder
        self._secret = secret
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all events that came."""
        with self._lock:
            return frozenset(self._seen)

    def take(self, secret: str | None, body: bytes) -> int:
        """Take one call and return the status of the answer."""
        if secret != self._secret:
            return 403
        try:
            message = json.loads(body)
            event_id = message["message_id"]
            picture = base64.b64decode(message.pop("image_base64", ""), validate=True)
        except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            return 400
        with self._lock:
            if event_id in self._seen:
                self.repeats += 1
                return 200
            if self.arrivals.full():
                return 503
            number = len(self._seen) + 1
            path = self._folder / f"event-{number:04d}.jpg" if picture else None
            if path is not None:
                path.write_bytes(picture)
            self._seen.add(event_id)
            self.arrivals.put_nowait(Arrival(number, message, path))
        return 200


@contextmanager
def listening(inbox: Inbox) -> Iterator[str]:
    """Serve the inbox on a free loopback port while the context lasts; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30.0

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > LARGEST:
                self.close_connection = True
                self._answer(411)
                return
            self._answer(inbox.take(self.headers.get(HEADER), self.rfile.read(int(length))))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            """Say nothing: what arrives is shown elsewhere."""

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="demo-receiver", kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/events"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
