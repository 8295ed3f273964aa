"""Finding (an algorithm says) and Event (we tell the world)."""

from dataclasses import dataclass, field
from typing import Any, Final

from vedette.model.frame import Image, Position
from vedette.model.ids import EventId, RunId, TaskId
from vedette.model.message import EventData

KEPT_BYTES: Final = 20 * 2**30
"""How much room events with their pictures may take, if the operator does not say otherwise."""
Box = tuple[int, int, int, int]
"""left, top, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn on the picture of a finding.

    Attributes:
        boxes: each with its caption.
        polygons: regions, as (x, y) corners in pixels.
        lines: lines, as (x, y) ends in pixels.
        quality: JPEG quality, 1..100.
        crop: the event's picture is this part of it, with nothing drawn on it; None for the whole picture.
        origin: whether the whole picture is kept beside a part of it.
        image: what was cut out of an earlier picture; it takes the place of the part, and there is no whole then.
    """

    boxes: tuple[tuple[Box, str], ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    lines: tuple[tuple[tuple[float, float], ...], ...] = ()
    quality: int = 90
    crop: Box | None = None
    origin: bool = False
    image: Image | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What an algorithm says of one picture.

    Attributes:
        event_type: the number on the wire.
        subject: what tells this finding from others of the same type in the same picture, such as
            `region:0:track:7`; part of the event's id.
        data: the `data` object of the documented message, as the manifest declares it for this type.
        drawing: what to draw; None for events without a picture.
        over: whether it tells that something is over which was told before, of events that have both; None: it is not
            one of those.
    """

    event_type: int
    subject: str
    data: EventData
    drawing: Drawing | None = field(default_factory=Drawing)
    over: bool | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What the world is told; travels from a worker to the store.

    Attributes:
        id: derived from task, run, position and finding: a replay makes the same.
        position: of the picture.
        timestamp_ms: milliseconds since the epoch: for a file the run's start plus media time.
        message: the documented envelope without its picture.
        picture: JPEG, or None; a cut-out and its whole picture are one file (`model.pictures`).
    """

    id: EventId
    task_id: TaskId
    run_id: RunId
    event_type: int
    position: Position
    timestamp_ms: int
    message: dict[str, Any]
    picture: bytes | None
