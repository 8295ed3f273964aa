"""A task's events come into a data stream of a fresh install, and the vendor's SDK reads them there, each once."""

import base64
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import PROJECT, Service, running, until

FIRST = "shardId-0000000000"
KEY = ("AKOFTHISTEST", "a secret key of this test")
OUTPUT = {"dis": {"stream_name": "gate-events"}, "event_center": True}


@pytest.fixture
def own(tmp_path: Path, clips: Path) -> Iterator[Service]:
    """A service that a test may break."""
    keys = {"bootstrap_access_key": KEY[0], "bootstrap_secret_key": KEY[1]}
    with running(tmp_path / "own", file_roots=str(clips), **keys) as it:
        yield it


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK, which writes into the home folder as soon as it is imported."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return importlib.import_module("huaweicloudsdkdis.v2")


def read(sdk: Any, service: Service) -> list[Any]:
    """Read all records of the stream."""
    credentials = importlib.import_module("huaweicloudsdkcore.auth.credentials").BasicCredentials
    builder = sdk.DisClient.new_builder().with_credentials(credentials(*KEY, PROJECT))
    dis = builder.with_endpoint(service.url).build()
    asked = sdk.ShowCursorRequest(stream_name="gate-events", partition_id=FIRST, cursor_type="TRIM_HORIZON")
    at: str = dis.show_cursor(asked).partition_cursor
    found: list[Any] = []
    while records := (answer := dis.consume_records(sdk.ConsumeRecordsRequest(partition_cursor=at))).records:
        found += records
        at = answer.next_partition_cursor
    return found


def test_the_events_of_a_task_are_read_back_though_the_service_is_killed(own: Service, clips: Path, sdk: Any) -> None:
    """Exactly those of the event center, in their order, none twice; the stream was made by itself."""
    path = clips / "streamed.mp4"
    expected = crossings(path, 120)
    task = own.create("streamed", path.as_uri(), OUTPUT, target_roi=LINE)
    for _ in range(2):
        until(lambda: own.progress(task)["events"] >= 2, 60, "the first events")
        own.kill()
        until(lambda: not own.living_workers(), 5, "the end of the orphaned workers")
        own.start()
    own.wait_for(task, "SUCCEEDED", seconds=180)
    until(lambda: own.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    records = read(sdk, own)
    assert [record.sequence_number for record in records] == [str(n) for n in range(expected)]
    assert {record.partition_key for record in records} == {task}
    messages = [json.loads(base64.b64decode(record.data)) for record in records]
    assert all(base64.b64decode(message.pop("image_base64"))[:2] == b"\xff\xd8" for message in messages)
    told = sorted(own.events(task), key=lambda event: (event["media_time"], event["id"]))
    assert {message["message_id"] for message in messages} == {event["id"] for event in told}
    assert sorted(messages, key=lambda message: message["message_id"]) == sorted(
        (event["message"] for event in told), key=lambda message: message["message_id"]
    )
    times = {event["id"]: event["media_time"] for event in told}
    assert [times[message["message_id"]] for message in messages] == sorted(times.values())
