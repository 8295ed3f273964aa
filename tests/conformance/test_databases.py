"""What is special to one kind of database: the group commit of SQLite, the absence of PostgreSQL."""

import asyncio
import threading
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from conformance.conftest import new_database
from neighbours.postgres import Postgres
from vedette.model.errors import Misconfigured, Unavailable
from vedette.store import schema
from vedette.store.db import Database, SqliteDatabase, open_database


def _make(conn: Connection) -> None:
    conn.execute(text("CREATE TABLE notes (n INTEGER PRIMARY KEY)"))


def _note(conn: Connection, n: int) -> int:
    conn.execute(text("INSERT INTO notes VALUES (:n)"), {"n": n})
    return n


def _notes(conn: Connection) -> list[int]:
    return list(conn.execute(text("SELECT n FROM notes ORDER BY n")).scalars())


class Held:
    """Keeps the writer of a database busy, so that what is written meanwhile becomes one batch."""

    def __init__(self, db: Database) -> None:
        self._go = threading.Event()
        self._busy = threading.Event()
        self._done = asyncio.ensure_future(db.write(self._wait))

    def _wait(self, _conn: Connection) -> None:
        self._busy.set()
        assert self._go.wait(10)

    async def begin(self) -> None:
        assert await asyncio.to_thread(self._busy.wait, 10)

    async def end(self) -> None:
        self._go.set()
        await self._done


async def _queued() -> None:
    for _ in range(3):
        await asyncio.sleep(0)  # every write that was made so far is in the queue now


async def test_what_waits_shares_one_commit_and_a_failure_is_its_own(tmp_path: Path) -> None:
    """One fsync for many requests; the one that fails is undone between savepoints."""
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    await db.write(_make)
    begun: list[str] = []
    event.listen(db._engine, "before_cursor_execute", lambda _c, _k, sql, *_: begun.append(sql))
    held = Held(db)
    await held.begin()
    begun.clear()
    writing = [asyncio.ensure_future(db.write(_note, n)) for n in (1, 2, 2, 3)]
    await _queued()
    await held.end()
    answers = await asyncio.gather(*writing, return_exceptions=True)
    assert answers[:2] == [1, 2]
    assert isinstance(answers[2], IntegrityError)
    assert answers[3] == 3
    assert await db.read(_notes) == [1, 2, 3]
    assert [sql for sql in begun if sql.startswith(("BEGIN", "COMMIT"))] == ["COMMIT", "BEGIN IMMEDIATE", "COMMIT"]
    await db.close()


async def test_what_reads_does_not_wait_for_the_writer(tmp_path: Path) -> None:
    """WAL: a long write must not make GET slow."""
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    await db.write(_make)
    await db.write(_note, 1)
    held = Held(db)
    await held.begin()
    assert await db.read(_notes) == [1]
    await held.end()
    await db.close()


async def test_closing_finishes_what_waits_and_then_refuses(tmp_path: Path) -> None:
    """A worker that still hands over while the service ends must get an answer, not silence."""
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    await db.write(_make)
    held = Held(db)
    await held.begin()
    writing = [asyncio.ensure_future(db.write(_note, n)) for n in (1, 2)]
    await _queued()
    closing = asyncio.ensure_future(db.close())
    await _queued()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(db.write(_note, 3), 5)
    await held.end()
    assert await asyncio.gather(*writing) == [1, 2]
    await closing
    again = SqliteDatabase(tmp_path / "a.sqlite3")
    assert await again.read(_notes) == [1, 2]
    await again.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """The operator reads one line, not a traceback."""
    (tmp_path / "a.sqlite3").write_bytes(b"this is not a database" * 100)
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    with pytest.raises(Unavailable):
        await db.read(schema.version)
    with pytest.raises(Unavailable):
        await db.write(_make)
    await db.close()


async def test_a_table_that_is_missing_is_unavailable_and_the_next_unit_works(tmp_path: Path) -> None:
    """An error of the database's own is mapped, whoever raises it."""
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    with pytest.raises(Unavailable):
        await db.write(_note, 1)
    await db.write(_make)
    assert await db.write(_note, 1) == 1
    await db.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "oracle://u:p4ss@h/d"])
def test_an_address_that_cannot_be_used_is_the_operators_fault(url: str) -> None:
    """And its password is not told."""
    with pytest.raises(Misconfigured) as caught:
        open_database(url)
    assert "p4ss" not in caught.value.message


# -- PostgreSQL goes and comes back


async def _fails(db: Database) -> None:
    for unit in (db.read, db.write):
        with pytest.raises(Unavailable):
            await unit(_notes)


async def test_a_database_that_goes_away_is_unavailable_and_is_used_again_when_it_is_back(
    postgres: Postgres,
) -> None:
    """The same object recovers: nobody restarts the service for a restart of its database."""
    db = open_database(await asyncio.to_thread(new_database, postgres))
    await db.write(_make)
    await asyncio.gather(*(db.write(_note, n) for n in range(20)))  # several connections are in the pool
    await asyncio.to_thread(postgres.kill)
    await _fails(db)
    await asyncio.to_thread(postgres.start)
    assert await db.read(_notes) == list(range(20))
    assert await asyncio.gather(*(db.write(_note, 100 + n) for n in range(20))) == list(range(100, 120))
    await db.close()


async def test_a_connection_that_is_cut_in_the_middle_of_a_unit_is_unavailable(postgres: Postgres) -> None:
    """The unit is undone, and told so."""
    db = open_database(await asyncio.to_thread(new_database, postgres))
    await db.write(_make)

    def cut(conn: Connection) -> None:
        _note(conn, 1)
        conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unavailable):
        await db.write(cut)
    assert await db.read(_notes) == []
    await db.close()


async def test_a_database_that_does_not_exist_is_unavailable(postgres: Postgres) -> None:
    """What the driver raises while it connects is mapped too."""
    db = open_database(postgres.url("nowhere"))
    with pytest.raises(Unavailable) as caught:
        await db.read(schema.version)
    assert not isinstance(caught.value, asyncpg.PostgresError)
    await db.close()


async def test_a_full_database_says_so_and_has_undone_what_did_not_fit(tmp_path: Path) -> None:
    """Whoever made files for it may remove them again, and the operator reads in the log what is the matter."""
    db = SqliteDatabase(tmp_path / "a.sqlite3")
    await db.write(_make)

    def fill(conn: Connection) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        conn.execute(text("CREATE TABLE large (n BLOB)"))

    with pytest.raises(Unavailable, match="SQLITE_FULL") as refused:
        await db.write(fill)
    assert refused.value.undone
    assert await db.write(_note, 1) == 1
    assert await db.read(_notes) == [1]
    await db.close()
