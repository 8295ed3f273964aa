"""The generic detector service: each key makes a difference, and a run that is cut goes on as if it had not been."""

import json
from typing import Any

import pytest
from written import Box, Sees, at, moving, scene

from vedette.algorithms.builtin.detection import CROSSING, OBJECT, Detection
from vedette.algorithms.registry import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter, ModelError
from vedette.testing import Found, ScriptedModels, blank, check_finding, run

LABELS = ("person", "dog", "Traffic light")
HERE: Box = (100.0, 100.0, 160.0, 220.0)
THERE: Box = (700.0, 100.0, 760.0, 160.0)
ROI = {
    "polygons": [{"data": [[0, 0], [640, 0], [640, 720], [0, 720]], "name": "yard"}],
    "lines": [{"data": [[300, 0], [300, 720]], "properties": {"side1_name": "west", "side2_name": "east"}}],
}
BOTH = scene(LABELS, {"person": at(HERE), "dog": at(THERE)})
PASSING = scene(LABELS, {"dog": moving(HERE, (60, 0))})
LEAVING = scene(LABELS, {"dog": at(HERE, 0, 4)})


def told(sees: Sees, seconds: float = 6.0, **config: Any) -> list[Found]:
    return run(Detection, config, sees={"objects": sees, "mine": BOTH}, seconds=seconds)


def labels(found: list[Found]) -> list[str]:
    return sorted(one.finding.data.event_set[0].label for one in found)  # type: ignore[attr-defined]


def kinds(found: list[Found]) -> list[int]:
    return [one.finding.event_type for one in found]


def whole_seconds(found: list[Found]) -> list[int]:
    return [int(one.at) for one in found]


def overs(found: list[Found]) -> list[bool | None]:
    return [one.finding.over for one in found]


def back(time: float) -> Box | None:
    return None if 3 <= time < 10 else HERE


ROWS = [
    ("classes", "", "dog", BOTH, 6, labels, ["dog", "person"], ["dog"]),
    ("classes", "Dog, PERSON ,", "traffic LIGHT", BOTH, 6, labels, ["dog", "person"], []),
    ("model", "objects", "mine", PASSING, 6, labels, ["dog"], ["dog", "person"]),
    ("detection_threshold", "0.89", 0.91, BOTH, 6, len, 2, 0),
    ("region_detection_sw", 1, 0, PASSING, 8, kinds, [OBJECT, CROSSING], [CROSSING]),
    ("line_detection_sw", 1, 0, PASSING, 8, kinds, [OBJECT, CROSSING], [OBJECT]),
    ("alert_time_threshold", 1, 3, LEAVING, 8, whole_seconds, [1], [3]),
    ("alert_gone_threshold", 2, 10, scene(LABELS, {"dog": back}), 14, len, 2, 1),
    ("alert_detection_interval", 0, 60, scene(LABELS, {"dog": back}), 14, len, 2, 1),
    ("event_disappear_alert_sw", 0, 1, LEAVING, 12, overs, [False], [False, True]),
    ("detection_min_size", 119, 121, scene(LABELS, {"dog": at(HERE)}), 6, len, 1, 0),
    ("detection_max_size", 119, 121, scene(LABELS, {"dog": at(HERE)}), 6, len, 0, 1),
    ("target_roi", "", json.dumps(ROI), BOTH, 6, labels, ["dog", "person"], ["person"]),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2]}"[:40])
def test_each_key_makes_the_difference_it_promises(row: tuple[Any, ...]) -> None:
    """A key that is taken and does nothing is a lie."""
    key, one, other, sees, seconds, look, is_one, is_other = row
    more = {"target_roi": json.dumps(ROI)} if sees is PASSING and key != "model" else {}
    more |= {"alert_gone_threshold": 2} if key == "alert_detection_interval" else {}
    assert (look(told(sees, seconds, **more | {key: one})), look(told(sees, seconds, **more | {key: other}))) == (
        is_one,
        is_other,
    )


def test_the_table_has_a_row_for_each_key() -> None:
    """Those of the picture are shared, and tested with intrusion; here they are looked at once."""
    shared = {"render_result_sw", "render_roi_sw", "image_compression_ratio"}
    assert {row[0] for row in ROWS} | shared == set(Detection.manifest.config.model_fields)
    drawing = told(BOTH, render_result_sw=0, render_roi_sw=1, image_compression_ratio=50, target_roi=json.dumps(ROI))
    shown = drawing[0].finding.drawing
    assert shown is not None
    assert (shown.boxes, len(shown.polygons), len(shown.lines), shown.quality) == ((), 1, 1, 50)


@pytest.mark.parametrize(
    ("key", "value"), [("model", ""), ("model", " x"), ("detection_threshold", 1.1), ("classes", 3)]
)
def test_bad_values_are_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        check_config(Detection, {key: value})
    assert caught.value.param == key


def test_classes_the_model_does_not_know_and_models_that_are_not_there_are_named() -> None:
    """A slip in a name must not end in silence."""
    with pytest.raises(ModelError, match="does not know cat, cow"):
        told(BOTH, classes="cow,dog,cat")
    with pytest.raises(ModelError, match="'theirs'"):
        told(BOTH, model="theirs")
    with pytest.raises(ModelError, match="No model is installed"):
        run(Detection, {"classes": "dog"}, sees=BOTH, seconds=1, knows_classes=False)


def test_without_a_model_whatever_moves_is_told_as_a_target() -> None:
    """So that the service does something before anybody installs a model."""
    sees = scene(("moving",), {"moving": moving(HERE, (60, 0))})
    found = run(Detection, {}, sees=sees, seconds=6, knows_classes=False)
    assert labels(found) == ["target"]


def test_a_crossing_names_the_sides() -> None:
    (crossing,) = [one for one in told(PASSING, 8, target_roi=json.dumps(ROI)) if one.finding.event_type == CROSSING]
    entry = crossing.finding.data.event_set[0]  # type: ignore[attr-defined]
    assert (entry.start_position, entry.end_position) == ("west", "east")


CONFIG = {"target_roi": json.dumps(ROI), "event_disappear_alert_sw": 1, "alert_gone_threshold": 1}


def findings(until: int, cut: int | None = None) -> list[Any]:
    """Return what is told of a scene; cut once, if asked for, and gone on with from its checkpoint."""
    sees = {"objects": scene(LABELS, {"dog": moving(HERE, (60, 0)), "person": at(THERE, 1, 5)})}
    config = Detection.manifest.config.model_validate(CONFIG)
    under_test: Any = Detection
    algorithm, told = under_test(config, ScriptedModels(sees)), []
    for n in range(until):
        if n == cut:
            version = Detection.manifest.state_version
            kept = unpack(pack(algorithm.state(), version), version)
            algorithm = under_test(config, ScriptedModels(sees))
            assert kept is not None
            algorithm.restore(kept)
        for finding in algorithm.process(blank(n / 10, index=n)):
            check_finding(Detection.manifest, finding)
            told.append((n, finding))
    return told


def test_a_run_that_is_cut_goes_on_as_if_it_had_not_been() -> None:
    """Wherever it is cut: events of a file are the same after a crash."""
    whole = findings(150)
    assert len(whole) >= 3
    for cut in (11, 38, 90):
        assert findings(150, cut) == whole
