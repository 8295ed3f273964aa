"""The services of the catalogue: each key makes a difference, each message is the published one."""

import json
from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest
from written import Box, Sees, at, scene

from vedette.algorithms.composed.folder import shipped
from vedette.algorithms.composed.service import Composed
from vedette.algorithms.messages import message_schema
from vedette.algorithms.registry import Registry, check_config, task_config_xml
from vedette.testing import Found, run

REGISTRY = Registry.load([], shipped=True)
HERE: Box = (100.0, 100.0, 200.0, 200.0)
BESIDE: Box = (140.0, 100.0, 260.0, 240.0)
REGION = json.dumps({"polygons": [{"data": [[0, 0], [640, 0], [640, 720], [0, 720]], "name": "yard"}]})
FAR_AWAY = json.dumps({"polygons": [{"data": [[900, 500], [1000, 500], [1000, 600]]}]})
SHARED = {"target_roi", "render_result_sw", "render_roi_sw", "image_compression_ratio"}


def kind_of(name: str) -> type[Composed]:
    kind = REGISTRY.find(name, "3.0")
    assert issubclass(kind, Composed)
    return kind


def a_class_of(kind: type[Composed], category: str) -> str:
    return next(row.classes[0] for row in kind.plan.categories if row.name == category)


def watched(name: str, sees: Sees, seconds: float, **config: Any) -> list[Found]:
    kind = kind_of(name)
    return run(kind, config, sees={kind.plan.model.role: sees}, seconds=seconds, fps=4)


def there(name: str, *categories: str, until: float = 1e9, boxes: tuple[Box, ...] = (HERE, BESIDE)) -> Sees:
    kind = kind_of(name)
    every = tuple(row.classes[0] for row in kind.plan.categories)
    classes = [a_class_of(kind, category) for category in categories]
    return scene(every, {label: at(box, 0, until) for label, box in zip(classes, boxes, strict=False)})


ALL: Final = sorted({service.manifest.name: service.name.name for service in REGISTRY.services()}.items())


def test_all_shipped_manifests_can_be_published_together() -> None:
    """Each under names, numbers and words of its own."""
    assert REGISTRY.broken == {}
    assert len(ALL) == len(list(shipped()))
    kinds = REGISTRY.event_kinds()
    assert len({kind.name for kind in kinds}) == len(kinds)
    for service in REGISTRY.services():
        assert service.manifest.needs, "one that needs no model would be built in"
        assert not service.manifest.title_cn.isascii()


@pytest.mark.parametrize(("algorithm", "name"), ALL)
def test_each_service_tells_all_its_events_and_honours_the_shared_keys(algorithm: str, name: str) -> None:
    """With everything switched on and everything in sight; each message is what its schema says."""
    kind = kind_of(name)
    switches = {row.name: 1 for row in kind.plan.keys if row.type == "switch" and row.name != "person_constraint_sw"}
    config = switches | {"target_roi": REGION, "trash_detect_sw": 2, "alert_time_threshold": 2}
    sees = there(
        name, *(row.name for row in kind.plan.categories), boxes=(HERE, BESIDE, (300, 300, 380, 380), (500, 9, 590, 90))
    )
    found = watched(name, sees, 8, **config)
    assert {one.finding.event_type for one in found} == {event.number for event in kind.manifest.events}, algorithm
    for one in found:
        event = next(event for event in kind.manifest.events if event.number == one.finding.event_type)
        validate(event, one)
    assert watched(name, sees, 8, **config | {"target_roi": FAR_AWAY}) == []
    drawing = found[0].finding.drawing
    assert drawing is not None
    plain = watched(name, sees, 8, **config, render_result_sw=0, render_roi_sw=1, image_compression_ratio=50)[0].finding
    assert plain.drawing is not None
    assert (bool(drawing.boxes), drawing.polygons, drawing.quality) == (True, (), 90)
    assert (plain.drawing.boxes, len(plain.drawing.polygons), plain.drawing.quality) == ((), 1, 50)


def validate(event: Any, found: Found) -> None:
    schema = message_schema(event)
    data = {"$schema": schema["$schema"], **schema["properties"]["data"], "$defs": schema["$defs"]}
    told = json.loads(
        msgspec.json.encode(found.finding.data, enc_hook=lambda _: "6f1c1a9e-7d3a-4a51-9d26-0b6e6ad0f6a1")
    )
    jsonschema_rs.Draft202012Validator(data).validate(told)


