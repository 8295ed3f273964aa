"""How a stream goes, over REST and in /metrics, from the first connection to the last."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from neighbours.rtsp import RtspServer, absent
from neighbours.rude import Rude, silent_play


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


def metrics(service: Service) -> str:
    return urllib3.PoolManager().request("GET", service.url + "/metrics").data.decode()


def stream_of(service: Service, task: str) -> dict[str, Any]:
    return service.call("GET", f"/vedette/v1/{{p}}/tasks/{task}/stream")


def test_a_camera_s_stream_is_told_with_all_that_is_counted(service: Service, camera: RtspServer) -> None:
    """Two tasks, one stream; away with a reason, back, and gone with its tasks."""
    task = service.create("one", camera.url, target_roi=LINE)
    service.wait_for(task, "RUNNING")
    other = service.create("two", camera.url, target_roi=LINE)
    service.wait_for(other, "RUNNING")
    until(lambda: stream_of(service, task)["fps_in"] > 15, 20, "the usual rate")
    stream = stream_of(service, task)
    assert stream["tasks"] == [task, other]
    assert (stream["state"], stream["codec"], stream["failure"]) == ("flowing", "h264", None)
    assert stream["width"] > 0
    assert 0 < stream["fps_analysed"] <= stream["fps_in"]
    assert stream["bits_per_s"] > 0
    assert 0 <= stream["lag_s"] < 1
    others = sum(number for reason, number in stream["dropped"].items() if reason != "behind")
    assert 0 <= stream["decoded"] - stream["analysed"] - others <= 1
    listed = service.call("GET", "/vedette/v1/{p}/streams")
    assert stream["stream_id"] in [one["stream_id"] for one in listed["streams"]]
    label = f'stream="{stream["stream_id"]}"'
    until(lambda: label in metrics(service), 10, "the series")
    assert service.url not in metrics(service)
    camera.kill()
    service.wait_for(task, "ABNORMAL", seconds=20)
    until(lambda: stream_of(service, task)["state"] == "away", 5)
    failure = stream_of(service, task)["failure"]
    assert failure["code"].startswith("VEDETTE.")
    camera.start()
    service.wait_for(task, "RUNNING", seconds=10)
    until(lambda: stream_of(service, task)["state"] == "flowing", 5)
    assert stream_of(service, task)["reconnects"] > 0
    for one in (task, other):
        service.ask("DELETE", f"/v2/{{p}}/tasks/{one}")
    until(lambda: label not in metrics(service), 10, "the end of the series")
    assert stream["stream_id"] not in json.dumps(service.call("GET", "/vedette/v1/{p}/streams"))


def test_a_camera_that_plays_nothing_is_abnormal_and_runs_at_its_first_picture(
    service: Service, camera: RtspServer
) -> None:
    """It answers every question and sends no packet; then a real one stands on its port."""
    camera.kill()
    with Rude(silent_play) as server:
        port = server.port
        task = service.create("silent", f"rtsp://127.0.0.1:{port}/live", target_roi=LINE)
        service.wait_for(task, "ABNORMAL", seconds=20)
        assert "sending" in service.task(task)["error"]["message"]
        assert "RUNNING" not in service.path(task)
    camera.port = port
    camera.start()
    service.wait_for(task, "RUNNING", seconds=15)
    assert "error" not in service.task(task)
    service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")


def test_a_task_that_feeds_on_nothing_has_no_stream(service: Service, clip: tuple[str, int]) -> None:
    """A file that is finished; its pictures stay counted in the progress."""
    task = service.create("done", clip[0], target_roi=LINE)
    service.wait_for(task, "SUCCEEDED", seconds=90)
    status, answer = service.ask("GET", f"/vedette/v1/{{p}}/tasks/{task}/stream")
    assert status == 400
    assert "no stream" in answer["error_msg"]
    assert service.progress(task)["frames"] > 0
    status, _ = service.ask("GET", "/vedette/v1/{p}/tasks/" + "0" * 32 + "/stream")
    assert status == 400
