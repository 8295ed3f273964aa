"""The output obs against real stores: two of S3, Azure's and Google's emulators, and a folder."""

import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from aiohttp import web

from absence import missing
from neighbours.buckets import Azurite, Buckets, Gcs, S3rver, SwiftBuckets
from neighbours.readers import boto, everything, with_boto3, with_esdk
from neighbours.swift import free_ports
from vedette.control.object_stores import Reach
from vedette.control.store_writing import write_of
from vedette.delivery.guard import guarded_session
from vedette.delivery.refusals import Place
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.objects import ObjectSink
from vedette.delivery.uploads import Uploads
from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkRefused, SinkUnreachable, SourceRefused
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId, object_name
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import ObsOutput

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8", "localhost"])
JPEG = b"\xff\xd8" + bytes(range(256)) * 200 + b"\xff\xd9"
NOON = 1_777_896_000_000
"""2026-05-04 12:00 UTC"""
Start = Callable[..., Awaitable[Any]]


def delivery(number: int = 1, path: str = "gate north/五月+#1/", picture: bytes | None = JPEG) -> Delivery:
    name = EventId(f"E-{number}")
    message = {"event_type": 196609, "message_id": name, "timestamp": NOON // 1000, "data": {"event_set": []}}
    target = ObsOutput("results", path)
    return Delivery(name, TaskId("t1"), 1, message, picture, target, number, NOON, 196609, project_id=ProjectId("p1"))


async def send(
    store: ObjectStore, *what: Delivery, policy: GuardPolicy = LOOPBACK, roots: tuple[Path, ...] = (), **named: Any
) -> None:
    async def find(_project: ProjectId, _bucket: str) -> ObjectStore:
        return store

    async with guarded_session(policy) as session:
        sink = ObjectSink(Uploads(session, **named), find, roots)
        for one in what:
            await sink.send(one)


def written(one: Delivery) -> dict[str, bytes]:
    """Return what is to be found of an event."""
    name = f"gate north/五月+#1/t1/20260504/{one.event_id}"
    body = json.dumps(one.message, ensure_ascii=False, separators=(",", ":")).encode()
    return {f"{name}.json": body} | ({f"{name}.jpg": one.picture} if one.picture else {})


@pytest.fixture(scope="module", params=[SwiftBuckets, S3rver, Azurite, Gcs], ids=lambda make: make.__name__)
def buckets(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    if reason := request.param.absent():
        missing(reason)
    with request.param() as it:
        yield it


@pytest.fixture
def store(buckets: Buckets, request: pytest.FixtureRequest) -> ObjectStore:
    """A store with an empty bucket."""
    name = f"b{abs(hash(request.node.name))}"[:20]
    buckets.bucket(name)
    return replace(buckets.store(), buckets=(name,))


def to(store: ObjectStore, one: Delivery) -> Delivery:
    (bucket,) = store.buckets
    assert isinstance(one.target, ObsOutput)
    return replace(one, target=replace(one.target, bucket=bucket))


async def test_an_event_is_there_once_however_often_it_is_sent(store: ObjectStore) -> None:
    """Names are the event's own, so that a repeat writes what is there already."""
    first, bare = to(store, delivery(1)), to(store, delivery(2, picture=None))
    await send(store, first, bare, first)
    assert everything(store, store.buckets[0]) == written(first) | written(bare)


async def test_a_file_is_written_as_bytes_are(store: ObjectStore) -> None:
    """What is too large for the memory is made on the disk first."""
    body = JPEG * 40
    with SpooledTemporaryFile(1000) as file:
        file.write(body)
        async with guarded_session(LOOPBACK) as session:
            await Uploads(session).put(Place(store, store.buckets[0], "a/b.bin"), file, "application/json")
    assert everything(store, store.buckets[0]) == {"a/b.bin": body}


async def test_a_check_of_writing_leaves_nothing_behind(store: ObjectStore) -> None:
    """Each store has its own words for each of the three steps; the emulator of GCS removes nothing by addresses."""
    found = await write_of(Reach(LOOPBACK), store, store.buckets[0], "gate north/五月+#1/")
    removes = store.kind is not StoreKind.GCS
    assert (found.writable, found.readable, found.removed) == (True, True, removes), found.failure
    assert found.name.startswith("gate north/五月+#1/vedette-check-")
    assert list(everything(store, store.buckets[0])) == ([] if removes else [found.name])
    found = await write_of(Reach(LOOPBACK), store, "nobodys", "gate")
    assert not found.writable
    assert "has no bucket 'nobodys'" in str(found.failure)


@pytest.mark.parametrize(
    ("method", "said"),
    [("PUT", (False, False, False)), ("GET", (True, False, True)), ("DELETE", (True, True, False))],
)
async def test_a_check_of_writing_tells_which_step_is_not_allowed(
    aiohttp_store: Start, method: str, said: tuple[bool, ...]
) -> None:
    """Keys that may write and not remove are good enough for results."""
    kept: dict[str, bytes] = {}

    async def answer(request: web.Request) -> web.Response:
        if request.method == method:
            return web.Response(status=403, text="<Code>AccessDenied</Code>")
        if request.method == "PUT":
            kept[request.path] = await request.read()
        return web.Response(body=kept.get(request.path, b"") if request.method == "GET" else b"")

    found = await write_of(Reach(LOOPBACK), await aiohttp_store(answer), "results", "gate")
    assert (found.writable, found.readable, found.removed) == said
    assert "403 AccessDenied" in str(found.failure)
    assert "ignature" not in str(found.failure)


@pytest.fixture(scope="module", params=[SwiftBuckets, S3rver], ids=lambda make: make.__name__)
def s3(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    """Two stores that speak S3, of two makers."""
    if reason := request.param.absent():
        missing(reason)
    with request.param() as it:
        it.bucket("results")
        yield it


async def test_the_clients_of_others_read_what_was_written(s3: Buckets) -> None:
    """The vendor's own client for OBS, and boto3; the last picture is one of several parts."""
    store, large = s3.store(), delivery(3, picture=JPEG * 120)
    await send(store, delivery(1), delivery(2), large, part=5 << 20)
    whole = written(delivery(1)) | written(delivery(2)) | written(large)
    assert with_boto3(store, "results") == whole
    assert with_esdk(store, "results") == whole
    client = boto(store)
    types = {
        name.rpartition(".")[2]: client.head_object(Bucket="results", Key=name)["ContentType"]
        for name in written(large)
    }
    client.close()
    assert types == {"jpg": "image/jpeg", "json": "application/json"}


async def test_a_bucket_that_is_not_there_is_said(store: ObjectStore) -> None:
    one = delivery()
    with pytest.raises(SinkRefused, match=r"has no bucket 'results' \(404"):
        await send(store, one)


@pytest.mark.parametrize("buckets", [SwiftBuckets, Azurite], indirect=True, ids=lambda make: make.__name__)
async def test_a_wrong_key_is_said_and_not_shown(store: ObjectStore) -> None:
    """The other two look at no signature of an address."""
    wrong = "d3JvbmcgIGtleQ=="
    with pytest.raises(SinkRefused, match=r"what they may write \(403") as raised:
        await send(replace(store, secret_key=wrong), to(store, delivery()))
    assert wrong not in str(raised.value)
    assert "ignature=" not in str(raised.value)
    assert everything(store, store.buckets[0]) == {}


async def test_a_store_that_is_away_is_one_to_come_again_to() -> None:
    (port,) = free_ports(1)
    store = ObjectStore("s", StoreKind.S3, f"http://127.0.0.1:{port}", "", "AK", "SK")
    with pytest.raises(SinkUnreachable, match="The object store s at http://127") as raised:
        await send(store, delivery())
    assert "ignature" not in str(raised.value)


async def test_the_guard_judges_stores(receivers: Start) -> None:
    """A project must not write where its operator lets nobody go."""
    receiver = await receivers(200)
    for host in ("127.0.0.1", "localhost"):
        store = ObjectStore("s", StoreKind.S3, f"http://{host}:{receiver.port}", "", "AK", "SK")
        with pytest.raises(SinkForbidden):
            await send(store, delivery(), policy=GuardPolicy())
    assert receiver.headers == []


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [(503, {"Retry-After": "7"}, SinkBusy), (429, {}, SinkBusy), (307, {"Location": "http://10.0.0.1/"}, SinkRefused)],
)
async def test_answers_become_what_the_schedule_goes_by(
    aiohttp_store: Start, status: int, headers: dict[str, str], kind: type[SinkError]
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=status, headers=headers)

    with pytest.raises(kind) as raised:
        await send(await aiohttp_store(answer), delivery())
    assert asked == ["PUT"]
    if isinstance(raised.value, SinkBusy):
        assert raised.value.retry_after_s == (7 if headers else None)


async def test_a_message_is_never_there_without_its_picture(aiohttp_store: Start) -> None:
    """Who finds the JSON goes for the picture at once."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path.rpartition(".")[2])
        return web.Response(status=500 if len(asked) == 1 else 200)

    store = await aiohttp_store(answer)
    with pytest.raises(SinkBusy):
        await send(store, delivery())
    await send(store, delivery())
    assert asked == ["jpg", "jpg", "json"]


async def test_an_upload_in_parts_that_fails_is_taken_back(aiohttp_store: Start) -> None:
    """Parts that nobody ends cost room, and are seen in no list. S3 may find out after it has sent the status 200."""
    asked: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, ",".join(name for name in request.query if name[0] != "X")))
        if "uploads" in request.query:
            return web.Response(text="<R><UploadId>u&amp;1</UploadId></R>")
        if request.method == "POST":
            assert '<PartNumber>2</PartNumber><ETag>"e"</ETag>' in await request.text()
            return web.Response(text="<Error><Code>InternalError</Code></Error>")
        assert request.query["uploadId"] == "u&1"
        return web.Response(headers={"ETag": '"e"'})

    with pytest.raises(SinkBusy, match="InternalError"):
        await send(await aiohttp_store(answer), delivery(picture=b"x" * 150), part=100)
    part = ("PUT", "partNumber,uploadId")
    assert asked == [("POST", "uploads"), part, part, ("POST", "uploadId"), ("DELETE", "uploadId")]


@pytest.fixture
async def aiohttp_store(receivers: Start) -> Start:
    """A store whose answers a test chooses."""
    runners = []

    async def start(answer: Callable[[web.Request], Awaitable[web.Response]]) -> ObjectStore:
        app = web.Application(client_max_size=10**8)
        app.router.add_route("*", "/{rest:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.05)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return ObjectStore("s", StoreKind.S3, f"http://127.0.0.1:{runner.addresses[0][1]}", "", "AK", "SK")

    yield start
    for runner in runners:
        await runner.cleanup()


# -- folders


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStore:
    (tmp_path / "objects" / "results").mkdir(parents=True)
    return ObjectStore("here", StoreKind.FOLDER, folder=str(tmp_path / "objects"))


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_a_folder_takes_objects_as_files(folder: ObjectStore, tmp_path: Path) -> None:
    """A machine without a store has folders; nothing half is ever seen, nothing is left beside."""
    await send(folder, delivery(1), delivery(2), delivery(1), roots=(tmp_path,))
    assert files(tmp_path / "objects" / "results") == written(delivery(1)) | written(delivery(2))
    mask = os.umask(0o022)
    os.umask(mask)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "objects").rglob("*.json")}
    assert modes == {0o666 & ~mask}


@pytest.mark.parametrize("path", ["../other", "a/../../other", "out"])
async def test_nothing_is_written_outside_the_bucket(folder: ObjectStore, tmp_path: Path, path: str) -> None:
    other = tmp_path / "objects" / "other"
    other.mkdir()
    (tmp_path / "objects" / "results" / "out").symlink_to(other)
    with pytest.raises(SinkRefused):
        await send(folder, delivery(path=path), roots=(tmp_path,))
    assert list(other.iterdir()) == []


async def test_a_folder_that_is_not_open_is_not_written_to(folder: ObjectStore, tmp_path: Path) -> None:
    """The operator may close what was open when the store was registered."""
    with pytest.raises(SinkRefused, match="VEDETTE_FILE_ROOTS"):
        await send(folder, delivery(), roots=(tmp_path / "elsewhere",))
    (tmp_path / "objects" / "results").rmdir()
    with pytest.raises(SinkRefused, match="no bucket 'results'"):
        await send(folder, delivery(), roots=(tmp_path,))
    (tmp_path / "objects").rmdir()
    with pytest.raises(SinkUnreachable, match="not there"):
        await send(folder, delivery(), roots=(tmp_path,))


async def test_a_full_disk_is_one_to_come_again_to(folder: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is taken away: it would fill the disk once more."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    root = Path(folder.folder)
    (root / "results" / "a" / "t1" / "20260504").mkdir(parents=True)
    with pytest.raises(SinkBusy, match="No space left"):
        await send(folder, delivery(path="a"), roots=(root,))
    assert files(root) == {}


# -- which store


async def test_a_bucket_of_no_store_says_what_to_register(tmp_path: Path) -> None:
    async def find(_project: ProjectId, bucket: str) -> ObjectStore:
        raise SourceRefused(f"The project has no object store with the bucket {bucket!r}.")

    async with guarded_session(LOOPBACK) as session:
        with pytest.raises(SinkRefused, match=r"'results'.*Register one \(POST /vedette/v1/p1/object-stores\)"):
            await ObjectSink(Uploads(session), find).send(delivery())


async def test_a_store_is_looked_up_again_when_it_refused_or_after_a_while(folder: ObjectStore, tmp_path: Path) -> None:
    """A key that was changed takes effect, and a thousand events do not read the database a thousand times."""
    found: list[str] = []
    now = [0.0]

    async def find(_project: ProjectId, bucket: str) -> ObjectStore:
        found.append(bucket)
        return folder

    async with guarded_session(LOOPBACK) as session:
        sink = ObjectSink(Uploads(session), find, (tmp_path,), monotonic=lambda: now[0])
        await sink.send(delivery(1))
        await sink.send(delivery(2))
        assert len(found) == 1
        now[0] += 5.1
        await sink.send(delivery(3))
        assert len(found) == 2
        with pytest.raises(SinkRefused):
            await sink.send(delivery(4, path="x" * 300))
        await sink.send(delivery(5))
        assert len(found) == 3


async def test_the_bucket_may_stand_in_the_hosts_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers that go by host names know no other way."""
    if reason := SwiftBuckets.absent():
        missing(reason)
    look_up = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **named: Any) -> Any:
        return look_up("127.0.0.1" if host == "results.localhost" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with SwiftBuckets() as buckets:
        buckets.bucket("results")
        store = buckets.store(endpoint=f"http://localhost:{buckets.port}", path_style=False)
        await send(store, delivery())
        assert with_boto3(buckets.store(), "results") == written(delivery())


@pytest.mark.parametrize("parts", [(JPEG, JPEG[:900]), (None, JPEG), (JPEG, None)])
async def test_the_whole_picture_of_an_event_about_a_part_has_a_name_of_its_own(
    tmp_path: Path, parts: tuple[bytes | None, bytes | None]
) -> None:
    """The message names it so (`origin_image_path`), whichever of the two the output wants."""
    (tmp_path / "results").mkdir()
    one = replace(delivery(1, "gate", parts[0]), origin=parts[1])
    store = ObjectStore("here", StoreKind.FOLDER, folder=str(tmp_path))
    await send(store, one, roots=(tmp_path,))
    folder = tmp_path / "results" / "gate"
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    name = object_name(one.task_id, NOON, one.event_id)
    body = found.pop(f"{name}.json")
    assert json.loads(body)["message_id"] == one.event_id
    ends = ((".jpg", parts[0]), (".origin.jpg", parts[1]))
    assert found == {f"{name}{end}": picture for end, picture in ends if picture is not None}
