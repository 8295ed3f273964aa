"""A real PostgreSQL on loopback, for tests: Debian's, in a folder of its own, ended with the tests."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

USER = "vedette"
_ACCOUNT = "postgres"
"""PostgreSQL refuses to run as root; Debian's packages bring this account."""


def absent() -> str | None:
    """Return why there can be no PostgreSQL on this machine, or None if there can."""
    return None if _programs() else "Debian's postgresql is not installed (no /usr/lib/postgresql/*/bin/initdb)"


class Postgres:
    """One server, on a port of its own; can be killed, and started again with its data.

    Args:
        durable: commits reach the disk, and memory is what is usual, as measurements want it; tests go without.
    """

    def __init__(self, *, durable: bool = False) -> None:
        programs = _programs()
        if programs is None:
            raise RuntimeError(absent())
        self._programs = programs
        self._durable = durable
        self._folder = Path(tempfile.mkdtemp(prefix="vedette-postgres-"))
        self._account = _ACCOUNT if os.geteuid() == 0 else None
        if self._account:
            shutil.chown(self._folder, _ACCOUNT, _ACCOUNT)
        self.port = _free_port()
        self._process: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._said: list[str] = []
        self._initialise()

    def url(self, database: str) -> str:
        """Return the address of a database, as `VEDETTE_DATABASE_URL` takes it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Process id of the server while it runs."""
        if self._process is None:
            raise RuntimeError("PostgreSQL does not run")
        return self._process.pid

    def start(self, deadline_s: float = 30.0) -> None:
        """Start, and wait until it takes connections."""
        self._ready.clear()
        options = {
            "port": self.port,
            "fsync": "on" if self._durable else "off",
            "shared_buffers": "128MB" if self._durable else "16MB",  # the former is what an installation has
            "max_connections": 60,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [
                str(self._programs / "postgres"),
                "-D",
                str(self._data),
                "-h",
                "127.0.0.1",
                "-k",
                str(self._folder),
                *settings,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=_ENVIRONMENT,
            cwd=self._folder,
            user=self._account,
            group=self._account,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        if not self._ready.wait(deadline_s):
            said = "".join(self._said[-5:])
            self.kill()
            raise RuntimeError(f"PostgreSQL did not start: {said}")

    def kill(self) -> None:
        """End at once, without a word to those who are connected; nothing is finished."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # an "immediate shutdown": the server's own name for a crash
            self._process.wait(20)
            self._process = None

    def close(self) -> None:
        """End, and remove the folder."""
        self.kill()
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _initialise(self) -> None:
        command = [self._programs / "initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*map(str, command), "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            env=_ENVIRONMENT,
            cwd=self._folder,
            user=self._account,
            group=self._account,
        )

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self._said.append(line)
                if "ready to accept connections" in line:
                    self._ready.set()


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
