"""Key position on duty: what is told, what each key changes, and what the message looks like."""

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

from vedette.algorithms.builtin.staff_on_duty import ABSENCE, StaffOnDuty, StaffOnDutyConfig
from vedette.model.errors import ModelError
from vedette.testing import Found, ScriptedModels

DESK = {"target_roi": area(desk=YARD)}


def guard(at: tuple[float, float] = INSIDE, **when: float) -> Script:
    return stands("person", at, (30, 80), **when)


AWAY = both(guard(until=10), guard(since=20), guard(OUTSIDE))
"""One who is away from 10 to 20, and another who stands elsewhere."""


def events(found: list[Found]) -> list[tuple[float, bool | None]]:
    return [(one.at, one.finding.over) for one in found]


def test_an_absence_is_told_once_when_its_periods_are_full() -> None:
    (found,) = told(StaffOnDuty, AWAY, 40, **DESK)
    assert (found.finding.event_type, found.finding.over) == (ABSENCE, False)
    assert found.at == pytest.approx(12, abs=1.1)


def test_who_is_there_all_the_time_is_nothing_to_tell() -> None:
    assert told(StaffOnDuty, guard(), 20, **DESK) == []


def test_a_person_whom_the_detector_misses_now_and_then_is_there() -> None:
    def flickers(time: float) -> Any:
        return guard()(time) if round(time * 3) % 4 else []

    assert told(StaffOnDuty, flickers, 30, **DESK) == []


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("render_roi_sw", 0, [(12, False)]),
        ("key_region_detection_sw", 0, []),
        ("key_region_detect_interval", 3, [(18, False)]),
        ("key_region_detect_interval", "6", []),
        ("key_region_detect_threshold", 5, [(15, False)]),
        ("key_region_detect_threshold", 20, []),
        ("key_region_person_count", 2, [(2, False)]),
        ("event_disappear_alert_sw", 1, [(12, False), (21, True)]),
        ("target_roi", area([[40, 50], [120, 50], [120, 340], [40, 340]]), []),
        ("target_roi", "", []),
    ],
)
def test_each_key_changes_what_is_told(key: str, value: Any, wanted: list[tuple[float, bool]]) -> None:
    found = events(told(StaffOnDuty, AWAY, 40, **{**DESK, key: value}))
    assert [over for _, over in found] == [over for _, over in wanted]
    assert [at for at, _ in found] == [pytest.approx(at, abs=1.1) for at, _ in wanted]


@pytest.mark.parametrize(
    ("key", "value", "drawn"),
    [
        ("render_result_sw", 1, (1, 0, 90)),
        ("render_result_sw", 0, (0, 0, 90)),
        ("render_roi_sw", 1, (1, 1, 90)),
        ("image_compression_ratio", "40", (1, 0, 40)),
    ],
)
def test_each_key_changes_the_picture(key: str, value: Any, drawn: tuple[int, int, int]) -> None:
    """Two must be there, and one is."""
    (found,) = told(StaffOnDuty, guard(), 10, **{**DESK, "key_region_person_count": 2, key: value})
    drawing = found.finding.drawing
    assert drawing is not None
    assert (len(drawing.boxes), len(drawing.polygons), drawing.quality) == drawn


def test_the_published_sample_is_accepted_without_warnings() -> None:
    sample = {
        "key_region_detection_sw": 1, "key_region_detect_interval": 2, "key_region_detect_threshold": 2,
        "key_region_person_count": 50, "target_roi": DESK["target_roi"],
    }  # fmt: skip
    assert accepted(StaffOnDuty, sample) == ()


def test_the_message_says_where_and_how_many() -> None:
    found = told(StaffOnDuty, AWAY, 30, **DESK, event_disappear_alert_sw=1)
    first, last = (body(StaffOnDuty, one) for one in found)
    assert (first["event_type"], first["alarm_type"], last["alarm_type"]) == (458752, 0, 1)
    box = {"x": 200, "y": 50, "w": 300, "h": 290}
    assert first["data"] == {"event_set": [{"bounding_box": box, "person_count": 0, "polygon_name": "desk"}]}
    assert last["data"]["event_set"][0]["person_count"] == 1
    (unnamed,) = told(StaffOnDuty, guard(), 5, key_region_person_count=2)
    assert shape(body(StaffOnDuty, unnamed)["data"]["event_set"][0]) == {
        "bounding_box": {"x": "int", "y": "int", "w": "int", "h": "int"},
        "person_count": "int",
    }


def test_each_position_is_told_for_itself() -> None:
    roi = area(left=[[0, 0], [100, 0], [100, 360], [0, 360]], right=YARD)
    found = told(StaffOnDuty, guard(OUTSIDE), 10, target_roi=roi)
    assert [body(StaffOnDuty, one)["data"]["event_set"][0]["polygon_name"] for one in found] == ["right"]


def test_somebody_cut_off_by_the_edge_of_the_picture_is_there() -> None:
    """Who sits close to the camera has their feet below the picture."""
    roi = area([[200, 100], [500, 100], [500, 360], [200, 360]])
    assert told(StaffOnDuty, guard((350, 364)), 10, target_roi=roi) == []


def test_a_model_is_needed() -> None:
    with pytest.raises(ModelError, match="No model"):
        StaffOnDuty(StaffOnDutyConfig(), ScriptedModels(eyes(guard()), knows_classes=False))


def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    assert goes_on_exactly(StaffOnDuty, AWAY, 40, **DESK, event_disappear_alert_sw=1) == 2


def test_an_absence_that_was_told_is_not_told_again_after_a_change_of_the_configuration() -> None:
    assert len(succeeds(StaffOnDuty, guard(until=5), 30, DESK, {**DESK, "render_roi_sw": 1})) == 1
