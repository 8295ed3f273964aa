"""Appends events to a durable stream of the project's own; a stream that is not there yet is made.

The record is the documented message, as a webhook gets it; its partition key is the id of the task, so the events of a
task are in one partition. An event that was appended before a crash, and is delivered again after it, is found by its id.
"""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import encode
from vedette.model.data_stream import USUAL_BYTES, Entry
from vedette.model.errors import QuotaReached, SinkBusy, SinkRefused, Unavailable
from vedette.model.output import DisOutput
from vedette.store import data_records, data_streams
from vedette.store.db import Database


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class DataStreamSink:
    """Appends deliveries to the project's stream of the output's name.

    Args:
        max_bytes: what a stream may hold; its oldest records leave for new ones.
        trimmed: told how many left.
        now: milliseconds since the epoch.
    """

    def __init__(
        self,
        db: Database,
        *,
        max_bytes: int = USUAL_BYTES,
        trimmed: Callable[[int], object] = lambda _: None,
        now: Callable[[], int] = _wall_ms,
    ) -> None:
        self._db = db
        self._max_bytes = max_bytes
        self._trimmed = trimmed
        self._now = now

    async def send(self, delivery: Delivery) -> None:
        """Append the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, DisOutput):
            raise SinkRefused("The output is no data stream.")
        entry = Entry(encode(delivery), delivery.task_id, event_id=delivery.event_id)

        def append(conn: Connection) -> int:
            now = self._now()
            stream = data_streams.of_name(conn, delivery.project_id, target.stream_name, now)
            _, trimmed = data_records.put(conn, stream, [entry], now, self._max_bytes)
            return trimmed

        try:
            self._trimmed(await self._db.write(append))
        except QuotaReached as error:
            raise SinkRefused(f"The data stream cannot be made. {error.message}") from error
        except Unavailable as error:
            raise SinkBusy(error.message) from error
