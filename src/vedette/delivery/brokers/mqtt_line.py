"""An open connection to a broker of MQTT: it reads the answers, and shows the broker that we are there."""

import asyncio
from contextlib import suppress
from typing import Final

from vedette.delivery.brokers import mqtt_packets as packets
from vedette.delivery.brokers.mqtt_flights import Flights
from vedette.delivery.brokers.mqtt_packets import Packet
from vedette.delivery.brokers.mqtt_refusals import refusal
from vedette.delivery.brokers.wire import Wire

KEEP_ALIVE_S: Final = 30
"""We tell the broker to expect something of us in this time; it may wish for another."""
MOST_AT_ONCE: Final = 64
"""Messages without their last acknowledgement; fewer, where the broker takes fewer."""


class MqttLine:
    """A connection that is logged in.

    Attributes:
        version: of the protocol.
        qos: of messages, 2 or 1.
        window: messages at the same time.
        largest: bytes of a packet that the broker takes; 0: any.
        lost: done when the connection is, with what happened.
    """

    def __init__(self, wire: Wire, version: int, hello: Packet, flights: Flights) -> None:
        told = hello.properties
        self.shown, self.version = wire.shown, version
        self.qos = min(2, int(told.get(packets.MAXIMUM_QOS, 2)))
        self.window = min(MOST_AT_ONCE, int(told.get(packets.RECEIVE_MAXIMUM, MOST_AT_ONCE)))
        self.largest = int(told.get(packets.MAXIMUM_PACKET, 0))
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._keep_alive_s = float(told.get(packets.SERVER_KEEP_ALIVE, KEEP_ALIVE_S))
        self._wire, self._flights, self._heard = wire, flights, 0
        self._tasks = [asyncio.create_task(self._listen())]
        if self._keep_alive_s:
            self._tasks.append(asyncio.create_task(self._stay()))

    @property
    def broken(self) -> bool:
        """Whether nothing more can be sent."""
        return self.lost.done()

    async def send(self, packet: bytes) -> None:
        """Write a packet. Where the connection breaks meanwhile, `lost` tells."""
        self._wire.writer.write(packet)
        with suppress(OSError):
            await self._wire.writer.drain()

    def lose(self, why: str) -> None:
        """Give the connection up."""
        if not self.lost.done():
            self._flights.lost += bool(len(self._flights))
            self.lost.set_result(why)
            self._wire.writer.transport.abort()
            for task in self._tasks:
                task.cancel()

    async def close(self) -> None:
        """Say good-bye, and end the connection."""
        if not self.lost.done():
            await self.send(packets.disconnect(self.version))
            self.lost.set_result(f"The connection to {self.shown} was ended.")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()

    async def _listen(self) -> None:
        try:
            while True:
                packet = await packets.read(self._wire.reader)
                self._heard += 1
                if packet.kind == packets.DISCONNECT:
                    self.lose(refusal(self.shown, self.version, packet).message)
                    return
                if packet.kind in (packets.PUBACK, packets.PUBREC, packets.PUBCOMP):
                    self._wire.writer.write(self._flights.answered(self.shown, self.version, packet))
        except (OSError, EOFError, ValueError) as error:
            self.lose(f"The connection to {self.shown} broke ({type(error).__name__}).")

    async def _stay(self) -> None:
        """Ask for a sign of life now and then: a connection may be dead without a word."""
        transport = self._wire.writer.transport
        while True:
            heard = self._heard
            await asyncio.sleep(self._keep_alive_s / 2)
            if self._heard == heard:
                self._wire.writer.write(packets.PINGREQ)
                unsent = transport.get_write_buffer_size()
                await asyncio.sleep(self._keep_alive_s / 2)
                if self._heard == heard and transport.get_write_buffer_size() >= unsent:  # a picture may take its time
                    self.lose(f"{self.shown} gives no sign of life.")
                    return
