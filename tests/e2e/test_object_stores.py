"""Objects of stores from end to end: a store is registered, a task reads from it, events come out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from neighbours.buckets import Azurite, Buckets, Gcs, S3rver, SwiftBuckets
from vedette.model.objects import ObjectStore

NAME = "gate north/2026 五月+#1.mp4"
SERVICE = "/v2/{p}/services/c-intrusiondetection-cloud/tasks"


@pytest.fixture(scope="module")
def short(clips: Path) -> tuple[Path, int]:
    """A clip, and how many events it has."""
    path = clips / "stored.mp4"
    return path, crossings(path, 24)


@pytest.fixture(scope="module", params=[SwiftBuckets, S3rver, Azurite, Gcs], ids=lambda make: make.__name__)
def buckets(request: pytest.FixtureRequest, short: tuple[Path, int]) -> Iterator[Buckets]:
    make = request.param
    if reason := make.absent():
        missing(reason)
    with make() as it:
        it.bucket("recordings")
        it.put("recordings", NAME, short[0].read_bytes())
        yield it


def registered(service: Service, store: ObjectStore, **changes: Any) -> Iterator[str]:
    """Register a store until the test ends."""
    body = {
        "name": f"store-{store.kind}",
        "kind": store.kind,
        "endpoint": store.endpoint,
        "access_key": store.access_key,
        "secret_key": store.secret_key,
        "buckets": ["recordings"],
    } | ({"region": store.region} if store.region else {})
    path = "/vedette/v1/{p}/object-stores"
    status, answer = service.ask("POST", path, body | changes)
    assert status == 201, answer
    yield f"{path}/{body['name']}"
    service.ask("DELETE", f"{path}/{body['name']}")


@pytest.fixture
def store(service: Service, buckets: Buckets) -> Iterator[str]:
    yield from registered(service, buckets.store())


def create(service: Service, name: str, given: dict[str, Any]) -> str:
    body = {
        "name": name,
        "input": given,
        "output": {"event_center": True},
        "config": {"common": {"target_roi": LINE}},
        "service_version": "3.0",
    }
    return str(service.call("POST", SERVICE, body)["tasks"][0]["id"])


def obs(path: str, bucket: str = "recordings") -> dict[str, Any]:
    return {"type": "obs", "data": [{"bucket": bucket, "path": path}]}


def end(service: Service, task: str) -> None:
    assert service.ask("DELETE", f"/v2/{{p}}/tasks/{task}") == (200, {})
    until(lambda: service.ask("GET", f"/v2/{{p}}/tasks/{task}")[1].get("error_code") == "VIAS.00010007", 5, "the end")


@pytest.fixture(scope="module")
def frames(service: Service, short: tuple[Path, int]) -> int:
    """How many pictures are analysed of the file itself."""
    task = service.create("as-a-file", short[0].as_uri(), target_roi=LINE)
    service.wait_for(task, "SUCCEEDED", seconds=60)
    found = int(service.progress(task)["frames"])
    end(service, task)
    return found


def succeeds(service: Service, task: str, frames: int, events: int) -> None:
    """See a task to its end, with every picture and event."""
    service.wait_for(task, "SUCCEEDED", seconds=60)
    assert service.path(task) == ["PENDING", "STARTING", "RUNNING", "SUCCEEDED"]
    assert service.progress(task)["frames"] == frames
    assert len(service.events(task)) == events
    end(service, task)


def test_every_picture_of_an_object_is_seen(service: Service, store: str, short: tuple[Path, int], frames: int) -> None:
    """The names of objects are people's: spaces, signs, letters of all languages."""
    succeeds(service, create(service, "object", obs(NAME)), frames, short[1])
    told = service.ask("POST", f"{store}/check", {"bucket": "recordings", "path": NAME})[1]
    assert told == {"readable": True, "size": short[0].stat().st_size}


def test_what_is_not_there_is_said_in_words(service: Service, store: str) -> None:
    task = create(service, "nothing", obs("nowhere.mp4"))
    service.wait_for(task, "START_FAILED")
    said = service.task(task)["error"]["message"]
    assert "'nowhere.mp4'" in said
    assert "404" in said
    assert "ignature=" not in said
    end(service, task)
    told = service.ask("POST", f"{store}/check", {"bucket": "recordings", "path": "nowhere.mp4"})[1]
    assert (told["readable"], told["reason"]) == (False, said)


def test_a_bucket_that_no_store_has_is_said(service: Service) -> None:
    task = create(service, "no-bucket", obs("gate.mp4", "nobodys"))
    service.wait_for(task, "START_FAILED")
    assert "no object store with the bucket 'nobodys'" in service.task(task)["error"]["message"]
    end(service, task)


def test_a_registered_source_leads_to_an_object(
    service: Service, store: str, short: tuple[Path, int], frames: int
) -> None:
    """Sources of the type obs name bucket and path in their configuration."""
    xml = f"<type>OBS</type><config><BUCKET>recordings</BUCKET><PATH>{NAME}</PATH></config>"
    source = {"video_source_name": "gate", "access_type": "cloud", "type": "obs", "type_config": xml}
    status, answer = service.ask("POST", "/v2/{p}/source", source)
    assert status in (200, 201), answer
    found = answer["video_source_id"]
    task = create(service, "of-a-source", {"type": "video_source", "data": [{"video_source_id": found}]})
    succeeds(service, task, frames, short[1])
    assert service.ask("DELETE", f"/v2/{{p}}/source/{found}")[0] in (200, 204)


def test_a_folder_is_a_store(service: Service, short: tuple[Path, int], clips: Path, frames: int) -> None:
    """A machine without a store has folders; what leaves them is refused."""
    bucket = clips / "objects" / "recordings"
    bucket.mkdir(parents=True)
    (bucket / "gate north").mkdir()
    (bucket / NAME).write_bytes(short[0].read_bytes())
    (bucket / "out.mp4").symlink_to(short[0])
    body = {"name": "here", "kind": "folder", "folder": str(clips / "objects"), "buckets": ["recordings"]}
    path = "/vedette/v1/{p}/object-stores"
    assert service.ask("POST", path, body)[0] == 201
    succeeds(service, create(service, "in-a-folder", obs(NAME)), frames, short[1])
    for name in ("out.mp4", "a/../../../stored.mp4"):
        task = create(service, "outside", obs(name))
        service.wait_for(task, "START_FAILED")
        assert service.task(task)["error"]["code"] == "VEDETTE.1003"
        end(service, task)
    service.ask("DELETE", f"{path}/here")
