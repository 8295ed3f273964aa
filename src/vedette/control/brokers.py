"""What may be said of a project's brokers, and whether they would take an event."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sqlalchemy import Connection

from vedette.delivery.brokers.base import Checkable, Resolve
from vedette.delivery.brokers.links import open_link
from vedette.delivery.brokers.pool import resolver
from vedette.delivery.brokers.wire import Wire, dial, tls_context
from vedette.delivery.guard import guarded_session
from vedette.delivery.sinks.dis import DisEndpoint, DisSink
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId
from vedette.model.secrets import unmask_broker
from vedette.store import brokers
from vedette.store.vault import Vault

CHECK_S: Final = 20.0
"""How long a check may take in all."""


def register(conn: Connection, vault: Vault, project_id: ProjectId, broker: Broker) -> Broker:
    """Write a new broker; return it.

    Raises:
        InvalidParameter: its password is masked, or another has its streams.
        AlreadyExists: the project has a broker with that name.
        QuotaReached: the project has as many brokers as it may.
    """
    broker = unmask_broker(broker, None)
    brokers.insert(conn, vault, project_id, broker)
    return broker


def change(
    conn: Connection, vault: Vault, project_id: ProjectId, name: str, edit: Callable[[Broker], Broker]
) -> Broker:
    """Write how a broker is from now on; return it.

    Args:
        edit: returns what shall be stored instead of what is; its password may be masked.

    Raises:
        NotFound: the project has none with that name.
        InvalidParameter: as when it is registered, or the masked password would go elsewhere than before.
    """
    brokers.hold(conn, project_id)  # two who change it at once do so one after the other
    stored = brokers.get(conn, vault, project_id, name)
    broker = unmask_broker(edit(stored), stored)
    brokers.rewrite(conn, vault, project_id, broker)
    return broker


def endpoint_of(broker: Broker) -> DisEndpoint:
    """Return the endpoint that a broker of the kind `dis` is."""
    return DisEndpoint(
        broker.servers[0],
        broker.dis_project_id,
        broker.username,
        broker.password,
        prefix=broker.prefix,
        tls_verify=broker.tls_verify,
    )


async def check(
    policy: GuardPolicy,
    allow: Sequence[str],
    broker: Broker,
    stream_name: str,
    *,
    clock: Callable[[], float] = time.time,
) -> None:
    """Connect to a broker, and see whether it would take the events of a stream; nothing is written.

    Args:
        allow: what the project may reach besides what the policy lets through.
        clock: seconds since the epoch, for signatures.

    Raises:
        SinkError: it would not.
    """
    policy = policy.allowing(allow)
    try:
        async with asyncio.timeout(CHECK_S):
            if broker.kind is BrokerKind.DIS:
                async with guarded_session(policy) as session:
                    await DisSink(session, endpoint_of(broker), clock=clock).check(stream_name)
            else:
                await _look(policy, broker, stream_name)
    except TimeoutError:
        raise SinkUnreachable(f"The broker {broker.name} did not answer within {CHECK_S:g} s.") from None


async def _look(policy: GuardPolicy, broker: Broker, stream_name: str) -> None:
    threads = ThreadPoolExecutor(1, "resolver")
    try:
        resolve = resolver(policy, threads)
        link = open_link(broker, resolve)
        try:
            if isinstance(link, Checkable):
                await link.check(broker.prefix + stream_name)
            else:
                await _reach(broker, resolve)
        finally:
            await link.close()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


async def _reach(broker: Broker, resolve: Resolve) -> None:
    """See whether somebody answers, where a link can tell no more."""
    wire = await dial(broker, resolve, _as_it_is, tls=tls_context(broker))
    await wire.close()


async def _as_it_is(wire: Wire) -> Wire:
    return wire
