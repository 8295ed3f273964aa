"""What the rules of written services tell, and when."""

import json
from typing import Any

import pytest
from written import EVENT, NUMBER, ONE, at, moving, rules, scene, service

from vedette.testing import Found, run, together

SOON = 0.6
"""Seconds in which a tracker believes what it sees."""
HERE = (100.0, 100.0, 160.0, 160.0)
ELSEWHERE = (800.0, 300.0, 860.0, 360.0)
LEFT_HALF = json.dumps({"polygons": [{"data": [[0, 0], [640, 0], [640, 720], [0, 720]], "name": "left"}]})
FENCE = json.dumps({"lines": [{"data": [[640, 0], [640, 720]], "properties": {"side1_name": "w", "side2_name": "e"}}]})


def told(parts: str, things: dict[str, Any], seconds: float = 20.0, event: str = EVENT, **config: Any) -> list[Found]:
    sees = scene(("thing",), things)
    return run(service(ONE, event, rules(parts)), config, sees={"things": sees}, seconds=seconds, fps=5)


def times(found: list[Found]) -> tuple[float, ...]:
    return tuple(one.at for one in found)


def about(*seconds: float) -> Any:
    return pytest.approx(seconds, abs=SOON)


def test_what_is_there_for_long_enough_is_told_once() -> None:
    """Not before, and not again as long as it stays."""
    found = told('rule = "present", event = "thing", seconds = 3', {"thing": at(HERE)})
    assert times(found) == about(3)
    assert told('rule = "present", event = "thing", seconds = 3', {"thing": at(HERE, until=2.5)}) == []


def test_only_what_is_in_the_region_counts() -> None:
    assert told('rule = "present", event = "thing"', {"thing": at(ELSEWHERE)}, target_roi=LEFT_HALF) == []
    assert len(told('rule = "present", event = "thing"', {"thing": at(HERE)}, target_roi=LEFT_HALF)) == 1


def test_a_rule_may_be_about_regions_of_one_name_alone() -> None:
    """As `prohibit_entering_area` of a published service."""
    for name, count in (("left", 1), ("right", 0)):
        rule = f'rule = "present", event = "thing", regions = ["{name}"]'
        assert len(told(rule, {"thing": at(HERE)}, target_roi=LEFT_HALF)) == count


def test_what_comes_back_after_it_was_gone_is_told_again_unless_it_cools_down() -> None:
    """Gone is what has not been seen for `gone_after`; a shorter gap is none."""

    def where(time: float) -> tuple[float, float, float, float] | None:
        return None if 4 <= time < 14 else HERE

    rule = 'rule = "present", event = "thing", per = "region", gone_after = {gone}, again_after = {again}'
    assert times(told(rule.format(gone=5, again=0), {"thing": where}, 30)) == about(0, 14)
    assert len(told(rule.format(gone=15, again=0), {"thing": where}, 30)) == 1
    assert len(told(rule.format(gone=5, again=60), {"thing": where}, 30)) == 1


def test_what_lasts_is_told_again_where_the_rule_says_so() -> None:
    found = told('rule = "present", event = "thing", repeat_every = 5', {"thing": at(HERE)}, 18)
    assert times(found) == about(0, 5, 10, 15)


def test_one_event_for_the_region_tells_all_that_is_there() -> None:
    """Fire flickers, and nobody wants an alarm for each flame."""
    sees = scene(("thing", "other"), {"thing": at(HERE), "other": at(ELSEWHERE)})
    kind = service(ONE, EVENT, rules('rule = "present", event = "thing", per = "region", seconds = 1'))
    (found,) = run(kind, {}, sees={"things": sees}, seconds=10)
    data: Any = found.finding.data
    assert [entry.bounding_box.x for entry in data.event_set] == [100, 800]


ENDS = f'events = [{{ number = {NUMBER}, name = "thing", fields = ["detection_id"], ends = true }}]\n'
SWITCH = 'keys = [{ name = "over_sw", type = "switch", title_en = "Over", title_cn = "消失", default = false }]\n'


