"""What is not yet acknowledged: a bounded queue to the control plane, and the thread that empties it.

Whoever puts waits while it is full, so nothing is dropped here: a file's reader waits, a live source's newest-wins
slot overflows and counts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from vedette.model.errors import Unauthorized, Unavailable
from vedette.model.ids import StreamId, WorkerId
from vedette.model.stream import Ingest, IngestAnswer, RunProgress

log = structlog.get_logger()

SPOOL_BYTES = 64 * 2**20
BATCH_BYTES = 4 * 2**20
RETRY_S = 0.25


@dataclass(frozen=True, slots=True)
class _Item:
    stream_id: StreamId
    epoch: int
    progress: RunProgress
    size: int


class Spool:
    """Hands progress over in the order it was put, stream by stream."""

    def __init__(
        self,
        worker_id: WorkerId,
        send: Callable[[Ingest], IngestAnswer],
        *,
        on_refused: Callable[[StreamId, int], None],
        limit: int = SPOOL_BYTES,
    ) -> None:
        """Start the thread.

        Args:
            send: raises Unavailable when it shall be tried again.
            on_refused: told the stream and the epoch that the control plane no longer accepts.
            limit: bytes that may wait.
        """
        self._worker_id = worker_id
        self._send = send
        self._on_refused = on_refused
        self._limit = limit
        self._items: deque[_Item] = deque()
        self._bytes = 0
        self._in_flight: tuple[StreamId, int] | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def put(self, stream_id: StreamId, epoch: int, progress: RunProgress, stopped: Callable[[], bool]) -> bool:
        """Queue progress; wait while the spool is full. Return False if `stopped` became true instead."""
        size = 512 + sum(len(event.picture or b"") + 2048 for event in progress.events)
        size += len(progress.checkpoint.state or b"")
        with self._changed:
            while self._bytes > 0 and self._bytes + size > self._limit:
                if stopped() or self._closed:
                    return False
                self._changed.wait(0.1)
            self._items.append(_Item(stream_id, epoch, progress, size))
            self._bytes += size
            self._changed.notify_all()
        return True

    def holds(self, stream_id: StreamId, epoch: int) -> bool:
        """Return whether something of a stream is not yet acknowledged."""
        with self._changed:
            return self._holds((stream_id, epoch))

    def _holds(self, mine: tuple[StreamId, int]) -> bool:
        return self._in_flight == mine or any((item.stream_id, item.epoch) == mine for item in self._items)

    def flush(self, stream_id: StreamId, epoch: int, stopped: Callable[[], bool]) -> bool:
        """Wait until all of a stream is acknowledged (or refused); return False if `stopped` became true instead."""
        mine = (stream_id, epoch)
        with self._changed:
            while self._holds(mine):
                if stopped() or self._closed:
                    return False
                self._changed.wait(0.1)
        return True

    def forget(self, stream_id: StreamId, epoch: int) -> None:
        """Drop what waits of a stream that is somebody else's now."""
        with self._changed:
            kept = [item for item in self._items if (item.stream_id, item.epoch) != (stream_id, epoch)]
            self._items = deque(kept)
            self._bytes = sum(item.size for item in kept)
            self._changed.notify_all()

    def close(self, timeout_s: float) -> bool:
        """Wait until all is handed over, at most this long, and end the thread; return whether all was."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while (self._items or self._in_flight) and time.monotonic() < deadline:
                self._changed.wait(0.1)
            done = not self._items and self._in_flight is None
            self._closed = True
            self._changed.notify_all()
        return done

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            self._deliver(batch)
            with self._changed:
                self._in_flight = None
                self._changed.notify_all()

    def _take(self) -> Ingest | None:
        """Take what waits of the stream that waits longest; its items stay counted until they are told."""
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            first = self._items[0]
            mine = (first.stream_id, first.epoch)
            taken: list[RunProgress] = []
            size = 0
            kept: deque[_Item] = deque()
            for item in self._items:
                if (item.stream_id, item.epoch) == mine and (not taken or size + item.size <= BATCH_BYTES):
                    taken.append(item.progress)
                    size += item.size
                else:
                    kept.append(item)
            self._items = kept
            self._bytes -= size
            self._in_flight = mine
            return Ingest(self._worker_id, *mine, tuple(taken))

    def _deliver(self, batch: Ingest) -> None:
        while not self._closed:
            try:
                answer = self._send(batch)
            except (Unavailable, Unauthorized) as error:
                log.debug("events wait", reason=error.message)
                with self._changed:
                    self._changed.wait(RETRY_S)
                continue
            if not answer.accepted:
                self.forget(batch.stream_id, batch.epoch)
                self._on_refused(batch.stream_id, batch.epoch)
            return
