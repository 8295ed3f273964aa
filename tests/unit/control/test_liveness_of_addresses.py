"""Which addresses have an end, which have none, and which are asked."""

import pytest

from vedette.control.sources import address
from vedette.model.errors import SourceRefused
from vedette.model.source import Liveness


@pytest.mark.parametrize(
    ("url", "liveness"),
    [
        ("rtsp://c/1", Liveness.LIVE),
        ("RTMP://c/1", Liveness.LIVE),
        ("rtsp://c/clip.mp4", Liveness.LIVE),
        ("file:///a", Liveness.FILE),
        ("ftp://c/a", Liveness.FILE),
        ("http://c/a.mp4", Liveness.FILE),
        ("https://c/A.MP4?token=x.flv", Liveness.FILE),
        ("http://c/a.mp4/live", Liveness.EITHER),
        ("http://c/mjpg/video.mjpg", Liveness.EITHER),
        ("http://c/live/7.ts", Liveness.EITHER),
        ("http://c/live.flv", Liveness.EITHER),
        ("https://c/live.m3u8?a=b.mp4", Liveness.EITHER),
        ("http://c/axis-cgi/mjpg/video.cgi", Liveness.EITHER),
        ("http://c", Liveness.EITHER),
    ],
)
def test_scheme_and_suffix_tell_and_otherwise_the_first_answer(url: str, liveness: Liveness) -> None:
    """What is behind the question mark names no file."""
    assert address(url).liveness is liveness


@pytest.mark.parametrize("url", ["http://[::1", "rtsp://[zz]/1", "http://[::1]x/"])
def test_what_is_no_url_is_refused_like_any_other_address(url: str) -> None:
    """Sources of undocumented kinds hold whatever was sent; another error would stop the loop that places all tasks."""
    with pytest.raises(SourceRefused, match="not a URL"):
        address(url)
