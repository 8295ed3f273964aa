"""The packets of MQTT, what reasons mean, and what is known of messages on their way."""

import asyncio

import pytest

from vedette.delivery.brokers import mqtt_packets as packets
from vedette.delivery.brokers.mqtt_flights import Flights
from vedette.delivery.brokers.mqtt_packets import CONNACK, PUBACK, PUBCOMP, PUBREC, V5, V311, Packet
from vedette.delivery.brokers.mqtt_refusals import refusal
from vedette.model.errors import SinkBusy, SinkRefused


def read(*pieces: bytes) -> Packet:
    async def parsed() -> Packet:
        reader = asyncio.StreamReader()
        for piece in pieces:
            reader.feed_data(piece)
        reader.feed_eof()
        return await packets.read(reader)

    return asyncio.run(parsed())


def flight(flights: Flights, event: str) -> bytes:
    return flights.begin(("t", event), lambda number: b"\x34" + bytes([number])).encode(0)[:1]


def test_a_connect_asks_for_a_session_that_lasts() -> None:
    """Section 3.1 of 5.0: protocol name and version, flags, keep alive, properties, identifier, user, password."""
    made = packets.connect(V5, "me", 30, ("user", "word"), resume=False)
    assert made == bytes.fromhex(
        "1020 0004 4d515454 05 c2 001e 05 11 00000e10 0002 6d65 0004 75736572 0004 776f7264".replace(" ", "")
    )
    assert packets.connect(V5, "me", 30, ("", ""), resume=True)[9] == 0


def test_a_connect_of_3_1_1_begins_anew_each_time() -> None:
    assert packets.connect(V311, "me", 30, ("", ""), resume=True) == bytes.fromhex("100e00044d5154540402001e00026d65")


def test_a_password_alone_is_one_without_a_name() -> None:
    made = packets.connect(V311, "me", 30, ("", "token"), resume=True)
    assert made.endswith(b"\x00\x02me" + b"\x00\x00" + b"\x00\x05token")
    assert made[9] == 0xC2


def test_a_long_message_has_its_length_in_pieces_of_seven_bits() -> None:
    made = packets.publish(V311, 2, 7, "a/b", b"x" * 200_000, {})
    assert made[:4] == b"\x34" + bytes([0xC7, 0x9A, 0x0C])
    assert made[4:11] == b"\x00\x03a/b\x00\x07"
    assert packets.repeated(made)[0] == 0x3C


def test_the_limits_of_a_broker_are_read_from_its_greeting() -> None:
    properties = bytes.fromhex("21 0014 24 01 27 00001000 13 003c 26 0001 61 0001 62 1f 0002 6869".replace(" ", ""))
    body = b"\x01\x00" + bytes([len(properties)]) + properties
    hello = read(b"\x20" + bytes([len(body)]), body)
    assert (hello.kind, hello.reason, hello.session) == (CONNACK, 0, True)
    numbers = {name: value for name, value in hello.properties.items() if isinstance(value, int)}
    assert numbers == {0x21: 20, 0x24: 1, 0x27: 4096, 0x13: 60}
    assert hello.properties[packets.REASON] == "hi"


@pytest.mark.parametrize(
    "said",
    [
        b"\x40\x01\x00",  # ends too early
        b"\x20\x05\x00\x00\x02\x7e\x00",  # a property of no kind
        b"\x30\xff\xff\xff\xff\x7f",  # a length of five bytes
        b"\x30\xff\xff\x7f" + b"x" * 100,  # longer than any answer
        b"\x20\x04\x00\x00\x08\x21",  # properties that end too early
    ],
)
def test_what_is_no_mqtt_is_refused(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(said)


def test_an_answer_without_a_reason_is_a_success() -> None:
    assert read(b"\x40\x02\x00\x07") == Packet(PUBACK, 0, 7)


@pytest.mark.parametrize(
    ("version", "reason", "kind"),
    [
        (V5, 0x87, SinkRefused), (V5, 0x90, SinkRefused), (V5, 0x95, SinkRefused), (V5, 0x99, SinkRefused),
        (V5, 0x97, SinkBusy), (V5, 0x80, SinkBusy), (V5, 0x89, SinkBusy), (V5, 0xFE, SinkBusy),
        (V311, 4, SinkRefused), (V311, 5, SinkRefused), (V311, 3, SinkBusy),
    ],
)  # fmt: skip
def test_what_another_try_does_not_cure_is_refused(version: int, reason: int, kind: type) -> None:
    told = refusal("broker", version, Packet(PUBACK, reason, properties={packets.REASON: "full moon"}))
    assert type(told) is kind
    assert "full moon" in told.message


async def test_nobody_subscribed_is_a_success() -> None:
    flights = Flights()
    flight(flights, "one")
    [done] = flights.waiters()
    assert flights.answered("b", V5, Packet(PUBACK, 0x10, 1)) == b""
    assert done.result() is None
    assert flights.collect(("t", "one"))
    assert not flights.collect(("t", "one"))


async def test_over_a_new_connection_a_message_goes_under_its_number_until_it_was_let_go_of() -> None:
    """A broker that came back with an old session acknowledges a release of which it knows nothing."""
    flights = Flights()
    for event in ("one", "two"):
        flight(flights, event)
    assert flights.answered("b", V5, Packet(PUBREC, 0, 1)) == packets.pubrel(1)
    assert flights.again() == [b"\x34\x03", b"\x3c\x02"]
    assert flights.answered("b", V5, Packet(PUBCOMP, 0, 1)) == b""
    assert len(flights) == 2


async def test_a_number_is_used_once_in_a_session() -> None:
    flights = Flights(numbers=2)
    for event in ("one", "two"):
        flight(flights, event)
        number = 1 if event == "one" else 2
        flights.answered("b", V5, Packet(PUBREC, 0, number))
    assert flights.used_up
    assert flights.again() == []
    assert len(flights) == 0
    flights.forget()
    assert not flights.used_up
