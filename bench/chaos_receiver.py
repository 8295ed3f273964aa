"""A receiver of webhooks that can be told to fail."""

import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.service import Service, free_port

from bench.chaos_judge import Arrival, arrival


class Webhook:
    """A receiver with a fault that can be set: it is asked at each call, and says what shall happen.

    `take`: 200. `busy`: 503. `hang`: no answer until the fault ends. `cut`: what was said is kept, and the connection
    ends in the middle of the answer.
    """

    name, ordered = "webhook", True

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.fault = "take"
        self.share = 1.0
        self.port = free_port()
        self._dice = random.Random(5)
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def prepare(self, service: Service) -> None:
        del service

    def output(self) -> dict[str, Any]:
        return {"webhook": {"url": f"http://127.0.0.1:{self.port}/alarm", "headers": {"a": "a"}}}

    def arrivals(self, service: Service) -> list[Arrival]:
        del service
        return [arrival(body) for body in self.bodies]

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: Any) -> None:
                return  # connections that a killed service leaves

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, call: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._lock:
            fault = self.fault if self._dice.random() < self.share else "take"
            if fault in ("take", "cut"):
                self.bodies.append(body)
        if fault == "hang":
            while self.fault == "hang":
                time.sleep(0.05)
            call.close_connection = True
        elif fault == "cut":
            call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            call.connection.shutdown(socket.SHUT_RDWR)
            call.close_connection = True
        else:
            call.send_response(503 if fault == "busy" else 200)
            call.send_header("Content-Length", "0")
            call.end_headers()
            if self._server is None:
                call.close_connection = True

    def kill(self) -> None:
        """Be away: connections are refused, and those there are end with the call that is on its way."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    close = kill
