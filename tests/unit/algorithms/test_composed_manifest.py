"""What a written service may look like: every slip is refused, with its place and in words."""

from typing import Any

import pytest
from written import BASE, EVENT, NUMBER, ONE, at, rules, scene, service

from vedette.algorithms.composed.compose import compose
from vedette.algorithms.composed.manifest import parse
from vedette.algorithms.messages import message_schema
from vedette.algorithms.registry import check_config
from vedette.model.errors import InvalidParameter, Misconfigured, ModelError
from vedette.testing import run

PRESENT = rules('rule = "present", event = "thing"')
KEY = (
    'keys = [{ name = "wait", type = "whole", title_en = "Wait", title_cn = "等", default = 3, least = 1, most = 9 }]\n'
)


def fault(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        compose(parse(text, "mine.toml"))
    assert "mine.toml" in caught.value.message or "thing" in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (ONE + EVENT, "rules: is missing"),
        (ONE + PRESENT, "events: is missing"),
        ("colour = 3\n" + ONE + EVENT + PRESENT, "colour: is not known"),
        (ONE + EVENT + rules('rule = "present"'), "rules[0].event: is missing"),
        (ONE + EVENT + rules('rule = "present", event = "other"'), "rules[0].event: there is no event other"),
        (ONE + EVENT + rules('rule = "fly", event = "thing"'), "rules[0].rule: "),
        (ONE + EVENT + rules('rule = "present", event = "thing", seconds = -1'), "rules[0].seconds"),
        (ONE + EVENT + rules('rule = "present", event = "thing", seconds = "wait"'), "no key wait is declared"),
        (ONE + EVENT + rules('rule = "present", event = "thing", above = 3'), "needs `above`"),
        (ONE + EVENT + rules('rule = "count", event = "thing"'), "needs `above`"),
        (ONE + EVENT + rules('rule = "cross", event = "thing", seconds = 3'), "a rule `cross` has no `seconds`"),
        (ONE + EVENT + rules('rule = "absent", event = "thing"'), "cannot tell bounding_box, detection_id"),
        (ONE + EVENT + rules('rule = "present", event = "thing", categories = ["car"]'), "there is no category car"),
        (
            ONE + EVENT + rules('rule = "present", event = "thing", over_when = "sw"'),
            "needs an event with `ends = true`",
        ),
        (ONE + EVENT + PRESENT + KEY, "nothing goes by wait"),
        (ONE + EVENT + PRESENT + KEY.replace("wait", "target_roi"), "target_roi is there by itself"),
        (
            ONE + EVENT + PRESENT + KEY.replace("wait", "model_config"),
            "model_config is a word that is used here already",
        ),
        (ONE + EVENT + PRESENT + KEY.replace("wait", "sizes"), "sizes is a word that is used here already"),
        (ONE + EVENT + PRESENT + KEY.replace(", least = 1, most = 9", ""), "a number needs least and most"),
        (ONE + EVENT.replace("detection_id", "weight") + PRESENT, "nothing is known as weight"),
        (ONE + EVENT.replace("fields", "data") + PRESENT, "belongs to `fields`"),
        (ONE + EVENT.replace(', fields = ["bounding_box", "detection_id"]', "") + PRESENT, "has no fields"),
        ('categories = [{ name = "a" }, { name = "b" }]\n' + EVENT + PRESENT, "a has no classes"),
        ('categories = [{ name = "a" }, { name = "a" }]\n' + EVENT + PRESENT, "a is there twice"),
    ],
)
def test_a_slip_is_refused_with_its_place(parts: str, told: str) -> None:
    """The writer has the file open, and wants to know where to look."""
    assert told in fault(BASE + parts)


def test_a_default_that_breaks_the_rule_of_its_own_key_is_refused() -> None:
    bound = rules('rule = "present", event = "thing", seconds = "wait"')
    assert "default of wait" in fault(BASE + ONE + EVENT + bound + KEY.replace("default = 3", "default = 30"))


