"""Makes the documented message of a finding."""

from collections.abc import Mapping
from typing import Any

from vedette.model.event import Event, Finding
from vedette.model.frame import Frame
from vedette.model.ids import EventId, derived_uuid
from vedette.model.stream import TaskRun


def make_event(run: TaskRun, frame: Frame, finding: Finding, picture: bytes | None) -> Event:
    """Return the event of a finding.

    `image_base64` is left to whoever sends the message: the picture travels and is stored as it is. An algorithm does
    not know its run, so it puts the number of a track under `track` into an entry of a list in `data`; here that
    becomes `detection_id`, the same for the whole track and for every replay of the run.

    Args:
        run: that found it.
        frame: in which it was found.
        finding: what was found.
        picture: JPEG, or None.
    """
    position = frame.position
    name = derived_uuid(
        run.task_id, run.run_id, position.connection, position.index, finding.event_type, finding.subject
    )
    timestamp_ms = run.started_ms + position.time_us // 1000
    message = {
        "event_type": finding.event_type,
        "task_id": run.task_id,
        "stream_id": run.stream_name,
        "message_id": name,
        "timestamp": timestamp_ms // 1000,
        "data": {key: _named(run, value) for key, value in finding.data.items()},
    }
    return Event(
        id=EventId(name),
        task_id=run.task_id,
        run_id=run.run_id,
        event_type=finding.event_type,
        position=position,
        timestamp_ms=timestamp_ms,
        message=message,
        picture=picture,
    )


def _named(run: TaskRun, value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [_with_detection_id(run, entry) if isinstance(entry, Mapping) else entry for entry in value]


def _with_detection_id(run: TaskRun, entry: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(entry)
    if "track" in plain:
        plain["detection_id"] = derived_uuid(run.task_id, run.run_id, "track", plain.pop("track"))
    return plain
