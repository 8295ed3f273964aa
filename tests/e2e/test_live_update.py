"""A running task takes over what is changed: no picture skipped, no other task on the stream touched."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import CROSSING_S, FPS, HEIGHT, crossings, path_of
from e2e.conftest import LINE
from e2e.service import Receiver, Service, gist, running, until
from neighbours.held import held
from neighbours.rtsp import RtspServer, absent

RIGHT = json.dumps({"polygons": [{"data": [[480, 0], [600, 0], [600, HEIGHT], [480, HEIGHT]], "name": "right"}]})
BOTH = json.dumps(json.loads(LINE) | json.loads(RIGHT))
FILE_STEP = 2
"""Every second picture of a file with 25 a second is analysed."""


@pytest.fixture
def cameras(clips: Path) -> Iterator[Callable[[], RtspServer]]:
    """Make cameras that show the same."""
    if reason := absent():
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    started: list[RtspServer] = []

    def start() -> RtspServer:
        started.append(RtspServer(path))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.kill()


def change(
    service: Service, task: str, name: str, url: str, output: dict[str, Any] | None = None, **common: Any
) -> None:
    """Change a task's document."""
    body = {
        "name": name,
        "input": {"type": "url", "data": [{"url": url}]},
        "output": output or {"event_center": True},
        "config": {"common": common},
    }
    assert service.call("PUT", f"/v2/{{p}}/tasks/{task}", body) == {}


def delete(service: Service, *tasks: str) -> None:
    for task in tasks:
        service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")


def regions(events: list[dict[str, Any]]) -> list[str]:
    """Return the name of the region of each event, "" for a line; oldest first."""
    return [event["message"]["data"]["event_set"][0].get("polygon_name", "") for event in reversed(events)]


def moments(events: list[dict[str, Any]]) -> list[float]:
    return sorted(event["media_time"] for event in events)


def test_a_new_region_is_taken_over_and_the_neighbours_do_not_notice(
    service: Service, cameras: Callable[[], RtspServer]
) -> None:
    """One connection, one run, and every crossing of the others, as if nothing had been changed."""
    camera = cameras()
    changed, left, control = (
        service.create(name, camera.url, target_roi=LINE) for name in ("changed", "left-alone", "control")
    )
    for task in (changed, left, control):
        service.wait_for(task, "RUNNING")
    until(lambda: len(service.events(changed)) >= 2, 40, "events before the change")
    before = {task: service.progress(task) for task in (changed, left)}
    seen = len(service.events(changed))

    change(service, changed, "changed", camera.url, target_roi=RIGHT, image_compression_ratio=40)
    until(lambda: "right" in regions(service.events(changed)), 30, "an event of the new region")
    line_events = regions(service.events(changed)).count("")
    assert line_events - seen <= 1  # one that was on its way
    enough = len(service.events(left)) + 2
    until(lambda: len(service.events(left)) >= enough, 40, "events after the change")

    assert camera.connections == 1
    for task in (changed, left):
        now = service.progress(task)
        assert now["run_id"] == before[task]["run_id"]
        assert now["frames"] > before[task]["frames"]
        assert service.path(task) == ["PENDING", "STARTING", "RUNNING"]
    assert regions(service.events(changed))[line_events:] == ["right"] * (len(service.events(changed)) - line_events)
    first = max(min(moments(service.events(task))) for task in (left, control))
    last = min(max(moments(service.events(task))) for task in (left, control))
    told = [[row for row in gist(service.events(task)) if first <= row[0] <= last] for task in (left, control)]
    assert told[0] == told[1]
    gaps = [b - a for a, b in zip(moments(service.events(left)), moments(service.events(left))[1:], strict=False)]
    assert all(abs(gap - CROSSING_S) < 1.5 for gap in gaps), gaps  # none is missing
    delete(service, changed, left, control)


