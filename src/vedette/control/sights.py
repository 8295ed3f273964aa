"""What looks and streams say of sources, and when it is written down."""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from vedette.model.ids import StreamId
from vedette.model.look import Look, level_of
from vedette.model.secrets import hide_userinfo
from vedette.model.source import SourceLevel
from vedette.model.stream import StreamReport, StreamState
from vedette.store import source_looks
from vedette.store.source_looks import NEVER, Due, Seen, Watched

REPEAT_MS: Final = 60_000
"""How old the word on a stream may become that goes on as it did."""
REWORD_MS: Final = 10_000
"""How old another reason at the same level may become."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """Writes what was seen, and when to look again.

    Attributes:
        every_ms: milliseconds between two looks at a source, about; 0: only on demand.
    """

    every_ms: int

    def note(self, conn: Connection, one: Due | Watched, seen: Seen, now_ms: int) -> None:
        """Write what was seen, unless the source has become another one."""
        due_at = now_ms + self._wait_ms(one.source_id, now_ms) if self.every_ms else NEVER
        source_looks.note(conn, one.project_id, one.source_id, seen, at=now_ms, due_at=due_at, since=one.since)

    def _wait_ms(self, source_id: str, now_ms: int) -> int:
        """Return when to look again: about the usual time, another one for each source, so that they spread."""
        return round(self.every_ms * (0.75 + zlib.crc32(f"{source_id}{now_ms}".encode()) / 2**33))


def looked(look: Look) -> Seen:
    """Return what a probe says."""
    if look.failure is None:
        return Seen(SourceLevel.ONLINE, look=look)
    return Seen(level_of(look.failure) or SourceLevel.EXCEPTION, hide_userinfo(look.failure.message))


def followed(report: StreamReport, look: Look | None = None) -> Seen | None:
    """Return what a stream says of its source; None if nothing."""
    level = level_of(report.failure) if report.failure else None
    if report.failure is not None and level is not None:
        return Seen(level, hide_userinfo(report.failure.message), look)
    if look is not None or report.state is StreamState.FLOWING:
        return Seen(SourceLevel.ONLINE, look=look)
    return None


def is_news(one: Watched, seen: Seen, now_ms: int) -> bool:
    """Return whether it is another word than the one that is written, or that one is too old."""
    age_ms = now_ms - one.looked_at
    return one.level is not seen.level or age_ms > REPEAT_MS or (one.reason != seen.reason and age_ms > REWORD_MS)


def news(
    watched: Collection[Watched], reports: Mapping[StreamId, StreamReport], now_ms: int
) -> list[tuple[Watched, Seen]]:
    """Return what is to be written: streams that go on as they did cost a read alone."""
    found = []
    for one in watched:
        report = reports.get(one.stream_id)
        seen = followed(report) if report else None
        if seen is not None and is_news(one, seen, now_ms):
            found.append((one, seen))
    return found
