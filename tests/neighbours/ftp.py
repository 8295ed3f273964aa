"""An FTP server, pyftpdlib, in a thread: well-behaved, or with what some servers lack."""

import logging
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # asyncore, on which it builds under Python 3.11
        from pyftpdlib.authorizers import DummyAuthorizer
        from pyftpdlib.handlers import DTPHandler, FTPHandler
        from pyftpdlib.ioloop import IOLoop
        from pyftpdlib.servers import FTPServer as Server
except ImportError:  # pragma: no cover - told by `absent`
    Server = None


def absent() -> str | None:
    """Return why there can be no FTP server on this machine, or None if there can."""
    return None if Server is not None else "pyftpdlib is not installed (PyPI)"


@dataclass
class Faults:
    """What the server lacks or does wrong.

    Attributes:
        size: knows SIZE.
        restart: knows REST.
        break_after: bytes of a transfer after which its connection is cut, or None.
        breaks: how often it does so.
        stall_after: bytes of a transfer after which nothing more comes, or None.
        masquerade: the address that its answers to PASV name instead of its own.
    """

    size: bool = True
    restart: bool = True
    break_after: int | None = None
    breaks: int = 0
    stall_after: int | None = None
    masquerade: str | None = None


class FtpServer:
    """Serves a folder to `user` with `password`, and to anybody; may be used as a context."""

    def __init__(self, folder: Path, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.commands: list[str] = []
        logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
        authorizer = DummyAuthorizer()
        authorizer.add_user("user", "pass word", str(folder), perm="elr")
        authorizer.add_anonymous(str(folder))
        self._loop = IOLoop()
        self._server = Server(("127.0.0.1", 0), self._handler(authorizer), ioloop=self._loop)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._over = threading.Event()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._server.socket.getsockname()[1])

    def url(self, path: str, *, login: str = "") -> str:
        """Return the address of a file."""
        return f"ftp://{login}127.0.0.1:{self.port}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._server.close_all()

    def _run(self) -> None:
        while not self._over.is_set():
            self._loop.loop(timeout=0.05, blocking=False)

    def _handler(self, authorizer: Any) -> type:
        outer, faults = self, self.faults

        class Transfer(DTPHandler):  # type: ignore[misc] # the library is not typed
            ac_out_buffer_size = 4096

            def initiate_send(self) -> None:
                if faults.stall_after is not None and self.tot_bytes_sent >= faults.stall_after:
                    return
                if faults.break_after is not None and self.tot_bytes_sent >= faults.break_after and faults.breaks > 0:
                    faults.breaks -= 1
                    self.cmd_channel.close()  # both connections go, without a word
                    return
                super().initiate_send()

        class Handler(FTPHandler):  # type: ignore[misc] # as above
            dtp_handler = Transfer
            use_sendfile = False
            masquerade_address = faults.masquerade
            auth_failed_timeout = 0

            def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
                outer.commands.append(line)
                if (cmd == "SIZE" and not faults.size) or (cmd == "REST" and not faults.restart):
                    self.respond("502 Command not implemented.")
                    return
                super().pre_process_command(line, cmd, arg)

        Handler.authorizer = authorizer
        return Handler
