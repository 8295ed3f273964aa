"""Cameras that send over UDP alone."""

from itertools import islice

import pytest

from absence import missing
from conftest import LOOPBACK, QUICK, MakeClip  # the nearest one
from neighbours.rtsp import RtspServer, absent
from vedette.media.reader import Reader
from vedette.model.errors import SourceError
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


@pytest.fixture
def udp_camera(make_clip: MakeClip) -> RtspServer:
    reason = absent()
    if reason:
        missing(reason)
    return RtspServer(make_clip(frames=100, bf="0"), udp=True)


def test_a_camera_that_refuses_tcp_is_read_over_udp(udp_camera: RtspServer) -> None:
    """TCP is asked for first, as it loses nothing; some cameras have none."""
    with udp_camera, Reader(Address(udp_camera.url, Liveness.LIVE), policy=LOOPBACK, limits=QUICK) as reader:
        pictures = list(islice(reader.pictures(), 40))
        times = [picture.frame.position.time_us for picture in pictures]
        assert times == sorted(times)
        assert len(set(times)) == 40


def test_a_service_for_strangers_takes_tcp_alone(udp_camera: RtspServer) -> None:
    """Over UDP the server names the peer, which may be a third party."""
    hosted = GuardPolicy.parse("hosted", ["127.0.0.0/8"])
    with udp_camera, pytest.raises(SourceError):
        Reader(Address(udp_camera.url, Liveness.LIVE), policy=hosted, limits=QUICK)
