"""The disk of the service fills while a file is analysed: it is told, and nothing is lost or told twice when there is room again."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from e2e.service import Receiver, Service, running, until

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


def test_a_full_disk_is_told_and_costs_no_event(
    disk: Path, tmp_path: Path, clips: Path, clip: tuple[str, int], receiver: Receiver
) -> None:
    """Longer than a lease: workers end their streams meanwhile, and what was not stored is found again."""
    url, expected = clip
    with running(
        tmp_path / "full", data_dir=str(disk / "data"), file_roots=str(clips), workers="1", lease_s=str(LEASE_S)
    ) as service:
        task = service.create("full-disk", url, receiver.output())
        until(lambda: len(receiver.ids()) >= 3, 30, "the first events")
        ballast = disk / "ballast"
        _fill(ballast)
        until(lambda: not service.ready(), 20, "the word that events cannot be stored")
        assert _metric(service, "vedette_storage_failing") == 1
        assert "events cannot be stored" in service.log()
        threading.Event().wait(LEASE_S * 3)
        ballast.unlink()
        until(service.ready, 20, "the service")
        service.wait_for(task, "SUCCEEDED", seconds=90)
        stored = service.events(task)
        until(lambda: len(receiver.ids()) == expected, 20, "all calls")
        assert sorted(event["number"] for event in stored) == list(range(1, expected + 1))
        assert receiver.ids() == {event["id"] for event in stored}
        assert len(list((disk / "data" / "pictures").rglob("*.jpg"))) == expected
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
