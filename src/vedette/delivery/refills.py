"""Keeps long queues filled, beside all else: who has little to be told does not wait for anybody's backlog."""

import asyncio
from collections.abc import Callable

from vedette.delivery.lane import Lane
from vedette.delivery.lanes import Lanes
from vedette.model.errors import Unavailable
from vedette.store import outbox
from vedette.store.db import Database
from vedette.telemetry import logs

_log = logs.get(__name__)


class Refills:
    """Fetches for lanes that have more waiting than they were given, one lane after the other.

    Args:
        now: milliseconds since the epoch.
        filled: called when a lane was given rows.

    Attributes:
        task: runs while there is something to fetch.
    """

    def __init__(self, db: Database, lanes: Lanes, now: Callable[[], int], filled: Callable[[], None]) -> None:
        self._db, self._lanes, self._now, self._filled = db, lanes, now, filled
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin, if a lane is hungry and nothing is fetched already."""
        if self.task is None and self._hungriest() is not None:
            self.task = asyncio.create_task(self._run())
            self.task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Fetch nothing more."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def _ended(self, _task: object) -> None:
        self.task = None

    async def _run(self) -> None:
        try:
            while (lane := self._hungriest()) is not None:
                now_ms = self._now()
                want = lane.want(now_ms)
                [rows] = await self._db.read(outbox.due, [want], now_ms)
                lane.fill(want, rows, now_ms)
                self._filled()
        except Unavailable as error:
            _log.warning("the outbox cannot be read", error=error.message)
        except Exception:  # noqa: BLE001 - delivery goes on; the next round begins anew
            _log.exception("a queue could not be filled")

    def _hungriest(self) -> Lane | None:
        now_ms = self._now()
        hungry = [lane for lane in self._lanes if lane.full and lane.hungry(now_ms)]
        return min(hungry, key=lambda lane: len(lane.queue), default=None)
