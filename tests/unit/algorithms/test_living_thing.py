"""Small things that move are told once each; large ones and those outside are not."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from scenes import Script, Scripted, Thing, frame, walk

from vedette.algorithms.builtin.living_thing import LIVING, LivingConfig, LivingThing
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.testing import Found, check_finding

RUN = TaskRun(
    TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-living-detect-edge", "3.0", {}, "gate", 1_618_299_313_900
)
KITCHEN = {"polygons": [{"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "kitchen"}]}


def rat(length: float = 14, start: float = 40, y: float = 200, speed: float = 60) -> Script:
    def script(time: float) -> list[Thing]:
        return [(start + speed * time, y, length, 8, "moving")]

    return script


def tell(script: Script, seconds: float = 12, roi: Any = KITCHEN, **common: Any) -> list[Found]:
    config = common | ({"target_roi": json.dumps(roi)} if roi else {})
    algorithm = LivingThing(LivingConfig.model_validate(config), Scripted(script, knows_classes=False))
    told = []
    for number in range(int(seconds * 10)):
        for finding in algorithm.process(frame(number)):
            check_finding(LivingThing.manifest, finding)
            told.append(Found(round(number / 10, 3), finding))
    return told


def test_something_small_that_moves_into_a_region_is_told_once() -> None:
    (found,) = tell(rat())
    assert found.finding.event_type == LIVING == 0x7F010000
    assert found.at == pytest.approx((300 - 40) / 60, abs=0.4)
    data = msgspec.to_builtins(found.finding.data, enc_hook=lambda track: track.number)
    (told,) = data["event_set"]
    assert (told.pop("detection_id"), told.pop("polygon_name")) == (1, "kitchen")
    assert set(told) == {"bounding_box"}
    assert set(told["bounding_box"]) == {"x", "y", "w", "h"}


def test_without_a_region_the_whole_picture_is_watched() -> None:
    (found,) = tell(rat(), roi=None, seconds=6)
    data = msgspec.to_builtins(found.finding.data, enc_hook=lambda track: track.number)
    assert "polygon_name" not in data["event_set"][0]


def test_what_sways_in_its_place_is_not_told() -> None:
    """A leaf, or a curtain before a fan."""

    def leaf(time: float) -> list[Thing]:
        return [(400 + 2 * (int(time * 10) % 2), 200, 14, 8, "moving")]

    assert tell(leaf, seconds=30) == []


@pytest.mark.parametrize(
    ("common", "length", "count"),
    [
        ({}, 14, 1),
        ({}, 18, 0),  # 50 px of 1080 lines are 16.7 of 360
        ({"detection_max_size": 20}, 18, 1),
        ({"detection_min_size": 15}, 14, 0),
        ({"detection_min_size": "13"}, 14, 1),
        ({"target_roi": ""}, 14, 1),
        ({"target_roi": json.dumps({"polygons": [{"data": [[0, 0], [9, 0], [9, 9]]}]})}, 14, 0),
    ],
)
def test_each_key_of_the_rule_has_its_effect(common: dict[str, Any], length: float, count: int) -> None:
    roi = None if "target_roi" in common else KITCHEN
    assert len(tell(rat(length), roi=roi, **common)) == count


def test_the_drawing_obeys_its_switches() -> None:
    def drawing(**common: Any) -> Any:
        (found,) = tell(rat(), **common)
        return found.finding.drawing

    assert [caption for _, caption in drawing().boxes] == ["moving 1"]
    assert (drawing().polygons, drawing().quality) == ((), 90)
    assert drawing(render_result_sw="0").boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio=35)
    assert (len(marked.polygons), marked.quality) == (1, 35)


def test_the_published_sample_is_accepted_and_ill_typed_values_are_refused_by_name() -> None:
    sample = {
        "detection_max_size": 50,
        "detection_min_size": 5,
        "image_compression_ratio": 90,
        "render_result_sw": 1,
        "render_roi_sw": 1,
        "target_roi": json.dumps(KITCHEN),
    }
    assert check_config(LivingThing.manifest, sample)[1] == ()
    for key in ("detection_max_size", "detection_min_size"):
        with pytest.raises(InvalidParameter) as refused:
            check_config(LivingThing.manifest, {key: "small"})
        assert refused.value.param == key


def test_the_note_says_which_detector_is_at_work() -> None:
    assert LivingThing(LivingConfig(), Scripted(rat())).note() == "detector: scripted"


def test_a_run_that_is_cut_anywhere_tells_the_rest_and_nothing_twice() -> None:
    def script(time: float) -> list[Thing]:
        return [*rat()(time), *walk((700, 150), (-70, 5), "moving", at=3)(time)]

    config = LivingConfig.model_validate({"target_roi": json.dumps(KITCHEN), "detection_max_size": 70})

    def fresh() -> LivingThing:
        return LivingThing(config, Scripted(script, knows_classes=False))

    pictures = [frame(n) for n in range(110)]
    whole, states, told = fresh(), [], []
    for picture in pictures:
        told.append(list(whole.process(picture)))
        states.append(pack(whole.state(), 1))
    assert sum(map(len, told)) >= 2
    for cut in range(0, 109, 9):
        later, state = fresh(), unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [list(later.process(picture)) for picture in pictures[cut + 1 :]] == told[cut + 1 :]


def test_a_changed_region_begins_anew_and_an_unchanged_one_goes_on() -> None:
    def told_after(roi: dict[str, Any]) -> int:
        models = Scripted(rat(speed=20), knows_classes=False)
        first = LivingThing(LivingConfig.model_validate({"target_roi": json.dumps(KITCHEN)}), models)
        told = [finding for n in range(160) for finding in first.process(frame(n))]
        assert len(told) == 1
        second = LivingThing(LivingConfig.model_validate({"target_roi": json.dumps(roi)}), models)
        second.succeed(first)
        return sum(1 for n in range(160, 200) for _ in second.process(frame(n)))

    moved = {"polygons": [{"data": [[310, 100], [500, 100], [500, 300], [310, 300]]}]}
    assert (told_after(KITCHEN), told_after(moved)) == (0, 1)


def test_a_message_is_what_its_published_schema_says() -> None:
    (kind,) = LivingThing.manifest.events
    schema = message_schema(kind)
    jsonschema_rs.meta.validate(schema)
    checked = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for roi in (KITCHEN, None):
        (found,) = tell(rat(), roi=roi, seconds=7)
        message = json.loads(json.dumps(make_event(RUN, frame(50), found.finding, b"picture").message))
        checked.validate(message)
        assert not checked.is_valid(message | {"data": {"event_set": []}})
