"""Both services for crowds: what a sample says, and when there is one."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from scenes import Script, Scripted, Thing, frame

from vedette.algorithms import Detections, Finding, Models
from vedette.algorithms.builtin.crowd_count import CROWD, CrowdCount
from vedette.algorithms.builtin.high_point_crowd import HIGH_POINT_CROWD, HighPointCrowd
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import ModelError
from vedette.testing import ScriptedModels, blank, seen

LEFT = {"data": [[0, 0], [320, 0], [320, 360], [0, 360]]}
RIGHT = {"data": [[320, 0], [640, 0], [640, 360], [320, 360]]}
HALVES = json.dumps({"polygons": [LEFT, RIGHT]})
SAMPLE = {
    "banner_detection_sw": 1,
    "banner_threshold": "2",
    "alarm_threshold": "5",
    "sampling_time_interval": 8,
    "density_sw": 1,
    "visualization_output_sw": 1,
    "image_compression_ratio": 80,
    "target_roi": '{"polygons":[{"data":[[100,100],[1800,100],[1800,1000],[100,1000]]}]}',
}
"""As published."""

AnyCrowd = CrowdCount | HighPointCrowd
Told = list[tuple[float, Finding]]


def people(left: int, right: int) -> Script:
    """Return people who stand still: so many in the left half of the picture, so many in the right one."""
    places = [(30 + 40 * n, 200) for n in range(left)] + [(350 + 40 * n, 300) for n in range(right)]
    return lambda time: [(x, y, 24, 60, "person") for x, y in places]


def make(service: type[AnyCrowd], common: dict[str, Any], models: Models) -> AnyCrowd:
    config, warnings = check_config(service.manifest, common)
    assert warnings == ()
    return service(config, models)  # type: ignore[arg-type]  # each has the configuration of its own manifest


def count(
    service: type[AnyCrowd], script: Script, seconds: int = 0, models: Models | None = None, **common: Any
) -> Told:
    algorithm = make(service, common, models or Scripted(script))
    pictures = [frame(n) for n in range(seconds * 10 + 1)]
    return [(picture.time, finding) for picture in pictures for finding in algorithm.process(picture)]


def data(told: Told, sample: int = 0) -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(told[sample][1].data)))


def numbers(told: Told, sample: int = 0) -> list[int]:
    return [area["crowd_count"] for area in data(told, sample)["event_set"]]


def test_a_sample_has_the_documented_fields() -> None:
    ((time, finding),) = told = count(CrowdCount, people(3, 2), target_roi=HALVES)
    assert (time, finding.event_type) == (0, CROWD)
    assert data(told) == {
        "scene_type": 1,
        "alarm_type": 0,
        "event_set": [
            {"crowd_count": 3, "banner_count": 0, "polygon": LEFT["data"]},
            {"crowd_count": 2, "banner_count": 0, "polygon": RIGHT["data"]},
        ],
    }


def test_a_sample_from_a_high_point_has_the_documented_fields() -> None:
    ((_, finding),) = told = count(HighPointCrowd, people(3, 2), target_roi=HALVES)
    assert finding.event_type == HIGH_POINT_CROWD
    assert data(told) == {
        "scene_type": 1,
        "alarm_type": 0,
        "total_crowd_count": 5,
        "event_set": [
            {"crowd_count": 3, "polygon": LEFT["data"]},
            {"crowd_count": 2, "polygon": RIGHT["data"]},
        ],
    }


def test_a_grid_counts_cell_by_cell_and_only_within_the_regions() -> None:
    common: dict[str, Any] = {"grid_x_number": 2, "grid_y_number": 2, "alarm_threshold": 1}
    told = count(HighPointCrowd, people(3, 2), **common)
    assert [(area["crowd_count"], area["polygon"][0]) for area in data(told)["event_set"]] == [
        (0, [0, 0]),
        (0, [320, 0]),
        (3, [0, 180]),
        (2, [320, 180]),
    ]
    assert (data(told)["total_crowd_count"], data(told)["alarm_type"]) == (5, 1)
    told = count(HighPointCrowd, people(3, 2), target_roi=json.dumps({"polygons": [RIGHT]}), **common)
    assert [(area["crowd_count"], area["polygon"][0]) for area in data(told)["event_set"]] == [
        (0, [320, 0]),
        (2, [320, 180]),
    ]


def test_of_a_fine_grid_only_cells_with_people_are_told() -> None:
    told = count(HighPointCrowd, people(3, 2), grid_x_number=64, grid_y_number=36)
    assert numbers(told) == [1] * 5


@pytest.mark.parametrize("service", [CrowdCount, HighPointCrowd])
def test_without_a_roi_the_whole_picture_is_the_region(service: type[AnyCrowd]) -> None:
    """Also for those whose box ends at the picture's lower edge."""
    told = count(service, lambda time: [*people(2, 1)(time), (300, 360, 24, 60, "person")])
    assert numbers(told) == [4]
    assert data(told)["event_set"][0]["polygon"] == [[0, 0], [640, 0], [640, 360], [0, 360]]


@pytest.mark.parametrize("service", [CrowdCount, HighPointCrowd])
@pytest.mark.parametrize(
    ("threshold", "alarm"),
    [("5", 0), (3, 0), (2, 1), ("2", 1), ("9 1", 1), ("1 9", 1), ("9 9", 0), ("9", 0), ("2 9 0", 1), ("3, 1", 1)],
)
def test_each_region_has_its_threshold(service: type[AnyCrowd], threshold: Any, alarm: int) -> None:
    """In their order; those that have none have the usual one; a picture comes with an alarm alone."""
    ((_, finding),) = told = count(service, people(3, 2), target_roi=HALVES, alarm_threshold=threshold)
    assert data(told)["alarm_type"] == alarm
    assert (finding.drawing is not None) == bool(alarm)


