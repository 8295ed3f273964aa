"""Carries one row to its destination: fetches the picture, calls the sink, and names whatever goes wrong."""

from collections.abc import Callable, Mapping
from itertools import islice

from vedette.delivery.categories import FACE_IMAGE, ORIGIN_IMAGE, Sent, sent, wants
from vedette.delivery.lane import Lane
from vedette.delivery.pictures import AHEAD, Pictures
from vedette.delivery.sinks.base import Delivery, Sink
from vedette.model.errors import NotFound, SinkBusy, SinkError, SinkRefused
from vedette.model.output import OutputKind
from vedette.model.pictures import split
from vedette.store.outbox import Due
from vedette.telemetry import logs

_log = logs.get(__name__)


class Courier:
    """Tries once.

    Args:
        pictures: gives the picture under a key (`Blobs.get`); blocks, so it is called in a thread.
        sinks: one for each kind of output that can be served.
    """

    def __init__(self, pictures: Callable[[str], bytes], sinks: Mapping[OutputKind, Sink]) -> None:
        self._pictures = Pictures(pictures)
        self._sinks = sinks

    async def carry(self, lane: Lane, row: Due) -> SinkError | None:
        """Return None when the destination has it, or why it has not."""
        try:
            await self._send(lane, row)
        except SinkError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a fault in a sink must not leave its lane waiting for ever
            _log.error("a sink broke", task_id=row.task_id, kind=lane.kind, exc_info=error)
            return SinkRefused(f"The delivery failed in this service ({type(error).__name__}).")
        return None

    async def _send(self, lane: Lane, row: Due) -> None:
        sink = self._sinks.get(OutputKind(lane.kind))
        if sink is None or lane.target is None:
            raise SinkRefused(f"Outputs of kind {lane.kind} cannot be served.")
        pictures, named = Sent(), lane.target.data_category
        if row.picture is not None and (wants(FACE_IMAGE, named) or wants(ORIGIN_IMAGE, named)):
            try:
                following = [next_.picture for next_ in islice(lane.queue, AHEAD) if next_.picture is not None]
                pictures = sent(split(await self._pictures.take(row.picture, following)), named)
            except NotFound:
                _log.warning("the picture of an event is gone; it is told without", event_id=row.event_id)
            except OSError as error:
                raise SinkBusy(f"The picture cannot be read ({type(error).__name__}).") from error
        await sink.send(
            Delivery(
                event_id=row.event_id,
                task_id=row.task_id,
                attempt=row.attempts + 1,
                number=row.number,
                timestamp_ms=row.timestamp_ms,
                event_type=row.event_type,
                project_id=row.project_id,
                message=row.message,
                picture=pictures.picture,
                origin=pictures.origin,
                target=lane.target,
            )
        )
