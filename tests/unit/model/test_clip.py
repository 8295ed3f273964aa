"""Where an event can be seen again: what the task looked at, without its secrets."""

from typing import Any

import pytest

from vedette.model.clip import span, watched
from vedette.model.source import InputDatum, InputType, TaskInput, VcnServer


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (TaskInput(InputType.URL, InputDatum(url="rtsp://u:p@c:554/a?token=t#f")), {"url": "rtsp://c:554/a"}),
        (TaskInput(InputType.URL, InputDatum(url="http://[::1")), {}),
        (TaskInput(InputType.RESTFUL, InputDatum(url="https://h/b?key=k", headers={"X": "s"})), {"url": "https://h/b"}),
        (TaskInput(InputType.OBS, InputDatum(bucket="b", path="a/b.mp4")), {"bucket": "b", "path": "a/b.mp4"}),
        (TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id="s-1")), {"video_source_id": "s-1"}),
        (TaskInput(InputType.EDGECAMERA, InputDatum(id="cam-7")), {"id": "cam-7"}),
        (TaskInput(InputType.VCN, InputDatum(device_id="1#2"), VcnServer("10.0.0.1", 1, "u", "p")), {"device_id": "1#2"}),
    ],
)  # fmt: skip
def test_an_input_is_shown_without_what_opens_it(given: TaskInput, shown: dict[str, Any]) -> None:
    """It is kept with every event, outside the vault."""
    assert watched(given) == {"type": given.type.value} | shown


def test_a_clip_does_not_begin_before_its_stream() -> None:
    """Five seconds around the event."""
    assert span(2_000_000) == (0, 7_000_000)
    assert span(60_000_000) == (55_000_000, 65_000_000)
