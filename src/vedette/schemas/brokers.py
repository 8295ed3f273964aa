"""The documents of brokers: an addition of ours."""

import re
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from vedette.model.broker import Broker, BrokerKind, place_of
from vedette.schemas.common import DIS_STREAM, Rule, Text, Unique, Wire, of_form, one_of
from vedette.schemas.masking import MASK

BROKER_NAME: Final = r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}"
SERVER: Final = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}"
DIS_ADDRESS: Final = r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?"
DIS_PROJECT: Final = r"[A-Za-z0-9_-]{1,64}"
_PREFIXES: Final = {
    BrokerKind.NATS: r"(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]*",
    BrokerKind.REDIS: r"[A-Za-z0-9_.:/-]*",
    BrokerKind.KAFKA: r"[A-Za-z0-9._-]*",
    BrokerKind.MQTT: r"[A-Za-z0-9_.:/-]*",
    BrokerKind.DIS: r"[A-Za-z0-9_-]*",
}
"""What may stand before a stream's name: no wildcards, and nothing that a server keeps for itself."""
_LEFT_OUT: Final = dict.fromkeys(BrokerKind, ("dis_project_id",)) | {BrokerKind.DIS: ("tls",)}
"""Fields that say nothing of a kind, and are refused with it."""


def _port(server: str) -> str:
    try:
        usable = urlsplit(server).port != 0 if "://" in server else 0 < place_of(server)[1] < 65536
        usable = usable and urlsplit(server if "://" in server else f"//{server}").hostname is not None
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("it is no host:port, nor an http or https address")
    return server


Server = Annotated[str, Field(max_length=300), of_form(f"{SERVER}|{DIS_ADDRESS}"), Rule(_port, {})]


class BrokerBody(Wire):
    """The body that says what a broker is, all of it; a field that it does not know is refused: `tsl` is no `tls`."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, one_of([kind.value for kind in BrokerKind])]
    """What it speaks: `nats` (JetStream), `redis` (Streams), `kafka`, `mqtt`, or `dis` (the vendor's service)."""
    servers: Annotated[list[Server], Field(min_length=1, max_length=16), Unique]
    """Its servers, `host:port`; the first that answers is used. Of `dis` one address, `https://…`."""
    tls: bool | None = None
    """Whether connections are encrypted; absent: they are not. Of `dis` the address says so."""
    tls_verify: bool | None = None
    """Whether the certificate must be valid and name the server; absent: it must. Only where there is TLS."""
    username: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    """User name; of `dis` the access key."""
    password: Annotated[Text, Field(min_length=1, max_length=4096)] | None = None
    """Password, of `dis` the secret key, of `nats` without `username` the token; answers show `******`."""
    dis_project_id: Annotated[str, of_form(DIS_PROJECT)] | None = None
    """Of `dis`: the project that the streams are in."""
    prefix: Annotated[str, Field(max_length=100)] | None = None
    """What stands before the stream's name in the subject, key or topic; absent: nothing."""
    streams: Annotated[list[Annotated[str, of_form(DIS_STREAM)]], Field(max_length=1000), Unique] | None = None
    """Names of the streams that go to it; absent or empty: all that no other broker of the project names."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        kind = BrokerKind(self.kind)
        for name in _LEFT_OUT[kind]:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} says nothing of a broker of the kind {kind}")
        if kind is BrokerKind.DIS:
            self._check_dis()
        elif any("://" in server for server in self.servers):
            raise ValueError(f"servers of the kind {kind} are written host:port")
        if self.tls_verify is not None and not self._is_encrypted():
            raise ValueError("tls_verify says nothing without TLS")
        if self.prefix is not None and re.fullmatch(_PREFIXES[kind], self.prefix) is None:
            raise ValueError(f"prefix does not have the form ^{_PREFIXES[kind]}$, as the kind {kind} needs it")
        self._check_login(kind)
        return self

    def _is_encrypted(self) -> bool:
        return bool(self.tls) or self.servers[0].startswith("https://")

    def _check_dis(self) -> None:
        if len(self.servers) != 1 or "://" not in self.servers[0]:
            raise ValueError("servers of the kind dis is one http or https address")
        if self.dis_project_id is None or self.username is None:
            raise ValueError("a broker of the kind dis needs dis_project_id, username and password")

    def _check_login(self, kind: BrokerKind) -> None:
        if self.username is not None and self.password is None:
            raise ValueError("username and password go together")
        if self.password is not None and self.username is None and kind not in {BrokerKind.NATS, BrokerKind.REDIS}:
            raise ValueError("username and password go together")

    def broker(self, name: str, created_at: int, updated_at: int) -> Broker:
        """Return the broker that is meant."""
        return Broker(
            name=name,
            kind=BrokerKind(self.kind),
            servers=tuple(self.servers),
            tls=self._is_encrypted(),
            tls_verify=self.tls_verify is not False,
            username=self.username or "",
            password=self.password or "",
            dis_project_id=self.dis_project_id or "",
            prefix=self.prefix or "",
            streams=tuple(self.streams or ()),
            created_at=created_at,
            updated_at=updated_at,
        )


class BrokerCreate(BrokerBody):
    """The body that registers a broker."""

    name: Annotated[str, of_form(BROKER_NAME)]
    """Its name, once in a project."""


class BrokerInfo(Wire):
    """A broker. What says nothing of its kind is absent."""

    name: str
    """Its name."""
    kind: str
    """`nats`, `redis`, `kafka`, `mqtt` or `dis`."""
    servers: list[str]
    """Its servers."""
    tls: bool | None = None
    """Whether connections are encrypted; absent with the kind `dis`, whose address says so."""
    tls_verify: bool | None = None
    """Whether certificates are verified; absent where there is no TLS."""
    username: str | None = None
    """User name or access key; absent: there is none."""
    password: str | None = None
    """Always `******`; absent: there is none."""
    dis_project_id: str | None = None
    """Of `dis`: the project that the streams are in."""
    prefix: str
    """What stands before the stream's name."""
    streams: list[str]
    """Streams that go to it; empty: all that no other broker of the project names."""
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    """Milliseconds since the epoch."""


class BrokerList(Wire):
    """The answer to a list of brokers."""

    count: int
    """Entries."""
    brokers: list[BrokerInfo]
    """The brokers, by name."""


class BrokerCheck(Wire):
    """The body that asks whether a broker would take the events of a stream."""

    stream_name: Annotated[str, of_form(DIS_STREAM)]
    """Name of the stream, as an output has it: without the prefix."""


class BrokerCheckInfo(Wire):
    """Whether a broker would take events."""

    usable: bool
    """Whether it answered, let us in, and has a place for the stream, as far as it tells."""
    error_code: str | None = None
    """Code of the error that deliveries would end with; absent where it is usable."""
    reason: str | None = None
    """Why it is not usable."""


def broker_info(broker: Broker) -> dict[str, Any]:
    """Return the document of a broker."""
    info = {
        "name": broker.name,
        "kind": broker.kind.value,
        "servers": list(broker.servers),
        "tls": broker.tls,
        "tls_verify": broker.tls_verify if broker.tls else None,
        "username": broker.username or None,
        "password": MASK if broker.password else None,
        "dis_project_id": broker.dis_project_id or None,
        "prefix": broker.prefix,
        "streams": list(broker.streams),
        "created_at": broker.created_at,
        "updated_at": broker.updated_at,
    }
    absent = _LEFT_OUT[broker.kind]
    return {name: value for name, value in info.items() if value is not None and name not in absent}
