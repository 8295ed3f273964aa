"""Where a call goes: a URL, made ready once for all calls that go there."""

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from yarl import URL

REMEMBERED: Final = 1024
"""Addresses that are kept ready."""


@dataclass(frozen=True, slots=True)
class Address:
    """A place that is called.

    Attributes:
        host: its name as the name server knows it, or a literal address.
        where: host and port, as they are told to users.
        head: the first line of a request and its `Host`, and `Authorization` where the URL has a user.
        authorized: whether it has one.
    """

    host: str
    port: int
    tls: bool
    where: str
    head: bytes = field(repr=False)
    authorized: bool

    @property
    def origin(self) -> tuple[str, int, bool]:
        """What calls must have in common to use the same connection."""
        return self.host, self.port, self.tls


@lru_cache(REMEMBERED)
def address_of(url: str) -> Address:
    """Return the address that a URL stands for.

    Raises:
        ValueError: it is no URL that can be called.
    """
    parsed = URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.raw_host or parsed.port is None:
        raise ValueError("it is no address of HTTP")
    head = f"POST {parsed.raw_path_qs} HTTP/1.1\r\nHost: {parsed.host_port_subcomponent}\r\n"
    authorized = parsed.user is not None or parsed.password is not None
    if authorized:  # the Basic scheme of RFC 7617
        named = f"{parsed.user or ''}:{parsed.password or ''}".encode()
        head += f"Authorization: Basic {base64.b64encode(named).decode()}\r\n"
    host = parsed.raw_host
    if _is_literal(host.rstrip(".")):  # a dot ends a name that is whole, and is no part of an address
        host = host.rstrip(".")
    return Address(
        host, parsed.port, parsed.scheme == "https", f"{host}:{parsed.port}", head.encode("ascii"), authorized
    )


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
