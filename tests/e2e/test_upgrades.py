"""A new version of a service reaches its tasks in the real service, with a real camera: nobody else notices."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.service import Service, running, until
from neighbours.beacon import SERVICE, install
from neighbours.rtsp import RtspServer, absent

GAP_S = 0.6
"""Five pictures a second are told of; one that is missing makes 0.4 s, and cameras do not beat exactly."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with all versions installed."""
    folder = tmp_path_factory.mktemp("upgrades")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(install(folder / "plugins")))
        with running(folder / "own", workers="1") as it:
            yield it


@pytest.fixture
def camera(clips: Path) -> Iterator[RtspServer]:
    """A camera of each test's own."""
    if reason := absent():
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    server = RtspServer(path)
    server.start()
    yield server
    server.kill()


def create(service: Service, name: str, url: str, **common: Any) -> str:
    body = {
        "name": name,
        "service_version": "1.0",
        "input": {"type": "url", "data": [{"url": url}]},
        "output": {"event_center": True},
        "config": {"common": common},
    }
    return str(service.call("POST", f"/v2/{{p}}/services/{SERVICE}/tasks", body)["tasks"][0]["id"])


def ask(service: Service, verb: str, **body: Any) -> dict[str, Any]:
    status, answer = service.ask("POST", f"/vedette/v1/{{p}}/services/{SERVICE}/{verb}", body)
    assert status == 201, answer
    return dict(answer)


def rollout(service: Service, begun: dict[str, Any]) -> dict[str, Any]:
    return dict(service.call("GET", f"/vedette/v1/{{p}}/rollouts/{begun['id']}"))


def ended(service: Service, begun: dict[str, Any], seconds: float = 30) -> dict[str, Any]:
    until(lambda: "ended_at" in rollout(service, begun), seconds, "the end of the rollout")
    return rollout(service, begun)


def told(service: Service, task: str) -> list[tuple[float, str, int]]:
    """Return when, by which version and as which of its pictures each event was told; oldest first."""
    return sorted(
        (event["media_time"], event["message"]["data"]["version"], event["message"]["data"]["seen"])
        for event in service.events(task)
    )


def upgraded(service: Service, task: str) -> list[tuple[str, str, str]]:
    """Return the moves of a task since it first ran."""
    moves = service.call("GET", f"/vedette/v1/{{p}}/tasks/{task}/history")["moves"]
    return [(move["to"], move["cause"], move["actor"]) for move in moves if move["to"] not in {"PENDING", "STARTING"}][
        1:
    ]


def settle(service: Service, *tasks: str) -> None:
    """Let tasks run, and tell of some pictures."""
    for task in tasks:
        service.wait_for(task, "RUNNING")
    until(lambda: all(len(told(service, task)) >= 3 for task in tasks), 20, "the first events")


def delete(service: Service, *tasks: str) -> None:
    for task in tasks:
        service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")


def whole(events: list[tuple[float, str, int]]) -> bool:
    """Tell whether no picture is missing: each is the next of its task, and in time."""
    return all(b[2] == a[2] + 1 and 0 < b[0] - a[0] < GAP_S for a, b in pairwise(events))


def test_a_task_goes_to_the_new_version_and_its_neighbour_on_the_camera_does_not_notice(
    own: Service, camera: RtspServer
) -> None:
    """One connection, one run, and the new version goes on counting where the old one was."""
    task, neighbour = create(own, "goes", camera.url), create(own, "stays", camera.url)
    settle(own, task, neighbour)
    run, release = own.progress(task)["run_id"], own.task(task)["release_id"]
    begun = ask(own, "upgrade", version="2.0", task_ids=[task])
    own.wait_for(task, "UPGRADING", seconds=5)
    done = ended(own, begun)
    assert (done["status"], done["done"]) == ("done", 1)
    before = len(told(own, task))
    until(lambda: len(told(own, task)) >= before + 5, 20, "events of the new version")

    assert camera.connections == 1
    assert own.progress(task)["run_id"] == run
    assert own.task(task)["release_id"] != release
    assert upgraded(own, task) == [
        ("UPGRADING", "upgrade from 1.0 to 2.0", "tester"),
        ("RUNNING", "it is on the version 2.0", "service"),
    ]
    assert upgraded(own, neighbour) == []
    versions = [version for _, version, _ in told(own, task)]
    assert versions == sorted(versions)
    assert set(versions) == {"1.0", "2.0"}
    assert {version for _, version, _ in told(own, neighbour)} == {"1.0"}
    assert whole(told(own, task))
    assert whole(told(own, neighbour))
    delete(own, task, neighbour)


