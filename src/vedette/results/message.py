"""Makes the documented message of a finding."""

from typing import Any

import msgspec
from msgspec import UNSET

from vedette.model.event import Event, Finding
from vedette.model.frame import Frame
from vedette.model.ids import EventId, derived_uuid, object_name
from vedette.model.message import Envelope, Mark, ObjectName, Track
from vedette.model.stream import TaskRun


def make_event(run: TaskRun, frame: Frame, finding: Finding, picture: bytes | None) -> Event:
    """Return the event of a finding.

    `image_base64` is left to whoever sends the message: the picture travels and is stored as it is. An algorithm does
    not know its run, so it names a track by its number; here that becomes an id, the same for the whole track and for
    every replay of the run. So do the other things that it has a name for, and the objects of the event.

    Args:
        run: that found it.
        frame: in which it was found.
        finding: what was found.
        picture: JPEG, or None.

    Raises:
        NotImplementedError: the finding holds something that no message can hold.
    """
    position = frame.position
    name = derived_uuid(
        run.task_id, run.run_id, position.connection, position.index, finding.event_type, finding.subject
    )
    timestamp_ms = run.started_ms + position.time_us // 1000
    envelope = Envelope(
        event_type=finding.event_type,
        task_id=run.task_id,
        stream_id=run.stream_name,
        message_id=name,
        timestamp=timestamp_ms // 1000,
        alarm_type=UNSET if finding.over is None else int(finding.over),
        data=finding.data,
    )

    def named(value: Any) -> str:
        if isinstance(value, Track):
            return derived_uuid(run.task_id, run.run_id, "track", value.number)
        if isinstance(value, Mark):
            return derived_uuid(run.task_id, run.run_id, value.kind, *value.numbers)
        if isinstance(value, ObjectName):
            return object_name(run.task_id, timestamp_ms, EventId(name)) + value.ending
        raise NotImplementedError(f"A message cannot hold {type(value).__name__}.")

    return Event(
        id=EventId(name),
        task_id=run.task_id,
        run_id=run.run_id,
        event_type=finding.event_type,
        position=position,
        timestamp_ms=timestamp_ms,
        message=msgspec.to_builtins(envelope, enc_hook=named),
        picture=picture,
    )
