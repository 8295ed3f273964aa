"""HTTP exchanges: who is asked, as whom, and where redirects lead."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse

from vedette.media.connection import (
    BROKEN,
    SAFE,
    UNTRUSTED,
    Timeouts,
    certificate_refused,
    connection_to,
    cut_after,
    host_header,
    why,
)
from vedette.media.login import Login
from vedette.media.resolve import PORTS, Pinned, pin
from vedette.model.errors import SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address

REDIRECTS: Final = 5
_ASKS: Final = 3
"""Times that one request is made: as a stranger, logged in, and logged in again with a challenge that is not stale."""
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body is still to be read.

    Attributes:
        url: where it came from in the end; may hold credentials.
    """

    response: BaseHTTPResponse
    connection: HTTPConnection
    url: str

    def close(self) -> None:
        """Hang up."""
        self.response.close()
        self.connection.close()


class Client:
    """Asks for what is behind one address, again and again; not thread-safe."""

    def __init__(self, address: Address, policy: GuardPolicy, timeouts: Timeouts) -> None:
        self._address, self._policy, self._timeouts = address, policy, timeouts
        parts = urlsplit(address.url)
        self._home = (parts.hostname, parts.scheme.lower(), parts.port)
        self._login = Login(parts.netloc.rpartition("@")[0])

    def get(self, headers: Mapping[str, str], url: str | None = None, *, follow: bool = True) -> Reply:
        """Ask, and follow redirects, each judged anew.

        Args:
            headers: besides those of every request.
            url: instead of the address's own.
            follow: a redirect is an answer like any other if not.

        Raises:
            SourceRefused: the guard says no, a certificate does not hold, or a redirect leads astray.
            SourceUnreachable: nobody answers in time.
        """
        address = Address(url or self._address.url, self._address.liveness, self._address.tls_verify)
        self._login.begin()
        for _ in range(REDIRECTS + 1):
            pinned = pin(address, self._policy, ())
            reply = self._ask(pinned, address.url, headers)
            if reply.response.status not in _REDIRECT or not follow:
                return reply
            reply.close()
            target = _target(pinned, address.url, reply.response)
            address = Address(target, address.liveness, address.tls_verify)
        raise SourceRefused(f"{pinned.shown} redirects more than {REDIRECTS} times")

    def _ask(self, pinned: Pinned, url: str, headers: Mapping[str, str]) -> Reply:
        """Ask one server, as whom it wants to know; the password is told to the host it is for, and to no other."""
        usual = {"Host": host_header(pinned), "User-Agent": "vedette", "Accept": "*/*", "Accept-Encoding": "identity"}
        target = quote(pinned.target, safe=SAFE)
        home = self._is_home(pinned)
        for left in range(_ASKS - 1, -1, -1):
            sent = usual | dict(headers)
            if home and (authorization := self._login.header("GET", target)):
                sent["Authorization"] = authorization
            reply = self._send(pinned, url, target, sent)
            if reply.response.status != 401 or not home or not left:
                break
            if not self._login.challenged(reply.response.headers.getlist("WWW-Authenticate")):
                break
            reply.close()
        return reply

    def _is_home(self, pinned: Pinned) -> bool:
        """Return whether a server is the one that the login is for: another port may be somebody else's."""
        host, scheme, port = self._home
        same = port or PORTS[scheme]
        return pinned.host == host and (pinned.port == same or (scheme, pinned.scheme) == ("http", "https"))

    def _send(self, pinned: Pinned, url: str, target: str, headers: dict[str, str]) -> Reply:
        """Connect to the first judged address that answers."""
        reason = "no address"
        for one in pinned.addresses:
            connection = connection_to(pinned, one, self._timeouts)
            try:
                with cut_after(
                    partial(getattr, connection, "sock", None), self._timeouts.connect_s + self._timeouts.read_s
                ):
                    connection.connect()
                    assert isinstance(connection.sock, socket.socket)
                    connection.sock.settimeout(self._timeouts.read_s)
                    connection.request("GET", target, headers=headers, preload_content=False)
                    return Reply(connection.getresponse(), connection, url)
            except UNTRUSTED as error:
                connection.close()
                raise certificate_refused(error, pinned) from None
            except BROKEN as error:
                connection.close()
                reason = why(error)
        raise SourceUnreachable(f"{pinned.shown} does not answer: {reason}")


def _target(pinned: Pinned, url: str, response: BaseHTTPResponse) -> str:
    """Return where a redirect leads, if that is somewhere http(s) may lead."""
    try:
        target = urljoin(url, response.headers.get("Location", ""))
        scheme = urlsplit(target).scheme.lower()
    except ValueError:
        raise SourceRefused(f"{pinned.shown} redirects to what is no URL") from None
    if scheme not in ("http", "https") or (pinned.scheme == "https" and scheme == "http"):
        raise SourceRefused(f"{pinned.shown} redirects to the scheme {scheme[:20]!r}, which is not followed")
    return target
