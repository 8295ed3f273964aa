"""Tasks that ended long ago are removed, if that is wanted; histories that have grown long lose their middle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.model.lifecycle import Signal, after
from vedette.store import bygones, tasks
from vedette.store.db import Database

log = structlog.get_logger()

ACTOR: Final = "retention"
DAY_MS: Final = 86_400_000
CHUNK: Final = 200
PAGE: Final = 500
"""Moves that are looked at, or removed, in one go: nobody waits long behind it."""
TASKS: Final = 2000
"""Tasks whose moves are counted in one go."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long tasks and their histories are kept.

    Attributes:
        finished_days: a task that ended longer ago is removed; 0: none ever is.
        moves_days: a move of a task older than this is removed.
        moves_count: beyond so many moves of one task the oldest are removed.
    """

    finished_days: float = 0
    moves_days: float = 90
    moves_count: int = 1000


class Bygones:
    """Removes, a little at a time.

    Old moves that it has looked at it need not look at again: moves are written once, and their ids grow. A service that
    begins anew looks once at all that are old. How many moves each task has is counted each time.
    """

    def __init__(self, db: Database, keep: Keep) -> None:
        self._db = db
        self._keep = keep
        self._aged = 0

    async def run_once(self, now_ms: int) -> None:
        """Remove what is too old, and what is too much."""
        if self._keep.finished_days:
            await self._remove_finished(now_ms)
        before = now_ms - round(self._keep.moves_days * DAY_MS)
        removed, more = 0, True
        while more:
            page = await self._db.read(bygones.aged, self._aged, before, PAGE)
            removed += await self._forget(page.ids)
            self._aged, more = page.last or self._aged, page.more
        last, more = "", True
        while more:
            crowd = await self._db.read(bygones.crowded, last, self._keep.moves_count, TASKS)
            removed += await self._forget(crowd.ids)
            last, more = crowd.last, crowd.more
        if removed:
            log.info("old moves of tasks removed", moves=removed)

    async def _remove_finished(self, now_ms: int) -> None:
        before, gone = now_ms - round(self._keep.finished_days * DAY_MS), 0
        while await self._db.read(bygones.finished, before, 1):
            done = await self._db.write(self._delete, before, now_ms)
            gone += done
            if not done:
                break
        if gone:
            log.info("finished tasks removed", tasks=gone)

    def _delete(self, conn: Connection, before_ms: int, now_ms: int) -> int:
        cause = f"it ended more than {self._keep.finished_days:g} days ago"
        return sum(
            tasks.move(conn, task, (after(task.state, Signal.DELETE),), cause=cause, actor=ACTOR, at=now_ms)
            for task in bygones.finished(conn, before_ms, CHUNK)
        )

    async def _forget(self, ids: Sequence[int]) -> int:
        removed = 0
        for start in range(0, len(ids), PAGE):
            removed += await self._db.write(bygones.forget, ids[start : start + PAGE])
        return removed
