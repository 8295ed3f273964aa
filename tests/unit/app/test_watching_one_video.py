"""`vedette run` on a source that does not come."""

import threading
from pathlib import Path
from typing import Any

import pytest

from vedette.app import single
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceUnreachable
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
    nothing = dict.fromkeys(("on_event", "on_frame"), lambda _: None)
    summary = single.watch(settings, "rtsp://camera/1", service, {}, on_away=on_away, **nothing)
    assert told.is_set()
    assert reasons == ["nobody is there"]
    assert summary.frames == 0
