"""Abnormal parking: what is told, what each key changes, and what the message looks like."""

from typing import Any

import pytest
from standing_scenes import (
    INSIDE,
    OUTSIDE,
    YARD,
    accepted,
    area,
    body,
    both,
    goes_on_exactly,
    leaves,
    shape,
    stands,
    succeeds,
    told,
    told_without_model,
)

from vedette.algorithms.builtin.abnormal_parking import PARKING, AbnormalParking
from vedette.testing import Found

BOX = {"x": "int", "y": "int", "w": "int", "h": "int"}


def events(found: list[Found]) -> list[tuple[float, int, bool | None]]:
    return [(one.at, one.finding.event_type, one.finding.over) for one in found]


def test_a_parked_car_is_told_once_and_once_when_it_drives_off() -> None:
    found = told(AbnormalParking, leaves(time=60), 90, target_roi=area(YARD))
    assert events(found)[0] == (30.0, PARKING, False)
    assert [one.finding.over for one in found] == [False, True]
    assert 62 < found[1].at < 68


def test_a_car_that_drives_through_is_not_told() -> None:
    assert told(AbnormalParking, leaves(time=10), 60) == []


@pytest.mark.parametrize(("kind", "count"), [("car", 1), ("bus", 1), ("truck", 1), ("person", 0), ("bicycle", 0)])
def test_vehicles_count_and_others_do_not(kind: str, count: int) -> None:
    assert len(told(AbnormalParking, stands(kind), 40)) == count


def test_the_messages_have_the_published_shape() -> None:
    raised, gone = told(AbnormalParking, leaves(time=40), 60, target_roi=area(yard=YARD))
    first, last = body(AbnormalParking, raised), body(AbnormalParking, gone)
    assert (first["alarm_type"], last["alarm_type"], first["event_type"]) == (0, 1, 74240)
    vehicle = {"bounding_box": BOX, "detection_id": "str", "polygon_name": "str"}
    assert shape(first["data"]) == {"vehicles": [vehicle]}
    assert shape(last["data"]) == {"event_set": [{"detection_id": "str"}]}
    assert last["data"]["event_set"][0]["detection_id"] == first["data"]["vehicles"][0]["detection_id"]
    (told_of,) = first["data"]["vehicles"]
    assert told_of["polygon_name"] == "yard"
    assert told_of["bounding_box"] == {"x": 310, "y": 200, "w": 80, "h": 50}


@pytest.mark.parametrize(
    ("key", "value", "times"),
    [
        ("image_compression_ratio", 90, [30.0, 54.4]),
        ("alert_time_threshold", "12", [12.0, 54.4]),
        ("alert_time_threshold", 45, [45.0, 54.4]),
        ("event_disappear_alert_sw", 0, [30.0]),
        ("event_disappear_alert_sw", "1", [30.0, 54.4]),
        ("target_roi", area([[0, 0], [100, 0], [100, 360], [0, 360]]), []),
    ],
)
def test_each_key_changes_what_is_told(key: str, value: Any, times: list[float]) -> None:
    found = told(AbnormalParking, leaves(time=50), 80, **{"target_roi": area(YARD), key: value})
    assert [one.at for one in found] == [pytest.approx(time, abs=0.5) for time in times]


@pytest.mark.parametrize(
    ("key", "value", "boxes", "polygons", "quality"),
    [
        ("render_result_sw", 1, 1, 0, 90),
        ("render_result_sw", 0, 0, 0, 90),
        ("render_roi_sw", 1, 1, 1, 90),
        ("image_compression_ratio", "40", 1, 0, 40),
    ],
)
def test_each_key_changes_the_picture(key: str, value: Any, boxes: int, polygons: int, quality: int) -> None:
    (found,) = told(AbnormalParking, stands(), 40, **{"target_roi": area(YARD), key: value})
    drawing = found.finding.drawing
    assert drawing is not None
    assert (len(drawing.boxes), len(drawing.polygons), drawing.quality) == (boxes, polygons, quality)


def test_a_sample_with_the_shared_keys_is_accepted_without_warnings() -> None:
    sample = {
        "target_roi": area(yard=YARD), "image_compression_ratio": 90, "render_result_sw": 1, "render_roi_sw": 0,
        "event_disappear_alert_sw": 0, "alert_time_threshold": "10",
    }  # fmt: skip
    assert accepted(AbnormalParking, sample) == ()


def test_a_car_in_two_regions_is_told_for_each() -> None:
    wide = [[100, 20], [600, 20], [600, 350], [100, 350]]
    found = told(AbnormalParking, stands(), 40, target_roi=area(near=YARD, far=wide))
    assert [body(AbnormalParking, one)["data"]["vehicles"][0]["polygon_name"] for one in found] == ["near", "far"]
    assert len({one.finding.subject for one in found}) == 2


def test_a_car_that_the_detector_loses_is_not_told_again() -> None:
    """For a short while, and for one so long that the track is gone."""
    lost = both(stands(until=40), stands(since=46, until=70), stands(since=78))
    assert events(told(AbnormalParking, lost, 120)) == [(30.0, PARKING, False)]


def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    scene = both(leaves(time=14), stands(at=(250, 150), since=5), stands(at=OUTSIDE))
    assert goes_on_exactly(AbnormalParking, scene, 40, target_roi=area(YARD), alert_time_threshold=8) == 3
    assert goes_on_exactly(AbnormalParking, scene, 30, alert_time_threshold=8) >= 3


def test_what_has_been_told_is_not_told_again_after_a_change_of_the_configuration() -> None:
    before = {"target_roi": area(YARD), "alert_time_threshold": 5}
    scene = stands(at=INSIDE)
    assert len(succeeds(AbnormalParking, scene, 40, before, {**before, "image_compression_ratio": 30})) == 1
    other = {**before, "target_roi": area([[210, 50], [500, 50], [500, 340], [200, 340]])}
    assert len(succeeds(AbnormalParking, scene, 40, before, other)) == 2


def test_without_a_model_what_comes_by_itself_and_stands_is_told() -> None:
    """Things that somebody puts down are not; the detector of still things takes a second to see one."""
    still = both(stands("arrived", until=60), stands("still", (250, 150)))
    found = told_without_model(AbnormalParking, still, 80)
    assert [one.finding.over for one in found] == [False, True]
    assert [one.at for one in found] == [pytest.approx(29, abs=0.4), pytest.approx(63, abs=0.4)]