@pytest.mark.parametrize(("version", "why"), [("3.0", "LookupError"), ("4.0", "ZeroDivisionError")])
def test_a_version_that_breaks_is_taken_back_and_the_rollout_stops_at_it(
    own: Service, camera: RtspServer, version: str, why: str
) -> None:
    """It cannot begin, or breaks at its first pictures: the old one goes on, and the second task is not touched."""
    tasks = [create(own, f"{why}-{n}", camera.url) for n in range(2)]
    settle(own, *tasks)
    done = ended(own, ask(own, "upgrade", version=version, task_ids=tasks))
    assert (done["status"], done["failed"], done["left"]) == ("stopped", 1, 1)
    assert why in done["reason"]
    (first,) = [task["task_id"] for task in done["tasks"] if task["outcome"] == "failed"]
    own.wait_for(first, "RUNNING")
    states = [(to, why in cause) for to, cause, _ in upgraded(own, first)]
    assert states == [("UPGRADING", False), ("ABNORMAL", True), ("RUNNING", False)]
    before = len(told(own, first))
    until(lambda: len(told(own, first)) >= before + 3, 20, "events of the old version")
    assert told(own, first)[-1][1] == "1.0"
    (left,) = set(tasks) - {first}
    assert upgraded(own, left) == []
    assert whole(told(own, left))
    assert camera.connections == 1
    delete(own, *tasks)


def test_a_task_that_is_stopped_rests_on_the_new_version_and_the_way_back_leads_back(own: Service) -> None:
    """Nobody has to run to be upgraded; what starts then is the version that is told."""
    task = create(own, "rests", "rtsp://127.0.0.1:9/none")
    own.call("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")
    own.wait_for(task, "STOPPED")
    release = own.task(task)["release_id"]
    assert ended(own, ask(own, "upgrade", version="2.0", task_ids=[task]))["done"] == 1
    assert own.task(task)["release_id"] != release
    assert own.path(task)[-3:] == ["STOPPED", "UPGRADING", "STOPPED"]
    assert ended(own, ask(own, "rollback", task_ids=[task]))["done"] == 1
    assert own.task(task)["release_id"] == release
    assert own.state(task) == "STOPPED"
    delete(own, task)


def test_what_the_new_version_does_not_take_is_refused_and_nothing_changes(own: Service) -> None:
    task = create(own, "red", "rtsp://127.0.0.1:9/none", colour="red")
    status, answer = own.ask(
        "POST", f"/vedette/v1/{{p}}/services/{SERVICE}/upgrade", {"version": "0.9", "task_ids": [task]}
    )
    assert (status, answer["params"]) == (400, ["colour"])
    assert task in answer["error_msg"] + answer["detail"]
    assert "UPGRADING" not in own.path(task)
    delete(own, task)


@pytest.mark.parametrize(("verb", "final"), [("stop", "STOPPED"), ("delete", None)])
def test_a_task_that_is_upgrading_obeys_at_once(own: Service, camera: RtspServer, verb: str, final: str | None) -> None:
    """While the new version is still being made."""
    task = create(own, f"obeys-{verb}", camera.url)
    settle(own, task)
    ask(own, "upgrade", version="2.0", task_ids=[task])
    own.wait_for(task, "UPGRADING", seconds=5)
    if verb == "stop":
        own.call("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")
        own.wait_for(task, str(final), seconds=5)
        delete(own, task)
    else:
        delete(own, task)
        until(lambda: own.ask("GET", f"/v2/{{p}}/tasks/{task}")[0] != 200, 5, "the end of the task")


def test_a_service_killed_amid_a_rollout_goes_on_with_it(own: Service, camera: RtspServer) -> None:
    """What is left to do stands in the tables; all run again, on the new version."""
    tasks = [create(own, f"survives-{n}", camera.url) for n in range(2)]
    settle(own, *tasks)
    begun = ask(own, "upgrade", version="2.0", task_ids=tasks)
    until(lambda: "UPGRADING" in {own.state(task) for task in tasks}, 10, "the first upgrade")
    own.kill()
    own.start()
    done = ended(own, begun, seconds=60)
    assert (done["status"], done["done"], done["left"], done["failed"]) == ("done", 2, 0, 0)
    for task in tasks:
        own.wait_for(task, "RUNNING", seconds=20)
        until(lambda task=task: told(own, task)[-1][1] == "2.0", 20, "events of the new version")
        assert "UPGRADING" in own.path(task)
    delete(own, *tasks)
