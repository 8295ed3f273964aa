"""Each key of the services for crowds makes a difference that can be seen."""

from collections.abc import Callable
from typing import Any

import pytest
from scenes import Scripted
from test_crowd_count import HALVES, SAMPLE, AnyCrowd, Told, banners, count, data, make, numbers, people

from vedette.algorithms.builtin.crowd_count import CrowdCount
from vedette.algorithms.builtin.high_point_crowd import HighPointCrowd
from vedette.algorithms.parameters import check_config
from vedette.model.errors import InvalidParameter

Looks = Callable[[Told], Any]


def alarm(told: Told) -> int:
    return int(data(told)["alarm_type"])


def times(told: Told) -> list[float]:
    return [time for time, _ in told]


def drawn(told: Told) -> tuple[int, int]:
    drawing = told[0][1].drawing
    assert drawing is not None
    return len(drawing.boxes), len(drawing.polygons)


def quality(told: Told) -> int:
    drawing = told[0][1].drawing
    assert drawing is not None
    return drawing.quality


def banner_counts(told: Told) -> list[int]:
    return [area["banner_count"] for area in data(told)["event_set"]]


def density(told: Told) -> list[float | None]:
    return [area.get("density") for area in data(told)["event_set"]]


ALARMED = {"alarm_threshold": "1"}


@pytest.mark.parametrize(
    ("key", "value", "rest", "look", "without", "with_it"),
    [
        ("alarm_threshold", "2", {}, alarm, 0, 1),
        ("banner_threshold", "1", ALARMED, alarm, 1, 2),
        ("banner_detection_sw", 0, {}, banner_counts, [2], [0]),
        ("sampling_time_interval", 3, {}, times, [0, 8], [0, 3, 6, 9]),
        ("density_sw", 1, {}, density, [None], [0.019]),
        ("visualization_output_sw", 0, ALARMED, drawn, (3, 1), (0, 0)),
        ("image_compression_ratio", "35", ALARMED, quality, 90, 35),
        ("target_roi", HALVES, {}, numbers, [3], [3, 0]),
    ],
)
def test_the_key_of_crowd_counting_makes_a_difference(
    key: str, value: Any, rest: dict[str, Any], look: Looks, without: Any, with_it: Any
) -> None:
    models = banners((100, 100, 200, 140), (110, 10, 210, 50))
    assert look(count(CrowdCount, people(0, 0), 10, models, **rest)) == without
    assert look(count(CrowdCount, people(0, 0), 10, models, **rest, **{key: value})) == with_it


@pytest.mark.parametrize(
    ("key", "value", "rest", "look", "without", "with_it"),
    [
        ("grid_x_number", 3, {"grid_y_number": 1}, numbers, [5], [3, 2, 0]),
        ("grid_y_number", 2, {"grid_x_number": 1}, numbers, [5], [0, 5]),
        ("alarm_threshold", "4", {}, alarm, 0, 1),
        ("sampling_time_interval", 3, {}, times, [0, 8], [0, 3, 6, 9]),
        ("visualization_output_sw", 0, ALARMED, drawn, (5, 1), (0, 0)),
        ("image_compression_ratio", 35, ALARMED, quality, 90, 35),
        ("target_roi", HALVES, {}, numbers, [5], [3, 2]),
    ],
)
def test_the_key_of_high_point_counting_makes_a_difference(
    key: str, value: Any, rest: dict[str, Any], look: Looks, without: Any, with_it: Any
) -> None:
    assert look(count(HighPointCrowd, people(3, 2), 10, **rest)) == without
    assert look(count(HighPointCrowd, people(3, 2), 10, **rest, **{key: value})) == with_it


def test_every_declared_key_is_in_a_table() -> None:
    """One that is added without a row would be a key of which nobody knows what it does."""
    tables: list[tuple[type[AnyCrowd], Any]] = [
        (CrowdCount, test_the_key_of_crowd_counting_makes_a_difference),
        (HighPointCrowd, test_the_key_of_high_point_counting_makes_a_difference),
    ]
    for service, test in tables:
        (mark,) = test.pytestmark
        assert {row[0] for row in mark.args[1]} == set(service.manifest.config.model_fields)


def test_the_published_sample_is_accepted() -> None:
    assert set(SAMPLE) <= set(CrowdCount.manifest.config.model_fields)
    make(CrowdCount, SAMPLE, Scripted(people(1, 1)))


@pytest.mark.parametrize("service", [CrowdCount, HighPointCrowd])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alarm_threshold", "many"),
        ("alarm_threshold", ""),
        ("alarm_threshold", -1),
        ("alarm_threshold", 1.5),
        ("alarm_threshold", True),
        ("alarm_threshold", "5 1e3"),
        ("sampling_time_interval", 0),
        ("image_compression_ratio", 19),
        ("visualization_output_sw", "on"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(service: type[AnyCrowd], key: str, value: Any) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_config(service.manifest, {key: value})
    assert refused.value.param == key


@pytest.mark.parametrize("value", [-1, 501, "x"])
def test_a_grid_has_at_most_500_cells_a_side(value: Any) -> None:
    with pytest.raises(InvalidParameter):
        check_config(HighPointCrowd.manifest, {"grid_x_number": value})
