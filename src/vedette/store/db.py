"""The unit of work: plain functions on a connection, run where the database likes it.

SQLite (WAL) has exactly one writer, a thread that takes what is waiting and commits it together: a busy service
pays one fsync for many requests, and nobody ever meets a locked database. PostgreSQL runs each unit in a
transaction of its own. Either way a unit's result is told only after its commit.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from vedette.model.errors import Misconfigured, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

BATCH = 256
"""Units of work that share one commit at most."""
WAITING = 10_000
"""Units of work that may wait; beyond it callers are refused instead of piling up."""
MAPPED: Final = 2**28
"""Bytes of SQLite's file that are read where they lie in the system's cache: to copy each page of an index out of it first
is half of what a look through the index takes."""
TRIES: Final = 8
"""How often a unit is run on PostgreSQL that is undone because it and another waited for each other."""
STATEMENTS: Final = 500
"""Statements that a connection to PostgreSQL keeps prepared."""
PLANNER: Final = {"random_page_cost": "1.1", "jit": "off", "max_parallel_workers_per_gather": "0"}
"""What PostgreSQL is told for our sessions: its tables lie in memory or on an SSD, where it need not read a whole table
to find a thousand rows; and statements of a few milliseconds are not worth compiling, nor starting processes for."""
LOST: Final = ("08", "57P")
"""How PostgreSQL's codes begin that say that the connection or the server is going."""
CROSSED: Final = frozenset({"40P01", "40001"})
"""What PostgreSQL says then: deadlock detected, could not serialize."""


class Database(Protocol):
    """What runs units of work."""

    async def read(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads.

        Raises:
            Unavailable: the database is away, locked or full.
        """
        ...

    async def write(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit in a transaction; an exception of the unit undoes what it did, and comes back to the caller.

        A unit may be run again from its beginning if the database undid it, so all it does it does on its connection.

        Raises:
            Unavailable: the database is away, locked or full.
        """
        ...

    async def close(self) -> None:
        """Finish what is waiting, and close."""
        ...


def open_database(url: str, on_commit: Callable[[int], None] | None = None) -> Database:
    """Return the database behind `sqlite:///FILE` or `postgresql://…`.

    Args:
        on_commit: told how many units of work shared a commit, from the writer's thread (SQLite).

    Raises:
        Misconfigured: another kind of address, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return SqliteDatabase(Path(parsed.database or "vedette.sqlite3"), on_commit)
        if backend == "postgresql":
            return PostgresDatabase(_postgres_engine(parsed.set(drivername="postgresql+asyncpg")))
    except ModuleNotFoundError as error:
        raise Misconfigured(f"The database needs the package {error.name}: pip install 'vedette[postgres]'.") from None
    except SQLAlchemyError as error:
        raise Misconfigured(f"VEDETTE_DATABASE_URL cannot be used: {type(error).__name__}.") from None
    raise Misconfigured(f"VEDETTE_DATABASE_URL names {backend}; sqlite and postgresql are supported.")


_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class SqliteDatabase:
    """One file, one writer thread, a few readers."""

    def __init__(self, path: Path, on_commit: Callable[[int], None] | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = _sqlite_engine(path)
        self._on_commit = on_commit
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._closing = False
        self._readers = ThreadPoolExecutor(3, "db-reader")
        self._writer = threading.Thread(target=self._write_forever, name="db-writer", daemon=True)
        self._writer.start()

    async def read(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._engine.connect() as conn:
                return unit(conn, *args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, run)
        except DBAPIError as error:
            raise _unavailable(error) from error

    async def write(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closing:
            raise Unavailable("The database is closed.")
        future: Future[T] = Future()
        try:
            self._jobs.put_nowait((lambda conn: unit(conn, *args, **kwargs), future))
        except queue.Full:
            raise Unavailable("The database cannot keep up with what is written.") from None
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        self._closing = True
        await asyncio.get_running_loop().run_in_executor(None, self._jobs.put, None)
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._readers.shutdown()
        self._engine.dispose()

    def _write_forever(self) -> None:
        following = self._jobs.get()
        while following is not None:
            batch = [following]
            while len(batch) < BATCH:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._commit(batch)
                    return
                batch.append(following)
            self._commit(batch)
            following = self._jobs.get()

    def _commit(self, batch: list[_Job]) -> None:
        told: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._engine.connect() as conn:
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                for job, future in batch:
                    told.append((future, *_attempt(conn, job)))
                conn.exec_driver_sql("COMMIT")
                if self._on_commit is not None:
                    self._on_commit(len(batch))
        except DBAPIError as error:
            told = [(future, None, _unavailable(error)) for _, future in batch]
        for future, value, failure in told:
            if future.set_running_or_notify_cancel():
                future.set_exception(failure) if failure else future.set_result(value)


def _attempt(conn: Connection, job: Callable[[Connection], Any]) -> tuple[Any, BaseException | None]:
    """Run one unit between savepoints, so that its failure leaves the others of the batch alone."""
    conn.exec_driver_sql("SAVEPOINT unit")
    try:
        value = job(conn)
    except BaseException as failure:  # noqa: BLE001 - whatever it is belongs to the caller who waits for it
        conn.exec_driver_sql("ROLLBACK TO unit")
        conn.exec_driver_sql("RELEASE unit")
        broken = isinstance(failure, DBAPIError) and not isinstance(failure, IntegrityError)
        return None, _unavailable(failure) if broken else failure
    conn.exec_driver_sql("RELEASE unit")
    return value, None


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30},
        isolation_level="AUTOCOMMIT",  # transactions are begun here, by hand and at once for writing
        pool_size=5,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        cached = ("cache_size=-8000", f"mmap_size={MAPPED}")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *cached):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=8, connect_args={"prepared_statement_cache_size": STATEMENTS, "server_settings": dict(PLANNER)}
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _look(_connection: Any, record: Any, _proxy: Any) -> None:
        # the driver knows of a server that went away without asking it: a question would cost more than most units
        if record.driver_connection.is_closed():
            raise InvalidatePoolError

    return engine


class PostgresDatabase:
    """Each unit that writes in a transaction of its own; one that reads sees what is committed, and needs none."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with self._reading.connect() as conn:
                return await conn.run_sync(unit, *args, **kwargs)
        except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
            raise _unavailable(error) from error

    async def write(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        tries = TRIES
        while True:
            tries -= 1
            try:
                async with self._engine.begin() as conn:
                    return await conn.run_sync(unit, *args, **kwargs)
            except IntegrityError:
                raise
            except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
                if tries and getattr(getattr(error, "orig", None), "sqlstate", None) in CROSSED:
                    continue  # nothing of it was written, and the one it crossed has gone on
                raise _unavailable(error) from error

    async def close(self) -> None:
        await self._engine.dispose()


def _unavailable(error: BaseException) -> Unavailable:
    """Return what is told of a failure: the kind of it, and never the statement, which may hold secrets."""
    cause = getattr(error, "orig", None) or error
    state: str | None = getattr(cause, "sqlstate", None)
    name = getattr(cause, "sqlite_errorname", None) or state
    told = Unavailable(f"The database refused: {type(cause).__name__}{f' ({name})' if name else ''}.")
    # a server that still answers has undone it; of one that went away in a commit nobody knows
    told.undone = isinstance(cause, sqlite3.Error) or (state is not None and not state.startswith(LOST))
    return told