def test_each_event_goes_to_the_output_of_its_time(service: Service, clip: tuple[str, int]) -> None:
    """Exactly one destination for every event, and none without."""
    old, new = Receiver(), Receiver()
    with held(path_of(clip)) as server:
        task = service.create("outputs", server.url, old.output(), target_roi=LINE)
        until(lambda: len(old.ids()) >= 3, 40, "events at the old output")
        change(service, task, "outputs", server.url, new.output(), target_roi=LINE)
        server.release()
        service.wait_for(task, "SUCCEEDED", seconds=90)
    until(lambda: len(old.ids() | new.ids()) >= clip[1], 20, "all events")
    stored = {event["id"] for event in service.events(task)}
    assert len(stored) == clip[1]
    assert old.ids() | new.ids() == stored
    assert not old.ids() & new.ids()
    assert len(new.ids()) > 0
    assert service.path(task) == ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]
    delete(service, task)
    old.close()
    new.close()


def test_a_file_whose_configuration_changes_half_way_is_seen_whole(service: Service, clip: tuple[str, int]) -> None:
    """As many pictures as it has, each once; what was asked for all the time is told as in an undisturbed run."""
    plain = service.create("plain", clip[0], target_roi=LINE)
    service.wait_for(plain, "SUCCEEDED", seconds=120)
    with held(path_of(clip)) as server:
        task = service.create("half-way", server.url, target_roi=LINE)
        until(lambda: len(service.events(task)) >= 5, 40, "the first events")
        change(service, task, "half-way", server.url, target_roi=BOTH)
        server.release()
        service.wait_for(task, "SUCCEEDED", seconds=120)
    frames = service.progress(plain)["frames"]
    assert frames == 300 * FPS // FILE_STEP
    assert service.progress(task)["frames"] == frames
    events = service.events(task)
    crossing = [event for event, name in zip(reversed(events), regions(events), strict=True) if not name]
    assert len(crossing) == clip[1]
    assert gist(crossing) == gist(service.events(plain))
    entered = regions(events).count("right")
    assert 0 < entered < clip[1]
    assert service.path(task) == ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]
    delete(service, plain, task)


def test_a_worker_that_dies_right_after_the_change_costs_nothing(
    tmp_path: Path, clips: Path, clip: tuple[str, int]
) -> None:
    """The file goes on where it was, under the new configuration, with what the old one knew."""
    with running(tmp_path, file_roots=str(clips)) as own:
        task = own.create("killed", clip[0], target_roi=LINE)
        until(lambda: len(own.events(task)) >= 5, 60, "the first events")
        change(own, task, "killed", clip[0], target_roi=BOTH)
        frames = own.progress(task)["frames"]
        os.kill(own.living_workers()[0], signal.SIGKILL)
        own.wait_for(task, "RECOVERING", seconds=10)
        assert own.progress(task)["frames"] >= frames
        own.wait_for(task, "SUCCEEDED", seconds=120)
        assert own.progress(task)["frames"] == 300 * FPS // FILE_STEP
        names = regions(own.events(task))
        assert names.count("") == clip[1]
        assert names.index("right") >= 5
        assert 0 < names.count("right") < clip[1]


def test_another_camera_is_opened_anew_and_the_old_one_goes_on(
    service: Service, cameras: Callable[[], RtspServer]
) -> None:
    """The task that moves begins a new run; who stays keeps its run and its connection."""
    here, there = cameras(), cameras()
    moving, staying = (service.create(name, here.url, target_roi=LINE) for name in ("moving", "staying"))
    for task in (moving, staying):
        service.wait_for(task, "RUNNING")
    runs = {task: service.progress(task)["run_id"] for task in (moving, staying)}
    change(service, moving, "moving", there.url, target_roi=LINE)
    until(
        lambda: service.path(moving) == ["PENDING", "STARTING", "RUNNING", "RECOVERING", "STARTING", "RUNNING"],
        30,
        "the new stream",
    )
    assert (here.connections, there.connections) == (1, 1)
    assert service.progress(moving)["run_id"] != runs[moving]
    frames = service.progress(staying)["frames"]
    until(lambda: service.progress(staying)["frames"] > frames, 20, "further pictures of the old camera")
    assert service.progress(staying)["run_id"] == runs[staying]
    assert service.path(staying) == ["PENDING", "STARTING", "RUNNING"]
    assert here.connections == 1

    change(service, staying, "staying", there.url, target_roi=LINE)
    until(lambda: service.path(staying)[-2:] == ["STARTING", "RUNNING"], 30, "the second move")
    until(lambda: service.progress(staying)["frames"], 20, "pictures of the other camera")
    assert there.connections == 1
    delete(service, moving, staying)
