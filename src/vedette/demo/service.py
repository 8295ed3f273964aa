"""A service of the demonstration's own: a child process with a fresh data folder on a free loopback port."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 20.0
"""Seconds a service that was told to end may take."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The first project and user of the service."""

    project_id: str = field(default_factory=lambda: secrets.token_hex(16))
    project_name: str = "demo"
    user: str = "demo"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)


@dataclass(slots=True)
class Running:
    """A service that runs."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def has_ended(self) -> bool:
        """Return whether the process is gone."""
        return self.process.poll() is not None

    def last_words(self, lines: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def models_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the caller's models, as the service would find it."""
    if named := environment.get("VEDETTE_MODELS_DIR"):
        return Path(named).expanduser().absolute()
    if data := environment.get("VEDETTE_DATA_DIR"):
        return Path(data).expanduser().absolute() / "models"
    home = Path(environment.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    return home / "vedette" / "models"


def settings(credentials: Credentials, data: Path, models: Path, root: Path | None, port: int) -> dict[str, str]:
    """Return the environment of the service: the caller's, with our settings in the place of theirs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
    ours = {
        "VEDETTE_HOST": "127.0.0.1",
        "VEDETTE_PORT": str(port),
        "VEDETTE_DATA_DIR": str(data),
        "VEDETTE_MODELS_DIR": str(models),
        "VEDETTE_GUARD_ALLOW": "127.0.0.0/8,::1/128",
        "VEDETTE_WORKERS": "1",
        "VEDETTE_LOG_FORMAT": "text",
        "VEDETTE_BOOTSTRAP_PROJECT_ID": credentials.project_id,
        "VEDETTE_BOOTSTRAP_PROJECT_NAME": credentials.project_name,
        "VEDETTE_BOOTSTRAP_USER": credentials.user,
        "VEDETTE_BOOTSTRAP_PASSWORD": credentials.password,
    }
    if root is not None:
        ours["VEDETTE_FILE_ROOTS"] = str(root)
    return kept | ours | {"PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], credentials: Credentials, data: Path, models: Path, root: Path | None, log: Path
) -> Iterator[Running]:
    """Run the service while the context lasts; it is ended by its process id, whatever happens.

    It works in its data folder, so that no settings file of the caller's folder is read, and has a session of its
    own, so that Ctrl-C reaches us alone and we end it in order.
    """
    port = free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # the command is our own, not a stranger's
            list(command),
            env=settings(credentials, data, models, root, port),
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Running(f"http://127.0.0.1:{port}", process, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Tell it to end, and wait; an impatient Ctrl-C here does not leave it behind."""
    process.terminate()
    end = time.monotonic() + STOP_S
    while process.poll() is None and time.monotonic() < end:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            break
        except KeyboardInterrupt:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()
