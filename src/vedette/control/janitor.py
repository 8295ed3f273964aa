"""What nobody needs any more: old events with their pictures, done deliveries with their targets."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import structlog

from vedette.model.errors import NotFound
from vedette.store import data_records, data_streams, events, idempotency, outbox_marks
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.events import Retention

log = structlog.get_logger()

HOUR_MS: Final = 3_600_000
ROUND: Final = 500
"""Rows removed in one transaction, so that nobody waits long behind it."""


class Janitor:
    """Removes, a little at a time.

    Args:
        expired: told how many records of data streams went.
    """

    def __init__(
        self, db: Database, blobs: Blobs, keep: Retention, expired: Callable[[int], object] = lambda _: None
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._keep = keep
        self._expired = expired

    async def run_once(self, now_ms: int) -> int:
        """Remove what is too old or too much; return how many events went."""
        removed = 0
        before = now_ms - self._keep.events_max_age_s * 1000
        for drop, limit in ((events.expire, before), (events.trim, self._keep.events_max_rows)):
            while gone := await self._db.write(drop, limit, ROUND):
                await asyncio.to_thread(self._blobs.delete, *filter(None, gone))
                removed += len(gone)
        while await self._db.write(outbox_marks.sweep, now_ms - self._keep.delivered_max_age_s * 1000, ROUND) == ROUND:
            pass
        await self._db.write(idempotency.sweep, now_ms)
        await self._expire_records(now_ms)
        await self._sweep_orphans(now_ms)
        if removed:
            log.info("old events removed", events=removed)
        return removed

    async def _expire_records(self, now_ms: int) -> None:
        for stream in await self._db.read(data_streams.every):
            with suppress(NotFound):  # deleted meanwhile
                while gone := await self._db.write(data_records.expire, stream, now_ms, ROUND):
                    self._expired(gone)

    async def _sweep_orphans(self, now_ms: int) -> None:
        """Remove pictures of the last day that no event refers to: a crash between the two writes left them."""
        for hour in await asyncio.to_thread(self._blobs.hours):
            begin = round(datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC).timestamp() * 1000)
            if 2 * HOUR_MS <= now_ms - begin <= 26 * HOUR_MS:
                known = await self._db.read(events.pictures, begin - HOUR_MS, begin + 2 * HOUR_MS)
                await asyncio.to_thread(self._blobs.sweep, hour, known)
