"""Attempts that failed are written down with the mark of their row, and go with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, delete, event, select, update

from conformance.ground import MINE, NOW, OTHERS, batch, count, running
from vedette.model.errors import NotFound
from vedette.store import dead_letters, delivery_attempts, events, ingest, outbox_marks
from vedette.store.db import Database, SqliteDatabase
from vedette.store.delivery_attempts import KEPT, Attempt
from vedette.store.outbox_marks import Outcome
from vedette.store.tables import delivery_attempts as table
from vedette.store.tables import events as event_rows
from vedette.store.tables import outbox
from vedette.store.vault import Vault


@pytest.fixture
async def rows(db: Database, vault: Vault) -> list[int]:
    """The rows of the outbox of three events."""
    one, epoch = await running(db, vault)
    await db.write(ingest.store, vault, batch(one, epoch, (1, 2, 3)), {}, NOW)

    def look(conn: Connection) -> list[int]:
        return list(conn.execute(select(outbox.c.id).order_by(outbox.c.id)).scalars())

    return await db.read(look)


async def attempts(db: Database, row: int) -> list[Attempt]:
    return (await db.read(delivery_attempts.of_rows, [row]))[row]


async def test_what_failed_is_kept_with_its_time_and_reason(db: Database, rows: list[int]) -> None:
    """Also of a delivery that came through at last; nothing is written of one that came through at once."""
    first, second, third = rows
    await db.write(outbox_marks.mark, [Outcome(first, 1), Outcome(second, 1, "503", 1), Outcome(third, 1, "no")], NOW)
    await db.write(outbox_marks.mark, [Outcome(second, 2)], NOW + 100)
    assert [await attempts(db, row) for row in rows] == [[], [Attempt(NOW, 1, "503")], [Attempt(NOW, 1, "no")]]
    letter, failed = await db.read(dead_letters.get, MINE, third)
    assert (letter.last_error, failed) == ("no", [Attempt(NOW, 1, "no")])
    for project, row in ((OTHERS, third), (MINE, second)):
        with pytest.raises(NotFound):
            await db.read(dead_letters.get, project, row)


async def test_the_last_ones_are_kept_also_over_a_resending(db: Database, rows: list[int]) -> None:
    """A destination that is away is probed for days."""
    row = rows[0]
    for minute in range(KEPT + 5):
        await db.write(outbox_marks.mark, [Outcome(row, 3, f"away {minute}", NOW)], NOW + minute)
    await db.write(outbox_marks.mark, [Outcome(row, 4, "gone")], NOW + 99)
    await db.write(dead_letters.resend, MINE, row, NOW + 100)
    await db.write(outbox_marks.mark, [Outcome(row, 1, "again")], NOW + 101)
    kept = await attempts(db, row)
    assert len(kept) == KEPT
    assert [one.reason for one in (kept[0], kept[-2], kept[-1])] == ["away 7", "gone", "again"]
    assert await attempts(db, rows[1]) == []


async def test_two_attempts_at_the_same_moment_are_no_trouble(db: Database, rows: list[int]) -> None:
    """A clock that is set back must not keep the marks of others from being written."""
    for _ in range(2):
        await db.write(outbox_marks.mark, [Outcome(rows[0], 1, "a", NOW), Outcome(rows[1], 1)], NOW)
    assert len(await attempts(db, rows[0])) == 1


async def test_a_row_that_went_meanwhile_is_no_trouble(db: Database, rows: list[int]) -> None:
    """Its subscription was deleted while it was on its way."""

    def leave(conn: Connection) -> None:
        conn.execute(delete(outbox).where(outbox.c.id == rows[0]))

    await db.write(leave)
    await db.write(outbox_marks.mark, [Outcome(rows[0], 1, "late", NOW), Outcome(rows[1], 1, "kept", NOW)], NOW)
    assert await attempts(db, rows[0]) == []
    assert len(await attempts(db, rows[1])) == 1


def _expire(conn: Connection) -> None:
    conn.execute(delete(event_rows))


@pytest.mark.parametrize("way", ["sweep", "expire"])
async def test_they_go_with_their_row(db: Database, rows: list[int], way: str) -> None:
    """The row goes when it was delivered long ago, or with its event."""
    failed = [Outcome(row, 1, "503", NOW) for row in rows]
    await db.write(outbox_marks.mark, failed, NOW)
    await db.write(outbox_marks.mark, [replace(one, error=None, next_attempt_at=None) for one in failed], NOW + 1)
    assert await count(db, table) == 3
    if way == "sweep":
        await db.write(outbox_marks.sweep, NOW + 2)
    else:
        await db.write(_expire)
    assert await count(db, table) == 0


async def test_one_event_shows_what_failed_of_it(db: Database, rows: list[int]) -> None:
    """Lists do without: a statement more for each page."""
    await db.write(outbox_marks.mark, [Outcome(rows[0], 1, "503", NOW)], NOW)

    def name(conn: Connection) -> str:
        return str(conn.execute(select(outbox.c.event_id).where(outbox.c.id == rows[0])).scalar_one())

    shown = await db.read(events.get, MINE, await db.read(name))  # type: ignore[arg-type]
    assert [one.failed for one in shown.deliveries] == [(Attempt(NOW, 1, "503"),)]
    listed = await db.read(events.find, MINE, events.Filter())
    assert {one.failed for found in listed for one in found.deliveries} == {()}


@contextmanager
def statements(db: SqliteDatabase) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement.partition(" ")[0])

    event.listen(db._engine, "before_cursor_execute", see)
    yield seen
    event.remove(db._engine, "before_cursor_execute", see)


async def test_a_success_costs_no_further_statement(sqlite: Database, vault: Vault) -> None:
    """Nearly every delivery comes through at once."""
    one, epoch = await running(sqlite, vault)
    await sqlite.write(ingest.store, vault, batch(one, epoch, (1, 2)), {}, NOW)
    assert isinstance(sqlite, SqliteDatabase)

    def marked(conn: Connection, outcome: Outcome) -> None:
        conn.execute(update(outbox).values(state="due"))
        outbox_marks.mark(conn, [outcome], NOW)

    with statements(sqlite) as seen:
        await sqlite.write(marked, Outcome(1, 1))
    assert [word for word in seen if word in {"UPDATE", "INSERT", "DELETE", "SELECT"}] == ["UPDATE", "UPDATE"]
    with statements(sqlite) as seen:
        await sqlite.write(marked, Outcome(1, 2, "503", NOW))
    assert "INSERT" in seen
