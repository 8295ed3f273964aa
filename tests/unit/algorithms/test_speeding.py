"""Speeding, on invented roads whose measures are known."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from road_scenes import both, car, goes_on, made, picture, told
from scenes import Scripted

from vedette.algorithms import Finding, Polygon, Standing
from vedette.algorithms.builtin.speeding import SPEEDING, Speeding
from vedette.algorithms.parameters import check_config
from vedette.algorithms.rules.limit import LimitWatch
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter

CORNERS = (([0, 0], [0, 0]), ([600, 0], [60, 0]), ([600, 300], [60, 30]), ([0, 300], [0, 30]))
GROUND = json.dumps({"points": [{"data": pixel, "metres": metre} for pixel, metre in CORNERS]})
"""Ten pixels are a metre: 100 pixels a second are 36 km/h."""
COARSE = json.dumps({"lines": [{"data": [[0, 0], [100, 0]], "length": 50}]})
NEAR = {"data": [[0, 150], [640, 150], [640, 360], [0, 360]], "name": "near lane"}
FAST, SLOW, BICYCLE = car((20, 200), (150, 0)), car((20, 300), (60, 0)), car((600, 100), (-140, 0), "bicycle")
SCENE = both(FAST, SLOW, BICYCLE)


def watch(script: Any = SCENE, **common: Any) -> list[tuple[float, Finding]]:
    knows = bool(common.pop("knows_classes", True))
    given = {"calibration_info": GROUND, "speed_limit": 40} | common
    return told(Speeding, script, given, seconds=8, knows_classes=knows)


def vehicle(finding: Finding) -> dict[str, Any]:
    data = msgspec.to_builtins(finding.data, enc_hook=lambda track: track.number)
    (only,) = data["vehicles"]
    return dict(only)


def test_only_who_is_too_fast_is_told_and_once() -> None:
    ((time, finding),) = watch(target_roi=json.dumps({"polygons": [NEAR]}))
    assert finding.event_type == SPEEDING
    assert 1 < time < 2
    entry = vehicle(finding)
    assert set(entry.pop("bounding_box")) == {"x", "y", "w", "h"}
    assert entry.pop("speed") == pytest.approx(54, rel=0.05)
    assert entry == {"detection_id": 1, "type": "car", "speed_limit": 40.0, "polygon_name": "near lane"}


@pytest.mark.parametrize(
    ("common", "types"),
    [
        ({}, ["car"]),
        ({"speed_limit": "60"}, []),
        ({"speed_limit": 15}, ["car", "car"]),
        ({"non_motor_detection_sw": 1}, ["bicycle", "car"]),
        ({"car_detection_sw": 0, "non_motor_detection_sw": "1"}, ["bicycle"]),
        ({"calibration_info": COARSE}, ["car", "car"]),
        ({"target_roi": json.dumps({"polygons": [{"data": [[0, 0], [640, 0], [640, 150], [0, 150]]}]})}, []),
        ({"alert_time_threshold": 30}, []),
        ({"alert_detection_interval": 1}, ["car"] * 4),
        ({"speed_window": 20}, []),
        ({"detection_min_size": 61}, []),
        ({"detection_max_size": 59}, []),
    ],
)
def test_every_key_makes_a_difference(common: dict[str, Any], types: list[str]) -> None:
    assert sorted(str(vehicle(finding)["type"]) for _, finding in watch(**common)) == types


def test_the_drawing_obeys_its_switches() -> None:
    def drawing(**common: Any) -> Any:
        ((_, finding),) = watch(target_roi=json.dumps({"polygons": [NEAR]}), **common)
        return finding.drawing

    ((_, caption),) = drawing().boxes
    assert caption.endswith(" km/h")
    assert drawing(render_result_sw=0).boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio=35)
    assert (len(marked.polygons), marked.quality) == (1, 35)


@pytest.mark.parametrize(
    ("common", "key"),
    [
        ({}, "calibration_info"),
        ({"calibration_info": ""}, "calibration_info"),
        ({"calibration_info": "{}"}, "calibration_info"),
        ({"calibration_info": GROUND, "speed_limit": 0}, "speed_limit"),
        ({"calibration_info": GROUND, "speed_window": "long"}, "speed_window"),
    ],
)
def test_what_is_wrong_is_refused_by_name(common: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(Speeding.manifest, common)
    assert refused.value.param == key


def test_without_a_model_whatever_moves_counts() -> None:
    ((_, finding),) = watch(car((20, 200), (150, 0), "moving"), knows_classes=False)
    assert vehicle(finding)["type"] == "other_vehicle"
    blind = Scripted(SCENE, knows_classes=False)
    assert "no model installed" in made(Speeding, {"calibration_info": GROUND}, blind).note()


def test_a_run_that_goes_on_from_a_checkpoint_tells_the_rest_and_nothing_twice() -> None:
    common = {"calibration_info": GROUND, "speed_limit": 15, "target_roi": json.dumps({"polygons": [NEAR]})}
    goes_on(Speeding, SCENE, common)


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("after", [{"render_roi_sw": 1}, {"calibration_info": COARSE}])
def test_a_changed_configuration_tells_nobody_twice(after: dict[str, Any], crash: bool) -> None:
    """On other ground speeds begin anew, but who was told was told."""
    before = {"calibration_info": GROUND, "speed_limit": 40}
    subject, found = made(Speeding, before, Scripted(FAST)), 0
    for n in range(60):
        if n == 25:
            changed = made(Speeding, before | after, Scripted(FAST))
            if crash:
                state = unpack(pack(subject.state(), 1), 1)
                assert state is not None
                changed.restore(state)
            else:
                changed.succeed(subject)
            subject = changed
        found += len(list(subject.process(picture(n))))
    assert found == 1


YARD = Polygon(((0, 0), (100, 0), (100, 100), (0, 100)))


def over(values: list[float], standing: Standing = Standing.COUNTED, **how: float) -> list[int]:
    rule, foot = LimitWatch(YARD, 10.0, **how), np.array([[50.0, 50.0]])
    ids = np.array([1])
    return [n for n, value in enumerate(values) if rule.update(ids, foot, np.array([value]), [standing], n / 10)]


def test_a_limit_must_be_passed_for_long_enough_without_a_break() -> None:
    assert over([5, 11, 12, 13, 14]) == [1]
    assert over([5, 11, 12, 9, 12, 13, 14, 15], least_s=0.3) == [7]
    assert over([11] * 30, interval_s=1) == [0, 10, 20]
    assert over([float("nan"), 10.0]) == []
    assert over([11] * 5, Standing.IGNORED) == over([11] * 5, Standing.UNSURE) == []
