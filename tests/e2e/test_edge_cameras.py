"""Edge devices end to end: a registered camera is opened, one that speaks ONVIF is asked, and a change is followed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.service import Service, until
from neighbours.onvif import OnvifCamera, Stream
from neighbours.rtsp import RtspServer, absent

CAMERA = [{"key": "iva-device-type", "value": "camera"}]
DEVICES = "/v2/{p}/edgemgr/devices"


@pytest.fixture(scope="module")
def clip_of_camera(clips: Path) -> Path:
    if reason := absent():
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    return path


@pytest.fixture
def camera(clip_of_camera: Path) -> Iterator[RtspServer]:
    with RtspServer(clip_of_camera) as server:
        yield server


def device(service: Service, name: str, attributes: dict[str, str], tags: Any = CAMERA) -> str:
    """Register a device; return its id."""
    body = {"name": name, "attributes": {key: {"value": value} for key, value in attributes.items()}, "tags": tags}
    status, answer = service.ask("POST", DEVICES, {"device": body})
    assert status == 201, answer
    return str(answer["device"]["id"])


def watch(service: Service, name: str, looks: dict[str, Any]) -> str:
    """Create a task of an edge service; return its id."""
    body = {
        "name": name,
        "input": looks,
        "output": {"event_center": True},
        "config": {"common": {}},
        "service_version": "3.0",
    }
    answer = service.call("POST", "/v2/{p}/services/c-intrusiondetection-edge/tasks", body)
    return str(answer["tasks"][0]["id"])


def edgecamera(service: Service, name: str, device_id: str) -> str:
    return watch(service, name, {"type": "edgecamera", "data": [{"id": device_id}]})


def end(service: Service, *tasks: str) -> None:
    for task in tasks:
        assert service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")[0] == 200
        until(lambda task=task: service.ask("GET", f"/v2/{{p}}/tasks/{task}")[0] == 400, 10, "the end")


def test_a_task_and_a_source_look_through_one_registered_camera(service: Service, camera: RtspServer) -> None:
    """By its id in the input, and by a source that stands for it: one stream, one connection."""
    device_id = device(service, "gate", {"rtsp": camera.url})
    direct = edgecamera(service, "by-device", device_id)
    service.wait_for(direct, "RUNNING")
    config = f"<config><EDGE_CAMERA_ID>{device_id}</EDGE_CAMERA_ID></config>"
    named = {"video_source_name": "gate", "access_type": "edge", "type": "camera", "type_config": config}
    source = service.call("POST", "/v2/{p}/source", named)["video_source_id"]
    indirect = watch(service, "by-source", {"type": "video_source", "data": [{"video_source_id": source}]})
    service.wait_for(indirect, "RUNNING")
    until(lambda: service.progress(indirect)["frames"] > 0, 20, "pictures")
    assert camera.connections == 1
    assert service.ask("DELETE", f"{DEVICES}/{device_id}")[0] == 500
    end(service, direct, indirect)
    assert service.ask("DELETE", f"/v2/{{p}}/source/{source}")[0] == 200
    assert service.ask("DELETE", f"{DEVICES}/{device_id}")[0] == 204


def test_a_changed_address_is_opened_by_the_tasks_at_work(
    service: Service, camera: RtspServer, clip_of_camera: Path
) -> None:
    """As with a changed source: nobody has to stop and start anything."""
    device_id = device(service, "moved", {"rtsp": camera.url})
    task = edgecamera(service, "moved", device_id)
    service.wait_for(task, "RUNNING")
    with RtspServer(clip_of_camera) as other:
        body = {"device": {"attributes": {"rtsp": other.url}}}
        assert service.ask("PUT", f"{DEVICES}/{device_id}", body)[0] == 200
        until(lambda: other.playing, 20, "the other camera")
        service.wait_for(task, "RUNNING")
        end(service, task)


def test_an_onvif_camera_is_asked_at_every_connection(
    service: Service, camera: RtspServer, clip_of_camera: Path
) -> None:
    """Its stream is away, and comes back under another address, which only the camera knows."""
    streams = {"sub": Stream("small", "rtsp://127.0.0.1:9/none"), "main": Stream("large", camera.url)}
    with OnvifCamera(streams, ahead_s=3600.0) as onvif:
        login = {"onvif-user": onvif.user, "onvif-password": onvif.password, "onvif-profile": "large"}
        task = edgecamera(service, "onvif", device(service, "onvif", {"onvif": onvif.url, **login}))
        service.wait_for(task, "RUNNING")
        camera.kill()
        service.wait_for(task, "ABNORMAL")
        with RtspServer(clip_of_camera) as other:
            streams["main"] = Stream("large", other.url)
            service.wait_for(task, "RUNNING", seconds=40)
            assert other.playing
            end(service, task)
    assert onvif.password not in service.log()


@pytest.mark.parametrize(
    ("attributes", "tags", "said"),
    [
        ({}, CAMERA, "no attribute 'rtsp'"),
        ({"rtsp": "rtsp://127.0.0.1:9/live"}, [], "no camera"),
        ({"onvif": "http://169.254.169.254/onvif"}, CAMERA, "guard"),
    ],
)
def test_what_cannot_be_opened_says_why(service: Service, attributes: Any, tags: Any, said: str) -> None:
    """No retry cures a device that says nothing of its address."""
    device_id = device(service, "broken", attributes, tags)
    task = edgecamera(service, "broken", device_id)
    service.wait_for(task, "START_FAILED")
    assert said in service.task(task)["error"]["message"]
    end(service, task)
    assert service.ask("DELETE", f"{DEVICES}/{device_id}")[0] == 204


def test_a_device_that_nobody_registered_says_so(service: Service) -> None:
    """A device of another project is nobody's here."""
    task = edgecamera(service, "unknown", "1398f13d-f24d-4de4-8cd3-5905db1d6d9f")
    service.wait_for(task, "START_FAILED")
    assert "no edge device 1398f13d" in service.task(task)["error"]["message"]
    end(service, task)


def test_an_onvif_camera_with_a_wrong_password_cannot_start(service: Service) -> None:
    """Tried again and again, it would lock the account."""
    with OnvifCamera({"p": Stream("p", "rtsp://127.0.0.1:9/live")}) as onvif:
        device_id = device(service, "locked", {"onvif": onvif.url, "onvif-user": "ada", "onvif-password": "guessed"})
        task = edgecamera(service, "locked", device_id)
        service.wait_for(task, "START_FAILED")
        assert "does not take the user or the password" in service.task(task)["error"]["message"]
        assert onvif.asked.count("GetProfiles") == 1
        end(service, task)
