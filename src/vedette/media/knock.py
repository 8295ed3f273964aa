"""Whether anybody is at home: a plain TCP connection, before FFmpeg is asked.

FFmpeg waits for the whole of an opening under one time-out. A host that is switched off answers nothing, so each try
would last that long, and a host that comes back in the middle of one would be found late. A connection alone may be
given up much sooner.
"""

import socket
from pathlib import Path

from vedette.media.resolve import pin
from vedette.model.errors import SourceUnreachable
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
    why = "it has no address"
    for one in pinned.addresses:
        try:
            socket.create_connection((one, pinned.port), limit_s).close()
        except OSError as error:
            why = "timed out" if isinstance(error, TimeoutError) else error.strerror or "no connection"
        else:
            return
    raise SourceUnreachable(f"{pinned.shown} cannot be reached: {why}")