GARBAGE = "c-urban-trash-detect-edge"
GEAR = "c-safetysuitedetection-cloud"
FIRE = "c-smoke-and-fire-cloud"
ACTION = "c-pose-action-recog-cloud"
PONDING = "w-ponding-detection-cloud"
OVERFLOW = "c-urban-trash-overflow-cloud"
STAYS = (
    ("c-urban-sign-detect-cloud", "sign"), ("c-urban-stacking-cloud", "pile"), ("c-urban-drying-cloud", "clothes"),
    ("c-urban-manhole-cloud", "manhole"), ("c-urban-dregs-cloud", "waste"), ("c-urban-bare-soil-cloud", "soil"),
    ("floating-cloud", "debris"),
)  # fmt: skip


def count(found: list[Found]) -> int:
    return len(found)


def first(found: list[Found]) -> float:
    return found[0].at


def gone_for_a_while(name: str, category: str) -> Sees:
    """Return what is seen of a thing that was taken away for 65 seconds and put back."""
    kind = kind_of(name)
    label = a_class_of(kind, category)
    return scene((label,), {label: lambda time: None if 10 <= time < 75 else HERE})


Row = tuple[str, str, Any, Any, Sees, float, Callable[[list[Found]], float], float, float]
"""Service, key, two values, what is seen, for how long, what is looked at, and what that is for each value."""
ROWS: Final[list[Row]] = [
    (FIRE, "fire_detection_sw", 0, 1, there(FIRE, "fire"), 6, count, 0, 1),
    (FIRE, "smoke_detection_sw", 0, 1, there(FIRE, "smoke"), 6, count, 0, 1),
    (FIRE, "video_sampling_interval", 1, 30, there(FIRE, "fire"), 12, count, 1, 0),
    (GEAR, "hat_detection_sw", 0, 1, there(GEAR, "no_helmet"), 5, count, 0, 1),
    (GEAR, "cloth_detection_sw", 0, 1, there(GEAR, "no_work_clothes"), 5, count, 0, 1),
    ("c-event-action-recog-cloud", "smoking_detection_sw", 0, 1, there("c-event-action-recog-cloud", "smoking"), 5, count, 0, 1),
    ("c-event-action-recog-cloud", "phoning_detection_sw", 0, 1, there("c-event-action-recog-cloud", "phoning"), 5, count, 0, 1),
    *((ACTION, f"{one}_detection_sw", 0, 1, there(ACTION, one), 5, count, 0, 1) for one in ("climb", "fall", "wave", "bend")),
    (GARBAGE, "trash_detect_sw", 1, 2, there(GARBAGE, "garbage", "person"), 6, count, 1, 2),
    (GARBAGE, "person_constraint_sw", 1, 0, there(GARBAGE, "garbage", "person"), 6, count, 0, 1),
    (GARBAGE, "min_trash_size", "101", "99", there(GARBAGE, "garbage"), 6, count, 0, 1),
    ("c-trash-abnormal-detect-cloud", "alert_time_threshold", 5, 9, there("c-trash-abnormal-detect-cloud", "abnormal_can"), 15, first, 5.5, 9.5),
    ("c-shared-bicycle-cloud", "alert_time_threshold", 5, 9, there("c-shared-bicycle-cloud", "shared_bicycle"), 15, first, 5, 9),
    (OVERFLOW, "alert_time_threshold", 5, 9, there(OVERFLOW, "overflow"), 15, first, 5.5, 9.5),
    (OVERFLOW, "trash_overflow_interval", 300, 10, gone_for_a_while(OVERFLOW, "overflow"), 90, count, 1, 2),
    (PONDING, "alert_mode", "single", "continuous", there(PONDING, "water"), 70, count, 1, 2),
    *((name, "alert_time_threshold", 5, 9, there(name, one), 15, first, 5.5, 9.5) for name, one in STAYS),
    *((name, "alert_detection_interval", 300, 10, gone_for_a_while(name, one), 90, count, 1, 2) for name, one in STAYS),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_each_key_makes_the_difference_it_promises(row: Row) -> None:
    """A key that is taken and does nothing is a lie."""
    name, key, values, sees, seconds, look = row[0], row[1], row[2:4], *row[4:7]
    fps = {"alert_detection_interval": 2, "trash_overflow_interval": 2, "alert_mode": 2}.get(key, 4)
    kind, more = kind_of(name), {"alert_time_threshold": 3} if seconds == 90 else {}
    for value, expected in zip(values, row[7:], strict=True):
        found = run(kind, more | {key: value}, sees={kind.plan.model.role: sees}, seconds=seconds, fps=fps)
        assert look(found) == pytest.approx(expected, abs=0.3), value


def test_the_table_has_a_row_for_each_key_of_each_shipped_service() -> None:
    rows = {(name, key) for name, key, *_ in ROWS}
    declared = {(name, key) for _, name in ALL for key in kind_of(name).manifest.config.model_fields}
    published = {(kind_of(name).manifest.name, key) for name, key in rows}
    assert {(kind_of(name).manifest.name, key) for name, key in declared if key not in SHARED} == published


SAMPLES: Final = [
    (FIRE, {"video_sampling_interval": 1, "fire_detection_sw": 1, "smoke_detection_sw": 1}),
    (GEAR, {"hat_detection_sw": 0, "cloth_detection_sw": 1}),
    ("c-event-action-recog-edge", {"smoking_detection_sw": 1, "phoning_detection_sw": 1}),
    (ACTION, {"climb_detection_sw": 1, "fall_detection_sw": 0, "wave_detection_sw": 0, "bend_detection_sw": 0}),
    (GARBAGE, {"trash_detect_sw": 1, "person_constraint_sw": 0, "min_trash_size": 1}),
    ("c-trash-abnormal-detect-edge", {"alert_time_threshold": 30, "image_compression_ratio": 80}),
    (OVERFLOW, {"alert_time_threshold": 30, "image_compression_ratio": 80}),
    (PONDING, {"alert_mode": "single"}),
    (
        "c-urban-umbrella-edge",
        {"image_compression_ratio": 90, "render_result_sw": 1, "render_roi_sw": 1, "target_roi": REGION},
    ),
]


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_the_published_samples_are_accepted_without_a_warning(name: str, sample: dict[str, Any]) -> None:
    kind = kind_of(name)
    assert check_config(kind, sample)[1] == ()
    for key, value in sample.items():
        assert f'name="{key}"' in task_config_xml(kind.manifest), value


ENTRIES: Final = {
    FIRE: {"state", "bounding_box"},
    "c-event-action-recog-cloud": {"alarm_type", "bounding_box"},
    ACTION: {"bounding_box"},
    "c-fight-detection-cloud": {"bounding_box", "confidence"},
    "c-wear-mask-recog-cloud": {"bounding_box"},
    "c-trash-abnormal-detect-cloud": {"bounding_box"},
    "c-urban-mobile-trash-cloud": {"bounding_box", "detection_id"},
    "c-urban-umbrella-cloud": {"bounding_box", "polygon_name", "detection_id"},
    "ship-intrusion-cloud": {"bounding_box", "category", "detection_id"},
}


@pytest.mark.parametrize(("name", "keys"), ENTRIES.items())
def test_entries_of_messages_have_the_published_keys(name: str, keys: set[str]) -> None:
    """In `event_set`, where the message of the service is known."""
    for event in kind_of(name).manifest.events:
        schema = message_schema(event)
        (entry,) = (part for title, part in schema["$defs"].items() if title.endswith("Entry"))
        (data,) = (part for title, part in schema["$defs"].items() if title.endswith("Data"))
        assert (set(entry["properties"]), set(data["properties"])) == (keys, {"event_set"})


def test_ponding_tells_which_share_of_the_region_is_under_water() -> None:
    """The left half of the picture is the region, and water covers its left half again."""
    water = (0.0, 0.0, 320.0, 720.0)
    (found, *_) = watched(PONDING, there(PONDING, "water", boxes=(water,)), 6, target_roi=REGION)
    data: Any = found.finding.data
    assert (data.water_logging_ratio, data.water_logging_flag) == (pytest.approx(0.5, abs=0.03), True)


def test_a_drain_outlet_tells_when_it_begins_and_when_it_ceases_to_discharge() -> None:
    found = watched("drain-outlet-cloud", there("drain-outlet-cloud", "discharge", until=8), 30)
    assert [(one.finding.over, one.finding.data.drainage_state) for one in found] == [(False, True), (True, False)]  # type: ignore[attr-defined]
