from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from vedette.algorithms.base import EventKind
from vedette.algorithms.builtin.intrusion import Intrusion
from vedette.algorithms.registry import GROUP, Registry, check_config, task_config_xml
from vedette.model.errors import InvalidParameter, NotReferable
from vedette.model.message import EventData


def test_built_in_services_come_through_the_entry_points() -> None:
    """Strangers' plugins use the same door."""
    registry = Registry.load()
    assert registry.broken == {}
    for name in ("c-intrusiondetection-cloud", "c-intrusiondetection-edge"):
        for version in ("1.0", "1.1", "3.0"):
            assert registry.find(name, version) is Intrusion
    deployed = {service.name.name: service.name.deploy_type for service in registry.services()}
    assert deployed["c-intrusiondetection-cloud"] == "cloud"
    assert deployed["c-intrusiondetection-edge"] == "edge"


def test_an_unknown_service_and_an_unknown_version_are_named() -> None:
    registry = Registry.load()
    with pytest.raises(NotReferable) as service:
        registry.find("c-nothing-cloud", "3.0")
    with pytest.raises(NotReferable) as version:
        registry.find("c-intrusiondetection-cloud", "2.0")
    assert (service.value.param, version.value.param) == ("service_name", "service_version")
    assert "1.0, 1.1, 3.0" in version.value.message


def test_a_broken_plugin_does_not_keep_the_others_out() -> None:
    points = [
        EntryPoint("gone", "no.such.module:Thing", GROUP),
        EntryPoint("number", "math:pi", GROUP),
        EntryPoint("intrusion", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP),
        EntryPoint("again", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP),
    ]
    registry = Registry.load(points)
    assert len(registry.services()) == 2
    assert set(registry.broken) == {"gone", "number", "again"}


class Same(Intrusion):
    """Another algorithm that tells of the same events."""

    manifest = replace(Intrusion.manifest, name="same", versions=("9.0",))


class Odd(EventData):
    what: Any
    of: np.ndarray[Any, Any]


class Unspeakable(Intrusion):
    """Tells what no message can hold."""

    manifest = replace(Intrusion.manifest, events=(EventKind(0x7F00_0001, "odd", Odd),))


def test_a_plugin_whose_events_cannot_be_published_is_kept_out_and_says_why() -> None:
    """A kind of event has one schema, and one algorithm that tells it."""
    points = [
        EntryPoint("intrusion", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP),
        EntryPoint("same", f"{__name__}:Same", GROUP),
        EntryPoint("unspeakable", f"{__name__}:Unspeakable", GROUP),
    ]
    registry = Registry.load(points)
    assert len(registry.services()) == 2
    assert [kind.number for kind in registry.event_kinds()] == [196609, 196610]
    assert "196609" in registry.broken["same"]
    assert "no schema" in registry.broken["unspeakable"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("person_detection_sw", 2),
        ("person_detection_sw", "yes"),
        ("person_detection_sw", 1.5),
        ("image_compression_ratio", 19),
        ("image_compression_ratio", 101),
        ("image_compression_ratio", 90.5),
        ("image_compression_ratio", True),
        ("image_compression_ratio", "ninety"),
        ("image_compression_ratio", "NaN"),
        ("image_compression_ratio", []),
        ("detection_min_size", -1),
        ("alert_time_threshold", float("nan")),
        ("alert_time_threshold", float("inf")),
        ("alert_time_threshold", "inf"),
        ("alert_time_threshold", False),
        ("target_roi", {"lines": []}),
        ("target_roi", "nonsense"),
    ],
)
def test_a_bad_value_of_a_known_key_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        check_config(Intrusion, {key: value})
    assert caught.value.param == key
    assert key in caught.value.message
    assert "\n" not in caught.value.message


def test_the_greatest_size_may_not_be_below_the_least() -> None:
    with pytest.raises(InvalidParameter) as caught:
        check_config(Intrusion, {"detection_min_size": 100, "detection_max_size": 50})
    assert caught.value.param == "detection_max_size"