def test_that_it_is_over_is_told_of_the_same_target_where_the_switch_is_on() -> None:
    """`event_disappear_alert_sw` of the published services."""
    rule = 'rule = "present", event = "thing", gone_after = 3, over_when = "over_sw"'
    for switch, overs in ((0, [False]), (1, [False, True])):
        things = {"thing": at(HERE, until=5)}
        found = told(rule, things, event=ENDS + SWITCH, over_sw=switch)
        assert [one.finding.over for one in found] == overs
        ids = {one.finding.data.event_set[0].detection_id for one in found}  # type: ignore[attr-defined]
        assert len(ids) == 1
    assert found[1].at == pytest.approx(8.0, abs=0.2)


def test_what_stands_still_is_told_and_what_moves_about_is_not() -> None:
    rule = 'rule = "still", event = "thing", seconds = 5'
    assert len(told(rule, {"thing": at(HERE)})) == 1
    assert told(rule, {"thing": moving(HERE, (30, 0))}) == []


def test_too_few_are_told_when_they_are_missing_for_long_enough() -> None:
    event = f'events = [{{ number = {NUMBER}, name = "thing", data = ["count", "lasting"], ends = true }}]\n'
    found = told('rule = "absent", event = "thing", seconds = 4', {"thing": at(HERE, 10)}, 20, event)
    assert [(one.at, one.finding.over) for one in found] == [(4.0, False), (pytest.approx(15.2, abs=SOON), True)]
    assert told('rule = "absent", event = "thing", seconds = 4', {"thing": at(HERE)}, 20, event) == []


def test_too_many_are_told_with_their_number() -> None:
    event = f'events = [{{ number = {NUMBER}, name = "thing", data = ["count"] }}]\n'
    sees = scene(("thing", "other"), {"thing": at(HERE), "other": at(ELSEWHERE, 5)})
    kind = service(ONE, event, rules('rule = "count", event = "thing", above = 1, seconds = 2'))
    (found,) = run(kind, {}, sees={"things": sees}, seconds=15)
    assert (found.at, found.finding.data.count) == (pytest.approx(7, abs=SOON), 2)  # type: ignore[attr-defined]


def test_a_line_is_crossed_in_the_directions_the_rule_is_about() -> None:
    event = f'events = [{{ number = {NUMBER}, name = "thing", fields = ["start_position", "end_position"] }}]\n'
    for direction, count in (("both", 1), ("to_side2", 1), ("to_side1", 0)):
        rule = f'rule = "cross", event = "thing", direction = "{direction}"'
        found = told(rule, {"thing": moving((500, 300, 560, 360), (50, 0))}, 10, event, target_roi=FENCE)
        assert len(found) == count
    entry = told(
        rule.replace("to_side1", "both"), {"thing": moving((500, 300, 560, 360), (50, 0))}, 10, event, target_roi=FENCE
    )
    data: Any = entry[0].finding.data
    assert (data.event_set[0].start_position, data.event_set[0].end_position) == ("w", "e")


PEOPLE = 'categories = [{ name = "person", classes = ["person"] }, { name = "helmet", classes = ["Hard-Hat"] }]\n'


@pytest.mark.parametrize(("word", "count"), [("with", 1), ("without", 1), ("both", 2)])
def test_targets_may_be_asked_for_with_or_without_something_beside_them(word: str, count: int) -> None:
    """A model that knows persons and helmets, but no bare heads; classes are compared however they are written."""
    labels = ("person", "hard hat")
    clothed, bare = (100.0, 100.0, 200.0, 400.0), (600.0, 100.0, 700.0, 400.0)
    one = scene(labels, {"person": at(clothed), "hard hat": at((120, 100, 180, 150))})
    two = scene(labels, {"person": at(bare)})
    more = "" if word == "both" else f', {word} = ["helmet"]'
    kind = service(
        PEOPLE, EVENT, rules(f'rule = "present", event = "thing", categories = ["person"]{more}, seconds = 1')
    )
    found = run(kind, {}, sees={"things": lambda t: together(one(t), two(t))}, seconds=5)
    assert len(found) == count
    if word != "both":
        data: Any = found[0].finding.data
        assert data.event_set[0].bounding_box.x == (100 if word == "with" else 600)
