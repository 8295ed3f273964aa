"""Street occupation: what makes a stall, what each key changes, and what the message looks like."""

import math
from typing import Any

import pytest
from scenes import Script
from standing_scenes import (
    INSIDE,
    OUTSIDE,
    YARD,
    accepted,
    area,
    body,
    both,
    eyes,
    goes_on_exactly,
    shape,
    stands,
    succeeds,
    told,
)

from vedette.algorithms.builtin.street_stall import STREET_STALL, StreetStall, StreetStallConfig
from vedette.model.errors import ModelError
from vedette.testing import Found, ScriptedModels

PAVEMENT = {"target_roi": area(pavement=YARD)}
X, Y = INSIDE


def table(**when: float) -> Script:
    return stands("dining table", INSIDE, (80, 40), **when)


def chair(**when: float) -> Script:
    return stands("chair", (X + 70, Y), (30, 40), **when)


def truck(**when: float) -> Script:
    return stands("truck", (X, Y - 90), (120, 70), **when)


def keeper(at: tuple[float, float] = (X - 60, Y), **when: float) -> Script:
    return stands("person", at, (28, 80), **when)


def events(found: list[Found]) -> list[tuple[float, bool | None]]:
    return [(one.at, one.finding.over) for one in found]


def test_a_table_with_somebody_beside_it_is_a_stall() -> None:
    (found,) = told(StreetStall, both(table(), chair(), keeper()), 100, **PAVEMENT)
    assert (found.at, found.finding.event_type, found.finding.over) == (60.0, STREET_STALL, False)
    (stall,) = body(StreetStall, found)["data"]["event_set"]
    assert stall["bounding_box"] == {"x": 310, "y": 210, "w": 125, "h": 40}, "around table and chair"


@pytest.mark.parametrize(
    "scene",
    [table(), keeper(), both(table(), keeper(OUTSIDE)), both(table(), lambda t: [(20 + 10 * t % 600, 250, 28, 80, "person")])],
    ids=["table alone", "person alone", "person elsewhere", "passers-by"],
)  # fmt: skip
def test_what_is_no_stall(scene: Script) -> None:
    assert told(StreetStall, scene, 80, **PAVEMENT) == []


def test_who_goes_about_the_stall_keeps_it() -> None:
    def about(time: float) -> Any:
        return [(X - 60 + 22 * math.sin(0.7 * time), Y, 28, 80, "person")]

    assert len(told(StreetStall, both(table(), about), 80, **PAVEMENT)) == 1


def test_things_that_come_later_belong_to_the_stall() -> None:
    scene = both(table(), keeper(), chair(since=30))
    assert events(told(StreetStall, scene, 120, **PAVEMENT)) == [(60.0, False)]


def test_two_stalls_are_two() -> None:
    scene = both(table(), keeper(), stands("truck", (440, 110), (100, 50)), keeper((380, 110)))
    assert len(told(StreetStall, scene, 70, **PAVEMENT)) == 2


SCENE = both(table(until=80), keeper(until=80), stands("truck", (430, 110), (100, 50)))


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("render_roi_sw", 0, [(60, False)]),
        ("alert_time_threshold", "20", [(20, False)]),
        ("alert_time_threshold", 90, []),
        ("goods_detection_sw", 0, []),
        ("person_constraint_sw", 0, [(60, False), (60, False)]),
        ("event_disappear_alert_sw", 1, [(60, False), (90, True)]),
        ("target_roi", area([[0, 0], [50, 0], [50, 360]]), []),
    ],
)
def test_each_key_changes_what_is_told(key: str, value: Any, wanted: list[tuple[float, bool]]) -> None:
    found = events(told(StreetStall, SCENE, 100, **{**PAVEMENT, key: value}))
    assert [over for _, over in found] == [over for _, over in wanted]
    assert [at for at, _ in found] == [pytest.approx(at, abs=0.5) for at, _ in wanted]


@pytest.mark.parametrize(("value", "count"), [(1, 1), (0, 0)])
def test_vehicles_that_sell_have_their_switch(value: int, count: int) -> None:
    scene = both(truck(), keeper((X - 70, Y - 90)))
    assert len(told(StreetStall, scene, 70, **PAVEMENT, vehicle_detection_sw=value)) == count


@pytest.mark.parametrize(
    ("key", "value", "drawn"),
    [
        ("render_result_sw", 1, (1, 0, 90)),
        ("render_result_sw", 0, (0, 0, 90)),
        ("render_roi_sw", 1, (1, 1, 90)),
        ("image_compression_ratio", 40, (1, 0, 40)),
    ],
)
def test_each_key_changes_the_picture(key: str, value: Any, drawn: tuple[int, int, int]) -> None:
    common = {**PAVEMENT, "alert_time_threshold": 5, key: value}
    (found,) = told(StreetStall, both(table(), keeper()), 10, **common)
    drawing = found.finding.drawing
    assert drawing is not None
    assert (len(drawing.boxes), len(drawing.polygons), drawing.quality) == drawn


def test_a_sample_with_the_shared_keys_is_accepted_without_warnings() -> None:
    sample = {"image_compression_ratio": 90, "render_result_sw": 1, "render_roi_sw": 0, **PAVEMENT}
    assert accepted(StreetStall, sample) == ()


def test_the_messages_have_the_published_shape() -> None:
    common = {**PAVEMENT, "alert_time_threshold": 5, "event_disappear_alert_sw": 1}
    first, last = (body(StreetStall, one) for one in told(StreetStall, both(table(until=10), keeper()), 30, **common))
    box = {"x": "int", "y": "int", "w": "int", "h": "int"}
    assert (first["event_type"], first["alarm_type"], last["alarm_type"]) == (1114112, 0, 1)
    assert shape(first["data"]) == {"event_set": [{"bounding_box": box, "polygon_name": "str", "detection_id": "str"}]}
    assert last["data"] == {"event_set": [{"detection_id": first["data"]["event_set"][0]["detection_id"]}]}


def test_a_model_is_needed() -> None:
    with pytest.raises(ModelError, match="No model"):
        StreetStall(StreetStallConfig(), ScriptedModels(eyes(table()), knows_classes=False))


def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    scene = both(table(until=20), keeper(), chair(since=12, until=22), truck(since=4))
    common = {**PAVEMENT, "alert_time_threshold": 5, "event_disappear_alert_sw": 1}
    assert goes_on_exactly(StreetStall, scene, 40, **common) >= 2


def test_a_stall_that_was_told_is_not_told_again_after_a_change_of_the_configuration() -> None:
    before = {**PAVEMENT, "alert_time_threshold": 5}
    assert len(succeeds(StreetStall, both(table(), keeper()), 30, before, {**before, "render_roi_sw": 1})) == 1
