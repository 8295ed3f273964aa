"""Which ONVIF devices are on the network of this machine, or at one address.

Probes leave by every interface; whoever answers is
judged by the guard, and counted if it says no.
"""

import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from vedette.media.resolve import pin
from vedette.media.ws_discovery import TYPES, Found, answers, probe
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
AGAIN_S: Final = 0.25
"""After this the probes are sent once more: datagrams get lost."""
MOST: Final = 256
"""Devices that are told of."""
ANSWERS: Final = 4096
"""Datagrams that are looked at."""
LARGEST: Final = 65_535


@dataclass(frozen=True, slots=True)
class Search:
    """What came of a search.

    Attributes:
        refused: machines that answered and that the guard forbids.
    """

    found: tuple[Found, ...]
    refused: int


def search(
    policy: GuardPolicy,
    *,
    within_s: float,
    address: tuple[str, int] | None = None,
    group: tuple[str, int] = (GROUP, PORT),
    interfaces: Collection[str] = (),
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Search:
    """Return the devices that answer in time.

    Args:
        policy: judges who is asked, and whoever answers.
        within_s: how long is waited for answers.
        address: host name or address and port of one machine, which is asked alone.
        group: whom everybody is asked by.
        interfaces: names of those by which everybody is asked; empty: all.
        stop: ends the search before its time.
        clock: seconds, monotonic.

    Raises:
        SourceRefused: the guard forbids the one address.
        SourceUnreachable: its name cannot be resolved.
    """
    places = _judged(address, policy) if address else None
    found: dict[str, Found] = {}
    refused: set[str] = set()
    ids = [f"urn:uuid:{uuid.uuid4()}" for _ in TYPES]
    probes = [probe(message_id, kind, space) for message_id, (kind, space) in zip(ids, TYPES, strict=True)]
    family = socket.AF_INET6 if places and ":" in places[0][0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        ways = [index for index, name in socket.if_nameindex() if name in (interfaces or (name,))]

        def send() -> None:
            _send(sock, probes, [(None, place) for place in places] if places else [(way, group) for way in ways])

        for message, sender in _heard(sock, send, clock() + within_s, stop or threading.Event(), clock):
            if places and sender not in {one for one, _ in places}:
                continue
            matches = answers(message, sender, ids)
            if matches and not (places or policy.permits(sender, sender)):
                refused.add(sender)
                continue
            for one in matches:
                if len(found) < MOST:
                    found.setdefault(one.endpoint or sender, one)
    return Search(tuple(sorted(found.values(), key=lambda one: (one.address, one.endpoint))), len(refused))


def _judged(address: tuple[str, int], policy: GuardPolicy) -> list[tuple[str, int]]:
    host, port = address
    named = f"[{host}]" if ":" in host else host
    pinned = pin(Address(f"http://{named}:{port}/", Liveness.LIVE), policy, ())
    return [(one, port) for one in pinned.addresses[:1]]


def _heard(
    sock: socket.socket, send: Callable[[], None], deadline: float, stop: threading.Event, clock: Callable[[], float]
) -> Iterator[tuple[bytes, str]]:
    """Send twice; yield each datagram that comes until the deadline, with the address it came from."""
    again, sendings = clock(), 2
    heard = 0
    while heard < ANSWERS and (now := clock()) < deadline and not stop.is_set():
        if sendings and now >= again:
            sendings, again = sendings - 1, now + AGAIN_S
            send()
        sock.settimeout(min(AGAIN_S, deadline - now))
        try:
            message, sender = sock.recvfrom(LARGEST)
        except TimeoutError:
            continue
        except OSError:  # nobody listens there, says ICMP
            heard += 1
            continue
        heard += 1
        yield message, str(sender[0])


def _send(sock: socket.socket, probes: list[bytes], places: list[tuple[int | None, tuple[str, int]]]) -> None:
    """Send to places, by an interface where one is said; what cannot be sent is passed over."""
    for way, place in places:
        for message in probes:
            with suppress(OSError):
                if way is not None:
                    through = struct.pack("4s4si", socket.inet_aton(place[0]), bytes(4), way)
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, through)
                sock.sendto(message, place)
