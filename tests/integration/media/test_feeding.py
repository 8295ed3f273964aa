"""The keeper, against a real RTSP server and against servers that are none."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import Manners, serving

from conftest import LOOPBACK, QUICK, MakeClip, trace  # the nearest one
from neighbours.rtsp import RtspServer
from vedette.media.backoff import Backoff
from vedette.media.picture import Resume
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceTruncated, SourceUnreachable
from vedette.model.frame import Frame, Position
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState


def feed_of(
    url: str, *, fps: float = 100.0, live: bool = False, roots: tuple[Path, ...] = (), **options: object
) -> Feed:
    arguments = {"limits": QUICK, "backoff": Backoff(first_s=0.05, ceiling_s=0.2)} | options
    address = Address(url, Liveness.LIVE if live else Liveness.FILE)
    return Feed(address, policy=LOOPBACK, file_roots=roots, fps=fps, **arguments)  # type: ignore[arg-type]


class Watcher:
    """Consumes a feed in a thread of its own, as a worker does."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.frames, self.error = feed, list[Frame](), None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for frame in self.feed.frames():
                with self._changed:
                    self.frames.append(frame)
                    self._changed.notify_all()
        except SourceError as error:
            self.error = error
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, count: int, deadline_s: float = 10.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.frames) >= count, deadline_s)

    def ended(self, deadline_s: float) -> bool:
        self._thread.join(deadline_s)
        return not self._thread.is_alive()


def wait_state(feed: Feed, state: StreamState, deadline_s: float = 10.0) -> bool:
    """Look at a status until it is the one wanted; a status has no event to wait for."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while feed.status().state is not state:
        if time.monotonic() > end:
            return False
        pause.wait(0.01)
    return True


def gone(feed: Feed, deadline_s: float = 10.0) -> bool:
    """Tell whether nothing reads for a feed any more, within the time-outs of a connection."""
    end, pause = time.monotonic() + deadline_s, threading.Event()
    while feed.reading and time.monotonic() < end:
        pause.wait(0.01)
    return not feed.reading


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


@pytest.fixture
def babbler() -> Iterator[int]:
    """A port that answers everybody with nonsense."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)

    def answer() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.recv(4096)
                peer.sendall(b"\x00nonsense\xff" * 4000)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_file_is_sampled_by_index_and_nothing_is_dropped_in_between(make_clip: MakeClip, tmp_path: Path) -> None:
    """At 25 pictures a second, 10 wanted: every second one, however slow the analysis is."""
    feed = feed_of(make_clip().as_uri(), fps=10, roots=(tmp_path,))
    assert [frame.position.index for frame in feed.frames()] == list(range(0, 75, 2))
    status = feed.status()
    assert (status.stats.decoded, status.stats.analysed, status.stats.dropped) == (75, 38, {"not_due": 37})
    assert (status.stats.width, status.stats.codec, status.failure) == (160, "h264", None)


def test_a_resumed_feed_goes_on_as_if_nothing_had_been(make_clip: MakeClip, tmp_path: Path) -> None:
    """The worker was killed: its successor has position and mark, and must see the very same rest."""
    url = make_clip().as_uri()
    whole = [frame.position for frame in feed_of(url, fps=10, roots=(tmp_path,)).frames()]
    first = feed_of(url, fps=10, roots=(tmp_path,))
    for frame in first.frames():
        if frame.position == whole[30]:
            mark = first.seek_mark()
            break
    assert mark is not None
    second = feed_of(url, fps=10, roots=(tmp_path,), resume=Resume(whole[30], mark))
    assert [frame.position for frame in second.frames()] == whole[31:]
    assert second.status().stats.decoded < 40, "it came back by seeking"


