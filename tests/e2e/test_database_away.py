"""A database that is locked or away for longer than any lease: tasks come back by themselves, and no event is lost."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from absence import missing
from e2e.clips import crossings, small
from e2e.conftest import LINE
from e2e.service import Service, gist, running, until
from e2e.tale import check_tale
from neighbours import postgres
from neighbours.held import held
from neighbours.rtsp import RtspServer, absent

BACK_S: Final = 5.0
"""What the product promises, from the moment the database is back."""
SHORT_S, LONG_S = 7, 60
"""Both longer than a lease."""
MINUTE_S: Final = 60

Away = Callable[[float], None]


@contextmanager
def on_sqlite(folder: Path) -> Iterator[tuple[Service, Away]]:
    """A service, and what locks its file as another program would."""

    def lock(seconds: float) -> None:
        with closing(sqlite3.connect(folder / "own" / "vedette.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            threading.Event().wait(seconds)
            other.execute("ROLLBACK")

    with running(folder / "own", file_roots=str(folder)) as service:
        yield service, lock


@contextmanager
def on_postgres(folder: Path) -> Iterator[tuple[Service, Away]]:
    """A service, and what takes its server away."""
    if reason := postgres.absent():
        missing(reason)
    server = postgres.Postgres()
    server.start()

    def stop(seconds: float) -> None:
        server.kill()
        threading.Event().wait(seconds)
        server.start()

    try:
        with running(folder / "own", file_roots=str(folder), database_url=server.url("postgres")) as service:
            yield service, stop
    finally:
        server.close()


@pytest.mark.parametrize("seconds", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.soak)])
@pytest.mark.parametrize("place", [on_sqlite, on_postgres], ids=["locked", "away"])
def test_tasks_come_back_and_nothing_is_lost(place: Callable[[Path], Any], seconds: int, tmp_path: Path) -> None:
    """A file is half-way, and goes on where nobody can take down what is seen; a camera is looked at."""
    if reason := absent():
        missing(reason)
    small(tmp_path / "camera.mp4", 10, 5)
    expected = crossings(tmp_path / "crossings.mp4", MINUTE_S)
    with (
        RtspServer(tmp_path / "camera.mp4", fps=5) as camera,
        held(tmp_path / "crossings.mp4") as server,
        place(tmp_path) as (service, away),
    ):
        file = service.create("file", server.url, target_roi=LINE)
        live = service.create("live", camera.url)
        service.wait_for(live, "RUNNING")
        until(lambda: service.progress(file)["events"] > 1, 60, "the first events")
        further = threading.Timer(1.0, server.open_further, (0.7,))
        further.start()  # events that nobody can take yet
        away(seconds)
        began = time.monotonic()
        until(lambda: _runs(service, camera, file, live), 6 * BACK_S, "both")
        took = time.monotonic() - began
        print(f"both ran {took:.2f} s after the database was back")
        assert took < BACK_S
        frames = service.progress(live)["frames"]
        until(lambda: service.progress(live)["frames"] > frames, 10, "what the camera shows now")
        server.release()
        service.wait_for(file, "SUCCEEDED", seconds=90)
        events = gist(service.events(file))
        assert len(events) == len(set(events)) == expected
        for task in (file, live):
            check_tale(service.history(task))


def _runs(service: Service, camera: RtspServer, file: str, live: str) -> bool:
    """Tell whether both run: they are said to, and the camera is looked at."""
    try:
        return camera.open == 1 and {service.state(task) for task in (file, live)} == {"RUNNING"}
    except AssertionError:  # it says that its database is away
        return False
