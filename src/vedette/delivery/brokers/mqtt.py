"""MQTT: an event is a message of QoS 2 (or 1, where the broker knows no more); it is there when the broker says so.

Version 5.0, where the broker speaks it: it tells why it refuses, and carries the attributes of a CloudEvent as user
properties (its MQTT binding 1.0.2, binary mode). Otherwise 3.1.1, with the body alone. Why the few packets of a
publisher are written here and not by a library: decision 0037.
"""

import asyncio
import secrets
from functools import partial
from typing import Any, Final

from vedette.delivery.brokers import mqtt_packets as packets
from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.kept import Kept
from vedette.delivery.brokers.mqtt_flights import Flight, Flights, Key
from vedette.delivery.brokers.mqtt_line import KEEP_ALIVE_S, MqttLine
from vedette.delivery.brokers.mqtt_refusals import OLD_PROTOCOL, refusal
from vedette.delivery.brokers.wire import ALL_S, Wire, dial, tls_context
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.cloud_events import attributes
from vedette.model.broker import Broker
from vedette.model.errors import SinkBusy, SinkRefused, SinkUnreachable

PUT_S: Final = 15.0
"""For a message, from its turn to the last acknowledgement."""
LOSSES: Final = 2
"""Connections lost in a row after which a new session begins: one of the messages on their way may be the cause."""


class _OldBroker(Exception):
    """It does not speak 5.0."""


class MqttLink(Kept[MqttLine]):
    """Publishes events at one broker.

    Its client identifier is of this link alone: two services, or a check beside a delivery, that shared one would throw
    each other out.
    """

    def __init__(self, broker: Broker, resolve: Resolve) -> None:
        super().__init__()
        self._broker, self._resolve = broker, resolve
        self._client_id = f"vedette-{secrets.token_hex(7)}"  # 22 characters: any broker of 3.1.1 takes 23
        self._flights = Flights()
        self._known = False

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        """Publish a message; see `Link.put` for what is raised."""
        if not subject or set("+#\0") & set(subject) or len(subject.encode()) > 65_535:
            raise SinkRefused(f"The broker {self._broker.name} cannot have a topic of that name: {subject[:80]!r}.")
        key = (subject, delivery.event_id)
        if self._flights.collect(key):
            return
        line = await self._ready()
        flight = self._flights.get(key) or await self._begin(line, key, delivery, body)
        try:
            async with asyncio.timeout(PUT_S):
                await _first(flight.done, line.lost)
        except TimeoutError:
            line.lose(f"{line.shown} did not acknowledge a message within {PUT_S:g} s.")
        if not flight.done.done():
            raise SinkUnreachable(line.lost.result(), connected=True)
        self._flights.collect(key)
        flight.done.result()

    async def check(self, subject: str) -> None:
        """Connect and log in; a broker of MQTT tells no more before it gets something."""
        del subject
        await self.line()

    async def _ready(self) -> MqttLine:
        """Return a connection over which one more message may be sent."""
        try:
            async with asyncio.timeout(ALL_S + PUT_S):
                while True:
                    line = await self.line()
                    if not self._flights.used_up and len(self._flights) < line.window:
                        return line
                    if self._flights:
                        await _first(*self._flights.waiters(), line.lost)
                    else:
                        self._known = False
                        await line.close()
        except TimeoutError as error:
            raise SinkBusy(f"The broker {self._broker.name} has enough of other messages.") from error

    async def _begin(self, line: MqttLine, key: Key, delivery: Delivery, body: bytes) -> Flight:
        """Send a message."""
        told = attributes(delivery)

        def encode(number: int) -> bytes:
            return packets.publish(line.version, line.qos, number, key[0], body, told)

        if line.largest and len(encode(1)) > line.largest:
            raise SinkRefused(f"The event is larger than {line.shown} takes ({line.largest} bytes).")
        flight = self._flights.begin(key, encode)
        await line.send(encode(flight.number))
        return flight

    async def _dial(self) -> MqttLine:
        tls = await asyncio.to_thread(tls_context, self._broker)
        for version in (packets.V5, packets.V311):
            try:
                return await dial(self._broker, self._resolve, partial(self._greet, version), tls=tls)
            except _OldBroker:
                continue
        raise SinkRefused(f"The broker {self._broker.name} speaks neither MQTT 5.0 nor 3.1.1.")

    async def _greet(self, version: int, wire: Wire) -> MqttLine:
        """Log in; go on with the session that the broker has of us."""
        resume = self._known and self._flights.lost < LOSSES and not self._flights.used_up
        login = self._broker.username, self._broker.password
        wire.writer.write(packets.connect(version, self._client_id, KEEP_ALIVE_S, login, resume=resume))
        try:
            hello = await packets.read(wire.reader)
        except asyncio.IncompleteReadError as error:
            if version == packets.V5:
                raise _OldBroker from error  # some hang up at what they do not know
            raise
        if hello.kind != packets.CONNACK:
            raise ValueError("An answer to nothing that was said.")
        if version == packets.V5 and hello.reason in OLD_PROTOCOL:
            raise _OldBroker
        if hello.reason:
            raise refusal(wire.shown, version, hello)
        if not (resume and hello.session):
            self._flights.forget()
        self._known = version == packets.V5
        if hello.properties.get(packets.MAXIMUM_QOS) == 0:
            raise SinkRefused(f"{wire.shown} acknowledges no messages (its highest QoS is 0).")
        line = MqttLine(wire, version, hello, self._flights)
        try:
            for packet in self._flights.again():
                await line.send(packet)
        except BaseException:
            line.lose(f"The connection to {wire.shown} was not used.")
            raise
        return line


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def open_link(broker: Broker, resolve: Resolve) -> MqttLink:
    """Return the link of a broker; it connects with the first `put`."""
    return MqttLink(broker, resolve)
