"""Timetables: open at a moment, next change."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.model.errors import InvalidParameter
from vedette.model.schedule import DAY_S, WEEK_S, Schedule, Window

MINUTE_MS = 60_000
WEEK = tuple(range(1, 8))


def weekly(*days: list[tuple[str, str]], zone: str = "+00:00", on: tuple[int, ...] = WEEK) -> Schedule:
    periods = tuple(tuple(Window(begin, end) for begin, end in windows) for windows in days)
    return Schedule("weekly", zone, days_of_week=on, periods=periods)


def at(day: int, time: str, zone: str = "+00:00") -> int:
    """Return milliseconds since the epoch of a moment in the week of Monday, 4 March 2024; day 8 is the Monday after."""
    hours, minutes, seconds = (int(part) for part in time.split(":"))
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    moment = datetime(2024, 3, 4, tzinfo=timezone(offset)) + timedelta(
        days=day - 1, hours=hours, minutes=minutes, seconds=seconds
    )
    return round(moment.astimezone(UTC).timestamp() * 1000)


NONE: list[tuple[str, str]] = []
WEEKEND = weekly(
    NONE, NONE, NONE, NONE, [("22:15:00", "23:59:00")], [("00:00:00", "23:59:00")], [("22:15:00", "23:59:00")]
)
"""The published example."""


def test_the_weekend_of_the_published_example_runs_on_across_midnight() -> None:
    """From Friday 22:15 to Saturday 23:59 without interruption, then Sunday 22:15 to 23:59: Monday is empty."""
    assert not WEEKEND.is_open(at(5, "22:14:59"))
    assert WEEKEND.is_open(at(5, "22:15:00"))
    assert WEEKEND.is_open(at(5, "23:59:30"))
    assert WEEKEND.next_change(at(5, "22:15:00")) == at(6, "23:59:00")
    assert not WEEKEND.is_open(at(6, "23:59:00"))
    assert WEEKEND.next_change(at(6, "23:59:00")) == at(7, "22:15:00")
    assert WEEKEND.next_change(at(7, "22:15:00")) == at(7, "23:59:00")
    assert WEEKEND.next_change(at(7, "23:59:00")) == at(12, "22:15:00")


@pytest.mark.parametrize("end", ["23:59:00", "23:59:59", "24:00:00"])
def test_the_end_of_a_day_joins_the_midnight_after_it(end: str) -> None:
    """There is no way to write midnight as an end in the published format, so its last minute stands for it."""
    timetable = weekly([("20:00:00", end)], [("00:00:00", "04:00:00")], NONE, NONE, NONE, NONE, NONE)
    assert timetable.is_open(at(1, "23:59:59"))
    assert timetable.next_change(at(1, "20:00:00")) == at(2, "04:00:00")


@pytest.mark.parametrize(
    ("end", "begin"), [("23:58:59", "00:00:00"), ("23:59:00", "00:00:01"), ("23:59:59", "00:01:00")]
)
def test_a_gap_that_is_no_midnight_stays_a_gap(end: str, begin: str) -> None:
    """The rule is for the end of the day alone."""
    timetable = weekly([("20:00:00", end)], [(begin, "04:00:00")], NONE, NONE, NONE, NONE, NONE)
    closes = timetable.next_change(at(1, "20:00:00"))
    assert closes == at(1, end)
    assert not timetable.is_open(closes)
    assert timetable.next_change(closes) == at(2, begin)


def test_the_week_wraps_from_sunday_to_monday() -> None:
    """A night shift does not know that a new week begins."""
    timetable = weekly([("00:00:00", "06:00:00")], NONE, NONE, NONE, NONE, NONE, [("22:00:00", "23:59:00")])
    assert timetable.runs() == ((6 * DAY_S + 22 * 3600, WEEK_S + 6 * 3600),)
    assert timetable.is_open(at(8, "00:00:00"))
    assert timetable.is_open(at(1, "03:00:00"))
    assert timetable.next_change(at(7, "23:59:30")) == at(8, "06:00:00")


def test_windows_of_a_day_that_overlap_or_touch_are_one() -> None:
    """Otherwise the task would be stopped and started for nothing, and a new run begun."""
    timetable = weekly(
        [("12:00:00", "14:00:00"), ("08:00:00", "13:00:00"), ("14:00:00", "15:00:00"), ("09:00:00", "10:00:00")],
        on=(1,),
    )
    assert timetable.runs() == ((8 * 3600, 15 * 3600),)


def test_seven_lists_belong_to_the_weekdays_and_a_day_not_listed_never_runs() -> None:
    """The list's place is the weekday, not its place among the listed days."""
    hours = [[(f"{day:02}:00:00", f"{day:02}:30:00")] for day in WEEK]
    timetable = weekly(*hours, on=(2, 5))
    assert timetable.runs() == (
        (DAY_S + 2 * 3600, DAY_S + 2 * 3600 + 1800),
        (4 * DAY_S + 5 * 3600, 4 * DAY_S + 5 * 3600 + 1800),
    )