def test_all_slips_are_told_at_once_up_to_five() -> None:
    """Five rounds for five slips would be a poor sitting."""
    said = fault(
        BASE.replace("title_en", "title").replace("title_cn", "titel") + "a = 1\nb = 2\n" + ONE + EVENT + PRESENT
    )
    assert said.count(": ") >= 5
    assert "(and 1 more)" in said


@pytest.mark.parametrize("text", ["", "name =", "[[[", "\x00", "a = 1\n" * 50_000, "name = " + "[" * 5000])
def test_what_is_no_manifest_at_all_is_refused_in_one_line(text: str) -> None:
    """Also what is meant to hurt."""
    with pytest.raises(Misconfigured) as caught:
        parse(text, "mine.toml")
    assert len(caught.value.message) < 2000


def test_keys_become_parameters_with_their_limits_and_rules_go_by_them() -> None:
    """They are checked, published and warned of as those of any service."""
    kind = service(ONE, EVENT, rules('rule = "present", event = "thing", seconds = "wait"'), KEY)
    assert check_config(kind, {"wait": "4"})[0].model_dump()["wait"] == 4
    for bad in (0, 10, 1.5, "soon"):
        with pytest.raises(InvalidParameter) as caught:
            check_config(kind, {"wait": bad})
        assert caught.value.param == "wait"
    assert len(check_config(kind, {"weight": 1})[1]) == 1
    sees = {"things": scene(("thing",), {"thing": at((100, 100, 160, 160))})}
    assert [run(kind, {"wait": n}, sees=sees, seconds=12)[0].at for n in (2, 5)] == pytest.approx([2, 5], abs=0.3)


def test_a_message_is_shaped_as_the_manifest_says() -> None:
    """Names of its own, constants, a list of another name, keys beside the list."""
    event = (
        f'events = [{{ number = {NUMBER}, name = "thing", list = "vehicles", data = [{{ name = "flag", value = true }}, "count"], '
        'fields = [{ name = "kind", is = "label" }, { name = "code", value = 7 }, "category", "confidence"] }]\n'
    )
    kind = service('categories = [{ name = "cat", number = 9 }]\n', event, PRESENT)
    sees = {"things": scene(("thing",), {"thing": at((100, 100, 160, 160))})}
    (found,) = run(kind, {}, sees=sees, seconds=3)
    data: Any = found.finding.data
    (entry,) = data.vehicles
    assert (data.flag, data.count) == (True, 1)
    assert (entry.kind, entry.code, entry.category, entry.confidence) == ("cat", 7, 9, 0.9)
    shape = message_schema(kind.manifest.events[0])["$defs"]
    assert set(shape["ThingEntry"]["properties"]) == {"kind", "code", "category", "confidence"}


def test_a_model_that_knows_none_of_the_classes_is_refused_with_those_it_knows() -> None:
    """Else the service would be silent for good."""
    kind = service('categories = [{ name = "a", classes = ["zebra"] }]\n', EVENT, PRESENT)
    with pytest.raises(ModelError) as caught:
        run(kind, {}, sees={"things": scene(("thing", "other"), {})}, seconds=1)
    assert "it knows thing, other" in caught.value.message


def test_motion_fills_the_role_objects_only_where_the_manifest_says_so() -> None:
    """What merely moves has no class."""
    text = BASE.replace('"things"', '"objects"') + ONE + EVENT + PRESENT
    kind = compose(parse(text, "test"))
    assert kind.manifest.needs == ("objects",)
    with pytest.raises(ModelError):
        run(kind, {}, sees=scene(("moving",), {}), seconds=1, knows_classes=False)
    free = compose(parse("needs_no_classes = true\n" + text, "test"))
    assert free.manifest.needs == ()
    assert run(free, {}, sees=scene(("moving",), {}), seconds=1, knows_classes=False) == []
