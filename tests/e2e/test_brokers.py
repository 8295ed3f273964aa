"""A task's events come to a broker that the project registered, though it is killed and comes back."""

import asyncio
import json
from pathlib import Path

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from neighbours.nats import PASSWORD, USER, Nats, absent

OUTPUT = {"dis": {"stream_name": "broker-gate"}, "event_center": True}


def test_every_event_is_in_the_stream_once_and_in_order(service: Service, clips: Path) -> None:
    """The check tells beforehand that nothing covers the subject; what happens while the broker is away waits."""
    if reason := absent():
        missing(reason)
    path = clips / "brokered.mp4"
    expected = crossings(path, 60)
    with Nats("user") as server:
        entry = {
            "name": "e2e-events", "kind": "nats", "servers": [server.server], "username": USER, "password": PASSWORD,
            "prefix": "video.", "streams": ["broker-gate"],
        }  # fmt: skip
        assert service.ask("POST", "/vedette/v1/{p}/brokers", entry)[0] == 201
        asked = ("POST", "/vedette/v1/{p}/brokers/e2e-events/check", {"stream_name": "broker-gate"})
        assert "covers the subject video.broker-gate" in service.call(*asked)["reason"]
        asyncio.run(server.make("VIDEO", "video.>"))
        assert service.call(*asked) == {"usable": True}
        task = service.create("brokered", path.as_uri(), OUTPUT, target_roi=LINE)
        until(lambda: service.progress(task)["events"] >= 2, 60, "the first events")
        server.kill()
        service.wait_for(task, "SUCCEEDED", seconds=60)
        server.start()
        until(lambda: service.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
        records = asyncio.run(server.records("VIDEO"))
        assert service.ask("DELETE", "/vedette/v1/{p}/brokers/e2e-events")[0] == 200
    told = sorted(service.events(task), key=lambda event: (event["media_time"], event["id"]))
    assert len(told) == expected
    assert [record.headers["X-Vedette-Sequence"] for record in records] == [str(n + 1) for n in range(expected)]
    times = {event["id"]: event["media_time"] for event in told}
    ids = [json.loads(record.data)["message_id"] for record in records]
    assert sorted(ids) == sorted(times)
    assert [times[one] for one in ids] == sorted(times.values())
