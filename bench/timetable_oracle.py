"""What timetables mean, found out by looking at clocks minute by minute; written another way than the service does it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

DAY_S = 86_400
DAY_END = 23 * 60 + 59
BEFORE, AFTER = 2 * 24 * 60, 24 * 60
"""Minutes of the days before and after that are looked at, too."""

Timetable = dict[str, Any]
Clock = dict[date, dict[int, tuple[int, int]]]
"""For each day each minute that a clock shows: when it shows it first and last, minutes since the begin."""


class Mark(NamedTuple):
    """A change of one kind of task."""

    kind: int
    at: int
    opens: bool


def changes(timetable: Timetable, begin_s: int, end_s: int) -> Iterator[tuple[int, bool]]:
    """Give when it opens and closes, from the first moment on, in seconds; closed before."""
    minutes = (end_s - begin_s) // 60
    marks = bytearray(BEFORE + minutes + AFTER)
    clock = _clock(_zone(timetable), begin_s, minutes)
    ended: tuple[date, int] | None = None
    for day in sorted(clock):
        for first, last, begin, end in _shown(clock[day], _listed(timetable, day)):
            over_midnight = ended is not None and begin == 0 and ended[0] == day - timedelta(days=1)
            since = ended[1] if ended is not None and over_midnight else first
            marks[BEFORE + since : BEFORE + last + 1] = b"\1" * (last + 1 - since)
            if end >= DAY_END:
                ended = (day, last + 1)
    before = 0
    for minute in range(minutes + 1):
        if marks[BEFORE + minute] != before:
            before = marks[BEFORE + minute]
            yield begin_s + minute * 60, bool(before)


def _listed(timetable: Timetable, day: date) -> list[tuple[int, int]]:
    if day.isoformat() in timetable.get("skip_dates", ()):
        return []
    weekly = timetable["type"] == "weekly"
    days = timetable["days_of_week"] if weekly else timetable["days_of_month"]
    number = day.isoweekday() if weekly else day.day
    if number not in days:
        return []
    periods = timetable["periods"]
    windows = periods[0] if len(periods) == 1 else periods[days.index(number)]
    return sorted((_minute(begin), _minute(end)) for begin, end in windows)


def _shown(shown: dict[int, tuple[int, int]], windows: list[tuple[int, int]]) -> Iterator[tuple[int, int, int, int]]:
    for begin, end in windows:
        seen = [shown[minute] for minute in range(begin, end) if minute in shown]
        if seen:
            yield min(first for first, _ in seen), max(last for _, last in seen), begin, end


@cache
def _clock(zone: tzinfo, begin_s: int, minutes: int) -> Clock:
    """Look at a clock every minute, from two days before to a day after."""
    clock: Clock = {}
    begin = datetime.fromtimestamp(begin_s, UTC)
    for minute in range(-BEFORE, minutes + AFTER):
        shown = (begin + timedelta(minutes=minute)).astimezone(zone)
        day, number = clock.setdefault(shown.date(), {}), shown.hour * 60 + shown.minute
        day[number] = day[number][0] if number in day else minute, minute
    return clock


def _zone(timetable: Timetable) -> tzinfo:
    if "zone" in timetable:
        return ZoneInfo(timetable["zone"])
    sign, hours, minutes = timetable["timezone"][0], int(timetable["timezone"][1:3]), int(timetable["timezone"][4:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)


def _minute(clock: str) -> int:
    hours, minutes, _ = clock.split(":")
    return int(hours) * 60 + int(minutes)
