"""Pictures of events, as files: written under another name, made durable, then renamed, so that none is ever half there.

A key is `YYYYMMDDHH/<32 hex digits>`: random, so that nobody guesses one, and by the hour, so that a sweep can hold the
files of one hour against the rows of that hour. No key comes from a caller.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from vedette.model.errors import NotFound

_KEY = re.compile(r"[0-9]{10}/[0-9a-f]{32}")
_SUFFIX, _UNFINISHED = ".jpg", ".part"


class Blobs:
    """The pictures below one folder. Its methods block: call them in a thread.

    Attributes:
        folder: made if it is not there, readable by its owner alone.
        clock: seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, jpeg: bytes) -> str:
        """Store a picture and return its key; when this returns, the picture survives a power cut.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        hour = time.strftime("%Y%m%d%H", time.gmtime(self._clock()))
        key = f"{hour}/{secrets.token_hex(16)}"
        path = self._path(key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished = path.with_suffix(_UNFINISHED)
        try:
            with unfinished.open("xb") as file:
                file.write(jpeg)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(path.parent)
        return key

    def get(self, key: str) -> bytes:
        """Return a picture.

        Raises:
            NotFound: there is none under that key.
        """
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise NotFound("The picture is no longer stored.") from None

    def delete(self, *keys: str) -> None:
        """Remove pictures; one that is gone already is no error."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def size(self, key: str | None) -> int:
        """Return how many bytes a picture has; 0 if there is none."""
        try:
            return 0 if key is None else self._path(key).stat().st_size
        except (FileNotFoundError, NotFound):
            return 0

    def free(self) -> int:
        """Return how many bytes are free where the pictures are."""
        return shutil.disk_usage(self._folder).free

    def hours(self) -> list[str]:
        """Return the hours that have files, oldest first, as `YYYYMMDDHH` in UTC."""
        return sorted(entry.name for entry in self._folder.iterdir() if re.fullmatch(r"[0-9]{10}", entry.name))

    def sweep(self, hour: str, known: Collection[str]) -> int:
        """Remove the files of one hour that no event refers to, and the folder if nothing is left; return how many.

        Args:
            hour: one that ended a while ago: a picture is written a moment before its event is committed.
            known: the keys that events refer to, as a set (`store.retention.pictures`).
        """
        removed = 0
        folder = self._folder / hour
        for path in folder.iterdir():
            if path.suffix == _UNFINISHED or f"{hour}/{path.stem}" not in known:
                path.unlink(missing_ok=True)
                removed += 1
        with suppress(OSError):  # not empty: other pictures are still wanted
            folder.rmdir()
        return removed

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound("The picture is no longer stored.")
        return (self._folder / key).with_suffix(_SUFFIX)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
