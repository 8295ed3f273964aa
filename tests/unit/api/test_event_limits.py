"""How large an event may be."""

from dataclasses import replace

from vedette.api.event_limits import MESSAGE_BYTES, PICTURE_BYTES, within
from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.ids import EventId, RunId, StreamId, TaskId, WorkerId
from vedette.model.stream import Checkpoint, Ingest, RunProgress

EVENT = Event(EventId("E"), TaskId("t"), RunId("r"), 196609, Position(0, 1, 1), 1, {"n": 1}, b"jpeg")


def batch(*events: Event) -> Ingest:
    progress = RunProgress(TaskId("t"), RunId("r"), events, Checkpoint(Position(0, 1, 1), None, None, 1))
    return Ingest(WorkerId("w"), StreamId("s"), 1, (progress,))


def test_what_is_too_large_is_refused_and_told() -> None:
    """A message whole, a picture alone; the checkpoint and the other events stay."""
    refused: list[str] = []
    long = replace(EVENT, message={"n": "x" * MESSAGE_BYTES})
    heavy = replace(EVENT, picture=b"x" * (PICTURE_BYTES + 1))
    [progress] = within(batch(EVENT, long, heavy), refused.append).progress
    assert progress.events == (EVENT, replace(EVENT, picture=None))
    assert progress.checkpoint.frames == 1
    assert refused == ["message_size", "picture_size"]


def test_what_is_just_within_the_limits_is_taken_as_it_is() -> None:
    refused: list[str] = []
    least = len('{"n":""}')
    whole = batch(replace(EVENT, message={"n": "x" * (MESSAGE_BYTES - least)}, picture=b"x" * PICTURE_BYTES))
    assert within(whole, refused.append) == whole
    assert refused == []
