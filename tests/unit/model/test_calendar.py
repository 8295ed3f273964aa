"""Timetables by months, in zones with daylight saving, with dates that are left out: against an oracle that only looks at clocks."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.model.schedule import Schedule, Window

STEP_S = 900
QUARTERS = [f"{quarter // 4:02}:{quarter % 4 * 15:02}:00" for quarter in range(96)]
ALL_DAY = ((Window("00:00:00", "23:59:00"),),)
BERLIN = "Europe/Berlin"


def ms(text: str, zone: str = "UTC", fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def daily(*windows: tuple[str, str], zone: str | None = BERLIN, skip: tuple[str, ...] | None = None) -> Schedule:
    periods = (tuple(Window(begin, end) for begin, end in windows),)
    return Schedule("weekly", "+01:00", tuple(range(1, 8)), periods=periods, zone=zone, skip_dates=skip)


def monthly(*days: int, zone: str | None = None, periods: tuple[tuple[Window, ...], ...] = ALL_DAY) -> Schedule:
    return Schedule("monthly", "+00:00", days_of_month=days, periods=periods, zone=zone)


def changes(timetable: Schedule, first: int, count: int) -> list[int]:
    found = []
    at: int | None = first
    while len(found) < count and (at := timetable.next_change(at or 0)) is not None:
        found.append(at)
    return found


def test_a_window_over_the_hour_that_is_left_out_begins_when_the_clock_has_jumped() -> None:
    """On 30 March 2025 the clocks of Berlin go from 02:00 to 03:00."""
    timetable = daily(("02:30:00", "04:00:00"))
    assert changes(timetable, ms("2025-03-29T12:00"), 2) == [ms("2025-03-30T01:00"), ms("2025-03-30T02:00")]


def test_a_window_within_the_hour_that_is_left_out_is_not_run_that_day() -> None:
    """No clock ever shows it."""
    timetable = daily(("02:10:00", "02:50:00"))
    assert changes(timetable, ms("2025-03-29T12:00"), 1) == [ms("2025-03-31T02:10", BERLIN)]


def test_a_window_in_the_hour_that_comes_twice_lasts_from_the_first_to_the_last() -> None:
    """On 26 October 2025 the clocks go from 03:00 back to 02:00: what is to be watched is watched both times."""
    timetable = daily(("02:15:00", "02:45:00"))
    assert changes(timetable, ms("2025-10-25T12:00"), 2) == [ms("2025-10-26T00:15"), ms("2025-10-26T01:45")]


def test_office_hours_stay_office_hours_through_the_year() -> None:
    """The offset moves, the clock on the wall does not."""
    timetable = daily(("09:00:00", "17:00:00"))
    assert changes(timetable, ms("2025-01-10T00:00"), 1) == [ms("2025-01-10T08:00")]
    assert changes(timetable, ms("2025-07-10T00:00"), 1) == [ms("2025-07-10T07:00")]


def test_there_is_no_31st_of_april() -> None:
    """The month is passed over, and the next one has it again."""
    timetable = monthly(31)
    assert changes(timetable, ms("2025-03-31T12:00"), 3) == [
        ms("2025-03-31T23:59"), ms("2025-05-31T00:00"), ms("2025-05-31T23:59"),
    ]  # fmt: skip


def test_days_that_follow_each_other_are_one_run_over_the_months_end() -> None:
    """The last and the first day are neighbours, as Sunday and Monday are."""
    assert changes(monthly(1, 30, 31), ms("2025-05-15T00:00"), 2) == [ms("2025-05-30T00:00"), ms("2025-06-01T23:59")]


def test_each_day_of_a_month_may_have_its_own_windows() -> None:
    """As many lists as days, in their order."""
    periods = ((Window("10:00:00", "11:00:00"),), (Window("20:00:00", "21:00:00"),))
    timetable = monthly(15, 3, periods=periods)
    assert changes(timetable, ms("2025-02-01T00:00"), 4) == [
        ms("2025-02-03T20:00"), ms("2025-02-03T21:00"), ms("2025-02-15T10:00"), ms("2025-02-15T11:00"),
    ]  # fmt: skip


def test_a_date_that_is_left_out_cuts_a_run_in_two() -> None:
    """Day and night, but for Christmas."""
    timetable = daily(("00:00:00", "24:00:00"), zone=None, skip=("2025-12-25",))
    assert changes(timetable, ms("2025-12-01T00:00"), 2) == [ms("2025-12-24T23:00"), ms("2025-12-25T23:00")]
    assert timetable.next_change(ms("2026-01-01T00:00")) is None


def test_what_never_opens_has_no_next_change() -> None:
    """Nothing is due, and nobody looks for ever."""
    assert monthly(31, periods=((Window("10:00:00", "11:00:00"),),)).next_change(ms("2025-05-31T12:00")) is not None
    assert Schedule("monthly", "+00:00", days_of_month=(31,), periods=((),)).next_change(ms("2025-01-01T00:00")) is None


# -- against an oracle: quarter by quarter, from what the clocks show


def _listed(timetable: Schedule, day: date) -> Sequence[Window]:
    if day.isoformat() in (timetable.skip_dates or ()):
        return ()
    assert timetable.periods is not None
    days, number, whole = (
        (timetable.days_of_week, day.isoweekday(), 7)
        if timetable.type == "weekly"
        else (timetable.days_of_month, day.day, 31)
    )
    if number not in (days or ()):
        return ()
    if len(timetable.periods) == whole:
        return timetable.periods[number - 1]
    return timetable.periods[0] if len(timetable.periods) == 1 else timetable.periods[(days or ()).index(number)]


def _oracle(timetable: Schedule, moments: Sequence[int], zone: ZoneInfo) -> list[bool]:
    """Mark the moments at which a clock shows a time within a window; what lies between two marks of one is in it too."""
    shown = [datetime.fromtimestamp(moment, zone) for moment in moments]
    opened = [False] * len(moments)
    for day in sorted({clock.date() for clock in shown}):
        tomorrow = day + timedelta(days=1)
        goes_on = any(
            clock.date() == tomorrow and clock.strftime("%H:%M:%S") < each.end_at
            for each in _listed(timetable, tomorrow)
            if each.begin_at == "00:00:00"
            for clock in shown
        )
        for window in _listed(timetable, day):
            end = "24:00:00" if window.end_at >= "23:59:00" and goes_on else window.end_at
            marked = [
                number
                for number, clock in enumerate(shown)
                if clock.date() == day and window.begin_at <= clock.strftime("%H:%M:%S") < end
            ]
            if marked:
                opened[marked[0] : marked[-1] + 1] = [True] * (marked[-1] + 1 - marked[0])
    return opened


def _agree(timetable: Schedule, around: int, zone: str, days: int = 3) -> None:
    # a quarter, and the middle of each day's last minute
    first = around - around % STEP_S - days * 86_400
    moments = sorted(
        {first + number * STEP_S for number in range(2 * days * 96)}
        | {first + number * STEP_S + STEP_S - 30 for number in range(2 * days * 96)}
    )
    expected = _oracle(timetable, moments, ZoneInfo(zone))
    inner = range(2 * 96, len(moments) - 2 * 96)  # the oracle does not see beyond its ends
    assert [timetable.is_open(moments[number] * 1000) for number in inner] == [expected[number] for number in inner]
    here = inner[0]
    while here < inner[-1]:
        following = timetable.next_change(moments[here] * 1000)
        flip = next((number for number in inner if number > here and expected[number] != expected[here]), None)
        if flip is None:
            assert following is None or following > moments[inner[-1]] * 1000
            return
        assert following is not None
        assert moments[flip - 1] * 1000 < following <= moments[flip] * 1000
        assert timetable.is_open(following) is not timetable.is_open(following - 1)
        here = flip


@st.composite
def _window(draw: st.DrawFn) -> Window:
    begin = draw(st.integers(0, 94))
    end = draw(st.integers(begin + 1, 96))
    return Window(QUARTERS[begin], draw(st.sampled_from(["23:59:00", "24:00:00"])) if end == 96 else QUARTERS[end])


@st.composite
def _timetable(draw: st.DrawFn, year: int, zone: str | None) -> Schedule:
    weekly = draw(st.booleans())
    most = 7 if weekly else 31
    days = tuple(draw(st.lists(st.integers(1, most), min_size=1, max_size=most, unique=True)))
    lists = draw(st.sampled_from([1, len(days), most]))
    periods = tuple(tuple(draw(st.lists(_window(), max_size=3))) for _ in range(lists))
    skipped = draw(st.lists(st.dates(date(year, 1, 1), date(year, 12, 31)), max_size=40))
    return Schedule(
        "weekly" if weekly else "monthly",
        draw(st.sampled_from(["+00:00", "-03:30", "+12:00"])) if zone is None else "+00:00",
        days_of_week=days if weekly else None,
        days_of_month=None if weekly else days,
        periods=periods,
        zone=zone,
        skip_dates=tuple(sorted({day.isoformat() for day in skipped})) or None,
    )


ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
)


def _set_clocks(zone: str, year: int) -> tuple[int, ...]:
    """Return the offset at the year's begin and when the clocks are changed in it, to the hour, in seconds."""
    kept = ZoneInfo(zone)

    def offset(at: int) -> int:
        return round((datetime.fromtimestamp(at, kept).utcoffset() or timedelta()).total_seconds())

    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    days = [day for day in range(first, first + 366 * 86_400, 86_400) if offset(day) != offset(day + 86_400)]
    hours = [at for day in days for at in range(day, day + 86_400, 3600) if offset(at) != offset(at + 3600)]
    return offset(first), *(at + 3600 for at in hours)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_timetables_agree_with_the_oracle(data: st.DataObject) -> None:
    """Months, weeks, zones and dates that are left out, at any time of some years."""
    year = data.draw(st.integers(2024, 2028))
    zone = data.draw(st.sampled_from(ZONES))
    timetable = data.draw(_timetable(year, zone))
    _agree(
        timetable,
        data.draw(
            st.integers(
                int(datetime(year, 1, 5, tzinfo=UTC).timestamp()), int(datetime(year, 12, 25, tzinfo=UTC).timestamp())
            )
        ),
        zone,
    )


