"""The keeper against servers that accept, and then do not behave; each time-out must fire, and soon."""

import random
import socket
import threading
import time

import pytest
from test_feeding import Watcher, wait_state

from conftest import LOOPBACK
from neighbours.rtsp import RtspServer
from neighbours.rude import Manner, Proxy, Rude, elsewhere, garbage, half, hang_up, locked, mute, silent_play, trickle
from vedette.media.backoff import Backoff
from vedette.media.limits import Limits
from vedette.media.picture import Resume
from vedette.media.reconnect import Feed
from vedette.model.frame import Position
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState

LIMITS = Limits(connect_s=1.0, read_s=1.0, picture_s=3.0)
FIRES_S = 2.6
"""FFmpeg takes some time-outs twice."""
SEEN = Resume(Position(0, 10, 400_000))
"""The source had been seen before: it may stay away, whatever it answers now."""


def keeper(url: str, **options: object) -> Feed:
    arguments = {"limits": LIMITS, "backoff": Backoff(first_s=0.05, ceiling_s=0.2)} | options
    return Feed(Address(url, Liveness.LIVE), policy=LOOPBACK, file_roots=(), fps=25, **arguments)  # type: ignore[arg-type]


def end(watcher: Watcher) -> None:
    began = time.monotonic()
    watcher.feed.stop()
    assert watcher.ended(1), "stop obeys whatever the server does"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
@pytest.mark.parametrize("manner", [mute, half, garbage, trickle, hang_up])
def test_whatever_a_server_does_it_is_away_soon_with_a_reason(manner: Manner, scheme: str) -> None:
    """A read that waits for ever would leave the task RUNNING, and blind."""
    with Rude(manner) as server:
        watcher = Watcher(keeper(server.url(scheme), resume=SEEN))
        began = time.monotonic()
        assert wait_state(watcher.feed, StreamState.AWAY, 8)
        assert time.monotonic() - began < FIRES_S
        failure = watcher.feed.status().failure
        assert failure is not None
        assert failure.code.startswith("VEDETTE.1")
        assert "hunter2" not in repr(watcher.feed.status())
        end(watcher)
        assert watcher.error is None


def test_a_camera_that_plays_and_sends_no_packet_is_away() -> None:
    """It answers DESCRIBE, SETUP and PLAY as it should."""
    with Rude(silent_play) as server:
        watcher = Watcher(keeper(server.url()))
        began = time.monotonic()
        assert wait_state(watcher.feed, StreamState.AWAY, 8)
        assert time.monotonic() - began < FIRES_S
        end(watcher)


def test_a_server_that_hangs_up_without_a_word_is_waited_for() -> None:
    """So does the relay of a container or a tunnel whose camera is not there yet; a server that answers nonsense is none."""
    with Rude(hang_up) as server:
        watcher = Watcher(keeper(server.url()))
        assert wait_state(watcher.feed, StreamState.AWAY, 8)
        failure = watcher.feed.status().failure
        assert failure is not None
        assert "hangs up without a word" in failure.message
        end(watcher)
        assert watcher.error is None


def test_a_redirect_of_a_camera_leads_nowhere() -> None:
    """Its target has been judged by nobody: it may be the cloud's metadata, or a machine behind the firewall."""
    with Rude(mute) as target, Rude(elsewhere(target.url())) as server:
        watcher = Watcher(keeper(server.url()))
        assert wait_state(watcher.feed, StreamState.AWAY, 8)
        failure = watcher.feed.status().failure
        assert failure is not None
        assert "redirects" in failure.message
        end(watcher)
        assert server.connections
        assert not target.connections


def test_a_refused_login_is_repeated_seldom() -> None:
    """Cameras lock the account after a few wrong ones; a live source that has been seen is asked again all the same."""
    waits: list[float] = []

    class Noting(Backoff):
        def next(self, ceiling_s: float | None = None) -> float:
            waits.append(ceiling_s or self.ceiling_s)
            return 0.05 if len(waits) < 3 else super().next(ceiling_s)

    with Rude(locked) as server:
        watcher = Watcher(keeper(server.url(), resume=SEEN, backoff=Noting()))
        pause, limit = threading.Event(), time.monotonic() + 8
        while len(waits) < 3 and time.monotonic() < limit:
            pause.wait(0.02)
        assert waits[:3] == [30.0, 30.0, 30.0]
        end(watcher)


