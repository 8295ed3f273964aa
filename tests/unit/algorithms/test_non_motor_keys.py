"""Non-motor vehicles: parking, closed areas, what each key changes, and what the message looks like."""

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
    leaves,
    shape,
    stands,
    succeeds,
    told,
)

from vedette.algorithms.builtin.non_motor import ILLEGAL_PARKING, NON_MOTOR_INTRUSION, NonMotor, NonMotorConfig
from vedette.model.errors import ModelError
from vedette.testing import Found, ScriptedModels

SIZE = (60.0, 50.0)
CLOSED = {"target_roi": area(prohibit_entering_area=YARD)}
LEGAL = {"target_roi": area(legal_area=YARD)}
BOX = {"x": "int", "y": "int", "w": "int", "h": "int"}


def bike(at: tuple[float, float] = INSIDE, kind: str = "bicycle", **when: float) -> Script:
    return stands(kind, at, SIZE, **when)


def rides(speed: float = 50) -> Script:
    return lambda time: [(20 + speed * time, 250, *SIZE, "bicycle")] if 20 + speed * time < 640 else []


def kinds(found: list[Found]) -> list[tuple[int, bool | None]]:
    return [(one.finding.event_type, one.finding.over) for one in found]


def test_a_parked_one_is_told_once_when_its_time_is_full() -> None:
    (found,) = told(NonMotor, bike(), 70)
    assert (found.at, found.finding.event_type, found.finding.over) == (30.0, ILLEGAL_PARKING, False)


def test_who_rides_through_is_told_where_nobody_may_enter_and_nowhere_else() -> None:
    (found,) = told(NonMotor, rides(), 20, **CLOSED)
    assert found.finding.event_type == NON_MOTOR_INTRUSION
    assert found.at == pytest.approx(180 / 50, abs=0.7)
    assert told(NonMotor, rides(), 20) == []


@pytest.mark.parametrize(
    ("roi", "inside", "outside"),
    [
        ("", True, True),
        (area(YARD), True, False),
        (area(yard=YARD), True, False),
        (area(legal_area=YARD), False, True),
        (area([[0, 0], [640, 0], [640, 360], [0, 360]], legal_area=YARD), False, True),
        (area(prohibit_entering_area=YARD), True, False),
    ],
)
def test_the_names_of_areas_say_where_parking_counts(roi: str, inside: bool, outside: bool) -> None:
    for at, counts in ((INSIDE, inside), (OUTSIDE, outside)):
        found = told(NonMotor, bike(at), 35, target_roi=roi, intrusion_detection_sw=0)
        assert bool(found) is counts


def test_the_message_has_the_published_shape() -> None:
    """Without an id, which the published example has not; with one where somebody will be told that it is gone."""
    (raised,) = told(NonMotor, bike(kind="motorcycle"), 40)
    message = body(NonMotor, raised)
    assert (message["event_type"], message["alarm_type"]) == (1376256, 0)
    assert shape(message["data"]) == {"event_set": [{"bounding_box": BOX, "type": "str"}]}
    assert message["data"]["event_set"][0]["type"] == "electromobile"
    found = told(NonMotor, leaves("bicycle", INSIDE, SIZE, time=40), 60, event_disappear_alert_sw=1)
    first, last = (body(NonMotor, one)["data"]["event_set"][0] for one in found)
    assert (first["type"], shape(last)) == ("bicycle", {"detection_id": "str"})
    assert first["detection_id"] == last["detection_id"]


SCENE = both(leaves("bicycle", INSIDE, SIZE, time=45), bike((420.0, 150.0), "motorcycle"))
PARKED, ENTERED = (ILLEGAL_PARKING, False), (NON_MOTOR_INTRUSION, False)
GONE = [(ILLEGAL_PARKING, True), (NON_MOTOR_INTRUSION, True)]


@pytest.mark.parametrize(
    ("key", "value", "events"),
    [
        ("render_roi_sw", 0, [ENTERED, ENTERED, PARKED, PARKED]),
        ("electromobile_detect_sw", 0, [ENTERED, PARKED]),
        ("bicycle_detect_sw", "0", [ENTERED, PARKED]),
        ("illegal_park_detection_sw", 0, [ENTERED, ENTERED]),
        ("intrusion_detection_sw", 0, [PARKED, PARKED]),
        ("illegal_park_alert_threshold", "50", [ENTERED, ENTERED, PARKED]),
        ("event_disappear_alert_sw", 1, [ENTERED, ENTERED, PARKED, PARKED, *GONE]),
        ("target_roi", area(prohibit_entering_area=[[0, 0], [50, 0], [50, 360]]), []),
    ],
)
def test_each_key_changes_what_is_told(key: str, value: Any, events: list[tuple[int, bool]]) -> None:
    assert kinds(told(NonMotor, SCENE, 58, **{**CLOSED, key: value})) == events


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
    (found,) = told(NonMotor, rides(), 10, **{**CLOSED, key: value})
    drawing = found.finding.drawing
    assert drawing is not None
    assert (len(drawing.boxes), len(drawing.polygons), drawing.quality) == drawn


def test_the_published_sample_is_accepted_without_warnings() -> None:
    sample = {
        "event_disappear_alert_sw": 0, "electromobile_detect_sw": 1, "bicycle_detect_sw": 1,
        "illegal_park_detection_sw": 1, "illegal_park_alert_threshold": 30, "intrusion_detection_sw": 1,
        "render_result_sw": 1, "render_roi_sw": 0, "image_compression_ratio": 90, "target_roi": LEGAL["target_roi"],
    }  # fmt: skip
    assert accepted(NonMotor, sample) == ()


def test_one_that_is_called_two_things_is_one() -> None:
    assert len(told(NonMotor, both(bike(), bike(kind="motorcycle")), 40)) == 1


def test_losing_one_that_is_parked_is_no_second_event() -> None:
    scene = both(bike(until=40), bike(since=47))
    assert kinds(told(NonMotor, scene, 90, **CLOSED)) == [ENTERED, PARKED]


def test_a_model_is_needed() -> None:
    with pytest.raises(ModelError, match="No model"):
        NonMotor(NonMotorConfig(), ScriptedModels(eyes(bike()), knows_classes=False))


def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    scene = both(leaves("bicycle", INSIDE, SIZE, time=14), bike((420.0, 150.0), "motorcycle", since=3), bike(OUTSIDE))
    common = {**CLOSED, "illegal_park_alert_threshold": 8, "event_disappear_alert_sw": 1}
    assert goes_on_exactly(NonMotor, scene, 35, **common) == 6


def test_what_has_been_told_is_not_told_again_after_a_change_of_the_configuration() -> None:
    before = {**CLOSED, "illegal_park_alert_threshold": 5}
    assert kinds(succeeds(NonMotor, bike(), 30, before, {**before, "render_roi_sw": 1})) == [ENTERED, PARKED]