@pytest.mark.parametrize("on", [1, "1", True, "true"])
def test_switches_and_numbers_may_come_as_text(on: object) -> None:
    """The published samples do so now and then."""
    config, warnings = check_config(
        Intrusion, {"car_detection_sw": on, "image_compression_ratio": "80", "alert_time_threshold": "2.5"}
    )
    shown = config.model_dump()
    assert (shown["car_detection_sw"], shown["image_compression_ratio"], shown["alert_time_threshold"]) == (
        True,
        80,
        2.5,
    )
    assert warnings == ()


def test_unknown_keys_are_kept_and_warned_of() -> None:
    config, warnings = check_config(Intrusion, {"zeta": [1], "alpha": None})
    assert config.model_extra == {"zeta": [1], "alpha": None}
    assert len(warnings) == 2
    assert "'alpha'" in warnings[0]
    assert "'zeta'" in warnings[1]


@pytest.mark.parametrize("common", [None, {}, {"target_roi": None, "person_detection_sw": None}])
def test_nothing_is_mandatory(common: dict | None) -> None:
    assert check_config(Intrusion, common)[1] == ()


def test_the_published_schema_names_every_parameter() -> None:
    """A console builds its form from it."""
    root = ET.fromstring(task_config_xml(Intrusion.manifest))
    params = {param.get("name"): param.attrib for param in root.findall("config/common/param")}
    assert root.tag == "algorithm"
    assert set(params) == set(Intrusion.manifest.config.model_fields)
    ratio = params["image_compression_ratio"]
    assert (ratio["type"], ratio["default"], ratio["min"], ratio["max"]) == ("int", "90", "20", "100")
    assert ratio["titleEn"]
    assert ratio["titleCn"]
    switch = params["car_detection_sw"]
    assert (switch["type"], switch["default"], switch["min"], switch["max"]) == ("int", "0", "0", "1")
    assert params["detection_min_size"]["type"] == "int"
    assert (params["detection_min_size"]["min"], params["detection_min_size"]["max"]) == ("0", "10000")
    assert params["target_roi"]["type"] == "String"
    assert params["alert_time_threshold"]["type"] == "float"


class Newer(Intrusion):
    """The next version of the built-in service, by another maker."""

    manifest = replace(Intrusion.manifest, versions=("3.9", "3.10"), title_en="Newer")


class Twice(Intrusion):
    """The built-in versions once more."""


class Other(Intrusion):
    """Another algorithm under the name of the built-in service."""

    manifest = replace(Intrusion.manifest, name="other", versions=("4.0",), events=())


def test_a_service_may_be_there_in_several_versions_each_with_its_own_implementation() -> None:
    """Tasks stay on the one they name until they are upgraded."""
    points = [
        EntryPoint("newer", f"{__name__}:Newer", GROUP),
        EntryPoint("intrusion", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP),
    ]
    registry = Registry.load(points)
    assert registry.broken == {}
    name = "c-intrusiondetection-cloud"
    assert registry.versions(name) == ("1.0", "1.1", "3.0", "3.9", "3.10")
    assert [registry.find(name, version) for version in ("3.0", "3.10")] == [Intrusion, Newer]
    assert [service.manifest.title_en for service in registry.services()] == ["Newer", "Newer"]
    assert [kind.number for kind in registry.event_kinds()] == [196609, 196610]
    assert registry.versions("c-nothing-cloud") == ()


def test_two_implementations_of_one_version_and_two_algorithms_of_one_name_are_refused() -> None:
    """Which of them a task would get, nobody could say."""
    points = [
        EntryPoint("intrusion", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP),
        EntryPoint("twice", f"{__name__}:Twice", GROUP),
        EntryPoint("other", f"{__name__}:Other", GROUP),
    ]
    registry = Registry.load(points)
    assert set(registry.broken) == {"twice", "other"}
    assert "the version 1.0, 1.1, 3.0 of the service c-intrusiondetection-" in registry.broken["twice"]
    assert "vedette.algorithms.builtin.intrusion:Intrusion" in registry.broken["twice"]
    assert "is the algorithm intrusion already" in registry.broken["other"]
    assert registry.find("c-intrusiondetection-cloud", "3.0") is Intrusion
