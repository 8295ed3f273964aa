"""How much waits: gauges, and the limit of a queue."""

from vedette.store import outbox, outbox_marks
from vedette.store.db import Database
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

EVERY_MS = 10_000

_log = logs.get(__name__)


class Levels:
    """Counts what waits now and then, and gives up what is beyond the limit.

    Args:
        limit: rows that may wait for a destination.
    """

    def __init__(self, db: Database, metrics: Metrics, limit: int) -> None:
        self._db, self._metrics, self._limit = db, metrics, limit
        self._next_at = 0

    async def look(self, now_ms: int) -> None:
        """Count, if it is time."""
        if now_ms < self._next_at:
            return
        self._next_at = now_ms + EVERY_MS
        backlog = await self._db.read(outbox.backlog)
        if backlog.fullest > self._limit:
            while buried := await self._db.write(outbox_marks.shorten, self._limit, now_ms):
                _log.error("the queue of a destination is full: its end is given up", rows=buried)
            backlog = await self._db.read(outbox.backlog)
        self._metrics.outbox_fullest.set(backlog.fullest)
        self._metrics.outbox_limit.set(self._limit)
        self._metrics.outbox_pending.set(backlog.due)
        self._metrics.dead_letters.set(backlog.dead)
