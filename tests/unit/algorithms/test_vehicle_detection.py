"""Vehicle detection and object attributes, on invented roads."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from road_scenes import both, car, goes_on, made, message, picture, told
from scenes import HEIGHT, WIDTH, Scripted

from vedette.algorithms import Finding, Frame, Position
from vedette.algorithms.builtin.object_attributes import ATTRIBUTES, ObjectAttributes
from vedette.algorithms.builtin.vehicle_detection import VEHICLE_SEEN, VehicleDetection
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter, ModelError

LEFT = {"data": [[0, 0], [320, 0], [320, 360], [0, 360]], "name": "left"}
RIGHT = {"data": [[320, 0], [640, 0], [640, 360], [320, 360]], "name": "right"}
SCENE = both(car((40, 200), (60, 0)), car((40, 300), (40, 0), "bicycle"), car((600, 100), (-55, 0), "truck"))
PUBLISHED = {
    "image_compression_ratio": 90,
    "render_result_sw": 1,
    "render_roi_sw": 0,
    "target_roi": json.dumps({"polygons": [LEFT]}),
}


def roi(*polygons: Any) -> str:
    return json.dumps({"polygons": list(polygons)})


def entries(found: list[tuple[float, Finding]]) -> list[dict[str, Any]]:
    """Return what is told, an entry each."""
    rows = []
    for _, finding in found:
        data = msgspec.to_builtins(finding.data, enc_hook=lambda track: track.number)
        ((only,),) = data.values()
        rows.append(dict(only))
    return rows


def vehicles(script: Any = SCENE, **common: Any) -> list[dict[str, Any]]:
    knows = bool(common.pop("knows_classes", True))
    return entries(told(VehicleDetection, script, common, seconds=9, knows_classes=knows))


def test_each_vehicle_is_told_once_with_type_colour_and_region() -> None:
    found = told(VehicleDetection, SCENE, {"target_roi": roi(LEFT)}, seconds=9)
    assert {finding.event_type for _, finding in found} == {VEHICLE_SEEN}
    assert sorted((row["type"], row["color"], row["polygon_name"]) for row in entries(found)) == [
        ("car", "blue", "left"),
        ("truck", "blue", "left"),
    ]
    first = entries(found)[0]
    assert set(first) == {"bounding_box", "detection_id", "type", "confidence", "color", "polygon_name"}
    assert first["confidence"] == pytest.approx(0.9)


def test_a_vehicle_that_drives_through_two_regions_is_told_in_each() -> None:
    rows = vehicles(car((40, 200), (60, 0)), target_roi=roi(LEFT, RIGHT))
    assert [row["polygon_name"] for row in rows] == ["left", "right"]
    assert len({row["detection_id"] for row in rows}) == 1


@pytest.mark.parametrize(
    ("common", "types"),
    [
        ({}, ["car", "truck"]),
        ({"car_detection_sw": 0}, []),
        ({"non_motor_detection_sw": "1"}, ["bicycle", "car", "truck"]),
        ({"car_detection_sw": 0, "non_motor_detection_sw": 1}, ["bicycle"]),
        ({"target_roi": roi(LEFT)}, ["car", "truck"]),
        ({"target_roi": roi({"data": [[0, 150], [640, 150], [640, 250], [0, 250]]})}, ["car"]),
        ({"detection_min_size": 61}, []),
        ({"detection_max_size": "59"}, []),
        ({"detection_min_size": 59, "detection_max_size": 61}, ["car", "truck"]),
    ],
)
def test_every_key_that_chooses_makes_a_difference(common: dict[str, Any], types: list[str]) -> None:
    assert sorted(row["type"] for row in vehicles(**common)) == types


def test_the_wait_and_the_colours_have_their_keys() -> None:
    def first(**common: Any) -> float:
        return told(VehicleDetection, car((40, 200), (40, 0)), common, seconds=9)[0][0]

    assert first(best_shot_time=0) < first(best_shot_time=2) < first(best_shot_time="5")
    assert first() == pytest.approx(first(best_shot_time=0) + 2.0, abs=0.11)
    (row,) = vehicles(car((40, 200), (60, 0)), attribute_detection_sw=0)
    assert "color" not in row


@pytest.mark.parametrize("algorithm", [VehicleDetection, ObjectAttributes])
def test_who_is_there_when_the_file_ends_is_told(algorithm: Any) -> None:
    script = car((40, 200), (40, 0))
    subject = made(algorithm, {"best_shot_time": 20}, Scripted(script))
    shown = [picture(n, script) for n in range(20)]
    assert [finding for one in shown for finding in subject.process(one)] == []
    (finding,) = subject.finish(shown[-1])
    message(algorithm, shown[-1], finding)
    assert subject.finish(shown[-1]) == []


def check_drawing(algorithm: Any, caption: str) -> None:
    def drawing(**common: Any) -> Any:
        ((_, finding),) = told(
            algorithm,
            car((40, 200), (40, 0)),
            {"target_roi": roi(LEFT, {**RIGHT, "data": [[0, 0], [1, 0], [1, 1]]})} | common,
        )
        return finding.drawing

    plain = drawing()
    assert [text for _, text in plain.boxes] == [caption]
    assert (plain.polygons, plain.quality) == ((), 90)
    assert drawing(render_result_sw=0).boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio="35")
    assert (len(marked.polygons), marked.quality) == (2, 35)


@pytest.mark.parametrize(("algorithm", "caption"), [(VehicleDetection, "car 1"), (ObjectAttributes, "car 1")])
def test_the_drawing_obeys_its_switches(algorithm: Any, caption: str) -> None:
    check_drawing(algorithm, caption)


@pytest.mark.parametrize("algorithm", [VehicleDetection, ObjectAttributes])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("target_roi", "{"),
        ("car_detection_sw", 2),
        ("best_shot_time", "soon"),
        ("best_shot_time", 61),
        ("image_compression_ratio", 101),
        ("render_roi_sw", "yes"),
        ("detection_min_size", -1),
    ],
)
def test_what_is_wrong_is_refused_by_name(algorithm: Any, key: str, value: Any) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(algorithm.manifest, {key: value})
    assert refused.value.param == key


@pytest.mark.parametrize("algorithm", [VehicleDetection, ObjectAttributes])
def test_the_published_sample_is_accepted_and_unknown_keys_are_warned_of(algorithm: Any) -> None:
    assert check_config(algorithm.manifest, PUBLISHED)[1] == ()
    assert len(check_config(algorithm.manifest, PUBLISHED | {"more": 1})[1]) == 1


@pytest.mark.parametrize("algorithm", [VehicleDetection, ObjectAttributes])
def test_a_run_that_goes_on_from_a_checkpoint_tells_the_rest_and_nothing_twice(algorithm: Any) -> None:
    for where in (None, roi(LEFT, RIGHT)):
        goes_on(algorithm, SCENE, {} if where is None else {"target_roi": where})


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("algorithm", [VehicleDetection, ObjectAttributes])
def test_a_changed_configuration_tells_nothing_twice(algorithm: Any, crash: bool) -> None:
    """A region that is the same still knows whom it has told; a new one does not."""
    script = car((100, 200), (5, 0))
    subject, found = made(algorithm, {"target_roi": roi(LEFT)}, Scripted(script)), 0
    for n in range(90):
        if n == 40:
            changed = made(algorithm, {"target_roi": roi(RIGHT, LEFT), "render_roi_sw": 1}, Scripted(script))
            if crash:
                state = unpack(pack(subject.state(), 1), 1)
                assert state is not None
                changed.restore(state)
            else:
                changed.succeed(subject)
            subject = changed
        found += len(list(subject.process(picture(n, script))))
    assert found == 1


def test_without_a_model_vehicles_are_what_moves_and_attributes_are_refused() -> None:
    (row,) = vehicles(car((40, 200), (60, 0), "moving"), knows_classes=False)
    assert row["type"] == "other_vehicle"
    blind = Scripted(SCENE, knows_classes=False)
    assert "no model installed" in made(VehicleDetection, {}, blind).note()
    with pytest.raises(ModelError):
        made(ObjectAttributes, {}, blind)
    assert made(ObjectAttributes, {}, Scripted(SCENE)).note() == "detector: scripted"


CROWD = both(SCENE, car((300, 340), (20, 0), "person"))


@pytest.mark.parametrize(
    ("common", "types"),
    [
        ({}, ["bicycle", "car", "pedestrian", "truck"]),
        ({"person_detection_sw": 0}, ["bicycle", "car", "truck"]),
        ({"car_detection_sw": "0"}, ["pedestrian"]),
        ({"target_roi": roi({"data": [[0, 150], [640, 150], [640, 250], [0, 250]]})}, ["car"]),
        ({"detection_min_size": 61}, []),
        ({"detection_max_size": 59}, []),
    ],
)
def test_object_attributes_obey_every_key(common: dict[str, Any], types: list[str]) -> None:
    found = told(ObjectAttributes, CROWD, common, seconds=9)
    assert {finding.event_type for _, finding in found} <= {ATTRIBUTES}
    assert sorted(row["type"] for row in entries(found)) == types


def dressed(n: int) -> Frame:
    """Return a picture of somebody in a red shirt and blue trousers, who stands 90 pixels tall at (200, 300)."""

    def bgr() -> Any:
        shown = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
        shown[210:228, 190:210] = (120, 150, 200)
        shown[228:256, 185:215] = (30, 30, 200)
        shown[256:300, 187:213] = (150, 40, 20)
        return shown

    return Frame(Position(0, n, n * 100_000), np.full((HEIGHT, WIDTH), 110, np.uint8), bgr)


def test_pedestrians_alone_have_attributes() -> None:
    def script(time: float) -> Any:
        return [(200, 300, 34, 90, "person"), (450, 300, 60, 40, "car")]

    subject, found = made(ObjectAttributes, {}, Scripted(script)), []
    for n in range(40):
        for finding in subject.process(dressed(n)):
            message(ObjectAttributes, dressed(n), finding)
            found.append((0.0, finding))
    car_row, person = sorted(entries(found), key=lambda row: row["type"])
    assert person["attribute"] == {"upper_color": "red", "lower_color": "blue"}
    assert "attribute" not in car_row
    assert set(person) == {"bounding_box", "detection_id", "type", "attribute"}
