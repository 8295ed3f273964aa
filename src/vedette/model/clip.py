"""Where in which video an event can be seen again."""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from vedette.model.secrets import hide_userinfo
from vedette.model.source import InputType, TaskInput

AROUND_US: Final = 5_000_000
"""How much of the video before and after an event belongs to its clip."""


def watched(given: TaskInput) -> dict[str, Any]:
    """Return what a task looks at, as it may be shown: no user, no password, no query, which may be a signature."""
    datum = given.datum
    kind = given.type
    named: dict[InputType, dict[str, str | None]] = {
        InputType.VIDEO_SOURCE: {"video_source_id": datum.video_source_id},
        InputType.OBS: {"bucket": datum.bucket, "path": datum.path},
        InputType.URL: {"url": _plain(datum.url)},
        InputType.RESTFUL: {"url": _plain(datum.url)},
        InputType.VCN: {"device_id": datum.device_id},
        InputType.EDGECAMERA: {"id": datum.id},
    }
    return {"type": kind.value, **{name: value for name, value in named[kind].items() if value is not None}}


def span(time_us: int) -> tuple[int, int]:
    """Return begin and end of the clip around a position, microseconds from the start of the stream."""
    return max(0, time_us - AROUND_US), time_us + AROUND_US


def _plain(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return hide_userinfo(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))
