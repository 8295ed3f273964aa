"""A file behind an ftp URL as a Python file object that can seek: what FFmpeg reads from.

FTP (RFC 959) with SIZE and REST (RFC 3659), in passive mode. Only the judged address is ever connected to, whatever
host a server names for the data: the answer to PASV gives nothing but a port.
"""

import ftplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote

from vedette.media.connection import Timeouts, cut_after, why
from vedette.media.resolve import Pinned
from vedette.media.transfer import MAX_BYTES, Transfer
from vedette.model.errors import SourceInvalid, SourceRefused, SourceUnreachable

_BROKEN = (OSError, EOFError, ftplib.Error)


class FtpFile(Transfer):
    """One file on an FTP server, opened at once; not thread-safe.

    Attributes:
        name: what PyAV calls the file in its errors.
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
        super().__init__(pinned.shown, stop, max_bytes)
        self.cheap_seeks = True
        self._pinned, self._timeouts = pinned, timeouts
        self._path = _path_of(pinned)
        self._declared: int | None = None
        self._ftp: _Ftp | None = None
        self._data: socket.socket | None = None
        self._begin(0)

    def _complete(self) -> bool:
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

    def _receive(self, size: int) -> bytes | None:
        assert self._data is not None
        try:
            return self._data.recv(size)
        except OSError:
            return None

    def _ask(self, at: int) -> int:
        ftp = self._ftp = self._logged_in()
        size = self._size(ftp)
        if at == 0:
            self.size = self._declared = size
        elif size != self._declared:
            raise SourceInvalid(f"the file at {self.shown} changed while it was read")
        if size is not None and size > self._max:
            raise SourceInvalid(f"the file at {self.shown} has {size} bytes, more than {self._max}")
        return self._send_from(ftp, at)

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
            except SourceRefused:
                ftp.close()
                raise
            except ftplib.error_perm as error:
                ftp.close()
                raise SourceRefused(f"{self.shown} refuses the login: {_code(error)}") from None
            except _BROKEN as error:
                ftp.close()
                reason = _why(error)
            else:
                return ftp
        raise SourceUnreachable(f"{self.shown} does not answer: {reason}")

    def _size(self, ftp: "_Ftp") -> int | None:
        """Return the size; None where the server does not tell."""
        try:
            with ftp.patience():
                return ftp.size(self._path)
        except (ftplib.error_perm, ValueError):  # not known there, or not of this file: RETR says which
            return None
        except _BROKEN as error:
            raise SourceUnreachable(f"{self.shown} broke off: {_why(error)}") from None

    def _send_from(self, ftp: "_Ftp", at: int) -> int:
        """Have the file sent; return the byte it begins with."""
        try:
            with ftp.patience():
                if at and self.cheap_seeks:
                    self.cheap_seeks = ftp.restarts(at)
                self._data, _ = ftp.ntransfercmd(f"RETR {self._path}", at if at and self.cheap_seeks else None)
            self._data.settimeout(self._timeouts.read_s)
        except ftplib.error_perm as error:
            raise SourceRefused(f"{self.shown} does not give the file: {_code(error)}") from None
        except _BROKEN as error:
            raise SourceUnreachable(f"{self.shown} broke off: {_why(error)}") from None
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
    return why(error, "it hung up" if isinstance(error, EOFError) else f"it said {str(error)[:3]!r}")
