"""Long runs: everything is killed again and again, and nothing is lost, nor does memory grow."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Receiver, Service, gist, running, until
from e2e.test_footprint import pss_mb
from neighbours.rtsp import RtspServer, absent

SHORT, LONG = 2, 60


@pytest.fixture
def camera(clips: Path) -> RtspServer:
    reason = absent()
    if reason:
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    return RtspServer(path)


@pytest.mark.parametrize("rounds", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
def test_killed_again_and_again_nothing_is_lost(
    rounds: int, tmp_path: Path, clips: Path, clip: tuple[str, int], camera: RtspServer, receiver: Receiver
) -> None:
    """In each round a file is analysed while the worker, the service or the camera is killed beside it."""
    receiver.answer = lambda call: 503 if call % 5 == 0 else 200
    sizes: list[float] = []
    seen: list[list[tuple[Any, ...]]] = []
    with camera, running(tmp_path / "soak", file_roots=str(clips)) as service:
        live = service.create("live", camera.url, receiver.output(), target_roi=LINE)
        service.wait_for(live, "RUNNING")
        for number in range(rounds):
            task = service.create(f"file-{number}", clip[0], receiver.output(), target_roi=LINE)
            until(lambda task=task: service.progress(task)["events"] > 2, 60, "the first events")  # type: ignore[misc]
            match number % 3:
                case 0:
                    for pid in service.living_workers():
                        os.kill(pid, signal.SIGKILL)
                case 1:
                    service.kill()
                    service.start()
                case _:
                    camera.kill()
                    service.wait_for(live, "ABNORMAL", seconds=20)
                    camera.start()
            service.wait_for(task, "SUCCEEDED", seconds=120)
            service.wait_for(live, "RUNNING", seconds=40)
            seen.append(gist(service.events(task)))
            assert len(seen[-1]) == clip[1]
            assert seen[-1] == seen[0], "whatever was killed, the file gives the same"
            sizes.append(pss_mb(service.pid))
        service.ask("DELETE", f"/v2/{{p}}/tasks/{live}")
        until(lambda: _all_delivered(service, receiver), 180, "the last delivery")
    if rounds >= 6:
        early, late = min(sizes[1:4]), min(sizes[-3:])
        assert late < early * 1.25, f"memory grew: {sizes}"


def _all_delivered(service: Service, receiver: Receiver) -> bool:
    stored: set[str] = set()
    cursor = ""
    while True:
        page = service.call("GET", f"/vedette/v1/{{p}}/events?limit=1000{cursor}")
        stored |= {event["id"] for event in page["events"]}
        if "next" not in page:
            return receiver.ids() == stored
        cursor = f"&cursor={page['next']}"
