import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET, UnsetType

from vedette.model.event import Finding
from vedette.model.frame import Frame, Position
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.message import EventData, Mark, ObjectName, Track
from vedette.model.stream import TaskRun
from vedette.results.message import make_event

RUN = TaskRun(
    task_id=TaskId("a" * 32),
    run_id=RunId("r1"),
    project_id=ProjectId("p"),
    service="c-intrusiondetection-cloud",
    service_version="3.0",
    config={},
    stream_name="gate.mp4",
    started_ms=1_618_299_313_900,
)


class One(EventData):
    category: int
    detection_id: Track
    name: str | UnsetType = UNSET


class Told(EventData):
    event_set: list[One]
    total: int


DATA = Told(event_set=[One(category=0, detection_id=Track(7))], total=3)


def picture(index: int = 4, time_us: int = 1_250_000, connection: int = 0) -> Frame:
    return Frame(
        Position(connection, index, time_us), np.zeros((2, 2), np.uint8), lambda: np.zeros((2, 2, 3), np.uint8)
    )


def finding(subject: str = "region:0:track:7", event_type: int = 196609) -> Finding:
    return Finding(event_type, subject, DATA)


def test_the_envelope_is_the_documented_one() -> None:
    """Six fields; whoever sends it adds the picture."""
    event = make_event(RUN, picture(), finding(), b"jpeg")
    assert set(event.message) == {"event_type", "task_id", "stream_id", "message_id", "timestamp", "data"}
    assert event.message["event_type"] == 196609
    assert event.message["task_id"] == RUN.task_id
    assert event.message["stream_id"] == "gate.mp4"
    assert event.message["message_id"] == event.id
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", event.id)
    assert event.timestamp_ms == 1_618_299_315_150
    assert event.message["timestamp"] == 1_618_299_315
    assert event.picture == b"jpeg"
    json.dumps(event.message)


def test_a_track_becomes_a_detection_id_that_stays_the_same_along_the_track() -> None:
    first = make_event(RUN, picture(), finding(), None).message["data"]
    later = make_event(RUN, picture(90, 9_000_000, 2), finding("line:0:track:7"), None).message["data"]
    assert first["event_set"][0].keys() == {"category", "detection_id"}
    assert first["event_set"][0]["detection_id"] == later["event_set"][0]["detection_id"]
    assert first["total"] == 3
    other = make_event(replace(RUN, run_id=RunId("r2")), picture(), finding(), None).message["data"]
    assert other["event_set"][0]["detection_id"] != first["event_set"][0]["detection_id"]
    assert DATA.event_set[0].detection_id == Track(7), "the finding itself stays as it is"


def test_what_no_message_can_hold_is_refused_where_it_is_known_whose_it_is() -> None:
    """The worker lays it to the algorithm; later it would be the store's failure, and everybody's."""
    odd: Any = object()
    with pytest.raises(NotImplementedError, match="object"):
        make_event(RUN, picture(), Finding(1, "x", Told(event_set=[], total=odd)), None)


def test_a_replay_repeats_the_id_and_everything_else_changes_it() -> None:
    """Whoever keeps the ids it has seen sees each event once."""
    ids = [
        make_event(RUN, picture(), finding(), None).id,
        make_event(RUN, picture(5), finding(), None).id,
        make_event(RUN, picture(connection=1), finding(), None).id,
        make_event(RUN, picture(), finding("region:1:track:7"), None).id,
        make_event(RUN, picture(), finding(event_type=196610), None).id,
        make_event(replace(RUN, task_id=TaskId("b" * 32)), picture(), finding(), None).id,
        make_event(replace(RUN, run_id=RunId("r2")), picture(), finding(), None).id,
    ]
    assert len(set(ids)) == len(ids)
    assert make_event(RUN, picture(), finding(), b"x").id == ids[0]


class Captured(EventData):
    face_id: Mark
    again: Mark
    other: Mark
    place: ObjectName


def test_things_of_a_run_get_ids_and_objects_their_names() -> None:
    """The name is that of the object that an output to a bucket writes, below its path."""
    data = Captured(
        face_id=Mark("face", 7, 1), again=Mark("face", 7, 1), other=Mark("face", 7, 2), place=ObjectName(".origin.jpg")
    )
    event = make_event(RUN, picture(), Finding(65536, "track:7", data), None)
    told = event.message["data"]
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", told["face_id"])
    assert told["face_id"] == told["again"] != told["other"]
    assert told["place"] == f"{RUN.task_id}/20210413/{event.id}.origin.jpg"
    later = make_event(replace(RUN, run_id=RunId("r2")), picture(), Finding(65536, "track:7", data), None)
    assert later.message["data"]["face_id"] != told["face_id"]
