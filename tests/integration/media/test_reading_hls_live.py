"""Live playlists: FFmpeg's muxer writes them while they are read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from test_feeding import Watcher, wait_state

from conftest import LOOPBACK
from neighbours.hls import FPS, Folder, index_of, serving, write
from vedette.media.backoff import Backoff
from vedette.media.limits import Limits
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceLost
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState

WINDOW = {"hls_list_size": "4", "hls_flags": "delete_segments"}
CALM = Limits(connect_s=1.0, read_s=1.0, picture_s=6.0)


@contextmanager
def camera(folder: Path, *, frames: int = 4000, seconds: float = 1.0, **options: object) -> Iterator[threading.Event]:
    """Write a live playlist at its own pace; give the event that ends it."""
    over = threading.Event()
    arguments = {"frames": frames, "seconds": seconds, "live": over} | WINDOW | options
    thread = threading.Thread(target=write, args=(folder,), kwargs=arguments, daemon=True)
    thread.start()
    listed = folder / "index.m3u8"
    deadline = time.monotonic() + 10
    while not listed.exists() or "#EXTINF" not in listed.read_text():
        assert time.monotonic() < deadline, "the muxer writes nothing"
        threading.Event().wait(0.02)
    try:
        yield over
    finally:
        over.set()
        thread.join(10)


def feed_of(url: str, **options: object) -> Feed:
    arguments = {"limits": CALM, "backoff": Backoff(first_s=0.05, ceiling_s=0.2)} | options
    address = Address(url, Liveness.EITHER)
    return Feed(address, policy=LOOPBACK, file_roots=(), fps=100.0, **arguments)  # type: ignore[arg-type]


def told(watcher: Watcher) -> list[int]:
    return [index_of(frame.luma) for frame in watcher.frames]


def test_every_picture_of_a_live_playlist_comes_when_it_is_due(tmp_path: Path) -> None:
    """From the newest segment on, none is lost, none comes twice."""
    with camera(tmp_path), serving(Folder(tmp_path)) as url:
        began = time.monotonic()
        address = Address(f"{url}/index.m3u8", Liveness.EITHER)
        with Reader(address, policy=LOOPBACK, limits=CALM) as reader:
            seen = [index_of(one.frame.luma) for one in islice(reader.pictures(), 5 * FPS)]
        took_s = time.monotonic() - began
    assert reader.live
    assert seen == list(range(seen[0], seen[0] + 5 * FPS))
    assert 3.5 < took_s < 7.5


def test_pictures_of_a_segment_do_not_come_at_once(tmp_path: Path) -> None:
    """Of a burst, all but the newest would be dropped."""
    with camera(tmp_path), serving(Folder(tmp_path)) as url:
        began = time.monotonic()
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        first_s = time.monotonic() - began
        assert watcher.wait_for(3 * FPS, 20)
        feed.stop()
        assert watcher.ended(3)
    seen = told(watcher)
    assert feed.liveness is Liveness.LIVE
    assert seen == sorted(set(seen))
    assert len(seen) >= 0.9 * (seen[-1] - seen[0] + 1)
    assert first_s < 0.5


def test_a_live_playlist_of_fragments_is_followed(tmp_path: Path) -> None:
    with camera(tmp_path, hls_segment_type="fmp4"), serving(Folder(tmp_path)) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(3 * FPS, 15)
        feed.stop()
        assert watcher.ended(3)
    seen = told(watcher)
    assert seen == sorted(set(seen))
    assert len(seen) >= 0.9 * (seen[-1] - seen[0] + 1)


def test_an_event_that_ends_is_a_success_after_its_last_picture(tmp_path: Path) -> None:
    """EXT-X-ENDLIST in a live playlist: it is over, not lost."""
    with camera(tmp_path, frames=110), serving(Folder(tmp_path)) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        assert feed.liveness is Liveness.LIVE
        assert watcher.ended(15)
    assert watcher.error is None
    assert told(watcher)[-1] == 109
    assert feed.status().stats.reconnects == 0


def test_a_playlist_that_stops_growing_is_lost_and_its_pictures_come_once(tmp_path: Path) -> None:
    """The last segments lie there still: to show them again would be a lie."""
    folder = Folder(tmp_path)
    with camera(tmp_path, frames=60, hls_flags="omit_endlist"), serving(folder) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(FPS, 15)
        assert wait_state(feed, StreamState.AWAY, 15)
        assert (failure := feed.status().failure) is not None
        assert failure.code == SourceLost.code
        asked = folder.asked["index.m3u8"]
        deadline = time.monotonic() + 15
        while folder.asked["index.m3u8"] < asked + 3:
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)
        assert feed.status().state is StreamState.AWAY
        feed.stop()
        assert watcher.ended(3)
    seen = told(watcher)
    assert len(seen) == len(set(seen))


def test_after_an_outage_of_the_server_it_goes_on(tmp_path: Path) -> None:
    """Whatever is still in the window comes, and nothing comes twice."""
    with camera(tmp_path):
        with serving(Folder(tmp_path)) as url:
            feed = feed_of(f"{url}/index.m3u8")
            watcher = Watcher(feed)
            assert watcher.wait_for(FPS, 15)
        assert wait_state(feed, StreamState.AWAY, 15)
        before = len(watcher.frames)
        with serving(Folder(tmp_path), port=int(url.rpartition(":")[2])):
            back = time.monotonic()
            assert watcher.wait_for(before + 1, 10)
            assert time.monotonic() - back < 3
            assert watcher.wait_for(before + FPS, 10)
            assert feed.status().state is StreamState.FLOWING
            feed.stop()
            assert watcher.ended(3)
    seen = told(watcher)
    assert seen == sorted(set(seen))
    times = [frame.position.time_us for frame in watcher.frames]
    assert times == sorted(times)


def test_an_event_that_ends_while_its_server_is_away_is_shown_to_its_end(tmp_path: Path) -> None:
    """What is still in the window when the server is back is the rest of it."""
    with camera(tmp_path, hls_list_size="0") as over:
        with serving(Folder(tmp_path)) as url:
            feed = feed_of(f"{url}/index.m3u8")
            watcher = Watcher(feed)
            assert watcher.wait_for(FPS, 15)
        assert wait_state(feed, StreamState.AWAY, 15)
        over.set()
        listed = tmp_path / "index.m3u8"
        deadline = time.monotonic() + 10
        while "#EXT-X-ENDLIST" not in listed.read_text():
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)
        with serving(Folder(tmp_path), port=int(url.rpartition(":")[2])):
            assert watcher.ended(20)
    assert watcher.error is None
    seen = told(watcher)
    assert seen == sorted(set(seen))
    assert len(seen) >= 0.8 * (seen[-1] - seen[0] + 1)
    segments = listed.read_text().count("#EXTINF")
    assert seen[-1] // FPS >= segments - 1


def test_a_live_segment_that_cannot_be_had_now_is_taken_later(tmp_path: Path) -> None:
    """The server is overloaded for a moment: nothing is passed over while it is still in the window."""
    folder = Folder(tmp_path)
    with camera(tmp_path, hls_list_size="8"), serving(folder) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        at = told(watcher)[0] // FPS + 2
        folder.status[f"index_{at:03d}.ts"] = 503, 2
        assert watcher.wait_for(4 * FPS, 20)
        feed.stop()
        assert watcher.ended(3)
    seen = told(watcher)
    assert seen == sorted(set(seen))
    assert len([one for one in seen if one // FPS == at]) > 0.8 * FPS
    assert feed.status().stats.reconnects == 2


def test_a_live_segment_that_is_missing_is_counted_and_passed_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with camera(tmp_path), serving(folder) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        at = told(watcher)[0] // FPS + 2
        folder.status[f"index_{at:03d}.ts"] = 404, 1 << 30
        assert watcher.wait_for(4 * FPS, 20)
        feed.stop()
        assert watcher.ended(3)
    seen = told(watcher)
    gone = set(range(at * FPS, (at + 1) * FPS))
    assert set(range(seen[0], seen[-1] + 1)) - set(seen) == gone
    assert seen == sorted(set(seen))
    assert feed.status().stats.reconnects == 0
    assert feed.status().stats.dropped == {"missing": FPS}


def test_a_playlist_whose_numbers_begin_anew_is_followed_again(tmp_path: Path) -> None:
    """The packager was started again, and counts its segments from nothing."""
    folder = Folder(tmp_path)
    with serving(folder) as url:
        with camera(tmp_path, start_number="40", hls_flags="delete_segments+omit_endlist"):
            feed = feed_of(f"{url}/index.m3u8")
            watcher = Watcher(feed)
            assert watcher.wait_for(FPS, 15)
        (tmp_path / "index.m3u8").unlink()
        with camera(tmp_path):
            before = len(watcher.frames)
            assert watcher.wait_for(before + 2 * FPS, 20)
            assert feed.status().state is StreamState.FLOWING
            feed.stop()
            assert watcher.ended(3)


def test_a_packager_that_goes_on_in_another_size_is_followed_on_the_same_connection(tmp_path: Path) -> None:
    """It writes EXT-X-DISCONTINUITY, and begins its times anew."""
    with serving(Folder(tmp_path)) as url:
        with camera(tmp_path, hls_flags="omit_endlist"):
            feed = feed_of(f"{url}/index.m3u8")
            watcher = Watcher(feed)
            assert watcher.wait_for(FPS, 15)
        with camera(tmp_path, size=(320, 192), hls_flags="append_list+discont_start+omit_endlist"):
            deadline = time.monotonic() + 15
            while not watcher.frames or watcher.frames[-1].width != 320:
                assert time.monotonic() < deadline
                threading.Event().wait(0.02)
            assert "#EXT-X-DISCONTINUITY" in (tmp_path / "index.m3u8").read_text()
            before = len(watcher.frames)
            assert watcher.wait_for(before + FPS, 10)
            feed.stop()
            assert watcher.ended(3)
    assert feed.status().stats.reconnects == 0
    times = [frame.position.time_us for frame in watcher.frames]
    assert times == sorted(set(times))


def test_segments_with_nothing_in_them_are_a_loss(tmp_path: Path) -> None:
    """A packager whose camera is gone may go on writing files."""
    folder = Folder(tmp_path)
    with camera(tmp_path), serving(folder) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        folder.empty = True
        assert wait_state(feed, StreamState.AWAY, 15)
        feed.stop()
        assert watcher.ended(3)


def test_a_server_that_falls_silent_is_away_in_time(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with camera(tmp_path), serving(folder) as url:
        feed = feed_of(f"{url}/index.m3u8")
        watcher = Watcher(feed)
        assert watcher.wait_for(1)
        folder.hang |= {"index.m3u8"}
        assert wait_state(feed, StreamState.AWAY, 15)
        feed.stop()
        folder.over.set()
        assert watcher.ended(3)
