"""What a broker is to the sink: a connection that is kept, and takes one event after the other."""

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from vedette.delivery.sinks.base import Delivery
from vedette.model.broker import Broker

Place = tuple[str, int]
"""An IP address and a port."""
Resolve = Callable[[str, int], Awaitable[list[Place]]]
"""Gives the addresses of a host that the guard allows; connections go to these and to no other.

Raises SinkForbidden where it allows none, SinkUnreachable where the name cannot be resolved.
"""


class Link(Protocol):
    """A connection to one broker; kept while it is used."""

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        """Hand an event to the broker; return once it has said that it has it.

        Args:
            subject: subject, key or topic: the broker's prefix and the name of the stream.
            body: the message, as a webhook gets it.

        Raises:
            SinkUnreachable: nobody answers.
            SinkBusy: it answers that it cannot now.
            SinkRefused: it does not want this delivery.
            SinkForbidden: our guard forbids the address.
        """
        ...

    async def close(self) -> None:
        """End the connection, if there is one. Raises nothing."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A link that can tell more than whether somebody answers."""

    async def check(self, subject: str) -> None:
        """Connect, log in, and see whether an event would be taken, as far as the broker tells; write nothing.

        Raises:
            SinkError: it would not, as of `Link.put`.
        """
        ...


Opener = Callable[[Broker, Resolve], Link]
"""Makes the link of a broker; it connects with the first `put`."""
