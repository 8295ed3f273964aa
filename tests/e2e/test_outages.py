"""Twenty cameras behind one server that is killed and comes back, again and again: all are back soon, nothing is left over."""

import time
from pathlib import Path

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.service import Service, running, until
from e2e.test_footprint import pss_mb
from neighbours.rtsp import RtspServer, absent

CAMERAS = 20
BACK_S = 3.0
"""What the product promises, from the moment the server listens again."""
SHORT_S, LONG_S = 60, 600


@pytest.fixture
def cameras(clips: Path) -> RtspServer:
    reason = absent()
    if reason:
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    return RtspServer(path, fps=10, cameras=CAMERAS)


@pytest.mark.parametrize("seconds", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.soak)])
def test_every_stream_is_back_soon_and_nothing_is_left_over(seconds: int, tmp_path: Path, cameras: RtspServer) -> None:
    """Outages of every length; a back-off that grew with them would show, and so would a thread that hangs."""
    waits: list[float] = []
    memory: list[float] = []
    threads: list[int] = []
    with cameras, running(tmp_path / "outages") as service:
        ids = [service.create(f"camera-{number}", url) for number, url in enumerate(cameras.urls)]
        until(lambda: _all(service, "RUNNING"), 60, "all cameras")
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            cameras.kill()
            until(lambda: _all(service, "ABNORMAL"), 20, "the outage")
            _pass(1 + 2 * (len(waits) % 4))
            cameras.start()
            back = time.monotonic()
            until(lambda: _all(service, "RUNNING"), 30, "all cameras again")
            waits.append(time.monotonic() - back)
            until(lambda: cameras.open == CAMERAS, 15, f"one connection for each camera, not {cameras.open}")
            threads.append(sum(_threads(pid) for pid in service.living_workers()))
            memory.append(pss_mb(service.pid))
        for task_id in ids:
            service.ask("DELETE", f"/v2/{{p}}/tasks/{task_id}")
        until(lambda: cameras.open == 0, 15, "the last connection to be closed")
    print(f"back after {max(waits):.2f} s at most, memory {memory}, threads {threads}")
    assert max(waits) <= BACK_S, waits
    assert max(threads[1:]) <= threads[0] + 2, f"threads are left over: {threads}"
    if len(memory) >= 10:
        assert min(memory[-3:]) < min(memory[1:4]) * 1.15, f"memory grew: {memory}"


def _all(service: Service, state: str) -> bool:
    listed = service.call("GET", f"/v2/{{p}}/tasks?page_size=100&task_state={state}")
    return len(listed["tasks"]) == CAMERAS


def _pass(seconds: float) -> None:
    """Let an outage last; what is waited for is nothing but time."""
    over = time.monotonic() + seconds
    until(lambda: time.monotonic() > over, seconds + 5)


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
