"""Whether anybody is at home: a plain TCP connection, before FFmpeg is asked, or when it cannot tell.

FFmpeg waits for the whole of an opening under one time-out. A host that is switched off answers nothing, so each try
would last that long, and a host that comes back in the middle of one would be found late. A connection alone may be
given up much sooner.
"""

import socket
from pathlib import Path

from vedette.media.connection import why
from vedette.media.resolve import pin
from vedette.model.errors import SourceError, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address

LIMIT_S = 2.0
"""TCP asks again after one second, so that a host that is there has been asked twice."""
_SCHEMES = ("rtsp://",)
"""Not RTMP: some of its senders listen for one connection and no more."""


def knock(address: Address, policy: GuardPolicy, roots: tuple[Path, ...], limit_s: float = LIMIT_S) -> None:
    """Connect and hang up; do nothing for what is not reached by a plain connection of FFmpeg's.

    Raises:
        SourceUnreachable: nobody answers at any address of the host, in the words of the system.
        SourceError: as `pin`.
    """
    if not address.url.lower().startswith(_SCHEMES):
        return
    pinned = pin(address, policy, roots)
    reason = "it has no address"
    for one in pinned.addresses:
        try:
            socket.create_connection((one, pinned.port), limit_s).close()
        except OSError as error:
            reason = why(error, "no connection")
        else:
            return
    raise SourceUnreachable(f"{pinned.shown} cannot be reached: {reason}")


class Knocker:
    """Knocks where nobody answered the last time, and only there: one connection more is one too many for a few."""

    def __init__(self) -> None:
        self._absent = self._at_home = False

    def before(self, address: Address, policy: GuardPolicy, roots: tuple[Path, ...]) -> None:
        """Knock before a connection, if that is to be.

        Raises:
            SourceError: as `knock`.
        """
        if self._absent:
            knock(address, policy, roots)
            self._at_home = True

    def failed(self, error: SourceError) -> None:
        """Note what a connection ended in; who was at home, and did not answer FFmpeg, is asked plainly next."""
        self._absent = isinstance(error, SourceUnreachable) and not self._at_home
        self._at_home = False


def speaks(address: str, port: int, limit_s: float = LIMIT_S) -> bool:
    """Ask an RTSP server what it can do; return whether it says anything before it hangs up.

    FFmpeg has one error for nonsense and for nothing. Nothing is what a relay gives (a container's port, a tunnel) whose
    camera is not there yet, so it is worth another try.
    """
    try:
        with socket.create_connection((address, port), limit_s) as peer:
            peer.settimeout(limit_s)
            peer.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vedette\r\n\r\n")
            return bool(peer.recv(1))
    except OSError:
        return False
