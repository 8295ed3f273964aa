"""Fire passage occupation: vehicles and things, what each key changes, and what the messages look like."""

from typing import Any

import pytest
from scenes import Script
from standing_scenes import (
    INSIDE,
    YARD,
    Scene,
    WithoutModel,
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
    told_without_model,
)

from vedette.algorithms.builtin.fire_passage import STACKING, VEHICLE_IN_PASSAGE, FirePassage, FirePassageConfig
from vedette.algorithms.parameters import check_config
from vedette.testing import Found, ScriptedModels

PASSAGE = {"target_roi": area(passage=YARD)}
BOX = {"x": "int", "y": "int", "w": "int", "h": "int"}


def nothing(time: float) -> list[Any]:
    return []


def passage(objects: Script = nothing, still: Script = nothing) -> Scene:
    return {"objects": objects, "still": still}


def crate(**when: float) -> Script:
    return stands("still", (420, 150), (60, 60), **when)


def events(found: list[Found]) -> list[tuple[float, int, bool | None]]:
    return [(one.at, one.finding.event_type, one.finding.over) for one in found]


def test_a_vehicle_and_a_crate_are_told_once_when_their_times_are_full() -> None:
    found = told(FirePassage, passage(stands(), crate()), 100, **PASSAGE)
    assert events(found) == [
        (pytest.approx(39, abs=0.5), STACKING, False),  # a thing is taken for still after a second
        (50.0, VEHICLE_IN_PASSAGE, False),
    ]


def test_a_vehicle_that_inches_along_stays_in_the_passage() -> None:
    found = told(FirePassage, passage(lambda t: [(220 + 4 * t, 250, 80, 50, "car")]), 60, **PASSAGE)
    assert [one.finding.event_type for one in found] == [VEHICLE_IN_PASSAGE]


def test_what_passes_through_is_not_told() -> None:
    assert told(FirePassage, passage(leaves(time=5), crate(until=20)), 60, **PASSAGE) == []


def test_a_parked_vehicle_is_no_stack_of_things() -> None:
    """The detector of still things sees it too; also where nobody asks for vehicles."""
    scene = passage(stands(), stands("still", INSIDE, (78, 48)))
    assert [one.finding.event_type for one in told(FirePassage, scene, 100, **PASSAGE)] == [VEHICLE_IN_PASSAGE]
    assert told(FirePassage, scene, 100, **PASSAGE, vehicle_occupation_sw=0) == []


def test_a_person_who_stands_still_is_no_stack_of_things() -> None:
    scene = passage(stands("person", INSIDE, (30, 80)), stands("still", INSIDE, (28, 78)))
    assert told(FirePassage, scene, 100, **PASSAGE) == []


def test_nor_if_the_detector_misses_them_now_and_then() -> None:
    def missed(time: float) -> list[Any]:
        return [] if round(time * 3) % 4 == 0 else list(stands("person", INSIDE, (30, 80))(time))

    assert told(FirePassage, passage(missed, stands("still", INSIDE, (28, 78))), 100, **PASSAGE) == []


def test_what_came_by_itself_is_no_stack_of_things() -> None:
    """Somebody whom the model does not know for a person."""
    assert told(FirePassage, passage(still=stands("arrived", (420, 150), (60, 60))), 60, **PASSAGE) == []


def test_somebody_who_stands_before_a_crate_does_not_make_it_go() -> None:
    scene = passage(stands("person", (420, 155), (50, 90), since=50, until=80), crate())
    common = {**PASSAGE, "event_disappear_alert_sw": 1}
    assert [one.finding.over for one in told(FirePassage, scene, 110, **common)] == [False]


