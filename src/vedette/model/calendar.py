"""Timetables that no week repeats: days of months, zones with daylight saving, dates that are left out.

A window is read on the wall clock of its zone, day by day. Where the clock is set forward over its begin or end, that
is the moment of the change; where it is set back over it, a begin is the first time the clock shows it, and an end the
last. A day that a month has not is not run: there is no 31st of April (as RFC 5545 has it for BYMONTHDAY).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

DAY_S: Final = 86_400
DAY_END_S: Final = DAY_S - 60
"""From 23:59:00 on, an end counts as the end of the day."""
HORIZON_DAYS: Final = 5 * 366
"""How far a change is looked for."""

Spans = Callable[[date], list[tuple[int, int]]]
"""Gives the windows of a day as (begin, end), seconds of the day, in order; none if it is not run."""


def is_open(spans: Spans, zone: tzinfo, at_ms: int) -> bool:
    """Return whether a moment lies in a window."""
    today = _today(zone, at_ms)
    return any(begin <= at_ms < end for begin, end in _runs(spans, zone, today - timedelta(days=2), days=4))


def next_change(spans: Spans, zone: tzinfo, at_ms: int) -> int | None:
    """Return the next moment after this one at which it opens or closes; None if that is years away, or never."""
    first = _today(zone, at_ms) - timedelta(days=2)
    last = (datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=HORIZON_DAYS - 2)).timestamp()
    for begin, end in _runs(spans, zone, first, HORIZON_DAYS):
        if at_ms < begin:
            return begin
        if at_ms < end:
            return end if end < last * 1000 else None
    return None


def _today(zone: tzinfo, at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def _runs(spans: Spans, zone: tzinfo, first: date, days: int) -> Iterator[tuple[int, int]]:
    """Give the runs that begin within so many days, windows that touch joined, in milliseconds since the epoch."""
    run: tuple[int, int] | None = None
    ended_with: date | None = None  # the day whose end the run goes up to
    for number in range(days):
        day = first + timedelta(days=number)
        for begin_s, end_s in spans(day):
            begin, end = _begin(zone, day, begin_s), _end(zone, day, end_s)
            if end <= begin:
                continue  # the clock was set forward over all of it
            over_midnight = begin_s == 0 and ended_with == day - timedelta(days=1)
            if run is not None and (begin <= run[1] or over_midnight):
                run = run[0], max(run[1], end)
            else:
                if run is not None:
                    yield run
                run = begin, end
            ended_with = day if end_s >= DAY_END_S else ended_with
    if run is not None:
        yield run


def _begin(zone: tzinfo, day: date, second: int) -> int:
    """Return when the clock of the zone first shows a time of a day, milliseconds since the epoch."""
    early, late = _readings(zone, day, second)
    return (_change_between(zone, late, early) if early > late else early) * 1000


def _end(zone: tzinfo, day: date, second: int) -> int:
    """Return when the clock has last shown a time before this one: a clock set back to the very end begins nothing."""
    early, late = _readings(zone, day, second - 1)
    return (_change_between(zone, late, early) if early > late else late + 1) * 1000


def _readings(zone: tzinfo, day: date, second: int) -> tuple[int, int]:
    """Return the moments of a time of a day, seconds since the epoch: as before a change of the clock, and as after it.

    Where the clock never shows it the first is the later one (PEP 495).
    """
    shown = datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001 - its zone follows
    before, after = (round(shown.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    return before, after


def _change_between(zone: tzinfo, early: int, late: int) -> int:
    """Return the second at which the zone's offset changes."""
    before = datetime.fromtimestamp(early, zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late
