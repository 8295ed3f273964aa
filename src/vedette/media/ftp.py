"""A file behind an ftp URL as a Python file object that can seek: what FFmpeg reads from.

FTP (RFC 959) with SIZE and REST (RFC 3659), in passive mode. Only the judged address is ever connected to, whatever
host a server names for the data: the answer to PASV gives nothing but a port.
"""

import ftplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import unquote

from vedette.media.exchange import Timeouts, cut_after
from vedette.media.resolve import Pinned
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable

MAX_BYTES: Final = 64 << 30
TRIES: Final = 4
"""Connections in a row that may break without giving a byte."""
REWINDS: Final = 8
"""Times that a file is read again from its start, on a server that cannot begin within it."""
DRIP_BYTES, DRIP_S = 1024, 15.0
"""As over HTTP: who sends less is as good as silent."""
_AHEAD = 256 << 10
_SKIP = 1 << 20
_BROKEN = (OSError, EOFError, ftplib.Error)


class FtpFile:
    """One file on an FTP server, opened at once; not thread-safe.

    Attributes:
        name: what PyAV calls the file in its errors.
        size: bytes, or None where the server does not say.
        cheap_seeks: the server can begin within the file.
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
        live: never.
    """

    name = "<ftp>"

    def __init__(
        self,
        pinned: Pinned,
        *,
        stop: threading.Event,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Log in, and ask for the file.

        Raises:
            SourceRefused: the server knows neither the user nor the file.
            SourceUnreachable: nobody answers in time.
        """
        self.size: int | None = None
        self.failure: SourceError | None = None
        self.cheap_seeks = True
        self.live = False
        self._pinned, self._stop, self._timeouts, self._max = pinned, stop, timeouts, max_bytes
        self._path = _path_of(pinned)
        self._position = 0  # what the reader of this file believes
        self._arrived = 0  # the next byte of the connection
        self._ahead = b""  # bytes that have come already: the last ones before _arrived
        self._offset = 0  # of the first byte of _ahead that is still to be given
        self._declared: int | None = None
        self._rewinds = 0
        self._waited, self._dripped = 0.0, 0
        self._ftp: _Ftp | None = None
        self._data: socket.socket | None = None
        try:
            self._begin(0)
        except SourceError:
            self._hang_up()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.size is not None

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

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one; none at the end of the file.

        Raises:
            SourceLost: the transfer broke, and could not be taken up again.
            SourceError: as when connecting.
        """
        if self._offset >= len(self._ahead):
            self._ahead, self._offset = b"", 0
            try:
                self._ahead = self._fetch(max(size, _AHEAD))
            except SourceError as error:
                self.failure = error
                raise
        piece = self._ahead[self._offset : self._offset + size]
        self._offset += len(piece)
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Hang up."""
        self._ahead, self._offset = b"", 0
        self._hang_up()

    def _fetch(self, size: int) -> bytes:
        """Return the bytes at the position, over as many connections as it takes."""
        if self.size is not None and self._position >= self.size:
            return b""
        for attempt in range(TRIES):
            if self._stop.is_set() or (attempt and self._stop.wait(0.1 * 2**attempt)):
                raise SourceLost("reading was stopped")
            try:
                self._approach()
                piece = self._piece(size)
            except SourceUnreachable:
                self._hang_up()
                if attempt == TRIES - 1:
                    raise
                continue
            if piece or (piece is not None and self.size is None and self._finished()):
                return piece
            self._hang_up()
        raise SourceLost(f"the transfer from {self._pinned.shown} broke at byte {self._position}")

    def _finished(self) -> bool:
        """Return whether the server calls the transfer complete: the end of the data alone is no proof of it."""
        assert self._ftp is not None
        self._drop_data()
        try:
            with self._ftp.patience():
                self._ftp.voidresp()
        except _BROKEN:
            return False
        self.size = self._position
        return True

    def _approach(self) -> None:
        """Bring the transfer to the position: read on to it where it is near, else begin anew."""
        ahead = self._position - self._arrived
        if self._data is not None and ahead and not (0 < ahead <= (_SKIP if self.cheap_seeks else self._max)):
            self._hang_up()
        if self._data is None:
            self._begin(self._position)
        elif not self._skip(ahead):
            raise SourceUnreachable(f"{self._pinned.shown} broke off")

    def _piece(self, size: int) -> bytes | None:
        """Return what the transfer gives; nothing where it ended, None where it broke."""
        assert self._data is not None
        if self._arrived > self._max:
            raise SourceInvalid(f"the file is longer than {self._max} bytes")
        began = time.monotonic()
        try:
            piece = self._data.recv(size)
        except OSError:
            return None
        self._arrived += len(piece)
        self._dripped += len(piece)
        self._waited += time.monotonic() - began
        if self._dripped >= DRIP_BYTES:
            self._waited, self._dripped = 0.0, 0
        elif self._waited > DRIP_S:
            raise SourceLost(f"{self._pinned.shown} sends no more than {self._dripped} bytes in {self._waited:.0f} s")
        return piece

    def _skip(self, count: int) -> bool:
        while count > 0:
            piece = self._piece(min(count, _AHEAD))
            if not piece:
                return False
            count -= len(piece)
        return True

    def _begin(self, at: int) -> None:
        """Log in anew, and have the file sent from byte `at` on, or from its start where the server cannot."""
        self._hang_up()
        ftp = self._ftp = self._logged_in()
        size = self._size(ftp)
        if at == 0:
            self.size = self._declared = size
        elif size != self._declared:
            raise SourceInvalid(f"the file at {self._pinned.shown} changed while it was read")
        if size is not None and size > self._max:
            raise SourceInvalid(f"the file at {self._pinned.shown} has {size} bytes, more than {self._max}")
        begin = self._send_from(ftp, at)
        if begin < at:
            self.cheap_seeks = False
            self._rewinds += 1
            if self._rewinds > REWINDS:
                raise SourceInvalid(
                    f"{self._pinned.shown} cannot begin within a file, and this one cannot be read from start to end"
                )
        self._arrived = begin
        if not self._skip(at - begin):
            raise SourceUnreachable(f"{self._pinned.shown} does not give the part of the file that was asked for")

    def _logged_in(self) -> "_Ftp":
        """Return a session on the first judged address that answers."""
        user, _, password = self._pinned.userinfo.partition(":")
        reason: str = "no address"
        for one in self._pinned.addresses:
            ftp = _Ftp(one, self._timeouts)
            try:
                with ftp.patience():
                    ftp.connect(one, self._pinned.port, self._timeouts.connect_s)
                    ftp.login(unquote(user), unquote(password))
                    ftp.voidcmd("TYPE I")
            except ftplib.error_perm as error:
                ftp.close()
                raise SourceRefused(f"{self._pinned.shown} refuses the login: {_code(error)}") from None
            except _BROKEN as error:
                ftp.close()
                reason = _why(error)
            else:
                return ftp
        raise SourceUnreachable(f"{self._pinned.shown} does not answer: {reason}")

    def _size(self, ftp: "_Ftp") -> int | None:
        """Return the size; None where the server does not tell."""
        try:
            with ftp.patience():
                return ftp.size(self._path)
        except (ftplib.error_perm, ValueError):  # not known there, or not of this file: RETR says which
            return None
        except _BROKEN as error:
            raise SourceUnreachable(f"{self._pinned.shown} broke off: {_why(error)}") from None

    def _send_from(self, ftp: "_Ftp", at: int) -> int:
        """Have the file sent; return the byte it begins with."""
        try:
            with ftp.patience():
                if at and self.cheap_seeks:
                    self.cheap_seeks = ftp.restarts(at)
                self._data, _ = ftp.ntransfercmd(f"RETR {self._path}", at if at and self.cheap_seeks else None)
            self._data.settimeout(self._timeouts.read_s)
        except ftplib.error_perm as error:
            raise SourceRefused(f"{self._pinned.shown} does not give the file: {_code(error)}") from None
        except _BROKEN as error:
            raise SourceUnreachable(f"{self._pinned.shown} broke off: {_why(error)}") from None
        return at if self.cheap_seeks else 0

    def _drop_data(self) -> None:
        data, self._data = self._data, None
        if data is not None:
            data.close()

    def _hang_up(self) -> None:
        self._drop_data()
        ftp, self._ftp = self._ftp, None
        if ftp is not None:
            with suppress(OSError):
                ftp.close()


class _Ftp(ftplib.FTP):
    """A session that connects to one judged address, for its commands and for its data, and waits for no one for long."""

    trust_server_pasv_ipv4_address = False  # of the answer to PASV only the port counts

    def __init__(self, address: str, timeouts: Timeouts) -> None:
        super().__init__(timeout=timeouts.read_s, encoding="latin-1")  # which every reply can be read in
        self._address, self._timeouts = address, timeouts

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Hang up if what is done meanwhile takes too long as a whole."""
        with cut_after(lambda: self.sock, self._timeouts.connect_s + self._timeouts.read_s):
            yield

    def putline(self, line: str) -> None:
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in line):
            raise SourceRefused("the address has signs that cannot be sent")
        assert self.sock is not None
        self.sock.sendall(f"{line}\r\n".encode())

    def makepasv(self) -> tuple[str, int]:
        _, port = super().makepasv()
        return self._address, port

    def restarts(self, at: int) -> bool:
        """Return whether the server can begin within a file; it forgets what it was told with the next command."""
        try:
            return self.sendcmd(f"REST {at}").startswith("3")
        except ftplib.error_perm:
            return False


def _path_of(pinned: Pinned) -> str:
    """Return the path as the server is asked for it: below the folder that a login leads to (RFC 1738, 3.2.2)."""
    path = unquote(pinned.target.partition("?")[0]).removeprefix("/")
    path = path.partition(";type=")[0]
    if not path:
        raise SourceRefused(f"the address at {pinned.shown} names no file")
    return path


def _code(error: Exception) -> str:
    """Return the code of a refusal; its text may hold names."""
    code = str(error)[:3]
    return {"530": "530, user or password is wrong", "550": "550, there is no such file, or it may not be read"}.get(
        code, code
    )


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it hung up" if isinstance(error, EOFError) else f"it said {str(error)[:3]!r}"
