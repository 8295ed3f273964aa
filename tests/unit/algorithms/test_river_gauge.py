"""The river gauge: readings by marks, told at intervals."""

import json
from typing import Any

import pytest

from vedette.algorithms.builtin.river_gauge import LEVEL, RiverGauge
from vedette.algorithms.gauge import Gauge
from vedette.algorithms.registry import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.detection import Detections
from vedette.model.errors import InvalidParameter
from vedette.testing import Found, ScriptedModels, blank, run, seen

MARKS = {"lines": [{"data": [[600, y], [660, y]], "scale": scale} for y, scale in ((500, 100), (300, 200), (200, 250))]}
CALIBRATION = json.dumps(MARKS)
LEFT = json.dumps({"polygons": [{"data": [[0, 0], [640, 0], [640, 720], [0, 720]], "name": "left"}]})


def rising(time: float) -> Detections:
    """Return a gauge whose visible part ends at 500, ten pixels higher each second; and a weaker one on the left."""
    return seen((610, 100, 650, 500 - 10 * time), label="person", score=0.9)


def told(sees: Any = rising, seconds: float = 10.1, **config: Any) -> list[Found]:
    return run(RiverGauge, {"calibration_info": CALIBRATION} | config, sees={"water_gauges": sees}, seconds=seconds)


def levels(found: list[Found]) -> list[float]:
    return [one.finding.data.event_set[0].water_level for one in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("y", "reading"), [(500, 100), (400, 150), (300, 200), (250, 225), (200, 250), (100, 300), (520, 90)]
)
def test_a_reading_follows_the_straight_line_between_marks_and_beyond(y: float, reading: float) -> None:
    assert Gauge.parse(CALIBRATION).read((630, y)) == pytest.approx(reading)


def test_a_gauge_may_lean_and_its_marks_may_come_in_any_order() -> None:
    """What counts is where the point stands along the axis through the marks."""
    text = json.dumps(
        {"lines": [{"data": [[200, 0], [200, 0]], "scale": 2}, {"data": [[0, 200], [0, 200]], "scale": 0}]}
    )
    assert Gauge.parse(text).read((100, 100)) == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense", "[]", "{}", '{"lines": []}', json.dumps({"lines": MARKS["lines"][:1]}),
        CALIBRATION.replace("200}", "100}"), CALIBRATION.replace('"scale": 200', '"scale": "high"'),
        CALIBRATION.replace("[600, 300]", "[600]"), CALIBRATION.replace('"scale": 200', '"scale": 260'),
        json.dumps({"lines": [{"data": [[1, 1], [1, 1]], "scale": n} for n in (1, 2)]}), "[" * 50_000,
    ],
)  # fmt: skip
def test_a_calibration_that_says_nothing_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        check_config(RiverGauge, {"calibration_info": text})
    assert caught.value.param == "calibration_info"


def test_the_water_level_is_told_at_each_interval() -> None:
    """The median of what was read in it: ten pixels are five units, so it rises by five a second."""
    found = told()
    assert [one.at for one in found] == [float(n) for n in range(1, 11)]
    assert {one.finding.event_type for one in found} == {LEVEL}
    steps = [after - before for before, after in zip(levels(found), levels(found)[1:], strict=False)]
    assert steps == [pytest.approx(5, abs=0.6)] * 9
    assert levels(found)[0] == pytest.approx(102.5, abs=0.6)


def test_each_key_makes_the_difference_it_promises() -> None:
    """And the published sample is accepted."""
    sample = {
        "report_interval": 1,
        "image_compression_ratio": 90,
        "calibration_info": CALIBRATION,
        "render_result_sw": 1,
    }
    assert check_config(RiverGauge, sample | {"render_roi_sw": 1, "render_calibration_sw": 1})[1] == ()
    assert len(told(report_interval=3)) == 3
    assert told(calibration_info="") == []
    assert told(target_roi=LEFT)[0].finding.data.event_set[0].polygon_name == "left"  # type: ignore[attr-defined]
    assert told(target_roi=LEFT.replace("640", "300")) == []
    drawings = [told(seconds=2, **{key: value})[0].finding.drawing for key, value in (
        ("render_result_sw", 1), ("render_result_sw", 0), ("render_calibration_sw", 1), ("image_compression_ratio", 50),
    )]  # fmt: skip
    assert [(len(one.boxes), len(one.lines), one.quality) for one in drawings if one is not None] == [
        (1, 0, 90), (0, 0, 90), (1, 3, 90), (1, 0, 50),
    ]  # fmt: skip
    shown = told(seconds=2, target_roi=LEFT, render_roi_sw=1)[0].finding.drawing
    assert shown is not None
    assert len(shown.polygons) == 1


def test_a_gauge_that_is_not_seen_is_not_told() -> None:
    found = told(lambda time: rising(time) if time < 4 else seen())
    assert [one.at for one in found] == [1, 2, 3, 4]


def test_a_run_that_is_cut_goes_on_as_if_it_had_not_been() -> None:
    """In the middle of an interval too."""

    def play(cut: int | None) -> list[Any]:
        config = RiverGauge.manifest.config.model_validate({"calibration_info": CALIBRATION, "report_interval": 2})
        under_test: Any = RiverGauge
        algorithm, found = under_test(config, ScriptedModels({"water_gauges": rising})), []
        for n in range(100):
            if n == cut:
                kept = unpack(pack(algorithm.state(), 1), 1)
                algorithm = under_test(config, ScriptedModels({"water_gauges": rising}))
                assert kept is not None
                algorithm.restore(kept)
            found += [(n, finding) for finding in algorithm.process(blank(n / 10, index=n))]
        return found

    whole = play(None)
    assert len(whole) == 4
    assert [play(cut) for cut in (1, 19, 20, 35, 77)] == [whole] * 5
