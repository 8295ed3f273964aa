"""The disk of the service fills while a file is analysed: it is told, and nothing is lost or told twice when there is room again."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from e2e.clips import crossings
from e2e.service import Receiver, Service, running, until
from neighbours.held import held

DISK_MB = 24
LEASE_S = 1.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, so small that it can be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, options = shutil.which("mount"), ["-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if (
        mount is None
        or os.geteuid() != 0
        or subprocess.run([mount, *options], capture_output=True, check=False).returncode
    ):
        pytest.skip("nobody may mount a small disk here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def film(clips: Path) -> tuple[Path, int]:
    """A short file, and how many events it has."""
    path = clips / "full.mp4"
    return path, crossings(path, 48)


@pytest.mark.parametrize("full", ["all", "database"])
def test_a_full_disk_is_told_and_costs_no_event(
    full: str, disk: Path, tmp_path: Path, film: tuple[Path, int], receiver: Receiver
) -> None:
    """For longer than a lease. A disk of everything lacks room for pictures first, one of the database for rows."""
    path, expected = film
    data, ballast = disk / "data" if full == "all" else tmp_path / "data", disk / "ballast"
    own = {"data_dir": str(data), "database_url": f"sqlite:///{disk}/vedette.db", "lease_s": str(LEASE_S)}
    with held(path) as server, running(tmp_path / "full", **own, workers="1") as service:
        task = service.create("full-disk", server.url, receiver.output())
        until(lambda: len(receiver.ids()) >= 2, 30, "the first events")
        _fill(ballast)
        server.release()
        until(lambda: not service.ready(), 20, "the word that events cannot be stored")
        assert _metric(service, "vedette_storage_failing") == 1
        assert "events cannot be stored" in service.log()
        threading.Event().wait(LEASE_S * 2)
        ballast.unlink()
        until(service.ready, 20, "the service")
        service.wait_for(task, "SUCCEEDED", seconds=60)
        until(lambda: len(receiver.ids()) == expected, 20, "all calls")
        stored = service.events(task)
        assert sorted(event["number"] for event in stored) == list(range(1, expected + 1))
        assert receiver.ids() == {event["id"] for event in stored}
        assert len(list((data / "pictures").rglob("*.jpg"))) == expected
        assert _metric(service, "vedette_storage_failing") == 0
        assert "events are stored again" in service.log()


def _fill(path: Path) -> None:
    """Take all that is free, to the last byte."""
    block = bytes(65_536)
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while file.write(block[:size]):
                    pass
            except OSError:
                continue


def _metric(service: Service, name: str) -> float:
    text = urllib3.request("GET", service.url + "/metrics").data.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))
