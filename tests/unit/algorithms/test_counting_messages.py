"""The messages of the services that count: as published, and as their own schemas say."""

import json
from typing import Any

import jsonschema_rs
import pytest
from scenes import Scripted, frame
from test_crowd_count import banners, people

from vedette.algorithms import Algorithm, Models
from vedette.algorithms.builtin.crowd_count import CrowdCount
from vedette.algorithms.builtin.flow_count import FlowCount
from vedette.algorithms.builtin.high_point_crowd import HighPointCrowd
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.testing import check_finding

RUN = TaskRun(TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-flowcount-cloud", "3.0", {}, "gate", 1_535_546_728_000)
CORNERS = [[0, 0], [640, 0], [640, 360], [0, 360]]
LINES = {
    "lines": [
        {"data": [[480, 350], [540, 40]]},
        {"data": [[490, 0], [640, 340]], "properties": {"side1_name": "in", "side2_name": "out"}},
    ]
}
POLYGONS = {"polygons": [{"data": CORNERS}, {"data": CORNERS[:3], "name": "half"}]}
EVERYTHING = {
    "line_count_interval": 1,
    "region_count_interval": 1,
    "heatmap_detection_sw": 1,
    "attribute_detection_sw": 1,
}

PUBLISHED: dict[int, dict[str, Any]] = {
    131073: {
        "interval": 2,
        "event_set": [
            {
                "line": [[480, 1440], [540, 540]],
                "line_id": 0,
                "side1_count": 1,
                "side2_count": 0,
                "side1_name": "side1",
                "side2_name": "side2",
            }
        ],
    },
    131074: {"event_set": [{"polygon": [[480, 270], [1440, 270], [1440, 810]], "count": 2, "region_id": 0}]},
    131075: {"interval": 1, "heat_image_base64": "/9j/4AAQ", "heatpoint_image_base64": "/9j/2wBD"},
    524288: {
        "scene_type": 1,
        "alarm_type": 2,
        "event_set": [{"crowd_count": 14, "banner_count": 5, "polygon": [[400, 200], [1280, 200], [1280, 720]]}],
    },
    1769472: {
        "scene_type": 1,
        "alarm_type": 1,
        "total_crowd_count": 14,
        "event_set": [{"crowd_count": 14, "polygon": [[400, 200], [1280, 200], [1280, 720]]}],
    },
}
"""`data` of the published examples, their pictures cut short."""


def messages(
    service: type[Algorithm[Any]], common: dict[str, Any], models: Models, seconds: int = 3
) -> list[dict[str, Any]]:
    config, _ = check_config(service.manifest, common)
    made: Any = service
    algorithm, told = made(config, models), []
    for number in range(seconds * 10 + 1):
        shown = frame(number)
        for finding in algorithm.process(shown):
            check_finding(service.manifest, finding)
            told.append(json.loads(json.dumps(make_event(RUN, shown, finding, None).message)))
    return told


def all_messages() -> list[tuple[type[Algorithm[Any]], dict[str, Any]]]:
    seen = banners((100, 100, 200, 140))
    cases: list[tuple[type[Algorithm[Any]], dict[str, Any]]] = [
        (FlowCount, EVERYTHING | {"heatmap_detection_interval": 2, "target_roi": json.dumps(LINES | POLYGONS)}),
        (FlowCount, EVERYTHING),
        (CrowdCount, {"alarm_threshold": "1", "density_sw": 1, "banner_threshold": 0}),
        (CrowdCount, {"target_roi": json.dumps(POLYGONS)}),
        (HighPointCrowd, {"target_roi": json.dumps(POLYGONS)}),
        (HighPointCrowd, {"grid_x_number": 3, "grid_y_number": 2, "alarm_threshold": 0}),
        (HighPointCrowd, {"grid_x_number": 60, "grid_y_number": 30}),
    ]
    return [(service, message) for service, common in cases for message in messages(service, common, seen)]


def test_every_message_is_what_its_schema_says_and_holds_what_is_published() -> None:
    """Each published key, with a value of its type; in every shape that a message can have."""
    told = all_messages()
    for service, message in told:
        (kind,) = (kind for kind in service.manifest.events if kind.number == message["event_type"])
        schema = message_schema(kind)
        jsonschema_rs.Draft202012Validator(schema).validate(message)
        assert not jsonschema_rs.Draft202012Validator(schema).is_valid(message | {"data": {}})
        assert _holds(message["data"], PUBLISHED[kind.number]), message
    assert {message["event_type"] for _, message in told} == set(PUBLISHED)


def test_statistics_are_stamped_with_the_end_of_their_interval() -> None:
    """In seconds, as documented."""
    told = messages(FlowCount, {"line_count_interval": 2, "target_roi": json.dumps(LINES)}, Scripted(people(1, 0)), 4)
    assert [message["timestamp"] for message in told] == [1_535_546_730, 1_535_546_732]
    assert all("image_base64" not in message and "alarm_type" not in message for message in told)


@pytest.mark.parametrize("number", PUBLISHED)
def test_the_comparison_can_fail(number: int) -> None:
    """Else the test above would hold for anything."""
    sample = PUBLISHED[number]
    assert _holds(sample, sample)
    for key in sample:
        assert not _holds({other: value for other, value in sample.items() if other != key}, sample)
        assert not _holds(sample | {key: None}, sample)


def _holds(told: Any, sample: Any) -> bool:
    """Return whether everything of the sample is there, of the same type."""
    if isinstance(sample, dict):
        return isinstance(told, dict) and all(key in told and _holds(told[key], sample[key]) for key in sample)
    if isinstance(sample, list):
        return isinstance(told, list) and bool(told) and all(_holds(one, sample[0]) for one in told)
    return type(told) is type(sample)