@pytest.mark.parametrize("spoil", ["stall", "freeze"])
def test_a_camera_that_stops_in_mid_stream_is_noticed_and_found_again(camera: RtspServer, spoil: str) -> None:
    """A pulled cable, a process that hangs: no connection ends."""
    with Proxy(camera.port) as proxy:
        watcher = Watcher(keeper(proxy.url(path="/live")))
        assert watcher.wait_for(5)
        proxy.stalled.set()
        began = time.monotonic()
        assert wait_state(watcher.feed, StreamState.AWAY, 8)
        assert time.monotonic() - began < LIMITS.read_s + 0.8, "FFmpeg's time-out is waited for once"
        if spoil == "freeze":  # and now every new connection hangs as well
            threading.Event().wait(1.5)
        proxy.stalled.clear()
        back = time.monotonic()
        seen = len(watcher.frames)
        assert watcher.wait_for(seen + 1, 8)
        assert time.monotonic() - back < 3.0
        assert watcher.feed.status().failure is None
        end(watcher)


def test_damaged_packets_are_counted_and_the_camera_is_not_given_up(camera: RtspServer) -> None:
    """A bad cable flips bits: pictures go on, or a new connection is made; nothing ends."""
    chance = random.Random(4)

    def spoil(piece: bytes) -> bytes:
        spoilt = bytearray(piece)
        if len(spoilt) > 60 and chance.random() < 0.7:
            for _ in range(4):
                spoilt[chance.randrange(40, len(spoilt))] ^= 1 << chance.randrange(8)
        return bytes(spoilt)

    with Proxy(camera.port) as proxy:
        watcher = Watcher(keeper(proxy.url(path="/live")))
        assert watcher.wait_for(5)
        proxy.spoil = spoil
        threading.Event().wait(4)
        proxy.spoil = bytes
        seen = len(watcher.frames)
        assert watcher.wait_for(seen + 20, 10)
        assert wait_state(watcher.feed, StreamState.FLOWING)
        stats = watcher.feed.status().stats
        assert stats.corrupt + stats.reconnects > 0
        end(watcher)
        assert watcher.error is None


def test_garbage_between_the_packets_is_passed_over_or_the_connection_made_anew(camera: RtspServer) -> None:
    """It gets in once; what follows is in order again."""
    with Proxy(camera.port) as proxy:
        watcher = Watcher(keeper(proxy.url(path="/live")))
        assert watcher.wait_for(5)
        once = iter([b"\xff" * 3000])
        proxy.spoil = lambda piece: next(once, b"") + piece
        seen = len(watcher.frames)
        assert watcher.wait_for(seen + 40, 12)
        assert watcher.feed.status().state is StreamState.FLOWING
        end(watcher)


def test_nobody_at_home_is_told_in_the_words_of_the_system() -> None:
    """From the second try on a plain connection is made first."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        watcher = Watcher(keeper(f"rtsp://127.0.0.1:{nobody.getsockname()[1]}/live"))
        pause = threading.Event()
        limit = time.monotonic() + 8
        while watcher.feed.status().stats.reconnects < 3 and time.monotonic() < limit:
            pause.wait(0.02)
        failure = watcher.feed.status().failure
        assert failure is not None
        assert "cannot be reached: Connection refused" in failure.message
        end(watcher)


def test_who_was_away_for_long_is_found_soon(camera: RtspServer) -> None:
    """The waits do not grow: after many vain tries it takes no longer than after a few."""
    camera.kill()
    watcher = Watcher(keeper(camera.url, backoff=Backoff(tries=40)))
    assert wait_state(watcher.feed, StreamState.AWAY)
    threading.Event().wait(2)
    camera.start()
    back = time.monotonic()
    assert watcher.wait_for(1)
    assert time.monotonic() - back < 3.0
    end(watcher)
