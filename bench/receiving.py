"""The receiver of the delivery group, as a process, and what it can be asked."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Receiver:
    """A receiver that runs."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, seconds: float = 10) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def tell(self) -> dict[str, Any]:
        """Return what was taken since it let go."""
        told: dict[str, Any] = json.loads(self.ask("/tell"))
        return told

    def until_held(self, count: int) -> None:
        """Wait until so many calls wait for their answers."""
        deadline = time.monotonic() + 10
        while self.tell()["held"] < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{count} calls were to come, and did not")
            time.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Start a receiver; it ends with the block."""
    program = [sys.executable, str(Path(__file__).parent / "programs" / "receiver.py")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield Receiver(process.pid, int(line))
        finally:
            process.kill()
