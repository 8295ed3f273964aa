"""`vedette run` on a source that does not come."""

import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from vedette.app import single
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceUnreachable
from vedette.model.event import Event
from vedette.settings import Settings


def test_a_source_that_is_away_is_told_while_it_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks at an empty screen must be able to tell a dead camera from an empty scene."""
    told, feeds = threading.Event(), list[Feed]()
    reasons = list[str]()

    def away(_address: Any) -> Any:
        raise SourceUnreachable("nobody is there")

    class Watched(Feed):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, find=away, **named)
            feeds.append(self)

    def on_away(reason: str) -> None:
        reasons.append(reason)
        told.set()
        feeds[0].stop()

    monkeypatch.setattr(single, "Feed", Watched)
    settings = Settings(data_dir=tmp_path)
    service = "c-intrusiondetection-cloud"
    nothing = dict.fromkeys(("on_event", "on_frame"), lambda *_: None)
    summary = single.watch(settings, "rtsp://camera/1", service, {}, on_away=on_away, **nothing)
    assert told.is_set()
    assert reasons == ["nobody is there"]
    assert summary.frames == 0


def test_what_is_left_when_a_file_ends_is_told_too(tmp_path: Path) -> None:
    """The counts of an interval that the file does not fill."""
    video = tmp_path / "short.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(15):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 160, 3), 128, np.uint8))))
        container.mux(stream.encode(None))
    told = list[Event]()
    summary = single.watch(
        Settings(data_dir=tmp_path),
        str(video),
        "c-flowcount-cloud",
        {"region_count_interval": 1},
        on_event=told.append,
        on_frame=lambda *_: None,
        on_away=lambda _: None,
    )
    assert [event.position.index for event in told] == [10, 14]
    assert summary.events == 2
