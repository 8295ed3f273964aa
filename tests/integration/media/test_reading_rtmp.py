"""A camera that publishes to a real RTMP server."""

from collections.abc import Callable
from pathlib import Path

from absence import missing
from neighbours.rtmp import RtmpServer, absent
from vedette.media.reconnect import Feed
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState


def test_pictures_of_an_rtmp_camera_arrive(make_clip: Callable[..., Path]) -> None:
    """The feed is opened before the camera publishes: it waits, and takes the first pictures there are."""
    if reason := absent():
        missing(reason)
    clip = make_clip(frames=500, bf="0")
    with RtmpServer() as server:
        server.publish(clip)
        policy = GuardPolicy.parse("lan", ["127.0.0.0/8"])
        feed = Feed(Address(server.url, Liveness.LIVE), policy=policy, file_roots=(), fps=25)
        times = []
        for frame in feed.frames():
            times.append(frame.position.time_us)
            if len(times) == 20:
                status = feed.status()
                feed.stop()
        assert status.state is StreamState.FLOWING
        assert (status.stats.codec, status.stats.width, status.stats.height) == ("h264", 160, 96)
        assert len(times) == 20
        assert times == sorted(times)
