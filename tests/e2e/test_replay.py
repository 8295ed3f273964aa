"""The same file gives the same events, each time, and whatever is killed meanwhile."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from e2e.clips import FPS, HEIGHT, crossings
from e2e.service import PROJECT, TOKEN, Receiver, Service, running, until
from vedette.model.ids import derived_uuid

LINES = json.dumps({"lines": [{"data": [[x, 0], [x, HEIGHT]]} for x in range(120, 560, 40)]})
SECONDS = 42


@pytest.fixture
def own(tmp_path: Path, clips: Path) -> Iterator[Service]:
    """A service that a test may break."""
    with running(tmp_path / "own", file_roots=str(clips)) as it:
        yield it


def told(service: Service, task: str) -> list[dict[str, Any]]:
    """Return the events of a task by their numbers."""
    return sorted(service.events(task), key=lambda event: int(event["number"]))


def lasting(event: dict[str, Any]) -> dict[str, Any]:
    """Return what never changes of an event that is stored."""
    return {key: value for key, value in event.items() if key != "deliveries"}


def picture(service: Service, event: dict[str, Any]) -> bytes:
    path = f"{service.url}/vedette/v1/{PROJECT}/events/{event['id']}/picture"
    answer = urllib3.request("GET", path, headers={"X-Auth-Token": TOKEN})
    assert answer.status == 200
    return answer.data


def without_its_run(service: Service, task: str) -> list[tuple[str, bytes]]:
    """Return the events of a run as bytes, with the names in place of the ids that are made from task and run.

    An id that is not made from them in the way that is laid down would stay, and differ from that of another run.
    """
    progress = service.progress(task)
    run, started = progress["run_id"], progress["run_started_at"]
    tracks = {derived_uuid(task, run, "track", number): number for number in range(1000)}
    rows = []
    for event in told(service, task):
        message = event["message"]
        (entry,) = message["data"]["event_set"]
        track = entry["detection_id"] = tracks[entry["detection_id"]]
        names = {
            derived_uuid(
                task, run, connection, index, event["event_type"], f"line:{line}:track:{track}"
            ): f"line {line}"
            for connection in range(2)
            for index in [round(event["media_time"] * FPS)]
            for line in range(20)
        }
        assert message["timestamp"] == event["timestamp"] // 1000
        message |= {"timestamp": 0, "task_id": "", "message_id": names[event["id"]]}
        kept = {key: event[key] for key in ("number", "media_time", "event_type", "kind", "message")}
        row = {"id": names[event["id"]], "after": event["timestamp"] - started, **kept}
        rows.append((json.dumps(row), picture(service, event)))
    return rows


def test_a_file_gives_the_same_events_each_time_and_though_it_is_killed_thrice(
    service: Service, own: Service, clips: Path, receiver: Receiver
) -> None:
    """Byte for byte, numbers and pictures too; what is stored stays as it is, and the receiver has it in order."""
    path = clips / "replayed.mp4"
    walks = crossings(path, SECONDS)
    task = own.create("killed-thrice", path.as_uri(), receiver.output(), target_roi=LINES)
    calm = [service.create(f"replayed-{turn}", path.as_uri(), target_roi=LINES) for turn in (1, 2)]
    stored: list[dict[str, Any]] = []
    for share, whose in ((0.15, "worker"), (0.45, "service"), (0.75, "worker")):
        until(lambda share=share: own.progress(task)["events"] >= share * walks * 10, 60, "events")  # type: ignore[misc]
        stored = [lasting(event) for event in told(own, task)]
        assert own.state(task) == "RUNNING"
        if whose == "worker":
            os.kill(own.living_workers()[0], signal.SIGKILL)
        else:
            own.kill()
            until(lambda: not own.living_workers(), 5, "the end of the orphaned workers")
            own.start()
        until(lambda was=stored: own.progress(task)["events"] > len(was), 30, "the events after it")  # type: ignore[misc]
        assert [lasting(event) for event in told(own, task)][: len(stored)] == stored
    own.wait_for(task, "SUCCEEDED", seconds=60)
    assert own.path(task).count("RECOVERING") == 3
    until(lambda: own.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    events = [lasting(event) for event in told(own, task)]
    assert events[: len(stored)] == stored
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    _received_in_order(receiver, [event["message"] for event in events])
    for one in calm:
        service.wait_for(one, "SUCCEEDED", seconds=60)
    first, second = (without_its_run(service, one) for one in calm)
    assert len(first) > walks * 9
    assert first == second
    assert first == without_its_run(own, task)


def _received_in_order(receiver: Receiver, messages: list[dict[str, Any]]) -> None:
    """Nothing is missing, repeats are what was said before, and the first of each came in the order of the events."""
    seen: dict[str, dict[str, Any]] = {}
    for body in receiver.bodies:
        assert seen.setdefault(body["message_id"], body) == body
    plain = [{key: value for key, value in body.items() if key != "image_base64"} for body in seen.values()]
    assert plain == messages
