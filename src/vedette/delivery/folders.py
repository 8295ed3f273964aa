"""Writes objects into folders of this machine: whole or not at all, and below the folders that are open for files."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from vedette.delivery.bodies import Body, whole
from vedette.delivery.refusals import Place
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable

_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE})
"""Troubles that end without anybody changing a word of the task: a full disk, a mount that is away."""


def write(place: Place, roots: Iterable[Path], body: Body) -> None:
    """Write an object; blocks until it is on the disk.

    Args:
        roots: folders that are open for files.

    Raises:
        SinkUnreachable: the folder of the store is not there.
        SinkBusy: the disk is full or fails.
        SinkRefused: the bucket is not there, or the object's name leads out of it.
    """
    try:
        home = _home(place, roots)
        *steps, name = place.key.split("/")
        folder = home
        for step in steps:
            folder = _step(place, home, folder, step)
        _replace(folder, name, body)
    except OSError as error:
        raise _trouble(place, error) from error
    except (ValueError, RuntimeError):  # a NUL in the name; links in a circle
        raise SinkRefused(f"The object {place.key!r} has a name that no file can have.") from None


def remove(place: Place, roots: Iterable[Path]) -> None:
    """Remove an object that is there; raises what `write` raises. Its folders stay: nobody knows who made them."""
    try:
        home = _home(place, roots)
        file = home / place.key
        if not file.parent.resolve().is_relative_to(home):
            raise SinkRefused(f"The object {place.key!r} lies outside its bucket.")
        file.unlink()
    except OSError as error:
        raise _trouble(place, error, "removed") from error


def _home(place: Place, roots: Iterable[Path]) -> Path:
    """Return the folder of the bucket, after every symbolic link is resolved."""
    store = place.store
    root = Path(store.folder).resolve()
    if not any(root.is_relative_to(allowed.resolve()) for allowed in roots):
        raise SinkRefused(f"The folder of the object store {store.name} is not open for files (VEDETTE_FILE_ROOTS).")
    if not root.is_dir():
        raise SinkUnreachable(f"The folder of the object store {store.name} is not there.")
    home = (root / place.bucket).resolve()
    if "/" in place.bucket or home.parent != root or not home.is_dir():
        raise SinkRefused(f"The object store {store.name} has no bucket {place.bucket!r}: make a folder of that name.")
    return home


def _step(place: Place, home: Path, above: Path, step: str) -> Path:
    """Go one folder deeper; make it if it is not there."""
    folder = above / step
    try:
        folder.mkdir()
    except FileExistsError:
        folder = folder.resolve()
        if not folder.is_relative_to(home):
            raise SinkRefused(f"The object {place.key!r} lies outside its bucket.") from None
    else:
        _sync(above)
    return folder


def _replace(folder: Path, name: str, body: Body) -> None:
    """Write beside the name, then rename: who reads sees the whole object or none."""
    part = folder / f".{secrets.token_hex(8)}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(whole(body), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _trouble(place: Place, error: OSError, done: str = "written") -> SinkError:
    told = f"The object {place.key!r} cannot be {done} ({error.strerror})."
    return SinkBusy(told) if error.errno in _PASSING else SinkRefused(told)
