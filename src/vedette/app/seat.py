"""The seat of a service: its data folder, which no other service may sit on, and the name that comes with it."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from vedette.model.errors import Misconfigured
from vedette.settings import Settings

LOCK: Final = "service.lock"
"""The locked file; it holds a random word, so that two folders of the same path on two machines are told apart."""


@contextlib.contextmanager
def seated(settings: Settings) -> Iterator[str]:
    """Keep other services off the data folder, and off the SQLite file if there is one; give the name of this service.

    The name is the same after a restart on the same folder and machine, and no other's: not that of a copy of the folder
    either, nor of a machine that has the same name.

    Raises:
        Misconfigured: another service is there, or the folder cannot be used.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    with contextlib.ExitStack() as stack:
        descriptor = stack.enter_context(_locked(folder / LOCK, f"the data folder {folder}"))
        file = sqlite_file(settings.database_url)
        if file is not None and file.parent != folder and file.parent.is_dir():
            stack.enter_context(_locked(file.with_name(f"{file.name}.lock"), f"the database {file}"))
        host = socket.gethostname()
        known = hashlib.sha256(f"{host}\n{folder}\n{_word(descriptor)}".encode()).hexdigest()
        yield f"{host[:200]}-{known[:12]}"


def sqlite_file(database_url: str) -> Path | None:
    """Return the file of a SQLite database; None for a server that several services can share."""
    url = make_url(database_url)
    return Path(url.database or "vedette.sqlite3").absolute() if url.get_backend_name() == "sqlite" else None


@contextlib.contextmanager
def _locked(path: Path, what: str) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(path.parent, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(f"Another service runs on {what}.") from None
        yield descriptor
    finally:
        os.close(descriptor)


def _word(descriptor: int) -> str:
    """Return what the lock file says; a new one says something random."""
    said = os.pread(descriptor, 64, 0)
    if not said:
        said = secrets.token_hex(8).encode()
        os.pwrite(descriptor, said, 0)
    return said.decode("ascii", "replace")


def _unusable(folder: Path, error: OSError) -> Misconfigured:
    return Misconfigured(f"The data folder {folder} cannot be used: {error.strerror}.")
