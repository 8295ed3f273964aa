"""A producer of aiokafka whose every connection goes to an address that the guard allowed.

A broker's metadata names further brokers, and the client connects to those by itself. `aiokafka` has no door for that,
so the one method that makes connections is replaced: the name is resolved and judged by us, the connection is made to
the very address, and the certificate is still compared with the name. Written against aiokafka 0.14.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError, ProducerClosed, UnsupportedSaslMechanismError

from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.wire import CONNECT_S, PLACES
from vedette.model.errors import SinkError, SinkUnreachable

ANSWER_S: Final = 10.0
"""For each answer of a broker; a record without one is sent again by the producer."""
PAUSE_S: Final = 0.25
"""Before the client asks again by itself."""
LARGEST: Final = 64 * 2**20
"""Bytes of a record; which size it takes is the broker's to say."""
MECHANISMS: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
"""Ways to log in, tried in this order: the first two never send the password itself."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the brokers are and how one gets in."""

    servers: tuple[str, ...]
    resolve: Resolve
    client_id: str
    context: ssl.SSLContext | None = None
    username: str = ""
    password: str = field(default="", repr=False)


class _Named:
    """A TLS context that looks for one name in the certificate, whatever address was connected to."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context, self._name = context, name

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **told: Any) -> ssl.SSLObject:
        """Start TLS; asyncio calls this, and tells the address as the name."""
        return self._context.wrap_bio(incoming, outgoing, **told | {"server_hostname": self._name})


class GuardedClient(AIOKafkaClient):  # type: ignore[misc]  # aiokafka is published without types
    """Connects to judged addresses only.

    Attributes:
        failure: why the last connection was not made.
    """

    def __init__(self, access: Access, topic: str) -> None:
        timing = {"request_timeout_ms": int(ANSWER_S * 1000), "retry_backoff_ms": int(PAUSE_S * 1000)}
        super().__init__(bootstrap_servers=list(access.servers), client_id=access.client_id, **timing)
        self.cluster = ClusterMetadata(bootstrap_servers=list(access.servers))
        self.failure: Exception | None = None
        self._access = access
        self._mechanisms: tuple[str | None, ...] = MECHANISMS if access.username else (None,)
        self._topics = {topic}  # with none, the client would ask for all that there are

    async def bootstrap(self) -> None:
        """Ask the brokers which there are, and connect to one of those.

        Raises:
            SinkError: the guard, or the resolver.
            OSError: nobody answers.
            KafkaError: somebody answers that we are not let in.
        """
        if not await self._metadata_update(self.cluster, self._topics):
            raise self.failure or KafkaError("The brokers tell nothing of themselves.")
        for broker in self.cluster.brokers():
            if await self.ready(broker.nodeId):
                break
        else:
            raise self.failure or KafkaError("The brokers name no broker.")
        self._sync_task = self._loop.create_task(self._md_synchronizer())

    async def _get_conn(
        self, node_id: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT, no_hint: bool = False
    ) -> AIOKafkaConnection | None:
        """Return the connection to a broker, made now where there is none, or None."""
        del no_hint
        async with self._get_conn_lock:
            known = self._conns.get((node_id, group))
            if known is not None and known.connected():
                return known
            try:
                made = await self._dial(node_id)
            except (OSError, KafkaError, SinkError) as error:
                self.failure = error
                self.force_metadata_update()
                return None
            self._conns[node_id, group] = made
            self.failure = None
            return made

    async def _dial(self, node_id: Any) -> AIOKafkaConnection:
        broker = self.cluster.broker_metadata(node_id)
        if broker is None:
            raise KafkaError(f"The brokers do not name the broker {node_id}.")
        failure: Exception = SinkUnreachable(f"{broker.host} has no address.")
        for address, port in (await self._access.resolve(broker.host, broker.port))[:PLACES]:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await self._log_in(broker.host, address, port)
            except TimeoutError:
                failure = SinkUnreachable(f"{broker.host}:{broker.port} did not answer within {CONNECT_S:g} s.")
            except OSError as error:
                failure = error
        raise failure

    async def _log_in(self, host: str, address: str, port: int) -> AIOKafkaConnection:
        context, password = self._access.context, self._access.password if self._access.username else None
        for mechanism in self._mechanisms:
            try:
                made = await create_conn(
                    address,
                    port,
                    client_id=self._client_id,
                    request_timeout_ms=self._request_timeout_ms,
                    ssl_context=None if context is None else _Named(context, host),
                    security_protocol=("SASL_" if mechanism else "") + ("PLAINTEXT" if context is None else "SSL"),
                    on_close=self._on_connection_closed,
                    max_idle_ms=self._connections_max_idle_ms,
                    sasl_mechanism=mechanism,
                    sasl_plain_username=self._access.username or None,
                    sasl_plain_password=password,
                )
            except UnsupportedSaslMechanismError:
                continue
            self._mechanisms = (mechanism,)
            return made
        raise UnsupportedSaslMechanismError(f"The broker knows none of {', '.join(MECHANISMS)}.")


def producer(access: Access, topic: str, *, idempotent: bool) -> AIOKafkaProducer:
    """Return a producer that waits for all replicas; start it, and end it with `end`."""
    made = AIOKafkaProducer(
        bootstrap_servers=list(access.servers),
        client_id=access.client_id,
        acks="all",
        enable_idempotence=idempotent,
        max_request_size=LARGEST,
        request_timeout_ms=int(ANSWER_S * 1000),
        retry_backoff_ms=int(PAUSE_S * 1000),
    )
    client = GuardedClient(access, topic)
    made.client = made._sender.client = client  # noqa: SLF001 - a client cannot be handed in
    made._metadata = made._message_accumulator._cluster = client.cluster  # noqa: SLF001 - nor what it knows
    return made


async def end(made: AIOKafkaProducer, patience_s: float) -> None:
    """End a producer; what no broker has acknowledged by then fails."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await made.flush()
    made._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001 - it would wait for brokers that are away
    for ending in (made.stop, made.client.close):
        with suppress(Exception):  # whatever it says: nobody waits for it any more
            async with asyncio.timeout(CONNECT_S):
                await ending()
