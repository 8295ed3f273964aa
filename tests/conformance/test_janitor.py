"""The janitor over a real database: what is too old goes, with and without a picture."""

import time
from pathlib import Path

from sqlalchemy import Connection

from vedette.control.janitor import ROUND, Janitor
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.events import Retention
from vedette.store.tables import events

NOW = 1_800_000_000_000


def _row(number: int, picture: str | None) -> dict[str, object]:
    return {
        "id": f"event-{number}", "project_id": "p", "task_id": "t", "run_id": "r", "event_type": 1, "connection": 0,
        "frame_index": number, "time_us": number, "timestamp_ms": NOW, "stored_at": NOW, "message": "{}",
        "picture": picture, "listed": 1,
    }  # fmt: skip


async def test_old_events_go_whether_they_have_a_picture_or_not(db: Database, tmp_path: Path) -> None:
    """A whole round without a picture must not look like the end."""
    blobs = Blobs(tmp_path / "pictures", clock=time.time)
    key = blobs.put(b"jpeg")
    rows = [_row(number, None) for number in range(ROUND + 1)] + [_row(ROUND + 1, key)]

    def fill(conn: Connection) -> None:
        conn.execute(events.insert(), rows)

    await db.write(fill)
    janitor = Janitor(db, blobs, Retention(events_max_age_s=60))
    assert await janitor.run_once(NOW + 60_000) == 0, "not a moment too early"
    assert await janitor.run_once(NOW + 60_001) == len(rows)
    assert await janitor.run_once(NOW + 60_001) == 0
    assert not list((tmp_path / "pictures").rglob("*.jpg"))
