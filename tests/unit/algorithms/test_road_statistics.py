"""Vehicle statistics, on invented roads."""

import json
from typing import Any

import msgspec
import pytest
from road_scenes import both, car, goes_on, made, message, picture, told
from scenes import Scripted

from vedette.algorithms.builtin.road_statistics import STATISTICS, RoadStatistics
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter

CORNERS = (([0, 0], [0, 0]), ([600, 0], [60, 0]), ([600, 300], [60, 30]), ([0, 300], [0, 30]))
GROUND = json.dumps({"points": [{"data": pixel, "metres": metre} for pixel, metre in CORNERS]})
COARSE = json.dumps({"lines": [{"data": [[0, 0], [100, 0]], "length": 50}]})
LEFT = {"data": [[0, 0], [320, 0], [320, 360], [0, 360]], "name": "left"}
RIGHT = {"data": [[320, 0], [640, 0], [640, 360], [320, 360]], "name": "right"}
STANDS = car((100, 300), (0, 0), "truck")
SCENE = both(car((20, 200), (100, 0)), STANDS, car((600, 100), (-60, 0), "bicycle"))


def watch(script: Any = SCENE, seconds: float = 12.1, **common: Any) -> list[dict[str, Any]]:
    given = {"region_count_interval": 4} | common
    found = told(RoadStatistics, script, given, seconds=seconds)
    assert all(finding.event_type == STATISTICS and finding.drawing is None for _, finding in found)
    return [json.loads(msgspec.json.encode(finding.data)) for _, finding in found]


def counts(rows: list[dict[str, Any]], region: int = 0) -> list[tuple[int, int]]:
    return [(row["event_set"][region]["vehicle_count"], row["event_set"][region]["present_count"]) for row in rows]


def test_each_interval_tells_who_was_there_and_who_is() -> None:
    """The car is gone from the picture in the seventh second; the truck stands."""
    rows = watch(target_roi=json.dumps({"polygons": [LEFT, RIGHT]}))
    assert [row["interval"] for row in rows] == [4, 4, 4]
    assert counts(rows) == [(2, 1), (1, 1), (1, 1)]
    assert counts(rows, 1) == [(1, 1), (1, 0), (0, 0)]
    first = rows[0]["event_set"][0]
    assert first["types"] == [{"type": "car", "count": 1}, {"type": "truck", "count": 1}]
    assert set(first) == {"polygon", "region_id", "vehicle_count", "present_count", "types", "polygon_name"}
    assert (first["polygon"], first["polygon_name"], first["region_id"]) == (LEFT["data"], "left", 0)


def test_speeds_are_told_where_the_ground_is_known() -> None:
    """100 pixels a second are 36 km/h, and 180 on the coarser ground; the truck stands."""
    for ground, speed in ((GROUND, 36), (COARSE, 180)):
        rows = watch(target_roi=json.dumps({"polygons": [LEFT, RIGHT]}), calibration_info=ground)
        assert rows[0]["event_set"][1]["average_speed"] == pytest.approx(speed, rel=0.1)
        assert rows[2]["event_set"][0]["average_speed"] == pytest.approx(0, abs=1)
        assert "average_speed" not in rows[2]["event_set"][1]


@pytest.mark.parametrize(
    ("common", "vehicles"),
    [
        ({}, [2, 2, 1]),
        ({"region_count_interval": "6"}, [2, 2]),
        ({"region_count_interval": 60}, []),
        ({"non_motor_detection_sw": 1}, [3, 3, 2]),
        ({"car_detection_sw": 0}, [0, 0, 0]),
        ({"target_roi": json.dumps({"polygons": [RIGHT]})}, [1, 1, 0]),
        ({"detection_min_size": 61}, [0, 0, 0]),
        ({"detection_max_size": 59}, [0, 0, 0]),
    ],
)
def test_every_key_makes_a_difference(common: dict[str, Any], vehicles: list[int]) -> None:
    assert [count for count, _ in counts(watch(**common))] == vehicles


def test_the_interval_that_a_file_ends_in_is_told_too() -> None:
    subject = made(RoadStatistics, {"region_count_interval": 60}, Scripted(SCENE))
    shown = [picture(n) for n in range(30)]
    assert [finding for one in shown for finding in subject.process(one)] == []
    (finding,) = subject.finish(shown[-1])
    assert "image_base64" not in message(RoadStatistics, shown[-1], finding)
    assert finding.data.event_set[0].vehicle_count == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [("region_count_interval", 0), ("calibration_info", "{"), ("car_detection_sw", 3), ("target_roi", "[]")],
)
def test_what_is_wrong_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(RoadStatistics.manifest, {key: value})
    assert refused.value.param == key


def test_the_note_says_which_detector_is_at_work() -> None:
    assert made(RoadStatistics, {}, Scripted(SCENE)).note() == "detector: scripted"
    assert "no model installed" in made(RoadStatistics, {}, Scripted(SCENE, knows_classes=False)).note()


def test_a_run_that_goes_on_from_a_checkpoint_tells_the_same() -> None:
    common = {"region_count_interval": 2, "calibration_info": GROUND}
    goes_on(RoadStatistics, SCENE, common)
    goes_on(RoadStatistics, SCENE, common | {"target_roi": json.dumps({"polygons": [LEFT, RIGHT]})})


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize(
    ("after", "vehicles"),
    [
        ({"target_roi": json.dumps({"polygons": [RIGHT, LEFT]})}, 2),
        ({"calibration_info": COARSE}, 2),
        ({"region_count_interval": 5}, 2),
        ({"target_roi": json.dumps({"polygons": [LEFT | {"data": [[0, 0], [310, 0], [310, 360], [0, 360]]}]})}, 1),
    ],
)
def test_a_changed_configuration_goes_on_counting(after: dict[str, Any], vehicles: int, crash: bool) -> None:
    """A region that is the same keeps its count; one that is new begins with who is there then."""
    before = {
        "region_count_interval": 6, "calibration_info": GROUND, "target_roi": json.dumps({"polygons": [LEFT, RIGHT]}),
    }  # fmt: skip
    subject, found = made(RoadStatistics, before, Scripted(SCENE)), []
    for n in range(100):
        if n == 40:
            changed = made(RoadStatistics, before | after, Scripted(SCENE))
            if crash:
                state = unpack(pack(subject.state(), 1), 1)
                assert state is not None
                changed.restore(state)
            else:
                changed.succeed(subject)
            subject = changed
        found += [one for finding in subject.process(picture(n)) for one in finding.data.event_set]
    first = next(one for one in found if one.polygon_name == "left")
    assert first.vehicle_count == vehicles
