"""Messages against their published schemas, by a validator that is not ours."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from scenes import Script, Scripted, frame, walk

from vedette.algorithms.base import EventKind
from vedette.algorithms.builtin.intrusion import INTRUSION, LOITERING, Intrusion, IntrusionConfig
from vedette.algorithms.messages import message_schema
from vedette.algorithms.registry import Registry
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.message import EventData
from vedette.model.stream import TaskRun
from vedette.results.message import make_event

RUN = TaskRun(
    TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-intrusiondetection-cloud", "3.0", {}, "gate", 1_618_299_313_900
)
YARD = {"polygons": [{"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "yard"}]}
BOTH = YARD | {"lines": [{"data": [[320, 0], [320, 360]], "properties": {"side1_name": "street"}}]}


def validator(number: int) -> jsonschema_rs.Draft202012Validator:
    (kind,) = (kind for kind in Intrusion.manifest.events if kind.number == number)
    schema = message_schema(kind)
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def messages(script: Script, picture: bytes | None, **common: Any) -> Iterator[dict[str, Any]]:
    """Yield the bodies of webhooks: the message as it travels, and its picture."""
    algorithm = Intrusion(IntrusionConfig.model_validate(common), Scripted(script))
    for number in range(300):
        shown = frame(number)
        for finding in algorithm.process(shown):
            body = json.loads(json.dumps(make_event(RUN, shown, finding, picture).message))
            yield body | ({} if picture is None else {"image_base64": base64.b64encode(picture).decode()})


@pytest.mark.parametrize("picture", [None, b"\xff\xd8jpeg\xff\xd9"])
def test_every_message_of_a_built_in_algorithm_is_what_its_schema_says(picture: bytes | None) -> None:
    """In each of its shapes: regions with and without a name, lines, loitering; with the picture and without."""
    seen: list[int] = []
    for roi in ("", json.dumps(BOTH), json.dumps({"polygons": [{"data": YARD["polygons"][0]["data"]}]})):
        told = messages(
            walk((40, 200), (14, 0)), picture, target_roi=roi, loitering_detection_sw=1, alert_time_threshold=3
        )
        for message in told:
            validator(message["event_type"]).validate(message)
            seen.append(message["event_type"])
    assert set(seen) == {INTRUSION, LOITERING}


def test_a_field_too_many_too_few_or_of_another_type_is_no_such_message() -> None:
    """Else a schema that lets everything through would pass the test above."""
    message = next(messages(walk((40, 200), (60, 0)), None, target_roi=json.dumps(BOTH)))
    checked = validator(INTRUSION)
    assert checked.is_valid(message)
    for path in _paths(message):
        *whence, last = path
        if last != "polygon_name":
            assert not checked.is_valid(_changed(message, whence, lambda at, last=last: at.pop(last))), path
        assert not checked.is_valid(_changed(message, whence, lambda at, last=last: at.update({last: None}))), path
        assert not checked.is_valid(_changed(message, whence, lambda at: at.update({"more": 1}))), path
    assert not checked.is_valid(message | {"event_type": LOITERING}), "each kind has a schema of its own"
    assert not checked.is_valid(message | {"message_id": message["message_id"].lower()})
    assert not checked.is_valid(message | {"data": {"event_set": []}})


def test_every_published_kind_has_a_schema_that_can_be_made() -> None:
    """Those of strangers' plugins too: one that has none is refused when it is loaded."""
    kinds = {kind.number: kind for service in Registry.load().services() for kind in service.manifest.events}
    assert {INTRUSION, LOITERING} <= set(kinds)
    for kind in kinds.values():
        schema = message_schema(kind)
        jsonschema_rs.meta.validate(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["properties"]["event_type"]["const"] == kind.number


def test_what_cannot_be_said_in_a_schema_is_no_declaration() -> None:
    class Odd(EventData):
        picture: np.ndarray[Any, Any]

    with pytest.raises(TypeError):
        message_schema(EventKind(0x7F00_0001, "odd", Odd))


def _paths(value: Any, whence: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        if isinstance(value, dict):
            yield (*whence, key)
        yield from _paths(inner, (*whence, key))


def _changed(message: dict[str, Any], whence: list[Any], change: Any) -> dict[str, Any]:
    changed = copy.deepcopy(message)
    at: Any = changed
    for key in whence:
        at = at[key]
    change(at)
    return changed
