"""A web server: nginx over a folder, with ranges, and with a part that asks for a password."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

USER, PASSWORD = "user", "pass word"


def absent() -> str | None:
    """Return why there can be no web server on this machine, or None if there can."""
    return None if _program() else "Debian's nginx-light is not installed"


class WebServer:
    """Serves a folder; below `/closed/` the same to who logs in. May be used as a context, and started again."""

    def __init__(self, folder: Path, *, rate: str = "0") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._served, self._rate = folder, rate
        self._folder = Path(tempfile.mkdtemp())
        self._folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, path: str, *, login: str = "") -> str:
        """Return the address of a file."""
        return f"http://{login}127.0.0.1:{self.port}/{path}"

    def requests(self) -> list[str]:
        """Return status and range of each request so far."""
        return (self._folder / "access").read_text().splitlines()

    def start(self) -> None:
        """Run, and wait until it listens."""
        quiet = subprocess.DEVNULL
        command = [str(_program()), "-c", str(self._folder / "nginx.conf"), "-e", f"{self._folder}/log"]
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "nginx does not listen"
                threading.Event().wait(0.05)

    def kill(self) -> None:
        """End it at once: every transfer breaks."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        (self._folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        paths = "".join(
            f"{name}_temp_path {self._folder}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self._folder / "nginx.conf").write_text(
            f"user root;\ndaemon off;\nmaster_process off;\npid {self._folder}/pid;\nerror_log {self._folder}/log;\n"
            f"events {{}}\nhttp {{ {paths} default_type application/octet-stream;\n"
            f"log_format short '$status $http_range'; access_log {self._folder}/access short;\n"
            f"server {{ listen 127.0.0.1:{self.port}; root {self._served}; limit_rate {self._rate};\n"
            f"location /closed/ {{ alias {self._served}/; auth_basic closed; auth_basic_user_file {self._folder}/users; }}\n"
            f"}} }}\n"
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def _program() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
