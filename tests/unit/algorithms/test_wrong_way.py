"""Wrong way, on invented roads."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from road_scenes import both, car, goes_on, made, message, picture, told
from scenes import Script, Scripted, Thing

from vedette.algorithms import Finding
from vedette.algorithms.builtin.wrong_way import WRONG_WAY, WrongWay
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter

TO_THE_RIGHT = {"data": [[0, 200], [640, 200]]}
NEAR = {"data": [[0, 150], [640, 150], [640, 360], [0, 360]], "name": "near lane"}
FAR = {"data": [[0, 0], [640, 0], [640, 150], [0, 150]], "name": "far lane"}
WRONG, RIGHT = car((600, 200), (-60, 0)), car((40, 300), (60, 0))


def roi(*lines: Any, polygons: Any = ()) -> str:
    return json.dumps({"lines": list(lines), "polygons": list(polygons)})


def watch(script: Script, seconds: float = 9, **common: Any) -> list[tuple[float, Finding]]:
    knows = common.pop("knows_classes", True)
    return told(
        WrongWay, script, {"target_roi": roi(TO_THE_RIGHT)} | common, seconds=seconds, knows_classes=bool(knows)
    )


def vehicle(finding: Finding) -> dict[str, Any]:
    data = msgspec.to_builtins(finding.data, enc_hook=lambda track: track.number)
    (only,) = data["vehicles"]
    return dict(only)


def test_only_who_drives_against_the_direction_is_told_and_once() -> None:
    ((time, finding),) = watch(both(WRONG, RIGHT))
    assert finding.event_type == WRONG_WAY
    assert 1 <= time <= 2
    entry = vehicle(finding)
    box = entry.pop("bounding_box")
    assert entry == {"detection_id": 1, "type": "car"}
    assert abs(box["x"] + box["w"] / 2 - (600 - 60 * time)) < 8


def test_its_message_looks_like_those_of_its_family() -> None:
    ((time, finding),) = watch(WRONG, target_roi=roi(TO_THE_RIGHT, polygons=[NEAR]))
    told_of = message(WrongWay, picture(round(time * 10)), finding)
    assert set(told_of) == {
        "event_type", "task_id", "stream_id", "message_id", "timestamp", "data", "image_base64",
    }  # fmt: skip
    (entry,) = told_of["data"]["vehicles"]
    assert entry["polygon_name"] == "near lane"
    assert set(entry) == {"bounding_box", "detection_id", "type", "polygon_name"}


def test_each_region_has_the_lines_that_are_drawn_in_it() -> None:
    """Two carriageways: each driver keeps to the direction of one, and one of them drives on the other's."""
    back = {"data": [[640, 100], [0, 100]]}
    lanes = roi(TO_THE_RIGHT, back, polygons=[NEAR, FAR])
    assert watch(both(car((600, 100), (-60, 0)), RIGHT), target_roi=lanes) == []
    ((_, finding),) = watch(both(WRONG, RIGHT), target_roi=lanes)
    assert vehicle(finding)["polygon_name"] == "near lane"


def test_a_line_in_no_region_holds_in_all_that_have_none() -> None:
    outside = {"data": [[-300, 500], [-100, 500]]}
    back = {"data": [[640, 100], [0, 100]]}
    lanes = roi(outside, back, polygons=[NEAR, FAR])
    ((_, finding),) = watch(both(WRONG, car((600, 100), (-60, 0))), target_roi=lanes)
    assert vehicle(finding)["polygon_name"] == "near lane"


SCENE = both(WRONG, car((600, 300), (-60, 0), "bicycle"), car((600, 110), (-50, 30)))
SHAKY = car((600, 200), (-25, 0))


@pytest.mark.parametrize(
    ("common", "script", "count"),
    [
        ({}, SCENE, 2),
        ({"car_detection_sw": 0}, SCENE, 0),
        ({"non_motor_detection_sw": 1}, SCENE, 3),
        ({"car_detection_sw": "0", "non_motor_detection_sw": "1"}, SCENE, 1),
        ({"direction_tolerance": 20}, SCENE, 1),
        ({"direction_tolerance": "40"}, SCENE, 2),
        ({"alert_distance_threshold": 8}, SCENE, 1),
        ({"alert_distance_threshold": 20}, SCENE, 0),
        ({"alert_time_threshold": 30}, SCENE, 0),
        ({"alert_detection_interval": 3}, WRONG, 3),
        ({"detection_min_size": 70}, WRONG, 0),
        ({"detection_max_size": 50}, WRONG, 0),
        ({"detection_min_size": 50, "detection_max_size": 70}, WRONG, 1),
        ({"target_roi": roi({"data": [[640, 200], [0, 200]]})}, WRONG, 0),
        ({"target_roi": roi(TO_THE_RIGHT, polygons=[FAR])}, WRONG, 0),
    ],
)
def test_every_key_makes_a_difference(common: dict[str, Any], script: Script, count: int) -> None:
    """A bicycle and a car that comes slantwise are in the scene too."""
    assert len(watch(script, **common)) == count


