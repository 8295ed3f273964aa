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


def databases(tasks: int, parked: int) -> Iterator[Filled]:
    """Fill one database after the other; each is there until the next is asked for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield _fill(
            "SQLite", f"sqlite:///{folder / 'v.db'}", f"sqlite:///{folder / 'b.db'}", folder, None, tasks, parked
        )
    if (reason := postgres.absent()) is not None:
        print(f"no PostgreSQL: {reason}", file=sys.stderr)
        return
    server = postgres.Postgres(durable=True)
    try:
        server.start()
        url = server.url("postgres")
        with tempfile.TemporaryDirectory() as name:
            yield _fill("PostgreSQL", url, url, Path(name), server.pid, tasks, parked)
    finally:
        server.close()


def _fill(name: str, url: str, bare_url: str, folder: Path, server: int | None, tasks: int, parked: int) -> Filled:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VEDETTE_")}
    program = str(Path(__file__).parent / "programs" / "fill_tasks.py")
    done = subprocess.run(
        [sys.executable, program, str(tasks), str(parked)],
        env=environment | _settings(url, folder) | {"VEDETTE_BOOTSTRAP_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    if done.returncode:
        raise SystemExit(f"the table could not be filled:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Filled(name, url, bare_url, folder, server, told["project"], told["ids"], told["batches"])


def _settings(url: str, folder: Path) -> dict[str, str]:
    return {
        "VEDETTE_DATABASE_URL": url,
        "VEDETTE_DATA_DIR": str(folder / "data"),
        "VEDETTE_LOG_LEVEL": "error",
        "VEDETTE_TASK_QUOTA": "10000000",
    }
