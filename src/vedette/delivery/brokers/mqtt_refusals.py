"""What the reason codes of MQTT mean for a delivery (5.0, section 2.4; 3.1.1, section 3.2.2.3)."""

from typing import Final

from vedette.delivery.brokers.mqtt_packets import REASON, V311, Packet
from vedette.model.errors import SinkBusy, SinkError, SinkRefused

OLD_PROTOCOL: Final = frozenset({1, 0x84})
"""It does not speak 5.0: the answer of one that speaks 3.1.1 only, and of one that speaks something later."""
_REASONS: Final = {
    0x80: "of a reason that it does not tell",
    0x82: "of an error in the protocol",
    0x83: "of a reason of its own",
    0x85: "it does not take the client identifier",
    0x86: "username or password are wrong",
    0x87: "this user may not",
    0x88: "it is not available",
    0x89: "it is busy",
    0x8A: "this client is banned",
    0x8B: "it is shutting down",
    0x8C: "it wants another way to log in",
    0x8D: "it heard nothing from us",
    0x8E: "somebody connected with the same client identifier",
    0x90: "it does not take the topic",
    0x93: "it is sent more than it takes at once",
    0x95: "the event is larger than it takes",
    0x96: "it is sent too much",
    0x97: "a quota is used up",
    0x99: "it does not take the payload",
    0x9B: "it knows no acknowledgement",
    0x9C: "another server is to be used",
    0x9D: "it has moved for good",
    0x9F: "it gets too many connections",
}
_NEVER: Final = frozenset({0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95, 0x99, 0x9B, 0x9D})
_OLD: Final = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
"""Return codes of 3.1.1 as reason codes."""


def refusal(shown: str, version: int, packet: Packet) -> SinkError:
    """Return what a failure means; `shown` is the server, for the message."""
    code = _OLD.get(packet.reason, packet.reason) if version == V311 else packet.reason
    why = _REASONS.get(code, f"of the reason {code:#04x}")
    said = str(packet.properties.get(REASON, ""))[:120]
    text = f"{shown} refuses: {why}" + (f" ({said})." if said.isprintable() and said else ".")
    return SinkRefused(text) if code in _NEVER else SinkBusy(text)
