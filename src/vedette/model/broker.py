"""Brokers: what the operator of a project lets its `dis` outputs go to instead of the service's own data streams."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MOST_BROKERS: Final = 16
"""Of one project."""


class BrokerKind(StrEnum):
    """The kinds of broker."""

    NATS = "nats"
    """NATS JetStream: an event is a message on the subject `<prefix><stream_name>`, which a stream must cover."""
    REDIS = "redis"
    """Redis Streams: an event is an entry of the stream under the key `<prefix><stream_name>`."""
    KAFKA = "kafka"
    """An event is a record of the topic `<prefix><stream_name>`; its key is the id of the task."""
    MQTT = "mqtt"
    """An event is a message on the topic `<prefix><stream_name>`."""
    DIS = "dis"
    """The vendor's own service, or one that speaks like it."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker of a project.

    Attributes:
        servers: `host:port`; for DIS one http or https address.
        tls: whether connections are encrypted.
        tls_verify: whether the certificate is verified.
        username: for DIS the access key; empty: none is told.
        password: for DIS the secret key; a token, where `username` is empty and the kind knows tokens.
        dis_project_id: of a DIS, the project that the streams are in.
        prefix: stands before the stream's name.
        streams: names of streams that go to it; empty: all that no other broker of the project names.
    """

    name: str
    kind: BrokerKind
    servers: tuple[str, ...]
    tls: bool = False
    tls_verify: bool = True
    username: str = ""
    password: str = field(default="", repr=False)
    dis_project_id: str = ""
    prefix: str = ""
    streams: tuple[str, ...] = ()
    created_at: int = 0
    updated_at: int = 0


def place_of(server: str) -> tuple[str, int]:
    """Return host and port of `host:port`; the brackets of an IPv6 address are left out."""
    host, _, port = server.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)