def test_a_file_over_http_survives_breaks_and_errors_in_mid_transfer(make_clip: MakeClip) -> None:
    """More breaks than one reader puts up with: the keeper opens it again, behind the last picture."""
    body = make_clip(container={"movflags": "faststart"}, crf="1").read_bytes()
    manners = Manners(body, ranges=False, break_after=len(body) // 2, cuts=6)
    with serving(manners) as url:
        feed = feed_of(url)
        assert [frame.position.index for frame in feed.frames()] == list(range(75))
    assert feed.status().stats.reconnects >= 1


def test_a_file_that_stays_away_is_given_up(mute: int) -> None:
    """Five tries, then whoever asked is told; a live source would be waited for."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        feed = feed_of(f"http://127.0.0.1:{nobody.getsockname()[1]}/clip.mp4")
        with pytest.raises(SourceUnreachable, match="refused"):
            list(feed.frames())
    assert feed.status().stats.reconnects == 5


def test_a_truncated_file_ends_in_its_error_after_its_pictures(make_clip: MakeClip, tmp_path: Path) -> None:
    """Analysed as far as it goes, and not called a success."""
    whole = make_clip(container={"movflags": "faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    watcher = Watcher(feed_of(cut.as_uri(), roots=(tmp_path,)))
    assert watcher.ended(10)
    assert isinstance(watcher.error, SourceTruncated)
    assert len(watcher.frames) > 5
    assert watcher.feed.status().state is StreamState.FLOWING, "it is at its end, not away"


def test_a_404_is_told_at_once() -> None:
    """Nobody gains by five tries."""
    manners = Manners(b"", status=404)
    with serving(manners) as url, pytest.raises(SourceRefused, match="404"):
        list(feed_of(url).frames())
    assert len(manners.requests) == 1


def test_a_camera_flows_and_a_second_task_changes_the_rate(camera: RtspServer) -> None:
    """One connection, one decode; the budget follows the tasks."""
    feed = feed_of(camera.url, live=True, fps=5)
    watcher = Watcher(feed)
    assert watcher.wait_for(6)
    assert feed.status().state is StreamState.FLOWING
    steps = [b.position.time_us - a.position.time_us for a, b in zip(watcher.frames, watcher.frames[1:], strict=False)]
    assert 150_000 < sum(steps[1:]) / len(steps[1:]) < 250_000
    feed.want_fps(25)
    seen = len(watcher.frames)
    assert watcher.wait_for(seen + 20)
    rate = [
        b.position.index - a.position.index for a, b in zip(watcher.frames[-15:], watcher.frames[-14:], strict=False)
    ]
    assert set(rate) <= {1, 2}
    feed.stop()
    assert watcher.ended(1)
    assert camera.connections == 1


def test_a_slow_analysis_sees_fresh_pictures_and_the_drops_are_counted(camera: RtspServer) -> None:
    """0.4 s a picture at 25 a second: newest wins, nothing piles up."""
    feed = feed_of(camera.url, live=True, fps=25)
    pause = threading.Event()
    lags = []
    for frame in feed.frames():
        stats = feed.status().stats
        lags.append(stats.lag_s)
        assert frame.luma.shape == (96, 160)
        if len(lags) == 8:
            break
        pause.wait(0.4)
    assert max(lags) < 0.2
    stats = feed.status().stats
    assert stats.dropped["overtaken"] > 40
    assert stats.decoded >= stats.analysed + sum(stats.dropped.values()) - 1


def test_a_camera_that_was_killed_is_found_again(camera: RtspServer) -> None:
    """AWAY with a reason while it is gone; then a new connection, and time has gone on."""
    feed = feed_of(camera.url, live=True, fps=25)
    watcher = Watcher(feed)
    assert watcher.wait_for(5)
    camera.kill()
    assert wait_state(feed, StreamState.AWAY)
    failure = feed.status().failure
    assert failure is not None
    assert failure.code in ("VEDETTE.1001", "VEDETTE.1002")
    went = time.monotonic()
    camera.start()
    assert watcher.wait_for(len(watcher.frames) + 4)
    gone_us = (time.monotonic() - went) * 1e6
    assert wait_state(feed, StreamState.FLOWING)
    assert feed.status().failure is None
    last = [frame.position for frame in watcher.frames if frame.position.connection == 0][-1]
    new = next(frame.position for frame in watcher.frames if frame.position.connection == 1)
    assert 0 < new.time_us - last.time_us < gone_us + 3e6
    times = [frame.position.time_us for frame in watcher.frames]
    assert times == sorted(times)
    assert feed.status().stats.reconnects >= 1
    feed.stop()
    assert watcher.ended(1)


def test_pictures_are_numbered_without_a_gap_over_outages(camera: RtspServer) -> None:
    """Each connection has the next ordinal and counts from nothing; what was not analysed was counted as dropped."""
    feed = feed_of(camera.url, live=True)
    watcher = Watcher(feed)
    for outage in range(3):
        assert watcher.wait_for(len(watcher.frames) + 8)
        camera.kill()
        assert wait_state(feed, StreamState.AWAY)
        camera.start()
        assert wait_state(feed, StreamState.FLOWING), outage
    assert watcher.wait_for(len(watcher.frames) + 8)
    feed.stop()
    assert watcher.ended(5)
    numbers: dict[int, list[int]] = {}
    for frame in watcher.frames:
        numbers.setdefault(frame.position.connection, []).append(frame.position.index)
    assert list(numbers) == [0, 1, 2, 3]
    assert all(one == sorted(set(one)) for one in numbers.values())
    unseen = sum(one[-1] + 1 - len(one) for one in numbers.values())
    dropped = sum(number for why, number in feed.status().stats.dropped.items() if why != "behind")
    assert unseen <= dropped <= unseen + len(numbers), "the last of a connection may have been overtaken by the next"


def test_a_camera_that_freezes_is_noticed_by_the_read_time_out(camera: RtspServer) -> None:
    """A pulled cable closes no connection: without a time-out the reader would wait for ever."""
    feed = feed_of(camera.url, live=True, fps=25)
    watcher = Watcher(feed)
    assert watcher.wait_for(5)
    camera.freeze()
    began = time.monotonic()
    assert wait_state(feed, StreamState.AWAY, 5)
    assert time.monotonic() - began < 2.5
    began = time.monotonic()
    feed.stop()
    assert watcher.ended(1)
    assert time.monotonic() - began < 1


def test_a_wrong_path_is_refused_before_the_first_picture(camera: RtspServer) -> None:
    """No retry cures a typing error: the task must fail to start, not wait."""
    feed = feed_of(camera.url + "-wrong", live=True)
    with pytest.raises(SourceRefused):
        list(feed.frames())
    status = feed.status()
    assert status.state is StreamState.OPENING, "who is told that it is away takes the task for one that waits"
    assert status.failure is not None


def test_the_same_error_after_a_restart_of_the_worker_keeps_it_waiting(camera: RtspServer) -> None:
    """It has run before: the camera may be starting up, so it is away, not refused."""
    feed = feed_of(camera.url + "-wrong", live=True, resume=Resume(Position(2, 9, 10)), first_connection=3)
    watcher = Watcher(feed)
    assert wait_state(feed, StreamState.AWAY)
    feed.stop()
    assert watcher.ended(1)
    assert watcher.error is None


def test_time_and_connections_go_on_after_a_restart_of_the_worker(camera: RtspServer) -> None:
    """Positions of one run never repeat."""
    resume = Resume(Position(2, 100, 4_000_000), None, elapsed_us=60_000_000)
    feed = feed_of(camera.url, live=True, resume=resume, first_connection=3)
    first = next(iter(feed.frames()))
    assert first.position.connection == 3
    assert 60_000_000 <= first.position.time_us < 75_000_000
    feed.stop()


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp"])
def test_a_port_that_accepts_and_says_nothing_is_away(mute: int, scheme: str) -> None:
    """It may wake up; and stop obeys while it is waited for."""
    feed = feed_of(f"{scheme}://user:hunter2@127.0.0.1:{mute}/app/live", live=True)
    watcher = Watcher(feed)
    assert wait_state(feed, StreamState.AWAY, 5)
    status = feed.status()
    assert status.failure is not None
    assert "says nothing" in status.failure.message
    assert "hunter2" not in repr(status)
    feed.stop()
    assert watcher.ended(1)


def test_a_port_that_talks_nonsense_is_no_camera(babbler: int) -> None:
    """Before the first picture that is a wrong address."""
    with pytest.raises(SourceInvalid):
        list(feed_of(f"rtsp://127.0.0.1:{babbler}/live", live=True).frames())


def test_a_refused_connection_is_tried_without_limit() -> None:
    """A camera that restarts refuses for a minute."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        feed = feed_of(f"rtsp://127.0.0.1:{nobody.getsockname()[1]}/live", live=True)
        watcher = Watcher(feed)
        assert wait_state(feed, StreamState.AWAY)
        pause = threading.Event()
        end = time.monotonic() + 10
        while feed.status().stats.reconnects < 8 and time.monotonic() < end:
            pause.wait(0.02)
        assert feed.status().stats.reconnects >= 8
        feed.stop()
        assert watcher.ended(1)


def test_the_guard_stands_before_cameras_too(camera: RtspServer) -> None:
    """Loopback is not exempt here."""
    feed = Feed(Address(camera.url, Liveness.LIVE), policy=GuardPolicy(), file_roots=(), fps=5)
    with pytest.raises(SourceRefused, match="VEDETTE_GUARD_ALLOW"):
        list(feed.frames())
    assert camera.connections == 0


@pytest.mark.parametrize("phase", ["unstarted", "opening", "reading", "waiting"])
def test_stop_ends_the_frames_within_a_second_in_every_phase(make_clip: MakeClip, mute: int, phase: str) -> None:
    """Stop and delete always obey."""
    url = f"rtsp://127.0.0.1:{mute}/live"
    slow = Backoff(first_s=60, ceiling_s=60)
    if phase == "reading":
        body = make_clip(container={"movflags": "faststart"}, crf="1", frames=200).read_bytes()
        with serving(Manners(body, silent_after=len(body) // 2)) as address:
            watcher = Watcher(feed_of(address, limits=type(QUICK)()))
            assert watcher.wait_for(3)
            assert watcher.feed.reading
            watcher.feed.stop()
            assert watcher.ended(1)
            assert gone(watcher.feed), "what is read after a stop hangs, as far as anybody can tell"
        return
    feed = feed_of(url, live=True, backoff=slow, limits=QUICK if phase == "waiting" else type(QUICK)())
    if phase == "unstarted":
        feed.stop()
        assert list(feed.frames()) == []
        return
    watcher = Watcher(feed)
    assert wait_state(feed, StreamState.AWAY if phase == "waiting" else StreamState.OPENING)
    feed.stop()
    feed.stop()
    assert watcher.ended(1)


def test_frames_given_are_those_a_reader_gives(make_clip: MakeClip, tmp_path: Path) -> None:
    """The thread between changes nothing."""
    path = make_clip()
    with Reader(Address(path.as_uri(), Liveness.FILE), policy=LOOPBACK, file_roots=(tmp_path,)) as reader:
        wanted = trace(reader.pictures())
    got = [(frame.position, frame.luma.copy()) for frame in feed_of(path.as_uri(), roots=(tmp_path,)).frames()]
    assert [position for position, _ in got] == [position for position, _ in wanted]
