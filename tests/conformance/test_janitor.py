"""The janitor over a real database: what is too old or too much goes, with and without a picture."""

import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from vedette.control.janitor import ROUND, Janitor
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.retention import Retention
from vedette.store.tables import destinations, events, outbox
from vedette.telemetry.metrics import Metrics

NOW = 1_800_000_000_000


def _row(number: int, picture: str | None, size: int = 0) -> dict[str, object]:
    return {
        "id": f"event-{number}", "project_id": "p", "task_id": "t", "run_id": "r", "event_type": 1, "connection": 0,
        "frame_index": number, "time_us": number, "timestamp_ms": NOW, "stored_at": NOW, "message": "{}",
        "picture": picture, "listed": 1, "bytes": size,
    }  # fmt: skip


async def test_old_events_go_whether_they_have_a_picture_or_not(db: Database, tmp_path: Path) -> None:
    """A whole round without a picture must not look like the end."""
    blobs = Blobs(tmp_path / "pictures", clock=time.time)
    key = blobs.put(b"jpeg")
    rows = [_row(number, None) for number in range(ROUND + 1)] + [_row(ROUND + 1, key)]

    def fill(conn: Connection) -> None:
        conn.execute(events.insert(), rows)

    await db.write(fill)
    janitor = Janitor(db, blobs, Retention(events_max_age_s=60), Metrics(process=False))
    assert await janitor.run_once(NOW + 60_000) == 0, "not a moment too early"
    assert await janitor.run_once(NOW + 60_001) == len(rows)
    assert await janitor.run_once(NOW + 60_001) == 0
    assert not list((tmp_path / "pictures").rglob("*.jpg"))


def _due(number: int) -> dict[str, object]:
    return {
        "event_id": f"event-{number}", "destination_id": "d", "project_id": "p", "task_id": "t", "state": "due",
        "attempts": 0, "next_attempt_at": 0, "created_at": 0,
    }  # fmt: skip


async def _fill(db: Database, rows: list[dict[str, object]], due: tuple[int, ...] = ()) -> None:
    def fill(conn: Connection) -> None:
        conn.execute(events.insert(), rows)
        place = {"id": "d", "project_id": "p", "task_id": "t", "kind": "webhook", "target": b"x"}
        conn.execute(destinations.insert().values(place))
        for number in due:
            conn.execute(outbox.insert().values(_due(number)))

    await db.write(fill)


async def _left(db: Database) -> list[int]:
    return await db.read(lambda conn: list(conn.execute(select(events.c.frame_index).order_by(events.c.seq)).scalars()))


@pytest.mark.parametrize("keep", [Retention(events_max_bytes=400), Retention(events_max_rows=4)])
async def test_the_oldest_go_when_there_are_too_many_or_too_large_but_none_that_is_due(
    db: Database, tmp_path: Path, keep: Retention
) -> None:
    """And the metrics say how much there is, how much there may be, and what had to go."""
    blobs, metrics = Blobs(tmp_path / "pictures"), Metrics(process=False)
    key = blobs.put(b"jpeg")
    rows = [_row(number, key if number == 3 else None, 100) for number in range(ROUND + 10)]
    await _fill(db, rows, due=(0, 1, 2))
    janitor = Janitor(db, blobs, keep, metrics)
    assert await janitor.fit(NOW + 7000) == ROUND + 6
    assert await _left(db) == [0, 1, 2, ROUND + 9]
    assert not list((tmp_path / "pictures").rglob("*.jpg"))
    assert await janitor.fit(NOW + 7000) == 0
    reason = "size" if keep.events_max_bytes == 400 else "count"
    removed = metrics.registry.get_sample_value("vedette_events_removed_total", {"reason": reason})
    told = [
        metrics.registry.get_sample_value(f"vedette_events_{name}")
        for name in ("kept", "kept_limit", "bytes", "bytes_limit", "oldest_seconds")
    ]
    assert removed == ROUND + 6
    assert told == [4, keep.events_max_rows, 400, keep.events_max_bytes, 7]


async def test_where_all_is_due_nothing_goes_and_the_janitor_comes_to_an_end(db: Database, tmp_path: Path) -> None:
    """A receiver that is away must not cost events; the queue of a destination has a limit of its own."""
    await _fill(db, [_row(number, None, 100) for number in range(3)], due=(0, 1, 2))
    janitor = Janitor(db, Blobs(tmp_path / "p"), Retention(events_max_bytes=1), Metrics(process=False))
    assert await janitor.fit(NOW) == 0
    assert await _left(db) == [0, 1, 2]


async def test_events_of_an_earlier_release_get_their_size(db: Database, tmp_path: Path) -> None:
    """More than a round of them; a picture that is lost counts nothing."""
    blobs, metrics = Blobs(tmp_path / "pictures"), Metrics(process=False)
    key = blobs.put(b"jpeg")
    rows = [_row(number, key if number == 0 else None) for number in range(ROUND + 1)]
    await _fill(db, [*rows, _row(ROUND + 1, f"2026112308/{7:032x}")])
    await Janitor(db, blobs, Retention(), metrics).fit(NOW)
    assert metrics.registry.get_sample_value("vedette_events_bytes") == (ROUND + 2) * len("{}") + 4
