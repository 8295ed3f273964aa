"""What nobody needs any more: old events with their pictures, done deliveries, finished tasks, old moves."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import structlog

from vedette.control.bygones import Bygones, Keep
from vedette.model.errors import NotFound
from vedette.store import data_records, data_streams, idempotency, outbox_marks, retention
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.retention import Kept, Retention
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

HOUR_MS: Final = 3_600_000
ROUND: Final = 500
"""Rows removed in one transaction, so that nobody waits long behind it."""


class Janitor:
    """Removes, a little at a time."""

    def __init__(
        self, db: Database, blobs: Blobs, keep: Retention, metrics: Metrics, bygones: Bygones | None = None
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._keep = keep
        self._metrics = metrics
        self._bygones = bygones or Bygones(db, Keep())
        self._weighed = False
        metrics.events_kept_limit.set(keep.events_max_rows)
        metrics.events_bytes_limit.set(keep.events_max_bytes)

    async def run_once(self, now_ms: int) -> int:
        """Remove what is too old; return how many events went."""
        removed = 0
        before = now_ms - self._keep.events_max_age_s * 1000
        while gone := await self._db.write(retention.expire, before, ROUND):
            await asyncio.to_thread(self._blobs.delete, *filter(None, gone))
            removed += len(gone)
        self._metrics.events_removed.labels("age").inc(removed)
        while await self._db.write(outbox_marks.sweep, now_ms - self._keep.delivered_max_age_s * 1000, ROUND) == ROUND:
            pass
        await self._db.write(idempotency.sweep, now_ms)
        await self._expire_records(now_ms)
        await self._bygones.run_once(now_ms)
        await self._sweep_orphans(now_ms)
        if removed:
            log.info("old events removed", events=removed)
        return removed

    async def fit(self, now_ms: int) -> int:
        """Measure what is kept, and remove the oldest of what is beyond its limits; return how many events went."""
        if not self._weighed:
            await self._weigh()
            self._weighed = True
        now = await self._db.read(retention.extent)
        rows, size = now.events - self._keep.events_max_rows, now.bytes - self._keep.events_max_bytes
        removed = 0
        if rows > 0 or size > 0:
            removed = await self._shrink(rows, size)
            now = await self._db.read(retention.extent)
            reason = "size" if size > 0 else "count"
            self._metrics.events_removed.labels(reason).inc(removed)
            # louder than what goes by its age: somebody may have counted on these
            log.warning("events removed to make room", events=removed, reason=reason, kept=now.events, bytes=now.bytes)
        self._metrics.events_kept.set(now.events)
        self._metrics.events_bytes.set(now.bytes)
        self._metrics.events_oldest_seconds.set(0 if now.oldest_ms is None else max(0, now_ms - now.oldest_ms) / 1000)
        self._metrics.disk_free_bytes.set(await asyncio.to_thread(self._blobs.free))
        return removed

    async def _shrink(self, rows: int, size: int) -> int:
        """Remove the oldest until so many rows and so many bytes are gone, or all that is left is still due."""
        after, removed = 0, 0
        while rows > 0 or size > 0:
            page = await self._db.read(retention.oldest, after, ROUND)
            if not page:
                break
            chosen = []
            for event in page:
                if rows <= 0 and size <= 0:
                    break
                chosen.append(event.seq)
                rows, size, after = rows - 1, size - event.bytes, event.seq
            gone = await self._db.write(retention.remove, chosen)
            await asyncio.to_thread(self._blobs.delete, *filter(None, gone))
            removed += len(gone)
        return removed

    async def _weigh(self) -> None:
        """Give those events their size that were stored before sizes were."""
        after = 0
        while page := await self._db.read(retention.unweighed, after, ROUND):
            await self._db.write(retention.weigh, await asyncio.to_thread(self._weights, page))
            after = page[-1].seq

    def _weights(self, page: Sequence[Kept]) -> list[tuple[int, int]]:
        return [(one.seq, one.bytes + self._blobs.size(one.picture)) for one in page]

    async def _expire_records(self, now_ms: int) -> None:
        for stream in await self._db.read(data_streams.every):
            with suppress(NotFound):  # deleted meanwhile
                while gone := await self._db.write(data_records.expire, stream, now_ms, ROUND):
                    self._metrics.data_records_removed.labels("age").inc(gone)

    async def _sweep_orphans(self, now_ms: int) -> None:
        """Remove pictures of the last day that no event refers to: a crash between the two writes left them."""
        for hour in await asyncio.to_thread(self._blobs.hours):
            begin = round(datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC).timestamp() * 1000)
            if 2 * HOUR_MS <= now_ms - begin <= 26 * HOUR_MS:
                known = await self._db.read(retention.pictures, begin - HOUR_MS, begin + 2 * HOUR_MS)
                await asyncio.to_thread(self._blobs.sweep, hour, known)
