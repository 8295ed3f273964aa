"""Messages on their way to a broker of MQTT, and what is known of them when the connection breaks.

With QoS 2 the broker remembers the number of a message until we let go of it, and takes what is repeated under the same
number only once. So a message keeps its number over connections, as long as the broker keeps the session. Two things
are not taken on trust, because a broker that was killed may come back with the sessions of some time ago:

* What we had let go of, and was not acknowledged, is sent as a new message: such a broker acknowledges numbers that it
  has never heard of. If it was delivered all the same, it is there twice.
* A number is used once in a session: such a broker may hold it for a message of before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from vedette.delivery.brokers.mqtt_packets import FAILED, PUBREC, Packet, pubrel, repeated
from vedette.delivery.brokers.mqtt_refusals import refusal

MOST_LANDED: Final = 10_000
"""Messages that are remembered as delivered until their event is put again."""
NUMBERS: Final = 65_535
"""Messages of a session."""
Key = tuple[str, str]
"""Topic and id of the event."""


@dataclass(eq=False, slots=True)
class Flight:
    """A message without its last acknowledgement.

    Attributes:
        encode: gives the PUBLISH under a number.
        released: the broker has it, and is told to deliver it (QoS 2).
        done: set when the broker answers for it.
    """

    key: Key
    number: int
    encode: Callable[[int], bytes] = field(repr=False)
    released: bool = False
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Flights:
    """The flights of a session.

    Attributes:
        lost: connections that were lost since the last flight landed.
    """

    def __init__(self, numbers: int = NUMBERS) -> None:
        self._numbers = numbers
        self._by_key: dict[Key, Flight] = {}
        self._by_number: dict[int, Flight] = {}
        self._landed: OrderedDict[Key, None] = OrderedDict()
        self._last = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._by_number)

    def waiters(self) -> list[asyncio.Future[None]]:
        """Return what is done when a flight ends."""
        return [flight.done for flight in self._by_key.values()]

    def get(self, key: Key) -> Flight | None:
        """Return the flight of an event that is on its way already."""
        return self._by_key.get(key)

    def collect(self, key: Key) -> bool:
        """Return whether an event was delivered while nobody waited for it."""
        return self._landed.pop(key, self) is None

    @property
    def used_up(self) -> bool:
        """Whether the session has no number left."""
        return self._last >= self._numbers

    def begin(self, key: Key, encode: Callable[[int], bytes]) -> Flight:
        """Return a flight with a number of its own."""
        self._last += 1
        flight = self._by_key[key] = self._by_number[self._last] = Flight(key, self._last, encode)
        return flight

    def drop(self, flight: Flight) -> None:
        """Give a number back."""
        del self._by_number[flight.number]
        del self._by_key[flight.key]

    def forget(self) -> None:
        """Begin anew: the broker knows nothing of them."""
        self._by_key.clear()
        self._by_number.clear()
        self._last = self.lost = 0

    def again(self) -> list[bytes]:
        """Return what has to be sent over a new connection in the old session, in the old order."""
        packets = []
        for flight in list(self._by_number.values()):
            if not flight.released:
                packets.append(repeated(flight.encode(flight.number)))
            elif self.used_up:
                self.drop(flight)  # its event will be put again, in another session
            else:
                del self._by_number[flight.number]
                self._last += 1
                flight.number, flight.released = self._last, False
                self._by_number[self._last] = flight
                packets.append(flight.encode(flight.number))
        return packets

    def answered(self, shown: str, version: int, packet: Packet) -> bytes:
        """Note an acknowledgement; return what has to be answered."""
        flight = self._by_number.get(packet.number)
        if flight is None:
            return b""
        if packet.kind == PUBREC and packet.reason < FAILED:
            flight.released = True
            return pubrel(flight.number)
        self.drop(flight)
        self.lost = 0
        if packet.reason < FAILED:
            flight.done.set_result(None)
            self._landed[flight.key] = None
            if len(self._landed) > MOST_LANDED:
                self._landed.popitem(last=False)
        else:
            flight.done.set_exception(refusal(shown, version, packet))
            flight.done.exception()  # nobody may be there to hear it
        return b""
