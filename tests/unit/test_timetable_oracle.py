"""The oracle of the bench of timetables knows what was published, and finds what the service must not miss."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bench.timetable_oracle import DAY_S, Timetable, changes

MONDAY_S = 1_759_708_800
"""6 October 2025."""


def told(timetable: Timetable, zone: str = "UTC", weeks: int = 1) -> list[str]:
    """Return when it opens (+) and closes (-), by a clock of the zone."""
    kept = ZoneInfo(zone)
    return [
        f"{'+' if opens else '-'}{datetime.fromtimestamp(at, kept):%d %H:%M}"
        for at, opens in changes(timetable, MONDAY_S, MONDAY_S + weeks * 7 * DAY_S)
    ]


def test_the_published_friday_to_sunday_is_one_run_over_midnight() -> None:
    """From Friday evening to the end of Saturday, and Sunday for itself."""
    evening = [("22:15:00", "23:59:00")]
    periods = [[], [], [], [], evening, [("00:00:00", "23:59:00")], evening]
    timetable = {"type": "weekly", "timezone": "+00:00", "days_of_week": list(range(1, 8)), "periods": periods}
    assert told(timetable) == ["+10 22:15", "-11 23:59", "+12 22:15", "-12 23:59"]


def test_an_hour_that_comes_twice_is_watched_both_times() -> None:
    """On 26 October the clocks of Berlin go from 03:00 back to 02:00."""
    periods = [[("02:15:00", "02:45:00")]]
    timetable = {
        "type": "weekly",
        "timezone": "+01:00",
        "zone": "Europe/Berlin",
        "days_of_week": [7],
        "periods": periods,
    }
    assert told(timetable, weeks=3) == ["+12 00:15", "-12 00:45", "+19 00:15", "-19 00:45", "+26 00:15", "-26 01:45"]


def test_a_date_that_is_left_out_and_a_day_of_the_month() -> None:
    """The two other kinds of days."""
    periods = [[("10:00:00", "11:00:00")]]
    timetable = {"type": "monthly", "timezone": "-08:00", "days_of_month": [8, 9], "periods": periods}
    assert told(timetable | {"skip_dates": ["2025-10-08"]}) == ["+09 18:00", "-09 19:00"]