def test_as_many_lists_as_days_belong_to_those_in_order() -> None:
    """The order is the caller's, not the week's."""
    timetable = weekly([("05:00:00", "06:00:00")], [("02:00:00", "03:00:00")], on=(5, 2))
    assert timetable.runs() == ((DAY_S + 2 * 3600, DAY_S + 3 * 3600), (4 * DAY_S + 5 * 3600, 4 * DAY_S + 6 * 3600))


def test_a_single_list_holds_for_each_listed_day() -> None:
    """Office hours are written once."""
    assert [begin // DAY_S for begin, _ in weekly([("09:00:00", "17:00:00")], on=(1, 3, 7)).runs()] == [0, 2, 6]


@pytest.mark.parametrize(
    ("timetable", "param"),
    [
        (weekly(NONE, NONE, on=(1, 2, 3)), "periods"),
        (weekly(NONE, on=(1, 2, 3)), "periods"),
        (weekly([("10:00:00", "10:00:00")], on=(1,)), "end_at"),
        (weekly([("22:00:00", "04:00:00")], on=(1,)), "end_at"),
        (weekly([("24:00:00", "24:00:00")], on=(1,)), "begin_at"),
        (weekly([("10:60:00", "11:00:00")], on=(1,)), "begin_at"),
        (weekly([("10:00:00", "11:00:60")], on=(1,)), "end_at"),
        (weekly([("10:00:00", "24:00:01")], on=(1,)), "end_at"),
        (weekly([("10:00", "11:00:00")], on=(1,)), "begin_at"),
        (weekly([("2024-03-04T10:00:00", "11:00:00")], on=(1,)), "begin_at"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_field(timetable: Schedule, param: str) -> None:
    """The caller is told which field to mend."""
    with pytest.raises(InvalidParameter) as caught:
        timetable.runs()
    assert caught.value.param == param


@pytest.mark.parametrize("zone", ["-12:01", "-13:00", "+14:01", "+15:00", "+00:60"])
def test_a_zone_beyond_the_earths_is_refused(zone: str) -> None:
    """The pattern lets +99:99 through; the range does not."""
    with pytest.raises(InvalidParameter) as caught:
        weekly([("10:00:00", "11:00:00")], zone=zone, on=(1,)).offset_s()
    assert caught.value.param == "timezone"


@pytest.mark.parametrize("zone", ["-12:00", "-03:30", "+00:00", "+05:45", "+08:00", "+14:00"])
def test_windows_are_read_in_their_zone(zone: str) -> None:
    """A moment is the zone's own, minutes of the offset and all."""
    timetable = weekly([("00:00:00", "01:00:00")], zone=zone, on=(1,))
    assert not timetable.is_open(at(1, "00:00:00", zone) - 1)
    assert timetable.is_open(at(1, "00:00:00", zone))
    assert timetable.next_change(at(1, "00:00:00", zone)) == at(1, "01:00:00", zone)
    assert timetable.next_change(at(1, "01:00:00", zone)) == at(8, "00:00:00", zone)


@pytest.mark.parametrize("end", ["23:59:00", "24:00:00"])
def test_a_timetable_that_never_closes_has_no_next_change(end: str) -> None:
    """Nothing is due then, ever."""
    always = weekly([("00:00:00", end)])
    assert always.is_open(at(7, "23:59:30"))
    assert always.next_change(at(3, "12:00:00")) is None


def test_before_the_epochs_first_monday_it_works_all_the_same() -> None:
    """Nobody runs tasks in 1969; a formula that breaks there breaks elsewhere."""
    assert WEEKEND.is_open(-5 * 3_600_000) == WEEKEND.is_open(-5 * 3_600_000 + 7 * 86_400_000)


# -- against an oracle that knows nothing of runs and joins


def _oracle(timetable: Schedule, at_ms: int) -> bool:
    """Tell from the wall clock alone: in a window of today, or in the last minute of a day that goes on tomorrow."""
    assert timetable.periods is not None
    assert timetable.days_of_week is not None
    sign = -1 if timetable.timezone[0] == "-" else 1
    offset = sign * timedelta(hours=int(timetable.timezone[1:3]), minutes=int(timetable.timezone[4:6]))
    local = datetime.fromtimestamp(at_ms / 1000, timezone(offset))

    def windows(day: int) -> list[tuple[str, str]]:
        assert timetable.periods is not None
        listed = timetable.periods[day - 1] if day in (timetable.days_of_week or ()) else ()
        return [(window.begin_at, window.end_at) for window in listed]

    now = local.strftime("%H:%M:%S")
    today = windows(local.isoweekday())
    if any(begin <= now < end for begin, end in today):
        return True
    goes_on = any(begin == "00:00:00" for begin, _ in windows(local.isoweekday() % 7 + 1))
    return now >= "23:59:00" and goes_on and any("23:59:00" <= end <= now for _, end in today)


_MINUTES = st.one_of(st.sampled_from([0, 1, 720, 1438, 1439]), st.integers(0, 1439))


@st.composite
def _window(draw: st.DrawFn) -> Window:
    begin, end = sorted(draw(st.tuples(_MINUTES, _MINUTES).filter(lambda pair: pair[0] != pair[1])))
    return Window(f"{begin // 60:02}:{begin % 60:02}:00", f"{end // 60:02}:{end % 60:02}:00")


@st.composite
def _timetable(draw: st.DrawFn) -> Schedule:
    periods = draw(st.lists(st.lists(_window(), max_size=3), min_size=7, max_size=7))
    days = draw(st.sets(st.integers(1, 7), min_size=1))
    first = min(days)
    if not any(periods[day - 1] for day in days):
        periods[first - 1] = [draw(_window())]
    zone = draw(st.sampled_from(["-12:00", "-03:30", "+00:00", "+05:45", "+14:00"]))
    return Schedule("weekly", zone, days_of_week=tuple(days), periods=tuple(map(tuple, periods)))


@given(timetable=_timetable(), start=st.integers(0, 14 * 1440))
@settings(max_examples=60, deadline=None)
def test_the_next_change_is_where_an_oracle_sees_one(timetable: Schedule, start: int) -> None:
    """Every minute of two weeks is asked: before the change nothing flips, at the change it does."""
    begin = at(1, "00:00:00") + start * MINUTE_MS
    change = timetable.next_change(begin)
    opened = _oracle(timetable, begin)
    assert timetable.is_open(begin) == opened
    if change is None:
        assert all(_oracle(timetable, begin + minute * MINUTE_MS) for minute in range(0, 14 * 1440, 7))
        return
    assert begin < change <= begin + 7 * 86_400_000
    first = next(
        moment
        for moment in range(begin + MINUTE_MS, begin + 14 * 86_400_000, MINUTE_MS)
        if _oracle(timetable, moment) != opened
    )
    assert change == first
    assert timetable.is_open(change - 1) == opened
    assert timetable.is_open(change) != opened
