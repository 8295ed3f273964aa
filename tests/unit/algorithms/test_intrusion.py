import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from scenes import Script, Scripted, Thing, frame, walk

from vedette.algorithms import Finding
from vedette.algorithms.builtin.intrusion import INTRUSION, LOITERING, Intrusion, IntrusionConfig
from vedette.algorithms.state import pack, unpack

YARD = {"polygons": [{"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "yard"}]}
GATE = {"lines": [{"data": [[320, 0], [320, 360]], "properties": {"side1_name": "street", "side2_name": "house"}}]}


def watch(
    script: Script, seconds: float = 12, *, knows_classes: bool = True, roi: Any = None, **common: Any
) -> list[tuple[float, Finding]]:
    if roi is not None:
        common["target_roi"] = json.dumps(roi)
    algorithm = Intrusion(IntrusionConfig.model_validate(common), Scripted(script, knows_classes=knows_classes))
    pictures = [frame(n) for n in range(int(seconds * 10))]
    return [(picture.time, finding) for picture in pictures for finding in algorithm.process(picture)]


def entry(finding: Finding) -> dict[str, Any]:
    data = msgspec.to_builtins(finding.data, enc_hook=lambda track: track.number)
    (only,) = data["event_set"]
    return dict(only)


def both(*scripts: Script) -> Script:
    def script(time: float) -> Sequence[Thing]:
        return [thing for one in scripts for thing in one(time)]

    return script


ACROSS = walk((40, 200), (60, 0))


def test_whoever_walks_into_a_region_gives_one_event_with_the_documented_fields() -> None:
    ((time, finding),) = watch(ACROSS, roi=YARD)
    assert finding.event_type == INTRUSION
    assert time == pytest.approx((300 - 40) / 60, abs=0.3)
    told = entry(finding)
    box = told.pop("bounding_box")
    assert told == {
        "start_position": "out",
        "end_position": "in",
        "category": 0,
        "detection_id": 1,
        "polygon_name": "yard",
    }
    assert set(box) == {"x", "y", "w", "h"}
    assert all(type(value) is int for value in box.values())
    assert abs(box["x"] + box["w"] / 2 - (40 + 60 * time)) < 6


def test_without_a_roi_the_whole_picture_is_the_region() -> None:
    ((_, finding),) = watch(ACROSS, seconds=8)
    assert (entry(finding)["start_position"], entry(finding)["end_position"]) == ("in", "in")
    assert "polygon_name" not in entry(finding)


def test_a_line_names_the_sides_of_the_crossing() -> None:
    ((_, finding),) = watch(ACROSS, roi=GATE)
    assert (entry(finding)["start_position"], entry(finding)["end_position"]) == ("street", "house")


def test_a_roi_of_lines_alone_has_no_region() -> None:
    assert watch(walk((100, 200), (0, 0)), roi=GATE, loitering_detection_sw=1) == []


@pytest.mark.parametrize(
    ("common", "count"),
    [
        ({}, 2),
        ({"line_detection_sw": 0}, 1),
        ({"region_detection_sw": 0}, 1),
        ({"line_detection_sw": "0", "region_detection_sw": False}, 0),
        ({"person_detection_sw": 0}, 0),
    ],
)
def test_each_rule_has_its_switch(common: dict[str, Any], count: int) -> None:
    assert len(watch(ACROSS, roi=YARD | GATE, **common)) == count


@pytest.mark.parametrize(("person", "car", "categories"), [(1, 0, [0]), (0, 1, [1]), (1, 1, [0, 1]), (0, 0, [])])
def test_persons_and_vehicles_have_their_switches(person: int, car: int, categories: list[int]) -> None:
    scene = both(ACROSS, walk((40, 290), (60, 0), "car"), walk((40, 120), (60, 0), "bicycle"))
    told = watch(scene, roi=YARD, person_detection_sw=person, car_detection_sw=car)
    assert sorted(entry(finding)["category"] for _, finding in told) == categories


@pytest.mark.parametrize(
    ("common", "count"),
    [
        ({}, 1),
        ({"detection_min_size": 61}, 0),
        ({"detection_min_size": 59}, 1),
        ({"detection_max_size": 59}, 0),
        ({"detection_max_size": 61}, 1),
    ],
)
def test_sizes_compare_the_longer_side_in_pixels(common: dict[str, Any], count: int) -> None:
    assert len(watch(ACROSS, roi=YARD, **common)) == count


@pytest.mark.parametrize(("tall", "count"), [(19, 0), (21, 1)])
def test_default_sizes_are_those_of_1080_lines_scaled(tall: int, count: int) -> None:
    """60 px of 1080 lines are 20 of 360."""

    def script(time: float) -> Sequence[Thing]:
        return [(40 + 40 * time, 200, 12, tall, "person")]

    assert len(watch(script, roi=YARD)) == count


def test_loitering_comes_after_its_time_and_once() -> None:
    told = watch(
        walk((400, 200), (0, 0)), roi=YARD, loitering_detection_sw=1, region_detection_sw=0, alert_time_threshold=4
    )
    ((time, finding),) = told
    assert finding.event_type == LOITERING
    assert time == pytest.approx(4, abs=0.1)
    assert (entry(finding)["start_position"], entry(finding)["end_position"]) == ("in", "in")
    assert [f.event_type for _, f in watch(walk((400, 200), (0, 0)), 12, roi=YARD, loitering_detection_sw=1)] == [
        INTRUSION,
        LOITERING,
    ]


def test_the_interval_keeps_the_same_target_quiet() -> None:
    def pacing(time: float) -> Sequence[Thing]:
        return [(320 + 100 * float(np.sin(time)), 200, 24, 60, "person")]

    assert len(watch(pacing, roi=GATE)) == 3
    assert len(watch(pacing, roi=GATE, alert_detection_interval=60)) == 1


def test_the_drawing_obeys_its_switches() -> None:
    scene = both(ACROSS, walk((600, 100), (0, 0)))

    def drawing(**common: Any) -> Any:
        ((_, finding),) = watch(scene, roi=YARD | GATE, line_detection_sw=0, **common)
        return finding.drawing

    plain = drawing()
    assert [caption for _, caption in plain.boxes] == ["person 1"]
    assert (plain.polygons, plain.lines, plain.quality) == ((), (), 90)
    assert len(drawing(all_print_sw=1).boxes) == 2
    assert drawing(render_result_sw=0).boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio="35")
    assert (len(marked.polygons), len(marked.lines), marked.quality) == (1, 1, 35)


def test_a_class_that_flips_makes_no_second_event() -> None:
    def flipping(time: float) -> Sequence[Thing]:
        return [(40 + 60 * time, 200, 30, 60, "car" if int(time * 10) % 7 == 3 else "person")]

    assert len(watch(flipping, roi=YARD, car_detection_sw=1)) == 1


def test_one_vehicle_that_is_called_two_things_is_one_target() -> None:
    def doubled(time: float) -> Sequence[Thing]:
        return [(40 + 60 * time, 200, 60, 40, "car"), (42 + 60 * time, 200, 60, 41, "car")]

    assert len(watch(doubled, roi=YARD, car_detection_sw=1)) == 1


def test_what_moves_is_told_as_other_when_classes_are_not_known() -> None:
    """With one of the switches on; with both off nothing counts."""
    moving = walk((40, 200), (60, 0), "moving")
    ((_, finding),) = watch(moving, roi=YARD, knows_classes=False)
    assert entry(finding)["category"] == 2
    assert len(watch(moving, roi=YARD, knows_classes=False, person_detection_sw=0, car_detection_sw=1)) == 1
    assert watch(moving, roi=YARD, knows_classes=False, person_detection_sw=0) == []


def test_a_lamp_and_a_swaying_tree_are_no_intruders() -> None:
    """Where classes are not known, only what has travelled counts."""

    def lamp(time: float) -> Sequence[Thing]:
        return [(400, 200, 30, 30, "moving")] if int(time * 2) % 2 else []

    def tree(time: float) -> Sequence[Thing]:
        return [(350 + 15 * float(np.sin(3 * time)), 280, 60 + 10 * float(np.cos(2 * time)), 90, "moving")]

    assert watch(both(lamp, tree), 60, roi=YARD | GATE, knows_classes=False, loitering_detection_sw=1) == []


def test_the_note_says_which_detector_is_at_work() -> None:
    def note(*, knows_classes: bool) -> str:
        return Intrusion(IntrusionConfig(), Scripted(ACROSS, knows_classes=knows_classes)).note()

    assert note(knows_classes=True) == "detector: scripted"
    assert note(knows_classes=False).startswith("detector: scripted (no model installed")


@pytest.mark.parametrize("roi", [None, YARD | GATE])
def test_a_run_that_goes_on_from_a_checkpoint_tells_the_rest_and_nothing_twice(roi: Any) -> None:
    """At every picture of the run."""
    scene = both(ACROSS, walk((600, 150), (-80, 10), at=2), walk((400, 200), (0, 0), at=1))
    common: dict[str, Any] = {"loitering_detection_sw": True, "alert_time_threshold": 4}
    if roi is not None:
        common["target_roi"] = json.dumps(roi)

    def fresh() -> Intrusion:
        return Intrusion(IntrusionConfig.model_validate(common), Scripted(scene))

    pictures = [frame(n) for n in range(100)]
    whole, states, told = fresh(), [], []
    for picture in pictures:
        told.append(list(whole.process(picture)))
        states.append(pack(whole.state(), 1))
    assert sum(map(len, told)) >= 5
    for cut in range(0, 99, 7):
        later = fresh()
        state = unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [list(later.process(picture)) for picture in pictures[cut + 1 :]] == told[cut + 1 :]
