"""The databases these suites run over."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, text

from conformance import ground
from neighbours.postgres import USER, Postgres, absent
from vedette.store import schema
from vedette.store.db import Database, open_database
from vedette.store.tables import metadata
from vedette.store.vault import Vault

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """One server for the whole session."""
    if reason := absent():
        root = request.config.pluginmanager.get_plugin(str(request.config.rootpath / "tests" / "conftest.py"))
        assert root is not None
        root.missing(reason)
    server = Postgres()
    server.start()
    yield server
    server.close()


def new_database(server: Postgres) -> str:
    """Make an empty database and return its address."""
    name = f"test{next(_NUMBERS)}"

    async def make() -> None:
        connection = await asyncpg.connect(f"postgresql://{USER}@127.0.0.1:{server.port}/postgres")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        await connection.close()

    asyncio.run(make())
    return server.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vedette.sqlite3'}"
    return new_database(request.getfixturevalue("postgres"))


def _empty(conn: Connection) -> None:
    names = ", ".join(f'"{name}"' for name in metadata.tables)
    conn.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


async def _furnish(url: str) -> None:
    database = open_database(url)
    await database.write(schema.upgrade)
    await ground.people(database)
    await database.close()


@pytest.fixture(scope="session")
def furnished_postgres(postgres: Postgres) -> str:
    """The address of a database with the schema; emptied before each test that uses it."""
    url = new_database(postgres)
    asyncio.run(_furnish(url))
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema and two projects; copied for each test."""
    file = tmp_path_factory.mktemp("template") / "vedette.sqlite3"
    asyncio.run(_furnish(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def furnished_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with the schema, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path)}"
    url: str = request.getfixturevalue("furnished_postgres")
    return url


@pytest.fixture
async def db(furnished_url: str) -> AsyncIterator[Database]:
    """A database with the schema and two projects, of each kind in turn."""
    database = open_database(furnished_url)
    if furnished_url.startswith("postgresql"):
        await database.write(_empty)
        await ground.people(database)
    yield database
    await database.close()


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """As `db`, for what stands above the store: one kind is enough there."""
    file = shutil.copy(sqlite_template, tmp_path)
    database = open_database(f"sqlite:///{file}")
    yield database
    await database.close()


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Seals with a key of its own."""
    return Vault(Fernet.generate_key().decode())
