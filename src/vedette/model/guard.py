"""Which addresses our own outgoing requests may reach: one policy for webhooks, video sources and the rest.

A policy judges addresses *after* a name is resolved, and whoever connects must connect to the very address that was
judged, or a second look-up could answer otherwise (DNS rebinding).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class GuardMode(StrEnum):
    """How strict the guard is."""

    LAN = "lan"
    """Private networks may be reached: the cameras are there. Loopback, link-local and metadata addresses may not."""
    HOSTED = "hosted"
    """Nor any private network: the service runs for strangers."""


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """The policy of this service.

    Attributes:
        networks: exempt networks.
        hosts: exempt host names, lower case.
    """

    mode: GuardMode = GuardMode.LAN
    networks: tuple[IpNetwork, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, mode: str, allow: list[str]) -> "GuardPolicy":
        """Return the policy with these exemptions: networks (`10.0.0.0/8`), addresses or host names.

        Raises:
            ValueError: the mode is unknown.
        """
        networks: list[IpNetwork] = []
        hosts: set[str] = set()
        for entry in allow:
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                hosts.add(entry.lower().rstrip("."))
        return cls(GuardMode(mode), tuple(networks), frozenset(hosts))

    def allowing(self, allow: Sequence[str]) -> "GuardPolicy":
        """Return the policy with further exemptions."""
        more = GuardPolicy.parse(self.mode, list(allow))
        return GuardPolicy(self.mode, self.networks + more.networks, self.hosts | more.hosts)

    def permits(self, host: str, address: str) -> bool:
        """Return whether `address`, to which `host` was resolved, may be reached."""
        if host.lower().rstrip(".") in self.hosts:
            return True
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if any(ip.version == network.version and ip in network for network in self.networks):
            return True
        if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip.is_reserved:
            return False
        if ip in _METADATA:
            return False
        return self.mode is GuardMode.LAN or ip.is_global


_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Where clouds answer questions about the machine itself; all but the first are not link-local."""


def _plain(ip: IpAddress) -> IpAddress:
    """Unwrap IPv4 addresses that travel inside IPv6 ones."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip) or ip
    return ip


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