SCENE = passage(leaves(time=60), crate(until=65))
TOLD = [(39, STACKING, False), (50, VEHICLE_IN_PASSAGE, False)]
GONE = [(64.5, VEHICLE_IN_PASSAGE, True), (68, STACKING, True)]


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("render_roi_sw", 0, TOLD),
        ("stacking_occupation_sw", 0, TOLD[1:]),
        ("vehicle_occupation_sw", "0", TOLD[:1]),
        ("stacking_residence_time", 20, [(19, STACKING, False), TOLD[1]]),
        ("vehicle_residence_time", "20", [(20, VEHICLE_IN_PASSAGE, False), TOLD[0]]),
        ("event_disappear_alert_sw", 1, TOLD + GONE),
        ("target_roi", area([[0, 0], [50, 0], [50, 360]]), []),
    ],
)
def test_each_key_changes_what_is_told(key: str, value: Any, wanted: list[tuple[float, int, bool]]) -> None:
    found = events(told(FirePassage, SCENE, 85, **{**PASSAGE, key: value}))
    assert [one[1:] for one in found] == [one[1:] for one in wanted]
    assert [at for at, *_ in found] == [pytest.approx(at, abs=0.8) for at, *_ in wanted]


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
    (found,) = told(FirePassage, passage(stands()), 10, **{**PASSAGE, "vehicle_residence_time": 5, key: value})
    drawing = found.finding.drawing
    assert drawing is not None
    assert (len(drawing.boxes), len(drawing.polygons), drawing.quality) == drawn


def test_the_published_sample_is_accepted_without_warnings() -> None:
    sample = {
        "event_disappear_alert_sw": 0, "stacking_occupation_sw": 1, "vehicle_occupation_sw": 1,
        "stacking_residence_time": 40, "vehicle_residence_time": 50, "image_compression_ratio": 90,
        "render_result_sw": 1, "render_roi_sw": 0, "target_roi": PASSAGE["target_roi"],
    }  # fmt: skip
    assert accepted(FirePassage, sample) == ()
    assert check_config(FirePassage.manifest, {})[0].model_dump(include={"stacking_residence_time"}) == {
        "stacking_residence_time": 40
    }


def test_the_messages_have_the_published_shape() -> None:
    """A plate stands in it only where one was read, and nobody reads plates here."""
    found = [body(FirePassage, one) for one in told(FirePassage, SCENE, 85, **PASSAGE, event_disappear_alert_sw=1)]
    assert [one["event_type"] for one in found] == [1179648, 1179649, 1179649, 1179648]
    assert [one["alarm_type"] for one in found] == [0, 0, 1, 1]
    for raised, gone in ((found[0], found[3]), (found[1], found[2])):
        assert shape(raised["data"]) == {
            "event_set": [{"detection_id": "str", "polygon_name": "str", "bounding_box": BOX}]
        }
        assert gone["data"] == {"event_set": [{"detection_id": raised["data"]["event_set"][0]["detection_id"]}]}
    assert found[0]["data"]["event_set"][0]["detection_id"] != found[1]["data"]["event_set"][0]["detection_id"]


def test_without_a_model_what_came_by_itself_and_stays_counts_as_a_vehicle() -> None:
    found = told_without_model(FirePassage, both(stands("arrived"), crate()), 60, **PASSAGE)
    assert [one.finding.event_type for one in found] == [STACKING, VEHICLE_IN_PASSAGE]
    only = told_without_model(FirePassage, both(stands("arrived"), crate()), 60, **PASSAGE, vehicle_occupation_sw=0)
    assert [one.finding.event_type for one in only] == [STACKING]


def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    common = {
        **PASSAGE,
        "event_disappear_alert_sw": 1,
        "stacking_residence_time": 6,
        "vehicle_residence_time": 9,
    }
    assert goes_on_exactly(FirePassage, passage(leaves(time=14), crate(since=3, until=20)), 35, **common) == 4


def test_what_has_been_told_is_not_told_again_after_a_change_of_the_configuration() -> None:
    before = {**PASSAGE, "stacking_residence_time": 6, "vehicle_residence_time": 6}
    scene = passage(stands(), crate())
    assert len(succeeds(FirePassage, scene, 30, before, {**before, "render_roi_sw": 1})) == 2


def test_the_note_says_which_eyes_are_at_work() -> None:
    assert FirePassage(FirePassageConfig(), ScriptedModels(eyes(passage()))).note() == "detector: scripted"
    assert "no model installed" in FirePassage(FirePassageConfig(), WithoutModel(nothing)).note()
