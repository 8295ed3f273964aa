"""Each key of people flow counting makes a difference that can be seen."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from scenes import Scripted, frame, walk

from vedette.algorithms.builtin.flow_count import HEAT, LINE, REGION, FlowCount, FlowCountConfig
from vedette.algorithms.parameters import check_config
from vedette.model.errors import InvalidParameter

ROI = json.dumps(
    {
        "lines": [{"data": [[320, 0], [320, 360]], "properties": {"side1_name": "Side1", "side2_name": "Side2"}}],
        "polygons": [{"data": [[300, 100], [500, 100], [500, 300], [300, 300]]}],
    }
)
SAMPLE = {
    "line_count_interval": 2,
    "region_count_interval": 2,
    "line_detection_sw": 1,
    "region_detection_sw": 1,
    "heatmap_detection_sw": 0,
    "heatmap_detection_interval": 60,
    "target_roi": '{"lines":[{"data":[[560,680],[1185,506]],"properties":{"side1_name":"Side1","side2_name":"Side2"}}],'
    '"polygons":[{"data":[[0,0],[0,1080],[1920,1080],[1920,0]]}]}',
    "heatmap_point_interval": 4,
}
"""As published."""

Told = list[tuple[float, int, dict[str, Any]]]


def tell(common: dict[str, Any]) -> Told:
    config, warnings = check_config(FlowCount.manifest, common)
    assert warnings == ()
    assert isinstance(config, FlowCountConfig)
    algorithm = FlowCount(config, Scripted(walk((40, 200), (60, 0))))
    pictures = [frame(n) for n in range(101)]
    return [
        (picture.time, finding.event_type, msgspec.to_builtins(finding.data))
        for picture in pictures
        for finding in algorithm.process(picture)
    ]


def kinds(told: Told) -> set[int]:
    return {kind for _, kind, _ in told}


def times(number: int) -> Callable[[Told], list[float]]:
    return lambda told: [time for time, kind, _ in told if kind == number]


def intervals(told: Told) -> set[tuple[int, int]]:
    return {(kind, data["interval"]) for _, kind, data in told}


def warm(told: Told) -> int:
    """How many cells of the heat map are not cold."""
    return sum(cell > 0 for _, kind, data in told if kind == HEAT for row in data["grid"] for cell in row)


def worn(told: Told) -> set[bool]:
    """Whether lines tell of clothes."""
    return {"side2_attributes" in line for _, kind, data in told if kind == LINE for line in data["event_set"]}


HEATED = {"heatmap_detection_sw": 1, "heatmap_detection_interval": 10}


@pytest.mark.parametrize(
    ("key", "value", "rest", "look", "without", "with_it"),
    [
        ("line_detection_sw", 0, {}, kinds, {LINE, REGION}, {REGION}),
        ("region_detection_sw", "0", {}, kinds, {LINE, REGION}, {LINE}),
        ("heatmap_detection_sw", 1, {"heatmap_detection_interval": 10}, kinds, {LINE, REGION}, {LINE, REGION, HEAT}),
        ("line_count_interval", 5, {}, times(LINE), [2.0, 4.0, 6.0, 8.0, 10.0], [5.0, 10.0]),
        ("line_count_interval", "5", {}, intervals, {(LINE, 2), (REGION, 2)}, {(LINE, 5), (REGION, 2)}),
        ("region_count_interval", 3, {}, times(REGION), [2.0, 4.0, 6.0, 8.0, 10.0], [3.0, 6.0, 9.0]),
        ("heatmap_detection_interval", 4, {"heatmap_detection_sw": 1}, times(HEAT), [], [4.0, 8.0]),
        ("heatmap_point_interval", 15, HEATED, warm, 9, 3),
        ("attribute_detection_sw", 1, {}, worn, {False}, {True}),
        ("target_roi", "", {}, kinds, {LINE, REGION}, {REGION}),
    ],
)
def test_the_key_makes_a_difference(
    key: str, value: Any, rest: dict[str, Any], look: Callable[[Told], Any], without: Any, with_it: Any
) -> None:
    assert look(tell({"target_roi": ROI} | rest)) == without
    assert look(tell({"target_roi": ROI} | rest | {key: value})) == with_it


def test_the_published_sample_is_accepted() -> None:
    assert set(SAMPLE) <= set(FlowCount.manifest.config.model_fields)
    assert kinds(tell(SAMPLE)) == {LINE, REGION}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("line_count_interval", 0),
        ("line_count_interval", 86_401),
        ("region_count_interval", "often"),
        ("heatmap_point_interval", 10_001),
        ("heatmap_detection_interval", 0),
        ("line_detection_sw", 2),
        ("target_roi", "{"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(FlowCount.manifest, {key: value})
    assert refused.value.param == key


def test_every_declared_key_is_in_the_table() -> None:
    """One that is added without a row would be a key of which nobody knows what it does."""
    test: Any = test_the_key_makes_a_difference
    (mark,) = test.pytestmark
    assert {row[0] for row in mark.args[1]} == set(FlowCount.manifest.config.model_fields)
