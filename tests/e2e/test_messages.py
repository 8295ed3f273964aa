"""What arrives at every output of a task is what the service's own schemas say, by a validator that is not ours."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Receiver, Service, until
from e2e.test_live_update import delete

STORES, SUBSCRIPTIONS = "/vedette/v1/{p}/object-stores", "/vedette/v1/{p}/subscriptions"
STREAM = "schemas-of-events"


@pytest.fixture
def bucket(service: Service, clips: Path) -> Iterator[Path]:
    """A bucket that is a folder, registered until the test ends."""
    place = clips / "validated"
    (place / "validated").mkdir(parents=True)
    body = {"name": "validated", "kind": "folder", "folder": str(place), "buckets": ["validated"]}
    status, answer = service.ask("POST", STORES, body)
    assert status == 201, answer
    yield place / "validated"
    service.ask("DELETE", f"{STORES}/validated")


@pytest.fixture
def subscriber(service: Service) -> Iterator[Receiver]:
    """Somebody who is told of all events of the project."""
    hook = Receiver()
    status, answer = service.ask("POST", SUBSCRIPTIONS, {"name": "schemas", "address": hook.url, "headers": {"a": "b"}})
    assert status == 201, answer
    yield hook
    service.ask("DELETE", f"{SUBSCRIPTIONS}/{answer['id']}")
    hook.close()


def _records(service: Service) -> list[dict[str, Any]]:
    asked = f"stream-name={STREAM}&partition-id=shardId-0000000000&cursor-type=TRIM_HORIZON"
    cursor = service.call("GET", f"/v2/{{p}}/cursors?{asked}")["partition_cursor"]
    found: list[dict[str, Any]] = []
    while (page := service.call("GET", f"/v2/{{p}}/records?partition-cursor={cursor}"))["records"]:
        found += page["records"]
        cursor = page["next_partition_cursor"]
    return [json.loads(base64.b64decode(record["data"])) for record in found]


def _of(task: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [body for body in bodies if body["task_id"] == task]


def test_every_output_of_a_task_gets_messages_of_the_published_schema(
    service: Service, bucket: Path, subscriber: Receiver, receiver: Receiver, clips: Path
) -> None:
    """Two kinds of events, to all kinds of outputs at once, with the picture in the message or beside it."""
    path = clips / "validated.mp4"
    crossings(path, 24)
    outputs = {
        "webhook": receiver.output()["webhook"],
        "obs": {"bucket": "validated", "path": "told"},
        "dis": {"stream_name": STREAM},
        "event_center": True,
    }
    everywhere = {"polygons": [{"data": [[0, 0], [640, 0], [640, 360], [0, 360]], "name": "everywhere"}]}
    rules = {"target_roi": json.dumps(json.loads(LINE) | everywhere), "loitering_detection_sw": 1}
    task = service.create("validated", path.as_uri(), outputs, **rules, alert_time_threshold=2)
    service.wait_for(task, "SUCCEEDED", seconds=60)
    until(lambda: service.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    listed = service.call("GET", "/vedette/v1/{p}/message-schemas")["message_schemas"]
    valid = {one["event_type"]: jsonschema_rs.Draft202012Validator(one["schema"]) for one in listed}
    files = [json.loads(found.read_bytes()) for found in bucket.rglob("*.json") if found.name != "result.json"]
    told = {
        "event_center": [event["message"] for event in service.events(task)],
        "webhook": _of(task, receiver.bodies),
        "subscription": _of(task, subscriber.bodies),
        "dis": _of(task, _records(service)),
        "obs": files,
    }
    kinds = Counter(message["event_type"] for message in told["event_center"])
    assert set(kinds) == {196609, 196610}
    for output, messages in told.items():
        assert Counter(message["event_type"] for message in messages) == kinds, output
        for message in messages:
            valid[message["event_type"]].validate(message)
            assert ("image_base64" in message) == (output in {"webhook", "subscription", "dis"})
    delete(service, task)
