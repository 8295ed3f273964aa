"""What the brokers of tests have in common: a process with a folder and a port of its own, killed and started again."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self


def program(name: str) -> str | None:
    """Return where a program is; Debian keeps some where users do not look."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


class BrokerProcess(ABC):
    """A broker on loopback; may be used as a context, killed and started again on the same store."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-broker-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.server = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return how it is started."""

    def start(self, deadline_s: float = 10.0) -> None:
        """Run, and wait until it listens."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                told = (self.folder / "log").read_text(errors="replace")[-500:]
                assert time.monotonic() < deadline, f"it does not listen: {told}"
                assert self._process.poll() is None, f"it ended: {told}"
                threading.Event().wait(0.02)

    def kill(self) -> None:
        """End it at once, as a machine that loses power would but for its disk."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
