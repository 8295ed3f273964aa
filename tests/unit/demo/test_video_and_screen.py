"""The demonstration's small parts: addresses, the inbox, a line for an event."""

import base64
import json
import re
from pathlib import Path

import pytest

from vedette.demo.receiver import Arrival, Inbox
from vedette.demo.screen import describe
from vedette.demo.service import models_folder
from vedette.demo.video import file_url, given
from vedette.model.errors import InvalidParameter

API_RULE = re.compile(r"^(https?|rtsp|rtmp|ftp|file):\/\/[-A-Za-z0-9+&@*#/%?=~_|!:,.;]+[-A-Za-z0-9+&@*#/%=~_|]$")


@pytest.mark.parametrize("name", ["plain.mp4", "with a space.mp4", "门口 摄像头.mp4", "50% $& 'q' \"d\".mp4", "dot."])
def test_any_path_becomes_an_address_that_the_api_takes(name: str) -> None:
    """The rule for addresses knows no spaces, no quotes, no Chinese, and no full stop at the end."""
    assert API_RULE.fullmatch(file_url(Path("/videos") / name))


@pytest.mark.parametrize("named", ["/no/such/file.mp4", "gopher://x/y", "http://host/with space.mp4"])
def test_what_cannot_be_watched_is_refused_at_once(named: str) -> None:
    """Before a service is started for nothing."""
    with pytest.raises(InvalidParameter):
        given(named)


@pytest.mark.parametrize(
    ("url", "live"),
    [
        ("rtsp://cam/1", True),
        ("rtmp://cam/1", True),
        ("http://host/live.m3u8", True),
        ("http://cam/video?channel=1", True),
        ("https://host/a.mp4", False),
        ("ftp://host/a", False),
    ],
)
def test_only_what_may_have_no_end_is_watched_for_a_while(url: str, live: bool) -> None:
    """A file ends by itself; of a camera and a playlist over http nobody knows beforehand."""
    assert given(url).live is live


def body(event_id: str) -> bytes:
    return json.dumps({"message_id": event_id, "image_base64": base64.b64encode(b"jpeg").decode(), "data": {}}).encode()


def test_an_event_that_comes_twice_is_counted_once(tmp_path: Path) -> None:
    """Delivery is at least once; the receiver keeps the ids it has seen."""
    inbox = Inbox(tmp_path, "s")
    assert [inbox.take("s", body(event_id)) for event_id in ("A", "B", "A")] == [200, 200, 200]
    assert (inbox.ids, inbox.repeats, inbox.arrivals.qsize()) == ({"A", "B"}, 1, 2)
    assert (tmp_path / "event-0001.jpg").read_bytes() == b"jpeg"


@pytest.mark.parametrize(
    ("secret", "sent", "status"), [("x", body("A"), 403), ("s", b"no json", 400), ("s", b"[]", 400)]
)
def test_strangers_and_nonsense_are_refused(tmp_path: Path, secret: str, sent: bytes, status: int) -> None:
    """Nothing of it is counted."""
    inbox = Inbox(tmp_path, "s")
    assert inbox.take(secret, sent) == status
    assert not inbox.ids


def test_an_event_is_one_line_with_all_that_matters() -> None:
    """Time in the video, kind, places, track, box, picture."""
    first = {
        "bounding_box": {"x": 1, "y": 2, "w": 30, "h": 40},
        "detection_id": "C8B37777-0000",
        "start_position": "out",
        "end_position": "in",
    }
    message = {"event_type": 196609, "timestamp": 1_700_000_075, "data": {"event_set": [first]}}
    line = describe(Arrival(3, message, Path("/pictures/event-0003.jpg")), 1_700_000_000_000)
    assert line.split() == (
        [
            "event",
            "3",
            "01:15",
            "intrusion",
            "out",
            "->",
            "in",
            "track",
            "C8B37777",
            "box",
            "1,2",
            "30x40",
            "picture",
            "/pictures/event-0003.jpg",
        ]
    )


def test_the_callers_models_are_found_where_the_service_would_find_them() -> None:
    """The demonstration has a data folder of its own, but models are worth keeping."""
    assert models_folder({"VEDETTE_MODELS_DIR": "/m"}) == Path("/m")
    assert models_folder({"VEDETTE_DATA_DIR": "/d"}) == Path("/d/models")
    assert models_folder({"XDG_DATA_HOME": "/x"}) == Path("/x/vedette/models")
