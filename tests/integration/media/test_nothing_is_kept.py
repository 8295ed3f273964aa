"""Connections are opened and lost all day: nothing of them may wait for the collector, or for the end of the process."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from file_server import Manners, serving
from test_feeding import feed_of

from conftest import MakeClip  # the nearest one
from neighbours import hls
from neighbours.rtsp import RtspServer
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceError


@contextmanager
def circles() -> Iterator[list[str]]:
    """Gather what of ours only the collector would free; the servers of the tests live in this process, too."""
    gc.collect()
    gc.disable()
    found: list[str] = []
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += [type(one).__name__ for one in gc.garbage if type(one).__module__.startswith(("vedette.", "av."))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _use(feed: Feed, pictures: int) -> None:
    """Take some pictures, hang up, and wait for the thread that fetched them."""
    try:
        for number, _ in enumerate(feed.frames(), 1):
            if number == pictures:
                break
    except SourceError:
        pass  # the end of some of them
    feed.stop()
    _threads_end()


def _threads_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "vedette-feed":
            thread.join(10)
            assert not thread.is_alive()


def _sockets() -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(link.is_symlink() and str(link.readlink()).startswith("socket:") for link in links)


def _nothing_is_kept(use: Callable[[], None]) -> None:
    use()  # what is made once and stays
    sockets = _sockets()
    with circles() as found:
        for _ in range(3):
            use()
    assert not found, found
    assert _sockets() == sockets


def _large(make_clip: MakeClip) -> Path:
    """A clip of which FFmpeg cannot hold all, so that the transfer is under way when it is left."""
    return make_clip("large.mp4", frames=150, size=(640, 360), crf="1", container={"movflags": "faststart"})


def test_a_file_that_is_left_half_way(make_clip: MakeClip) -> None:
    """The reading thread ends with an error that nobody hears of."""
    with serving(Manners(_large(make_clip).read_bytes())) as served:
        _nothing_is_kept(lambda: _use(feed_of(served), 10))


def test_a_file_whose_transfer_breaks(make_clip: MakeClip) -> None:
    """Such an error is passed through FFmpeg, kept, and raised again in another thread."""
    body = _large(make_clip).read_bytes()
    with serving(Manners(body, break_after=len(body) // 2, cuts=20)) as served:
        _nothing_is_kept(lambda: _use(feed_of(served), 1000))


def test_files_that_fail_for_good(make_clip: MakeClip, tmp_path: Path) -> None:
    """A truncated one, and one that is no video: the error is what the task is told."""
    whole = make_clip("whole.mp4", frames=100, container={"movflags": "faststart"})
    cut, text = tmp_path / "cut.mp4", tmp_path / "text.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    text.write_text("no video at all" * 500)
    for path in (cut, text):
        _nothing_is_kept(lambda path=path: _use(feed_of(path.as_uri(), roots=(tmp_path,)), 1000))  # type: ignore[misc]


def test_a_playlist(tmp_path: Path) -> None:
    """It has files behind files."""
    hls.write(tmp_path / "recording")
    with hls.serving(hls.Folder(tmp_path / "recording")) as url:
        _nothing_is_kept(lambda: _use(feed_of(f"{url}/index.m3u8"), 30))


def test_a_camera_that_goes_away(camera: RtspServer) -> None:
    """It is lost and found again within one feed."""

    def use() -> None:
        feed = feed_of(camera.url, live=True)
        frames = feed.frames()
        first = next(frames).position.connection
        camera.kill()
        camera.start()
        while next(frames).position.connection == first:
            pass
        frames.close()  # type: ignore[attr-defined]
        feed.stop()
        _threads_end()

    _nothing_is_kept(use)


def test_a_camera_that_is_not_there() -> None:
    """It is tried again and again."""

    def use() -> None:
        feed = feed_of("rtsp://127.0.0.1:9/live", live=True)
        watcher = threading.Thread(target=lambda: list(feed.frames()))
        watcher.start()
        over = threading.Event()
        over.wait(0.5)  # some tries
        feed.stop()
        watcher.join(10)
        _threads_end()

    _nothing_is_kept(use)
