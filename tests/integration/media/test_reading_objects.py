"""Objects of real stores: by ranges, over wires that break, from stores that end and come back, and refusals in words."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from wire import Wire

from absence import missing
from conftest import LOOPBACK, QUICK, MakeClip, trace  # the nearest one
from neighbours.buckets import Azurite, Buckets, Gcs, S3rver, SwiftBuckets
from vedette.media.backoff import Backoff
from vedette.media.lookup import finder
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.source import Address, Liveness, Lookup, ObjectLookup

NAME = "gate north/2026 五月+#1%20.mp4"
FRAMES = 75
RANGED = [SwiftBuckets, S3rver, Azurite]
"""Those that read an object from the disk while they send it; the emulator of GCS has it all in memory first."""


def _no_vcn(_lookup: object) -> str:
    raise AssertionError


FIND = finder(LOOPBACK, _no_vcn)


@pytest.fixture(scope="module", params=[SwiftBuckets, S3rver, Azurite, Gcs], ids=lambda make: make.__name__)
def buckets(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    if reason := request.param.absent():
        missing(reason)
    with request.param() as it:
        it.bucket("recordings")
        yield it


@pytest.fixture(scope="module")
def swift() -> Iterator[SwiftBuckets]:
    """A store that checks signatures, keys and regions."""
    if reason := SwiftBuckets.absent():
        missing(reason)
    with SwiftBuckets() as it:
        it.bucket("recordings")
        it.put("recordings", "text.mp4", b"no video at all" * 100)
        it.put("recordings", "empty.mp4", b"")
        yield it


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip of many bytes a picture whose index stands at its end, as most tools write them."""
    path = tmp_path_factory.mktemp("heavy") / "heavy.mp4"
    dice = np.random.default_rng(3)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "1", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for index in range(60):
            frame = av.VideoFrame.from_ndarray(dice.integers(0, 255, (360, 640, 3), dtype=np.uint8), format="bgr24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def address(store: ObjectStore, path: str = NAME, bucket: str = "recordings") -> Address:
    return Address("", Liveness.FILE, store.tls_verify, Lookup(stored=ObjectLookup(store, bucket, path)))


def opened(store: ObjectStore, path: str = NAME, bucket: str = "recordings") -> Reader:
    return Reader(FIND(address(store, path, bucket)), policy=LOOPBACK, limits=QUICK)


def through(store: ObjectStore, wire: Wire) -> ObjectStore:
    """Return the store at the near end of a wire."""
    endpoint = re.sub(r":\d+", f":{wire.port}", store.endpoint, count=1)
    return ObjectStore(**{name: getattr(store, name) for name in ObjectStore.__slots__} | {"endpoint": endpoint})


def port_of(store: ObjectStore) -> int:
    found = re.search(r":(\d+)", store.endpoint)
    assert found
    return int(found[1])


def why_not(store: ObjectStore, path: str = NAME, bucket: str = "recordings") -> SourceError:
    with pytest.raises(SourceError) as raised:
        opened(store, path, bucket)
    assert "ignature=" not in str(raised.value)
    return raised.value


def test_every_picture_of_an_object_is_read(buckets: Buckets, make_clip: MakeClip) -> None:
    buckets.put("recordings", NAME, make_clip().read_bytes())
    with opened(buckets.store()) as reader:
        assert len(trace(reader.pictures())) == FRAMES


@pytest.mark.parametrize("buckets", RANGED, indirect=True)
def test_the_first_picture_comes_long_before_the_last_byte(buckets: Buckets, heavy: bytes) -> None:
    """An object of 4 GB is not downloaded before it is analysed: its end is asked for by a range."""
    buckets.put("recordings", "heavy.mp4", heavy)
    with Wire(port_of(buckets.store())) as wire, opened(through(buckets.store(), wire), "heavy.mp4") as reader:
        pictures = reader.pictures()
        next(pictures)
        assert any(at > len(heavy) // 2 for at in wire.asked), wire.asked
        assert wire.passed < len(heavy) // 2, (wire.passed, len(heavy))
        assert 1 + len(trace(pictures)) == 60


@pytest.mark.parametrize("buckets", RANGED, indirect=True)
def test_a_transfer_that_breaks_goes_on_where_it_broke(buckets: Buckets, heavy: bytes) -> None:
    """Each connection has an address signed for it."""
    buckets.put("recordings", "heavy.mp4", heavy)
    with Wire(port_of(buckets.store())) as wire:
        wire.cuts = [len(heavy) // 3, len(heavy) // 5, 100, 0, len(heavy) // 4]
        with opened(through(buckets.store(), wire), "heavy.mp4") as reader:
            assert len(trace(reader.pictures())) == 60
        assert len(wire.asked) > 5
        assert not wire.cuts


def test_a_store_that_is_killed_and_comes_back_is_read_on(swift: SwiftBuckets, heavy: bytes) -> None:
    """Every picture once: nothing is lost, nothing seen twice."""
    swift.put("recordings", "heavy.mp4", heavy)
    feed = Feed(
        address(swift.store(), "heavy.mp4"),
        policy=LOOPBACK,
        file_roots=(),
        fps=100.0,
        find=FIND,
        limits=QUICK,
        backoff=Backoff(first_s=0.5, ceiling_s=4.0),
    )
    frames = feed.frames()
    seen = [next(frames).position.time_us]
    swift.kill()

    def come_back() -> None:
        deadline = time.monotonic() + 20
        while not feed.status().stats.reconnects and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        swift.start()

    back = threading.Thread(target=come_back)
    back.start()
    seen += [frame.position.time_us for frame in frames]
    back.join()
    assert seen == [index * 40_000 for index in range(60)]
    assert feed.status().stats.reconnects > 0


def test_refusals_are_told_in_words_with_the_code_of_the_store(swift: SwiftBuckets, make_clip: MakeClip) -> None:
    swift.put("recordings", NAME, make_clip().read_bytes())

    def told(path: str = NAME, bucket: str = "recordings", **changes: Any) -> str:
        error = why_not(swift.store(**changes), path, bucket)
        assert isinstance(error, SourceRefused), error
        return str(error)

    assert "no object 'gate' in the bucket 'recordings'" in told("gate")
    assert "404 NoSuchKey" in told("gate")
    assert "no bucket 'nobodys' (404 NoSuchBucket)" in told(bucket="nobodys")
    assert "check its keys and region, and what they may read (403 SignatureDoesNotMatch)" in told(secret_key="wrong")
    assert "check endpoint and region (400 AuthorizationQueryParametersError)" in told(region="eu-9")
    assert isinstance(why_not(swift.store(), "text.mp4"), SourceInvalid)
    assert "is empty" in str(why_not(swift.store(), "empty.mp4"))


def test_a_playlist_in_a_store_is_no_video(swift: SwiftBuckets) -> None:
    """What it names is not signed, and could be anywhere."""
    swift.put("recordings", "list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")
    with Wire(swift.port) as wire:
        assert isinstance(why_not(through(swift.store(), wire), "list.m3u8"), SourceInvalid)
        assert all("list.m3u8" in target for target in wire.targets)


def test_a_name_that_climbs_is_not_asked_for(swift: SwiftBuckets) -> None:
    """Some servers would take it out of the bucket."""
    with Wire(swift.port) as wire:
        error = why_not(through(swift.store(), wire), "a/../../others/b.mp4")
        assert isinstance(error, SourceRefused)
        assert wire.targets == []


def test_a_store_that_is_away_is_worth_another_try(swift: SwiftBuckets) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert isinstance(why_not(swift.store(endpoint=f"http://127.0.0.1:{port}")), SourceUnreachable)


def test_the_bucket_may_stand_in_the_name_of_the_host(
    swift: SwiftBuckets, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large providers serve new buckets so alone."""
    swift.put("recordings", NAME, make_clip().read_bytes())
    look_up, asked = socket.getaddrinfo, []

    def resolve(host: str, *arguments: Any, **named: Any) -> Any:
        asked.append(host)
        return look_up("127.0.0.1" if host == "recordings.localhost" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    store = swift.store(endpoint=f"http://localhost:{swift.port}", path_style=False)
    with opened(store) as reader:
        assert len(trace(reader.pictures())) == FRAMES
    assert "recordings.localhost" in asked


def test_the_guard_judges_every_store(swift: SwiftBuckets) -> None:
    """A project must not reach what its operator keeps closed, whatever it calls a store."""
    found = FIND(address(swift.store()))
    with pytest.raises(SourceRefused, match="may not reach"):
        Reader(found, policy=GuardPolicy(), limits=QUICK)


def test_objects_of_a_folder_are_files_that_cannot_leave_it(make_clip: MakeClip, tmp_path: Path) -> None:
    bucket = tmp_path / "objects" / "recordings"
    bucket.mkdir(parents=True)
    clip = make_clip()
    (bucket / "clip.mp4").write_bytes(clip.read_bytes())
    (bucket / "link.mp4").symlink_to(clip)
    (bucket / "near.mp4").symlink_to(bucket / "clip.mp4")
    (tmp_path / "objects" / "away").symlink_to(tmp_path)
    store = ObjectStore("here", StoreKind.FOLDER, folder=str(tmp_path / "objects"))

    def read(path: str, roots: tuple[Path, ...] = (tmp_path,), bucket: str = "recordings") -> int:
        with Reader(FIND(address(store, path, bucket)), policy=LOOPBACK, file_roots=roots, limits=QUICK) as reader:
            return len(trace(reader.pictures()))

    assert read("clip.mp4") == read("near.mp4") == FRAMES
    for path, where in (("link.mp4", "recordings"), ("../../clip.mp4", "recordings"), ("clip.mp4", "away"), ("clip.mp4", "..")):  # fmt: skip
        with pytest.raises(SourceRefused):
            read(path, bucket=where)
    with pytest.raises(SourceRefused, match="VEDETTE_FILE_ROOTS"):
        read("clip.mp4", roots=(tmp_path / "elsewhere",))
