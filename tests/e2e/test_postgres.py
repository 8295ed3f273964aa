"""The same service on PostgreSQL."""

import os
import signal
from pathlib import Path

from absence import missing
from e2e.conftest import LINE
from e2e.service import Receiver, gist, running, until
from neighbours.postgres import Postgres, absent


def test_on_postgresql_nothing_is_lost_either(
    tmp_path: Path, clips: Path, clip: tuple[str, int], receiver: Receiver
) -> None:
    """A killed worker, then a database that is away for a moment: the file is finished all the same."""
    if reason := absent():
        missing(reason)
    server = Postgres()
    server.start()
    try:
        with running(tmp_path / "pg", file_roots=str(clips), database_url=server.url("postgres")) as service:
            task = service.create("on-postgres", clip[0], receiver.output(), target_roi=LINE)
            until(lambda: service.progress(task)["events"] > 3, 60, "the first events")
            os.kill(service.living_workers()[0], signal.SIGKILL)
            until(lambda: "RECOVERING" in service.path(task), 10, "the loss")
            server.kill()
            server.start()
            until(service.ready, 20, "the service")
            service.wait_for(task, "SUCCEEDED", seconds=120)
            until(lambda: service.progress(task)["pending_deliveries"] == 0, 60, "the last delivery")
            assert len(gist(service.events(task))) == clip[1]
            assert receiver.ids() == {event["id"] for event in service.events(task)}
    finally:
        server.close()
