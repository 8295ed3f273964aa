"""A crowd of cameras: the service and its workers are killed together, and come back; so do all streams, soon."""

import time
from pathlib import Path
from typing import Final

import pytest

from absence import missing
from e2e.clips import small
from e2e.service import Service, running, until
from neighbours.rtsp import RtspServer, absent

FEW, MANY = 10, 100
BACK_S: Final = 5.0
"""What the product promises, from the moment the service answers again."""
FPS: Final = 2


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_all_streams_run_soon_after_the_service_is_back(count: int, tmp_path: Path) -> None:
    """As after a cut of the power: nothing was told to anybody."""
    if reason := absent():
        missing(reason)
    clip = tmp_path / "small.mp4"
    small(clip, 10, FPS)
    with RtspServer(clip, fps=FPS, cameras=count) as cameras, running(tmp_path / "crowd") as service:
        for number, url in enumerate(cameras.urls):
            service.create(f"camera-{number}", url)
        until(lambda: _all_run(service, count), 60, "all streams")
        service.kill()
        until(lambda: not service.living_workers(), 5, "the end of its workers")
        service.start()
        began = time.monotonic()
        until(lambda: _all_run(service, count), 6 * BACK_S, "all streams")
        took = time.monotonic() - began
        print(f"{count} streams ran {took:.2f} s after the service was back")
        assert took < BACK_S
        until(lambda: cameras.open == count, 5, f"one connection each, not {cameras.open}")


def _all_run(service: Service, count: int) -> bool:
    """Tell whether all are RUNNING, and every stream has shown a picture since the service began."""
    listed = service.call("GET", "/v2/{p}/tasks?page_size=1000&task_state=RUNNING")["tasks"]
    streams = service.call("GET", "/vedette/v1/{p}/streams")["streams"]
    return len(listed) == len(streams) == count and all(one["analysed"] for one in streams)
