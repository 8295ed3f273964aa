"""What a destination is to the dispatcher: something that takes one delivery, or raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import Target
from vedette.store.outbox import NOBODY


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one destination.

    Attributes:
        event_id: the same in every attempt; receivers tell repeats by it.
        attempt: from 1.
        number: of the event among those of its task, from 1: a receiver sees a gap by it. 0 for events of before.
        timestamp_ms: of the event, milliseconds since the epoch.
        event_type: the number on the wire.
        type_name: what algorithms here call that type; empty: not looked up, or none names it.
        message: the documented envelope, without the picture.
        picture: JPEG, or None; of an event about a part of the picture, such as a face, that part.
        origin: the whole picture of such an event, JPEG, or None.
        target: where to; holds the caller's secrets.
    """

    event_id: EventId
    task_id: TaskId
    attempt: int
    message: Mapping[str, Any]
    picture: bytes | None = field(repr=False)
    target: Target = field(repr=False)
    number: int = 0
    timestamp_ms: int = 0
    event_type: int = 0
    type_name: str = ""
    project_id: ProjectId = NOBODY
    origin: bytes | None = field(default=None, repr=False)


class Sink(Protocol):
    """One kind of destination. It tries once; the dispatcher decides whether to try again."""

    async def send(self, delivery: Delivery) -> None:
        """Hand the delivery over; return when the destination has it.

        Raises:
            SinkUnreachable: nobody answers.
            SinkBusy: it answers that it cannot now.
            SinkRefused: it does not want this delivery.
            SinkForbidden: our guard forbids the address.
            SinkGone: it wants none of this any more.
        """
        ...
