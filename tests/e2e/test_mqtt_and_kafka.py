"""A task's events come to brokers of MQTT and Kafka that the project registered."""

import json
from pathlib import Path
from typing import Any

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from neighbours.kafka import Kafka
from neighbours.mosquitto import Mosquitto, absent, attributes, reading


def told(service: Service, clips: Path, entry: dict[str, Any], stream: str) -> tuple[list[str], list[str]]:
    """Register a broker, run a task for it; return the ids of its events and the numbers that they must have."""
    path = clips / f"{stream}.mp4"
    expected = crossings(path, 30)
    name = entry["name"]
    assert service.ask("POST", "/vedette/v1/{p}/brokers", {**entry, "streams": [stream]})[0] == 201
    asked = ("POST", f"/vedette/v1/{{p}}/brokers/{name}/check", {"stream_name": stream})
    assert service.call(*asked) == {"usable": True}
    output = {"dis": {"stream_name": stream}, "event_center": True}
    task = service.create(stream, path.as_uri(), output, target_roi=LINE)
    service.wait_for(task, "SUCCEEDED", seconds=60)
    until(lambda: service.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    assert service.ask("DELETE", f"/vedette/v1/{{p}}/brokers/{name}")[0] == 200
    events = [event["id"] for event in service.events(task)]
    assert len(events) == expected
    return events, [f"{number + 1:020d}" for number in range(expected)]


def test_every_event_is_a_message_of_mqtt(service: Service, clips: Path) -> None:
    if reason := absent():
        missing(reason)
    with (
        Mosquitto(users={"writer": "pass word"}) as server,
        reading(server.port, "video/#", login=("writer", "pass word")) as found,
    ):
        entry = {
            "name": "e2e-mqtt", "kind": "mqtt", "servers": [server.server], "prefix": "video/",
            "username": "writer", "password": "pass word",
        }  # fmt: skip
        events, numbers = told(service, clips, entry, "mqtt-gate")
        messages = found.until(lambda came: len(came) >= len(events))
    assert [attributes(message)["sequence"] for message in messages] == numbers
    assert sorted(json.loads(message.payload)["message_id"] for message in messages) == sorted(events)


def test_every_event_is_a_record_of_kafka(service: Service, clips: Path) -> None:
    with Kafka() as cluster:
        cluster.topic("video.kafka-gate", partitions=3)
        entry = {"name": "e2e-kafka", "kind": "kafka", "servers": list(cluster.servers), "prefix": "video."}
        events, numbers = told(service, clips, entry, "kafka-gate")
        records = cluster.read("video.kafka-gate", len(events))
    assert [dict(record.headers())["ce_sequence"].decode() for record in records] == numbers
    assert sorted(json.loads(record.value())["message_id"] for record in records) == sorted(events)