def test_a_miss_of_the_detector_is_not_the_sample() -> None:
    """Nobody is seen in the very picture of the sample."""

    def blind(time: float) -> Sequence[Thing]:
        return [] if 3.9 < time < 4.15 else people(3, 0)(time)

    told = count(CrowdCount, blind, 4, sampling_time_interval=4)
    assert [time for time, _ in told] == [0, 4]
    assert numbers(told, 1) == [3]


def test_the_detector_rests_between_samples() -> None:
    """A crowd is looked at for a second before each sample: who samples each minute pays for a second of it."""
    looked: list[float] = []

    def watched(time: float) -> Sequence[Thing]:
        looked.append(time)
        return []

    count(CrowdCount, watched, 20, sampling_time_interval=10)
    assert sorted({int(time) for time in looked}) == [0, 9, 10, 19, 20]


@pytest.mark.parametrize("service", [CrowdCount, HighPointCrowd])
def test_a_crowd_needs_a_model(service: type[AnyCrowd]) -> None:
    """What merely moves is no measure of people who stand."""
    with pytest.raises(ModelError):
        make(service, {}, Scripted(people(1, 1), knows_classes=False))


def banners(*boxes: tuple[float, float, float, float]) -> Models:
    def crowd(time: float) -> Detections:
        return seen(*[(x - 12, y - 60, x + 12, y) for x, y, *_ in people(3, 0)(time)])

    return ScriptedModels({"objects": crowd, "banners": lambda _: seen(*boxes, label="banner", labels=("banner",))})


def test_banners_are_counted_where_there_is_a_model_for_them() -> None:
    """By their middles, as they have no feet."""
    models = banners((100, 100, 200, 140), (110, 10, 210, 50), (400, 10, 500, 50))
    told = count(CrowdCount, people(0, 0), models=models, target_roi=HALVES)
    assert [area["banner_count"] for area in data(told)["event_set"]] == [2, 1]
    assert make(CrowdCount, {}, models).note() == "detector: scripted; banners: scripted"
    assert make(CrowdCount, {}, Scripted(people(0, 0))).note().endswith("no model of the role banners is installed")
    assert make(CrowdCount, {"banner_detection_sw": 0}, Scripted(people(0, 0))).note() == "detector: scripted"


@pytest.mark.parametrize(
    ("common", "alarm"),
    [
        ({"alarm_threshold": "2", "banner_threshold": "1"}, 2),
        ({"alarm_threshold": "2", "banner_threshold": "2"}, 1),
        ({"alarm_threshold": "3", "banner_threshold": "1"}, 0),
        ({"alarm_threshold": "2", "banner_threshold": "1", "banner_detection_sw": 0}, 1),
    ],
)
def test_banners_make_an_alarm_graver(common: dict[str, Any], alarm: int) -> None:
    told = count(CrowdCount, people(0, 0), models=banners((100, 100, 200, 140), (110, 10, 210, 50)), **common)
    assert data(told)["alarm_type"] == alarm


@pytest.mark.parametrize(
    ("service", "common"),
    [(CrowdCount, {}), (HighPointCrowd, {"grid_x_number": 4, "grid_y_number": 3}), (HighPointCrowd, {})],
)
def test_a_run_that_goes_on_from_a_checkpoint_tells_the_same(service: type[AnyCrowd], common: dict[str, Any]) -> None:
    dice = np.random.default_rng(5)
    seen_at = {n: people(int(dice.integers(0, 5)), int(dice.integers(0, 5)))(0) for n in range(100)}

    def fresh() -> AnyCrowd:
        return make(service, {"sampling_time_interval": 2} | common, Scripted(lambda time: seen_at[round(time * 10)]))

    pictures = [frame(n) for n in range(100)]
    undisturbed, states, told = fresh(), [], []
    for picture in pictures:
        told.append(list(undisturbed.process(picture)))
        states.append(pack(undisturbed.state() or {}, 1))
    assert len({str(one) for one in told}) > 3
    for cut in range(0, 99, 3):
        later = fresh()
        state = unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [list(later.process(picture)) for picture in pictures[cut + 1 :]] == told[cut + 1 :]


def test_other_regions_begin_with_what_is_seen_in_them() -> None:
    """What was counted in the earlier ones means nothing in the new ones; the time of the next sample stays."""
    first = make(CrowdCount, {"sampling_time_interval": 2}, Scripted(people(3, 2)))
    for n in range(18):
        list(first.process(frame(n)))
    second = make(CrowdCount, {"sampling_time_interval": 2, "target_roi": HALVES}, Scripted(people(3, 2)))
    assert isinstance(first, CrowdCount)
    assert isinstance(second, CrowdCount)
    second.succeed(first)
    told = [(frame(n).time, finding) for n in range(18, 25) for finding in second.process(frame(n))]
    assert [time for time, _ in told] == [2.0]
    assert numbers(told) == [3, 2]


@pytest.mark.parametrize("service", [CrowdCount, HighPointCrowd])
def test_a_picture_of_another_size_is_counted_as_it_is(service: type[AnyCrowd]) -> None:
    """A camera may be set to another size in the middle."""
    grid = {} if service is CrowdCount else {"grid_x_number": 3, "grid_y_number": 3}
    algorithm = make(service, {"sampling_time_interval": 1} | grid, Scripted(people(3, 2)))
    pictures = [blank(n / 10, index=n, size=(640, 360) if n < 6 else (800, 400)) for n in range(11)]
    told = [(picture.time, finding) for picture in pictures for finding in algorithm.process(picture)]
    assert sum(numbers(told, 1)) == 5
