"""A camera: one connection for all its tasks, and it comes back."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from neighbours.rtsp import RtspServer, absent


@pytest.fixture
def camera(clips: Path) -> Iterator[RtspServer]:
    reason = absent()
    if reason:
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    with RtspServer(path) as server:
        yield server


def test_two_tasks_on_one_camera_share_a_connection(service: Service, camera: RtspServer) -> None:
    first = service.create("one", camera.url, target_roi=LINE)
    service.wait_for(first, "RUNNING")
    second = service.create("two", camera.url, target_roi=LINE)
    service.wait_for(second, "RUNNING")
    until(lambda: service.events(first) and service.events(second), 40, "events of both")
    assert camera.connections == 1
    service.ask("DELETE", f"/v2/{{p}}/tasks/{first}")
    before = service.progress(second)["frames"]
    until(lambda: service.progress(second)["frames"] > before, 20, "further pictures")
    assert camera.connections == 1
    newest = service.events(second)[0]
    assert abs(newest["timestamp"] / 1000 - time.time()) < 60
    service.ask("DELETE", f"/v2/{{p}}/tasks/{second}")


def test_a_camera_that_goes_away_comes_back(service: Service, camera: RtspServer) -> None:
    """RUNNING, ABNORMAL with a reason, RUNNING again; the error is gone then."""
    task = service.create("away", camera.url, target_roi=LINE)
    service.wait_for(task, "RUNNING")
    camera.kill()
    service.wait_for(task, "ABNORMAL", seconds=20)
    assert service.task(task)["error"]["message"]
    camera.start()
    service.wait_for(task, "RUNNING", seconds=40)
    assert "error" not in service.task(task)
    service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")