def test_every_zone_keeps_time_when_its_clocks_are_set() -> None:
    """All that there are, on both days of the year, with windows that begin, end and lie in the hours that change."""
    timetables = [
        [("00:00:00", "23:59:00")], [("02:15:00", "02:45:00")], [("00:30:00", "02:30:00"), ("23:00:00", "24:00:00")],
        [("00:00:00", "00:45:00"), ("01:30:00", "03:15:00"), ("22:15:00", "23:59:00")],
    ]  # fmt: skip
    clocks = {_set_clocks(zone, 2025): zone for zone in ZONES}  # many zones are names of the same clocks
    assert len(clocks) > 40
    for (_, *changed), zone in clocks.items():
        for moment in changed:
            for windows in timetables:
                _agree(daily(*windows, zone=zone), moment, zone, days=2)


def test_a_day_that_a_zone_left_out_is_not_run() -> None:
    """Samoa went from 29 to 31 December 2011."""
    _agree(daily(("10:00:00", "12:00:00"), zone="Pacific/Apia"), ms("2011-12-30T10:00") // 1000, "Pacific/Apia")
    timetable = Schedule("monthly", "+00:00", days_of_month=(30,), periods=ALL_DAY, zone="Pacific/Apia")
    assert not any(timetable.is_open(ms("2011-12-29T00:00") + hour * 3_600_000) for hour in range(72))


@settings(max_examples=150, deadline=None)
@given(
    _timetable(2025, None).filter(lambda made: made.type == "weekly" and any(made.by_weekday())), st.integers(0, 2**31)
)
def test_a_week_that_repeats_is_reckoned_as_its_days_are(timetable: Schedule, second: int) -> None:
    """The quick way and the long one."""
    plain = Schedule("weekly", timetable.timezone, timetable.days_of_week, periods=timetable.periods)
    slow = Schedule(
        "weekly", timetable.timezone, timetable.days_of_week, periods=timetable.periods, skip_dates=("1900-01-01",)
    )
    at = second * 1000
    assert plain.repeats_weekly
    assert not slow.repeats_weekly
    assert plain.is_open(at) == slow.is_open(at)
    assert plain.next_change(at) == slow.next_change(at)
