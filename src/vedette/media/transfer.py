"""A file far away as a Python file object that can seek: what FFmpeg reads from, over as many connections as it takes."""

import threading
import time
from abc import ABC, abstractmethod
from typing import Final

from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceUnreachable

MAX_BYTES: Final = 64 << 30
"""A file that is longer, or says so, is refused: no recording is, but a server that sends for ever is."""
REWINDS: Final = 8
"""Times that a file on a server without ranges is read again from its start, to get to a place before or behind."""
TRIES: Final = 4
"""Connections in a row that may break without giving a byte."""
DRIP_BYTES, DRIP_S = 1024, 15.0
"""Who sends less than this within so many seconds of waiting is as good as silent: no video is that small."""
_AGAIN_S = 0.2
"""Seconds to wait before the second connection; each wait is twice the one before."""
_AHEAD = 256 << 10
"""Bytes that are asked of a connection at once."""
_SKIP = 1 << 20
"""A seek no farther ahead than this reads through instead of asking anew."""


class Transfer(ABC):
    """One file behind a connection that may break; not thread-safe.

    A live source (an endless answer) is read through once: it is neither seekable nor taken up again.

    Attributes:
        size: bytes, or None where the server does not say.
        cheap_seeks: the server can begin within the file; without that every step back reads it from its start again.
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
        live: it has no end.
        shown: the server, for people; holds no credentials.
    """

    def __init__(self, shown: str, stop: threading.Event, max_bytes: int) -> None:
        """Connect to nothing yet."""
        self.size: int | None = None
        self.failure: SourceError | None = None
        self.live = self.cheap_seeks = False
        self.shown, self._stop, self._max = shown, stop, max_bytes
        self._connected = False
        self._rewinds = 0
        self._position = 0  # what the reader of this file believes
        self._arrived = 0  # the next byte of the connection
        self._ahead = b""  # bytes that have come already: the last ones before _arrived
        self._offset = 0  # of the first byte of _ahead that is still to be given
        self._waited, self._dripped = 0.0, 0

    @abstractmethod
    def _ask(self, at: int) -> int:
        """Have the file sent from byte `at` on, or from an earlier one; return which.

        Raises:
            SourceUnreachable: it may go better next time.
            SourceError: it will not.
        """

    @abstractmethod
    def _receive(self, size: int) -> bytes | None:
        """Return up to `size` bytes; nothing where the transfer ended, None where it broke."""

    @abstractmethod
    def _hang_up(self) -> None:
        """Close the connection, if there is one."""

    def _complete(self) -> bool:
        """Return whether a transfer of unknown length that ended was whole."""
        return True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Return whether it can be moved: by ranges, or (where the server has none) by reading it again."""
        return self.size is not None and not self.live

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the connection follows at the next read."""
        if whence == 1:
            offset += self._position
        elif whence == 2:
            if self.size is None:
                raise OSError("the length of the file is not known")
            offset += self.size
        begin = self._arrived - len(self._ahead)
        if begin <= offset <= self._arrived:
            self._offset = offset - begin
        else:
            self._ahead, self._offset = b"", 0
        self._position = offset
        return offset

    def peek(self, count: int) -> bytes:
        """Return the first bytes at the position without moving: `count`, or fewer at the end.

        Raises:
            SourceError: as `read` does.
        """
        while len(self._ahead) - self._offset < count:
            held = self._ahead[self._offset :]
            self._position += len(held)
            try:
                more = self._filled(_AHEAD)
            finally:
                self._position -= len(held)
            self._ahead, self._offset = held + more, 0
            if not more:
                break
        return self._ahead[self._offset : self._offset + count]

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one; none at the end of the file.

        Raises:
            SourceLost: the transfer broke, and could not be taken up again.
            SourceError: as when connecting.
        """
        if self._offset >= len(self._ahead):
            self._ahead, self._offset = b"", 0
            self._ahead = self._filled(max(size, _AHEAD))
        piece = self._ahead[self._offset : self._offset + size]
        self._offset += len(piece)
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Hang up, and forget the failure: its traceback knows who reads, and the two would keep each other."""
        self._ahead, self._offset = b"", 0
        self.failure = None
        self._leave()

    def _begin(self, at: int) -> None:
        """Connect, and move to byte `at`."""
        try:
            self._arrived = self._ask(at)
            self._connected = True
            if self._arrived < at:
                self._rewind()
            if self._arrived > at or not self._skip(at - self._arrived):
                raise SourceUnreachable(f"{self.shown} does not give the part of the file that was asked for")
        except SourceError:
            self._leave()
            raise

    def _rewind(self) -> None:
        self._rewinds += 1
        if self._rewinds > REWINDS:
            raise SourceInvalid(
                f"{self.shown} serves no ranges, and this file cannot be read from its start to its end"
            )

    def _leave(self) -> None:
        self._connected = False
        self._hang_up()

    def _filled(self, size: int) -> bytes:
        try:
            return self._fetch(size)
        except SourceError as error:
            self.failure = error
            raise

    def _fetch(self, size: int) -> bytes:
        """Return the bytes at the position, over as many connections as it takes."""
        if self.size is not None and self._position >= self.size and not self.live:
            return b""
        for attempt in range(TRIES):
            if self._stop.is_set() or (attempt and self._stop.wait(_AGAIN_S * 2 ** (attempt - 1))):
                raise SourceLost("reading was stopped")
            try:
                self._approach()
                piece = self._piece(size)
            except SourceUnreachable:
                self._leave()
                if self.live or attempt == TRIES - 1:
                    raise
                continue
            # without a length, the end is where the server ends in order
            if piece or (piece is not None and (self.live or (self.size is None and self._complete()))):
                return piece
            self._leave()
            if self.live:
                break
        raise SourceLost(f"the transfer from {self.shown} broke at byte {self._position}")

    def _approach(self) -> None:
        """Bring the connection to the position: read on to it where it is near, else ask anew."""
        ahead = self._position - self._arrived
        if self._connected and ahead and not (0 < ahead <= (_SKIP if self.cheap_seeks else self._max)):
            self._leave()
        if not self._connected:
            self._begin(self._position)
        elif not self._skip(ahead):
            raise SourceUnreachable(f"{self.shown} broke off")

    def _piece(self, size: int) -> bytes | None:
        """Return what the present connection gives, and judge its pace."""
        if self._arrived > self._max and not self.live:
            raise SourceInvalid(f"the file is longer than {self._max} bytes")
        began = time.monotonic()
        piece = self._receive(size)
        if piece is None:
            return None
        self._arrived += len(piece)
        self._dripped += len(piece)
        self._waited += time.monotonic() - began
        if self._dripped >= DRIP_BYTES:
            self._waited, self._dripped = 0.0, 0
        elif self._waited > DRIP_S:
            raise SourceLost(f"{self.shown} sends no more than {self._dripped} bytes in {self._waited:.0f} s")
        return piece

    def _skip(self, count: int) -> bool:
        while count > 0:
            piece = self._piece(min(count, _AHEAD))
            if not piece:
                return False
            count -= len(piece)
        return True
