"""A file on disk with the face of `HttpFile`: FFmpeg opens no path by itself."""

from pathlib import Path

from vedette.model.errors import SourceError, SourceLost, SourceRefused


class LocalFile:
    """A regular file, open for reading.

    Attributes:
        size: bytes when it was opened.
    """

    name = "<file>"

    def __init__(self, path: Path) -> None:
        """Open.

        Raises:
            SourceRefused: the operating system says no.
        """
        self.failure: SourceError | None = None
        self.cheap_seeks = True
        self.live = False
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise SourceRefused(f"the file {path.name!r} cannot be read: {error.strerror}") from None
        self.size: int | None = path.stat().st_size

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
        """Return up to `size` bytes; none at the end."""
        try:
            return self._file.read(size)
        except OSError as error:
            self.failure = SourceLost(f"the file could not be read on: {error.strerror}")
            raise self.failure from None

    def close(self) -> None:
        self._file.close()
