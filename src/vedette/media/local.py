"""A file on disk with the face of `HttpFile`: FFmpeg opens no path by itself."""

import os
import stat
from pathlib import Path
from typing import Final

from vedette.model.errors import SourceError, SourceLost, SourceRefused, SourceTruncated

_FOLDER: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""Linux opens folders that may be passed and not read."""


class LocalFile:
    """A regular file, open for reading.

    Attributes:
        size: bytes when it was opened.
    """

    name = "<file>"

    def __init__(self, path: Path) -> None:
        """Open.

        Args:
            path: absolute, with no link in it: as it was judged.

        Raises:
            SourceRefused: the operating system says no, or a link has come into the path.
        """
        self.failure: SourceError | None = None
        self.cheap_seeks = True
        self.live = False
        self._name = path.name
        try:
            number = _open(path)
        except OSError as error:
            raise SourceRefused(f"the file {path.name!r} cannot be read: {error.strerror}") from None
        self._file = open(number, "rb", buffering=0)  # noqa: SIM115, PTH123 - closed by `close`; a descriptor is no path
        state = os.fstat(number)
        if not stat.S_ISREG(state.st_mode):
            self._file.close()
            raise SourceRefused(f"{path.name!r} is not a regular file")
        self.size: int | None = state.st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def peek(self, count: int) -> bytes:
        """Return the first bytes at the position without moving."""
        at = self.tell()
        head = self.read(count)
        self.seek(at)
        return head

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end.

        Raises:
            SourceTruncated: the file has become shorter since it was opened.
            SourceLost: the operating system cannot read on.
        """
        try:
            piece = self._file.read(size)
            if piece or not size or self._file.tell() >= (self.size or 0):
                return piece
            self.failure = SourceTruncated(f"the file {self._name!r} became shorter while it was read")
        except OSError as error:
            self.failure = SourceLost(f"the file could not be read on: {error.strerror}")
        raise self.failure

    def close(self) -> None:
        """Close, and forget the failure: its traceback knows who reads, and the two would keep each other."""
        self.failure = None
        self._file.close()


def _open(path: Path) -> int:
    """Open folder by folder: what has taken the place of one, or of the file, since they were judged is not followed.

    Nor is it waited for, as a pipe would be.
    """
    here = os.open(path.anchor, _FOLDER)
    try:
        for name in path.parts[1:-1]:
            above, here = here, os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
            os.close(above)
        return os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)
