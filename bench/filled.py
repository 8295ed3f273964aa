"""Databases with many tasks in them, for the API group: SQLite in a file, and a PostgreSQL of our own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.neighbours import postgres

TOKEN = "the-token-of-the-bench"
PROJECT = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Filled:
    """A database with tasks in it.

    Attributes:
        bare_url: where the bare route inserts: another file, or another table of the same server.
        server: process id of the database server, or None if it has none.
        ids: of some tasks.
        batches: of two batches: a large one, and a small one.
    """

    name: str
    url: str
    bare_url: str
    folder: Path
    server: int | None
    project: str
    ids: list[str]
    batches: list[str]

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service on it."""
        return _settings(self.url, self.folder)


@dataclass(frozen=True)
class Place:
    """A database with nothing in it.

    Attributes:
        server: process id of the database server, or None if it has none.
    """

    name: str
    url: str
    folder: Path
    server: int | None

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service on it."""
        first = {"VEDETTE_BOOTSTRAP_TOKEN": TOKEN, "VEDETTE_BOOTSTRAP_PROJECT_ID": PROJECT}
        return _settings(self.url, self.folder) | first

    def run(self, program: str, *arguments: object) -> str:
        """Run a program of the bench on it; return the last line it printed."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("VEDETTE_")}
        done = subprocess.run(
            [sys.executable, str(Path(__file__).parent / "programs" / program), *map(str, arguments)],
            env=environment | self.settings,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        if done.returncode:
            raise SystemExit(f"{program} failed:\n{done.stderr[-2000:]}")
        return (done.stdout.strip().splitlines() or [""])[-1]


def places() -> Iterator[Place]:
    """Give one database after the other; each is there until the next is asked for."""
    with tempfile.TemporaryDirectory() as name:
        yield Place("SQLite", f"sqlite:///{name}/v.db", Path(name), None)
    if (reason := postgres.absent()) is not None:
        print(f"no PostgreSQL: {reason}", file=sys.stderr)
        return
    server = postgres.Postgres(durable=True)
    try:
        server.start()
        with tempfile.TemporaryDirectory() as name:
            yield Place("PostgreSQL", server.url("postgres"), Path(name), server.pid)
    finally:
        server.close()


def databases(tasks: int, parked: int) -> Iterator[Filled]:
    """Fill one database after the other; each is there until the next is asked for."""
    for place in places():
        told = json.loads(place.run("fill_tasks.py", tasks, parked))
        bare_url = place.url if place.server else f"sqlite:///{place.folder / 'b.db'}"
        yield Filled(
            place.name,
            place.url,
            bare_url,
            place.folder,
            place.server,
            told["project"],
            told["ids"],
            told["batches"],
        )


def _settings(url: str, folder: Path) -> dict[str, str]:
    return {
        "VEDETTE_DATABASE_URL": url,
        "VEDETTE_DATA_DIR": str(folder / "data"),
        "VEDETTE_LOG_LEVEL": "error",
        "VEDETTE_TASK_QUOTA": "10000000",
        "VEDETTE_GUARD_ALLOW": "127.0.0.0/8",
    }
