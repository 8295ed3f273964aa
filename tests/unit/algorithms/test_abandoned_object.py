"""Things that nobody takes away are told once; what people do around them changes nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from scenes import frame

from vedette.algorithms.builtin.abandoned_object import ABANDONED, AbandonedConfig, AbandonedObject
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.roles import ARRIVED, PUT_DOWN
from vedette.algorithms.state import pack, unpack
from vedette.model.detection import Detections
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.testing import Found, ScriptedModels, run, seen, together

RUN = TaskRun(
    TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-abandon-detection-cloud", "3.0", {}, "gate", 1_618_299_313_900
)
YARD = {"polygons": [{"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "yard"}]}
SIZE = (640, 360)
BOX = (380.0, 200.0, 420.0, 240.0)
LABELS = (PUT_DOWN, ARRIVED)
Sees = Callable[[float], Detections]


def thing(
    *spells: tuple[float, float],
    box: tuple[float, float, float, float] = BOX,
    label: str = PUT_DOWN,
    score: float = 0.9,
) -> Sees:
    """Return a thing that is seen in these spells."""

    def script(time: float) -> Detections:
        here = any(begin <= time < end for begin, end in spells)
        return seen(*([box] if here else []), label=label, labels=LABELS, score=score)

    return script


def tell(sees: Sees | Mapping[str, Sees], seconds: float = 30, roi: Any = YARD, **common: Any) -> list[Found]:
    still = {} if isinstance(sees, Mapping) else {"still": sees}
    both = dict(sees) if isinstance(sees, Mapping) else still
    config = common | ({"target_roi": json.dumps(roi)} if roi else {})
    return run(AbandonedObject, config, sees=both, seconds=seconds, size=SIZE)


def target(found: Found) -> dict[str, Any]:
    data = msgspec.to_builtins(found.finding.data, enc_hook=lambda track: track.number)
    (only,) = data["event_set"]
    return dict(only)


def test_a_thing_that_stays_is_told_once_and_says_how_long_it_has_been_there() -> None:
    """The detector sees a thing a second after it was put down; the time counts from then."""
    (found,) = tell(thing((5, 30)))
    assert found.finding.event_type == ABANDONED
    assert found.at == pytest.approx(5 - 1 + 10, abs=0.2)
    told = target(found)
    assert told.pop("bounding_box") == {"x": 380, "y": 200, "w": 40, "h": 40}
    assert told == {"target_remaining_time": "10", "detection_id": 1}
    assert found.finding.over is None


def test_what_is_taken_away_in_time_is_not_told() -> None:
    assert tell(thing((5, 12), (16, 23))) == []


def test_a_thing_outside_the_region_is_not_told_and_without_a_region_the_picture_is_it() -> None:
    outside = thing((5, 30), box=(100, 200, 140, 240))
    assert tell(outside) == []
    assert len(tell(outside, roi=None)) == 1


def test_a_detector_that_blinks_makes_no_second_event() -> None:
    """Somebody walks past; the thing is lost for a moment, before it is told and after."""
    assert len(tell(thing((3, 8), (8.9, 17), (18, 30)))) == 1


def test_what_came_by_itself_is_not_told() -> None:
    assert tell(thing((5, 30), label=ARRIVED)) == []


def people(box: tuple[float, float, float, float], until: float = 100, label: str = "person") -> Sees:
    return lambda time: seen(*([box] if time < until else []), label=label, labels=("person", "car", "suitcase"))


@pytest.mark.parametrize(("label", "told"), [("person", 0), ("car", 0), ("suitcase", 1)])
def test_a_model_for_objects_tells_people_and_vehicles_from_things(label: str, told: int) -> None:
    """Somebody who stands still for long looks like a thing otherwise."""
    assert len(tell({"still": thing((5, 30)), "objects": people((375, 150, 425, 245), label=label)})) == told


def test_a_bag_before_somebodys_feet_is_told_and_somebody_who_goes_leaves_it_behind() -> None:
    standing = (370.0, 60.0, 440.0, 250.0)
    assert len(tell({"still": thing((5, 30)), "objects": people(standing)})) == 1
    (found,) = tell({"still": thing((5, 30)), "objects": people(BOX, until=20)})
    assert 20 <= found.at <= 21.2


def test_the_model_is_asked_no_more_than_once_a_second_and_not_for_an_empty_place() -> None:
    asked: list[float] = []

    def objects(time: float) -> Detections:
        asked.append(time)
        return seen(labels=("person",))

    tell({"still": thing((5, 9)), "objects": objects}, seconds=20)
    asked = [time for time in asked if time > 0]  # the bench asks for the labels
    assert 3 <= len(asked) <= 5
    assert all(5 <= time < 9 for time in asked)


def test_a_model_that_hardly_believes_in_a_person_is_not_heard() -> None:
    """A bag is called a bench, a bird and a person by turns, with small scores."""
    weak = lambda _time: seen(BOX, score=0.2)  # noqa: E731  a script in one line
    assert len(tell({"still": thing((5, 30)), "objects": weak})) == 1


def both(*scripts: Sees) -> Sees:
    return lambda time: together(*(script(time) for script in scripts))


@pytest.mark.parametrize(
    ("common", "times"),
    [
        ({}, [14]),
        ({"alert_time_threshold": 20}, [24]),
        ({"alert_time_threshold": "6"}, [10]),
        ({"detection_min_size": 41}, []),
        ({"detection_min_size": 39}, [14]),
        ({"detection_max_size": 39}, []),
        ({"detection_max_size": 41}, [14]),
    ],
)
def test_each_key_of_the_rule_has_its_effect(common: dict[str, Any], times: list[float]) -> None:
    assert [found.at for found in tell(thing((5, 30)), **common)] == pytest.approx(times, abs=0.2)


@pytest.mark.parametrize(("tall", "count"), [(15, 0), (18, 1)])
def test_the_default_size_is_that_of_1080_lines_scaled(tall: float, count: int) -> None:
    """50 px of 1080 lines are 16.7 of 360."""
    assert len(tell(thing((5, 30), box=(380, 240 - tall, 390, 240)))) == count


@pytest.mark.parametrize(("interval", "times"), [(5, [7, 14]), (12, [7, 19])])
def test_the_interval_keeps_a_place_quiet(interval: float, times: list[float]) -> None:
    """Something is taken away and something else put there."""
    told = tell(thing((3, 8), (10, 30)), alert_time_threshold=5, alert_detection_interval=interval)
    assert [found.at for found in told] == pytest.approx(times, abs=0.3)


def test_the_drawing_obeys_its_switches() -> None:
    def drawing(**common: Any) -> Any:
        (found,) = tell(thing((5, 30)), seconds=20, **common)
        return found.finding.drawing

    assert [caption for _, caption in drawing().boxes] == ["object 1"]
    assert (drawing().polygons, drawing().quality) == ((), 90)
    assert drawing(render_result_sw=0).boxes == ()
    marked = drawing(render_roi_sw=1, image_compression_ratio="35")
    assert (len(marked.polygons), marked.quality) == (1, 35)


def test_the_published_sample_is_accepted_and_ill_typed_values_are_refused_by_name() -> None:
    sample = {
        "detection_min_size": 50,
        "alert_time_threshold": 10,
        "alert_detection_interval": 5,
        "image_compression_ratio": 80,
        "render_result_sw": 1,
        "render_roi_sw": 0,
        "target_roi": json.dumps(YARD),
    }
    config, warnings = check_config(AbandonedObject.manifest, sample)
    assert warnings == ()
    assert isinstance(config, AbandonedConfig)
    for key in ("detection_min_size", "alert_time_threshold", "alert_detection_interval"):
        with pytest.raises(InvalidParameter) as refused:
            check_config(AbandonedObject.manifest, {key: "soon"})
        assert refused.value.param == key


def test_the_note_says_which_detectors_are_at_work() -> None:
    def note(*roles: str) -> str:
        return AbandonedObject(AbandonedConfig(), ScriptedModels(dict.fromkeys(roles, thing((5, 30))))).note()

    assert note("still").startswith("detector: scripted (no model for objects")
    assert note("still", "objects") == "detectors: scripted, scripted"


@pytest.mark.parametrize("roi", [None, YARD])
def test_a_run_that_is_cut_anywhere_tells_the_rest_and_nothing_twice(roi: Any) -> None:
    other = thing((3, 14), (16, 30), box=(320, 150, 350, 190))
    sees = {"still": both(thing((5, 30)), other), "objects": people((315, 120, 352, 195), until=12)}
    config = AbandonedConfig.model_validate({"target_roi": json.dumps(roi)} if roi else {})

    def fresh() -> AbandonedObject:
        return AbandonedObject(config, ScriptedModels(sees))

    pictures = [frame(n) for n in range(290)]
    whole, states, told = fresh(), [], []
    for picture in pictures:
        told.append(list(whole.process(picture)))
        states.append(pack(whole.state(), 1))
    assert sum(map(len, told)) >= 2
    for cut in range(0, 289, 23):
        later, state = fresh(), unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [list(later.process(picture)) for picture in pictures[cut + 1 :]] == told[cut + 1 :]


def test_a_changed_threshold_keeps_what_is_known() -> None:
    """What was told under the old configuration is not told again."""
    models = ScriptedModels({"still": thing((2, 60))})
    first = AbandonedObject(AbandonedConfig(), models)
    told = [finding for n in range(200) for finding in first.process(frame(n))]
    second = AbandonedObject(AbandonedConfig(alert_time_threshold=12), models)
    second.succeed(first)
    told += [finding for n in range(200, 500) for finding in second.process(frame(n))]
    assert len(told) == 1


def test_a_message_is_what_its_published_schema_says() -> None:
    (found,) = tell(thing((5, 30)))
    (kind,) = AbandonedObject.manifest.events
    message = make_event(RUN, frame(140), found.finding, b"picture").message
    schema = message_schema(kind)
    jsonschema_rs.meta.validate(schema)
    checked = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    checked.validate(json.loads(json.dumps(message)))
    message["data"]["event_set"][0]["target_remaining_time"] = 10
    assert not checked.is_valid(message), "it is a text, as published"
