"""The output obs from end to end: a task over REST, a store that ends and comes back, and what is in the bucket."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from absence import missing
from e2e.clips import path_of
from e2e.conftest import LINE
from e2e.service import PROJECT, TOKEN, Receiver, Service, until
from e2e.test_live_update import change, delete
from neighbours.buckets import Buckets, S3rver, SwiftBuckets
from neighbours.held import held
from neighbours.readers import Objects, everything

STORES = "/vedette/v1/{p}/object-stores"


@pytest.fixture(params=[SwiftBuckets, S3rver], ids=lambda make: make.__name__)
def buckets(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    """A store that keeps what it has when it is killed; the emulators of the others keep it in memory."""
    if reason := request.param.absent():
        missing(reason)
    with request.param() as it:
        it.bucket("results")
        yield it


@pytest.fixture
def store(service: Service, buckets: Buckets) -> Iterator[Buckets]:
    """A store that is registered until the test ends."""
    given = buckets.store()
    body = {"name": "archive", "kind": given.kind, "endpoint": given.endpoint, "buckets": ["results"]}
    body |= {"access_key": given.access_key, "secret_key": given.secret_key}
    body |= {"region": given.region} if given.region else {}
    status, answer = service.ask("POST", STORES, body)
    assert status == 201, answer
    yield buckets
    service.ask("DELETE", f"{STORES}/archive")


def obs(path: str, **more: Any) -> dict[str, Any]:
    return {"obs": {"bucket": "results", "path": path, **more}, "event_center": True}


def picture(service: Service, event: dict[str, Any]) -> bytes:
    path = f"{service.url}/vedette/v1/{PROJECT}/events/{event['id']}/picture"
    return urllib3.request("GET", path, headers={"X-Auth-Token": TOKEN}).data


def expected(service: Service, path: str, events: list[dict[str, Any]], *, pictures: bool = True) -> Objects:
    """Return what belongs into the bucket for these events of the event center."""
    found = {}
    for event in events:
        day = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%Y%m%d")
        name = f"{path}/{event['task_id']}/{day}/{event['id']}"
        found[f"{name}.json"] = event["message"]
        if pictures:
            found[f"{name}.jpg"] = picture(service, event)
    return found


def seen(objects: Objects) -> dict[str, Any]:
    return {name: json.loads(body) if name.endswith(".json") else body for name, body in objects.items()}


def summary_of(found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Take the one summary of a run out of what was found; return its name and what it says."""
    (name,) = (name for name in found if name.endswith("/result.json"))
    return name, found.pop(name)


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["message"] for event in sorted(events, key=lambda event: event["number"])]


def test_exactly_the_events_are_in_the_bucket_though_the_store_was_killed(
    service: Service, store: Buckets, clip: tuple[str, int]
) -> None:
    """Nothing is lost and nothing is there twice; a message lies beside its picture."""
    with held(path_of(clip)) as server:
        task = service.create("to-a-bucket", server.url, obs("gate/one"), target_roi=LINE)
        until(lambda: len(everything(store.store(), "results")) >= 4, 40, "the first objects")
        store.kill()
        server.release()
        told = len(service.events(task))
        until(lambda: len(service.events(task)) >= told + 10, 60, "events while the store is away")
        store.start()
        service.wait_for(task, "SUCCEEDED", seconds=120)
    until(lambda: len(everything(store.store(), "results")) > 2 * clip[1], 90, "all objects")
    events = service.events(task)
    assert len(events) == clip[1]
    found = seen(everything(store.store(), "results"))
    name, summary = summary_of(found)
    assert found == expected(service, "gate/one", events)
    assert name == "gate/one/clip.mp4/result.json"
    assert [one["message"] for one in summary["results"]] == in_order(events)
    assert {one["picture"] for one in summary["results"]} == {name for name in found if name.endswith(".jpg")}
    assert service.call("GET", f"/vedette/v1/{{p}}/deliveries/dead?task_id={task}")["count"] == 0
    delete(service, task)


@pytest.fixture
def folder(service: Service, clips: Path) -> Iterator[Path]:
    """A folder of this machine that is a registered store."""
    place = clips / "written"
    (place / "results").mkdir(parents=True, exist_ok=True)
    body = {"name": "here", "kind": "folder", "folder": str(place), "buckets": ["results"]}
    assert service.ask("POST", STORES, body)[0] == 201
    yield place / "results"
    service.ask("DELETE", f"{STORES}/here")


def files(place: Path) -> Objects:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*.*") if path.is_file()}


def test_each_event_is_in_the_folder_of_its_time(service: Service, folder: Path, clip: tuple[str, int]) -> None:
    """A change of the output on a running task leaves no gap; pictures go only to whom they are wanted by."""
    hook = Receiver()
    with held(path_of(clip)) as server:
        outputs = obs("old") | {"webhook": hook.output()["webhook"]}
        task = service.create("two-folders", server.url, outputs, target_roi=LINE)
        until(lambda: len(files(folder)) >= 4, 40, "objects in the old folder")
        change(service, task, "two-folders", server.url, obs("new", data_category=["FaceImage"]), target_roi=LINE)
        server.release()
        service.wait_for(task, "SUCCEEDED", seconds=120)
    until(lambda: sum(name.endswith(".json") for name in files(folder)) > clip[1], 30, "all messages")
    events = service.events(task)
    assert len(events) == clip[1]
    old = {name for name in files(folder) if name.startswith("old/")}
    first = [event for event in events if any(event["id"] in name for name in old)]
    then = [event for event in events if event not in first]
    assert first
    assert then
    assert {event["id"] for event in first} == hook.ids()
    whole = expected(service, "old", first) | expected(service, "new", then, pictures=False)
    found = seen(files(folder))
    name, summary = summary_of(found)
    assert found == whole
    assert name.startswith("new/")
    assert [one["message"] for one in summary["results"]] == in_order(events)
    hook.close()
    delete(service, task)


def test_a_bucket_of_no_store_is_a_dead_letter_that_says_so(service: Service, clip: tuple[str, int]) -> None:
    """What is registered then can be sent again."""
    task = service.create("nowhere", clip[0], {"obs": {"bucket": "nobodys", "path": "a"}}, target_roi=LINE)
    dead = f"/vedette/v1/{{p}}/deliveries/dead?task_id={task}"
    until(lambda: service.call("GET", dead)["count"], 60, "a dead letter")
    said = service.call("GET", dead)["dead_letters"][0]["last_error"]
    assert "no object store with the bucket 'nobodys'" in said
    assert "Register one" in said
    delete(service, task)
