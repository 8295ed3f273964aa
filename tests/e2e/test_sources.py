"""Sources that are not what they should be: the error says why, stop and delete obey, and nobody else is disturbed."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clips import FPS
from e2e.conftest import LINE
from e2e.service import Service, free_port, until


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def accept() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)  # wakes it: none must come behind the last that is closed
        thread.join(5)
        for connection in held:
            connection.close()


def end(service: Service, task: str) -> None:
    """Delete a task, and see it gone within five seconds."""
    assert service.ask("DELETE", f"/v2/{{p}}/tasks/{task}") == (200, {})
    until(lambda: service.ask("GET", f"/v2/{{p}}/tasks/{task}")[1].get("error_code") == "VIAS.00010007", 5, "the end")


def test_a_missing_file_cannot_start(service: Service, clips: Path) -> None:
    task = service.create("missing", (clips / "nowhere.mp4").as_uri())
    service.wait_for(task, "START_FAILED")
    assert "nowhere.mp4" in service.task(task)["error"]["message"]
    end(service, task)


def test_a_file_outside_the_allowed_folders_cannot_start(service: Service) -> None:
    task = service.create("outside", "file:///etc/passwd")
    service.wait_for(task, "START_FAILED")
    assert "VEDETTE_FILE_ROOTS" in service.task(task)["error"]["message"]
    end(service, task)


def test_a_text_is_no_video(service: Service, clips: Path) -> None:
    path = clips / "text.mp4"
    path.write_text("This is no video at all.\n" * 200)
    task = service.create("text", path.as_uri())
    service.wait_for(task, "START_FAILED")
    assert len(service.task(task)["error"]["code"]) >= 8
    end(service, task)


def test_a_truncated_file_fails_and_keeps_what_was_seen(service: Service, clip: tuple[str, int], clips: Path) -> None:
    """What came before the cut is told; what is missing is not passed over in silence."""
    whole = Path(clip[0].removeprefix("file://")).read_bytes()
    path = clips / "half.mp4"
    path.write_bytes(whole[: len(whole) // 4])
    task = service.create("half", path.as_uri(), target_roi=LINE)
    service.wait_for(task, "FAILED", seconds=60)
    assert service.path(task)[-2:] == ["RUNNING", "FAILED"]
    assert "before" in service.task(task)["error"]["message"]
    assert 0 < len(service.events(task)) < clip[1]
    end(service, task)


def test_a_dead_camera_is_tried_again_and_again(service: Service) -> None:
    task = service.create("dead", f"rtsp://127.0.0.1:{free_port()}/live")
    service.wait_for(task, "ABNORMAL")
    error = service.task(task)["error"]
    assert error["code"].startswith("VEDETTE.")
    assert "RUNNING" not in service.path(task)
    assert service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")[0] == 200
    service.wait_for(task, "STOPPED", seconds=5)
    end(service, task)


def test_a_silent_port_is_abnormal_and_obeys_at_once(service: Service, silent_port: int) -> None:
    """Stopped before the first connect has timed out: the thread that hangs in it must not matter."""
    task = service.create("silent", f"rtsp://127.0.0.1:{silent_port}/live")
    service.wait_for(task, "STARTING", "ABNORMAL")
    assert service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")[0] == 200
    service.wait_for(task, "STOPPED", seconds=5)
    assert service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/start")[0] == 200
    service.wait_for(task, "ABNORMAL", seconds=30)
    end(service, task)


def test_bad_sources_disturb_nobody(service: Service, clip: tuple[str, int], silent_port: int) -> None:
    """A good task on the same worker runs to its end while others fail around it."""
    good = service.create("good", clip[0], target_roi=LINE)
    others = [
        service.create("bad-1", f"rtsp://127.0.0.1:{silent_port}/live"),
        service.create("bad-2", f"rtsp://127.0.0.1:{free_port()}/live"),
        service.create("bad-3", "http://127.0.0.1:9/nothing.mp4"),
    ]
    service.wait_for(good, "SUCCEEDED", seconds=90)
    assert service.path(good) == ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]
    events = service.events(good)
    assert len(events) == clip[1]
    for event in events:
        assert event["clip"]["input"] == {"type": "url", "url": clip[0]}
        assert event["clip"]["begin"] <= event["media_time"] <= event["clip"]["end"]
        assert event["clip"]["frame"] == round(event["media_time"] * FPS)
    for task in others:
        end(service, task)


def test_an_output_that_cannot_be_served_is_not_ignored(service: Service, clip: tuple[str, int]) -> None:
    """The older dialect knows outputs that only its platform had."""
    body = {
        "name": "unserved",
        "input": {"type": "url", "data": [{"url": clip[0]}]},
        "output": {"hosting": {}, "event_center": True},
        "service_version": "3.0",
        "service_config": {"common": {"target_roi": LINE}},
    }
    status, made = service.ask("POST", "/v2/{p}/services/c-intrusiondetection-cloud/tasks", body)
    assert status == 201, made
    task = str(made[0]["id"])
    service.wait_for(task, "START_FAILED")
    assert "hosting" in service.task(task)["error"]["message"]
    end(service, task)
