"""Whether a registered source is on line is known without any task, and with no second connection beside one."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from absence import missing
from e2e.clips import HEIGHT, WIDTH, crossings
from e2e.conftest import LINE
from e2e.service import Service, free_port, running, until
from neighbours.rtsp import RtspServer, absent


@pytest.fixture(scope="module")
def clip(clips: Path) -> Path:
    path = clips / "looked-at.mp4"
    crossings(path, 24)
    return path


@pytest.fixture
def camera(clip: Path) -> Iterator[RtspServer]:
    if reason := absent():
        missing(reason)
    with RtspServer(clip) as server:
        yield server


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Service]:
    """Its sources are looked at when they are new and on demand, so that connections can be counted."""
    with running(tmp_path_factory.mktemp("looks"), file_roots=str(clips), probe_every="0") as it:
        yield it


def register(service: Service, name: str, url: str) -> str:
    body = {
        "video_source_name": name,
        "access_type": "cloud",
        "type": "url",
        "type_config": f"<type_config><url_address>{url}</url_address></type_config>",
    }
    return str(service.call("POST", "/v2/{p}/source", body)["video_source_id"])


def shown(service: Service, source_id: str) -> Any:
    return service.call("GET", f"/v2/{{p}}/source/sources/{source_id}")


def probed(service: Service, source_id: str, status: str, seconds: float = 20) -> Any:
    """Ask for a look, and return the document as soon as it says so."""
    assert service.ask("POST", f"/vedette/v1/{{p}}/source/sources/{source_id}/probe")[0] == 202
    return becomes(service, source_id, status, seconds)


def becomes(service: Service, source_id: str, status: str, seconds: float = 20) -> Any:
    def looked() -> Any:
        document = shown(service, source_id)
        return document if document["status"]["status"] == status else None

    return until(looked, seconds, status)


def test_a_camera_is_online_within_seconds_with_its_picture(service: Service, camera: RtspServer) -> None:
    """And offline, with the reason, once nobody answers there; the last picture stays."""
    source_id = register(service, "camera", camera.url)
    document = becomes(service, source_id, "Online")
    assert (document["picture"]["width"], document["picture"]["height"]) == (WIDTH, HEIGHT)
    assert document["picture"]["codec"] == "h264"
    jpeg = np.frombuffer(b64decode(document["image"]), np.uint8)
    assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).shape == (HEIGHT, WIDTH, 3)
    assert "reason" not in document["status"]
    assert isinstance(document["video_source_quality"], list)
    camera.kill()
    gone = probed(service, source_id, "Offline")
    assert str(camera.port) in gone["status"]["reason"]
    assert gone["status"]["since"] > document["status"]["since"]
    assert gone["image"] == document["image"]


def test_what_answers_and_shows_nothing_is_an_exception(service: Service, camera: RtspServer, clips: Path) -> None:
    """Said with the reason, and without a password; each in its own way of being wrong."""
    (clips / "no-video.mp4").write_text("This is no video.\n" * 100)
    path = register(service, "wrong path", camera.url.replace("rtsp://", "rtsp://u:secret@") + "/nowhere")
    text = register(service, "text", (clips / "no-video.mp4").as_uri())
    nobody = register(service, "nobody", f"rtsp://127.0.0.1:{free_port()}/live")
    for source_id in (path, text):
        reason = becomes(service, source_id, "Exception")["status"]["reason"]
        assert reason
        assert "secret" not in reason
    assert "looked_at" in until(lambda: _looked(service, nobody), 20, "a look")["status"]
    assert shown(service, nobody)["status"]["status"] == "Offline"


def test_a_file_is_looked_at_no_longer_than_it_takes(service: Service, clip: Path) -> None:
    """It is online if it shows something."""
    document = becomes(service, register(service, "file", clip.as_uri()), "Online")
    assert document["picture"]["fps"] == 25


def test_a_camera_that_a_task_watches_is_not_connected_to_a_second_time(service: Service, camera: RtspServer) -> None:
    """Its stream tells of it: online, its picture, and that it is away; on demand, too."""
    source_id = register(service, "watched", camera.url)
    becomes(service, source_id, "Online")
    before = camera.playing
    body = {
        "name": "watches", "service_version": "3.0", "output": {"event_center": True},
        "input": {"type": "video_source", "data": [{"video_source_id": source_id}]},
        "config": {"common": {"target_roi": LINE}},
    }  # fmt: skip
    task = service.call("POST", "/v2/{p}/services/c-intrusiondetection-cloud/tasks", body)["tasks"][0]["id"]
    service.wait_for(task, "RUNNING")
    first = shown(service, source_id)["image_at"]
    assert service.ask("POST", f"/vedette/v1/{{p}}/source/sources/{source_id}/probe")[0] == 202
    until(lambda: shown(service, source_id)["image_at"] > first, 20, "a picture of the stream's")
    assert camera.playing == before + 1
    camera.kill()
    service.wait_for(task, "ABNORMAL", seconds=20)
    away = becomes(service, source_id, "Offline", 3)
    assert away["status"]["reason"]
    service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")


def test_thirty_sources_at_once_are_looked_at_two_at_a_time(service: Service, camera: RtspServer) -> None:
    """All come to an end, and the camera has no more guests at a time than the worker has threads for them."""
    urls = [camera.url if number % 3 else f"rtsp://127.0.0.1:{camera.port}/nowhere" for number in range(30)]
    for number, url in enumerate(urls):
        register(service, f"one of many {number}", url)
    most = 0

    def states() -> list[str]:
        nonlocal most
        most = max(most, camera.present)
        listed = service.call("GET", "/v2/{p}/source/sources?scope=one of many&is_paged=true&page_size=200")
        return [item["status"]["status"] for item in listed["video_source_list"]]

    until(lambda: "Offline" not in states(), 120, "all thirty")
    assert sorted(states()) == ["Exception"] * 10 + ["Online"] * 20
    assert 1 <= most <= 2 + 1  # one may be hanging up
    assert len(service.living_workers()) == 1


def _looked(service: Service, source_id: str) -> Any:
    document = shown(service, source_id)
    return document if "looked_at" in document["status"] else None
