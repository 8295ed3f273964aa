"""The judge of the bench of what fails: it finds what it is there for."""

from typing import Any

from bench.chaos_judge import Arrival, Verdict, judge, markdown

EVENTS: list[dict[str, Any]] = [
    {"id": f"{task}{number}", "task_id": task, "number": number, "message": {"n": number}}
    for task in "ab"
    for number in (1, 2, 3)
]
CAME = [Arrival(event["id"], event["message"], whole=True) for event in EVENTS]


def verdict(came: list[Arrival], *, expected: int = 6, ordered: bool = True) -> Verdict:
    return judge("s", "d", expected, EVENTS, came, (1.0, 2.0), ordered=ordered)


def test_what_came_once_and_in_order_holds() -> None:
    """Tasks may be mixed, and repeats under the same id are no harm."""
    found = verdict([CAME[3], *CAME[:3], CAME[0], *CAME[4:]])
    assert (found.received, found.lost, found.doubled, found.repeats, found.in_order, found.holds) == (
        6,
        0,
        0,
        1,
        True,
        True,
    )


def test_what_did_not_come_is_lost() -> None:
    assert (verdict(CAME[1:]).lost, verdict(CAME[1:]).holds) == (1, False)


def test_what_was_never_stored_is_lost_too() -> None:
    """The number of events of an undisturbed run counts, not what the service says."""
    assert (verdict(CAME, expected=8).lost, verdict(CAME, expected=8).holds) == (2, False)


def test_what_came_without_its_picture_or_with_another_message_did_not_come() -> None:
    assert verdict([CAME[0]._replace(whole=False), *CAME[1:]]).lost == 1
    assert verdict([CAME[0]._replace(message={"n": 7}), *CAME[1:]]).lost == 1


def test_an_id_that_is_no_events_is_a_double() -> None:
    found = verdict([*CAME, Arrival("stranger", {}, whole=True)])
    assert (found.doubled, found.holds) == (1, False)


def test_more_events_than_an_undisturbed_run_tells_are_doubles() -> None:
    assert (verdict(CAME, expected=5).doubled, verdict(CAME, expected=5).holds) == (1, False)


def test_an_event_before_one_of_a_lower_number_is_out_of_order() -> None:
    swapped = [CAME[1], CAME[0], *CAME[2:]]
    assert (verdict(swapped).in_order, verdict(swapped).holds) == (False, False)
    assert verdict(swapped, ordered=False).holds


def test_the_table_shows_what_does_not_hold() -> None:
    text = markdown([verdict(CAME), verdict([CAME[1], CAME[0], *CAME[2:]])])
    assert "| yes |" in text
    assert "| **NO** |" in text
    assert len({line.count("|") for line in text.splitlines()}) == 1
