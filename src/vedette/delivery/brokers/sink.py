"""Routes `dis` outputs: by project and name of the stream to a broker that the project has, or to what else is there.

The broker that names the stream has it, else the one that names none, else the service's own way: its data streams,
or the DIS of the settings.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vedette.delivery.brokers.pool import Links
from vedette.delivery.sinks.base import Delivery, Sink
from vedette.delivery.sinks.webhook import encode
from vedette.delivery.terms import TermsOf
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import Misconfigured, SinkBusy, SinkRefused, Unavailable
from vedette.model.ids import ProjectId
from vedette.model.output import DisOutput

FRESH_S: Final = 1.0
"""A broker that is registered, changed or forgotten counts after this time at the latest."""
REMEMBERED: Final = 10_000
"""Projects whose brokers are kept in memory; beyond them all are read anew."""

BrokersOf = Callable[[ProjectId], Awaitable[Sequence[Broker]]]
Dis = Callable[[Broker, tuple[str, ...]], Sink]
"""Makes the sink of a broker of the kind `dis`; the places are what its project may reach besides."""


class KnownBrokers:
    """Reads the brokers of a project, and remembers them for a moment."""

    def __init__(self, read: BrokersOf, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read, self._monotonic = read, monotonic
        self._known: dict[ProjectId, tuple[float, tuple[Broker, ...]]] = {}

    async def of(self, project_id: ProjectId) -> tuple[Broker, ...]:
        """Return the brokers of a project.

        Raises:
            SinkBusy: they cannot be read: no event goes elsewhere meanwhile.
        """
        now = self._monotonic()
        read_at, known = self._known.get(project_id, (now - FRESH_S, ()))
        if now - read_at < FRESH_S:
            return known
        try:
            found = tuple(await self._read(project_id))
        except (Unavailable, Misconfigured) as error:
            raise SinkBusy(f"The project's brokers cannot be read ({type(error).__name__}).") from error
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[project_id] = (now, found)
        return found


class BrokerSink:
    """Sends deliveries to brokers.

    Args:
        brokers: those of a project.
        terms: what a project says of what may be reached.
        otherwise: has the streams that no broker has.
        dis: see `Dis`.
        kind_names: number and name of the events that algorithms tell.
    """

    def __init__(
        self,
        brokers: BrokersOf,
        terms: TermsOf,
        links: Links,
        otherwise: Sink,
        dis: Dis,
        kind_names: Mapping[int, str] | None = None,
    ) -> None:
        self._brokers, self._terms, self._links = brokers, terms, links
        self._otherwise, self._dis, self._names = otherwise, dis, kind_names or {}

    async def send(self, delivery: Delivery) -> None:
        """Hand the event to who has its stream; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, DisOutput):
            raise SinkRefused("The output is no data stream.")
        broker = chosen(await self._brokers(delivery.project_id), target.stream_name)
        if broker is None:
            await self._otherwise.send(delivery)
            return
        allow = (await self._terms(delivery.project_id)).allow
        if broker.kind is BrokerKind.DIS:
            await self._dis(broker, allow).send(delivery)
            return
        named = replace(delivery, type_name=self._names.get(delivery.event_type, ""))
        await self._links.put(broker, allow, named, broker.prefix + target.stream_name, encode(delivery))


def chosen(brokers: Sequence[Broker], stream_name: str) -> Broker | None:
    """Return the broker that has a stream, if one has."""
    for broker in brokers:
        if stream_name in broker.streams:
            return broker
    return next((broker for broker in brokers if not broker.streams), None)