def test_the_time_threshold_is_a_time() -> None:
    times = [watch(WRONG, alert_time_threshold=least)[0][0] for least in (0, 2, 4)]
    assert times[0] < times[1] < times[2]
    assert times[2] == pytest.approx(4.1, abs=0.3)


def test_the_drawing_obeys_its_switches() -> None:
    def drawing(**common: Any) -> Any:
        ((_, finding),) = watch(WRONG, **common)
        return finding.drawing

    plain = drawing()
    assert [caption for _, caption in plain.boxes] == ["car 1"]
    assert (plain.lines, plain.quality) == ((), 90)
    assert drawing(render_result_sw=0).boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio="35")
    assert (len(marked.lines), marked.quality) == (1, 35)


@pytest.mark.parametrize(
    ("common", "key"),
    [
        ({}, "target_roi"),
        ({"target_roi": ""}, "target_roi"),
        ({"target_roi": roi(polygons=[NEAR])}, "target_roi"),
        ({"target_roi": roi(TO_THE_RIGHT, polygons=[NEAR, FAR])}, "target_roi"),
        ({"target_roi": roi(TO_THE_RIGHT), "direction_tolerance": "wide"}, "direction_tolerance"),
        ({"target_roi": roi(TO_THE_RIGHT), "alert_time_threshold": -1}, "alert_time_threshold"),
        ({"target_roi": roi(TO_THE_RIGHT), "detection_min_size": 9, "detection_max_size": 8}, "detection_max_size"),
    ],
)
def test_what_is_wrong_is_refused_by_name(common: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(WrongWay.manifest, common)
    assert refused.value.param == key


def test_a_car_that_is_also_called_a_truck_is_one_vehicle() -> None:
    def doubled(time: float) -> Sequence[Thing]:
        x = 600 - 60 * time
        kinds = ("car", "truck") if int(time * 10) % 2 else ("truck", "car")
        return [(x, 200, 60, 40, kinds[0]), (x + 2, 201, 60, 40, kinds[1])] if x > 0 else []

    assert len(watch(doubled)) == 1


def test_without_a_model_whatever_moves_counts() -> None:
    moving = car((600, 200), (-60, 0), "moving")
    ((_, finding),) = watch(moving, knows_classes=False)
    assert vehicle(finding)["type"] == "other_vehicle"
    notes = [
        made(WrongWay, {"target_roi": roi(TO_THE_RIGHT)}, Scripted(moving, knows_classes=knows)).note()
        for knows in (True, False)
    ]
    assert notes[0] == "detector: scripted"
    assert "no model installed" in notes[1]


@pytest.mark.parametrize("polygons", [(), (NEAR, FAR)])
def test_a_run_that_goes_on_from_a_checkpoint_tells_the_rest_and_nothing_twice(polygons: Any) -> None:
    scene = both(WRONG, car((620, 120), (-70, 0), at=2), RIGHT)
    goes_on(WrongWay, scene, {"target_roi": roi(TO_THE_RIGHT, {"data": [[0, 80], [640, 80]]}, polygons=polygons)})


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize(
    ("after", "count"),
    [
        ({"image_compression_ratio": 40}, 1),
        ({"target_roi": roi(TO_THE_RIGHT, polygons=[FAR | {"data": [[0, 9], [9, 9], [9, 0]]}, NEAR])}, 1),
        ({"target_roi": roi({"data": [[0, 220], [640, 220]]}, polygons=[NEAR])}, 2),
    ],
)
def test_a_changed_configuration_tells_nothing_twice(after: dict[str, Any], count: int, crash: bool) -> None:
    """Unless the direction is another: then the question is another too."""
    before = {"target_roi": roi(TO_THE_RIGHT, polygons=[NEAR])}
    if count == 1 and "target_roi" in after:
        free = {"data": [[-300, 500], [-100, 500]]}
        before = {"target_roi": roi(TO_THE_RIGHT, free, polygons=[NEAR])}
        after = {"target_roi": roi(TO_THE_RIGHT, free, polygons=[FAR, NEAR])}
    algorithm, found = made(WrongWay, before, Scripted(WRONG)), 0
    for n in range(90):
        if n == 40:
            changed = made(WrongWay, before | after, Scripted(WRONG))
            if crash:
                state = unpack(pack(algorithm.state(), 1), 1)
                assert state is not None
                changed.restore(state)
            else:
                changed.succeed(algorithm)
            algorithm = changed
        found += len(list(algorithm.process(picture(n))))
    assert found == count
