"""The packets of MQTT that a publisher needs, in versions 5.0 and 3.1.1 (OASIS standards of these numbers)."""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

V5: Final = 5
V311: Final = 4
LARGEST_ANSWER: Final = 65_536
"""Bytes of a packet that a broker may send: it only answers, nothing is subscribed to."""
SESSION_S: Final = 3600
"""How long a broker keeps a session without a connection."""
FAILED: Final = 0x80
"""Reason codes from here on are failures."""

CONNACK, PUBACK, PUBREC, PUBCOMP, PINGRESP, DISCONNECT = 2, 4, 5, 7, 13, 14
PINGREQ: Final = b"\xc0\x00"
_CLEAN: Final = 2
_PASSWORD: Final = 0x40
_USERNAME: Final = 0x80

SESSION_EXPIRY, SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM, MAXIMUM_QOS, MAXIMUM_PACKET = 0x11, 0x13, 0x21, 0x24, 0x27
REASON: Final = 0x1F
_PAYLOAD_IS_TEXT: Final = b"\x01\x01"
_CONTENT_TYPE: Final = b"\x03"
_USER_PROPERTY: Final = 0x26
_NUMBERS: Final = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), ">B"),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), ">H"),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), ">I"),
}
"""Properties that are numbers, and how long they are."""
_TEXTS: Final = frozenset({0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})


@dataclass(frozen=True, slots=True)
class Packet:
    """What a broker sent.

    Attributes:
        number: the packet identifier that is answered.
        reason: 0 where none is told.
        session: of a CONNACK: the broker has our session.
    """

    kind: int
    reason: int = 0
    number: int = 0
    session: bool = False
    properties: Mapping[int, int | str] = field(default_factory=dict)


def connect(version: int, client_id: str, keep_alive_s: int, login: tuple[str, str], *, resume: bool) -> bytes:
    """Return a CONNECT.

    Args:
        login: username and password; either may be empty.
        resume: go on with the session that the broker has, else begin a new one. In 3.1.1 it is always a new one: it has
            no way to begin anew and keep that.
    """
    username, password = login
    flags = (_USERNAME if username or password else 0) | (_PASSWORD if password else 0)
    if version == V311 or not resume:
        flags |= _CLEAN
    head = _text("MQTT") + struct.pack(">BBH", version, flags, keep_alive_s)
    if version == V5:
        head += _counted(struct.pack(">BI", SESSION_EXPIRY, SESSION_S))
    payload = _text(client_id)
    if username or password:
        payload += _text(username)
    if password:
        payload += _text(password)
    return _packet(0x10, head + payload)


def publish(version: int, qos: int, number: int, topic: str, body: bytes, attributes: Mapping[str, str]) -> bytes:
    """Return a PUBLISH; the attributes are user properties, for which 3.1.1 has no place."""
    head = _text(topic) + struct.pack(">H", number)
    if version == V5:
        pairs = (bytes([_USER_PROPERTY]) + _text(name) + _text(value) for name, value in attributes.items())
        head += _counted(_PAYLOAD_IS_TEXT + _CONTENT_TYPE + _text("application/json") + b"".join(pairs))
    return _packet(0x30 | qos << 1, head + body)


def repeated(packet: bytes) -> bytes:
    """Return a PUBLISH with the mark of one that may have been sent before."""
    return bytes([packet[0] | 0x08]) + packet[1:]


def pubrel(number: int) -> bytes:
    """Return a PUBREL."""
    return _packet(0x62, struct.pack(">H", number))


def disconnect(version: int) -> bytes:
    """Return a DISCONNECT that ends the session too."""
    return _packet(0xE0, b"\x00" + _counted(struct.pack(">BI", SESSION_EXPIRY, 0)) if version == V5 else b"")


async def read(reader: asyncio.StreamReader) -> Packet:
    """Return the next packet.

    Raises:
        ValueError: that is no MQTT.
        EOFError: the broker closed the connection.
        OSError: the connection broke.
    """
    (first,) = await reader.readexactly(1)
    length = shift = 0
    while True:
        (piece,) = await reader.readexactly(1)
        length |= (piece & 0x7F) << shift
        shift += 7
        if not piece & 0x80:
            break
        if shift > 21:
            raise ValueError("A length of more than four bytes.")
    if length > LARGEST_ANSWER:
        raise ValueError("A packet that no broker answers with.")
    return _parsed(first >> 4, await reader.readexactly(length))


def _parsed(kind: int, body: bytes) -> Packet:
    try:
        if kind == CONNACK:
            return Packet(kind, body[1], session=bool(body[0] & 1), properties=_properties(body[2:]))
        if kind in (PUBACK, PUBREC, PUBCOMP):
            (number,) = struct.unpack_from(">H", body)
            return Packet(kind, body[2] if len(body) > 2 else 0, number, properties=_properties(body[3:]))
        if kind == DISCONNECT:
            return Packet(kind, body[0] if body else 0, properties=_properties(body[1:]))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("A packet that ends too early.") from error
    return Packet(kind)


def _properties(body: bytes) -> dict[int, int | str]:
    """Return the properties that stand at the beginning; 3.1.1 sends none."""
    if not body:
        return {}
    length, at = _number(body, 0)
    end, found = at + length, dict[int, int | str]()
    while at < end:
        name, at = body[at], at + 1
        if (form := _NUMBERS.get(name)) is not None:
            (found[name],) = struct.unpack_from(form, body, at)
            at += struct.calcsize(form)
        elif name == 0x0B:
            _, at = _number(body, at)
        elif name in _TEXTS or name == _USER_PROPERTY:
            for _ in range(2 if name == _USER_PROPERTY else 1):
                (size,) = struct.unpack_from(">H", body, at)
                found[name] = body[at + 2 : at + 2 + size].decode(errors="replace")
                at += 2 + size
        else:
            raise ValueError(f"A property of the unknown kind {name}.")
    return found


def _number(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (body[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not body[at - 1] & 0x80:
            return value, at


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _counted(body)


def _counted(body: bytes) -> bytes:
    """Return the bytes after their number, 7 bits to a byte."""
    number, length = bytearray(), len(body)
    while True:
        number.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes(number) + body


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded
