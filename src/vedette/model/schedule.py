"""Timetables: open at a moment? next change?

Time is milliseconds since the epoch. A week that repeats under a fixed offset is reckoned here; whatever is not, by
`calendar`, day by day.

How the windows are read: seven inner lists belong to the weekdays Monday to Sunday; as many as there are
`days_of_week` belong to those, in order; a single one holds for each listed day. Likewise 31 lists, or as many as there
are `days_of_month`, or one. A day that is not listed never runs. Windows of a day that overlap are one. A day that ends
at 23:59:00 or later, followed by a day that begins at 00:00:00, is one run across midnight, over the week's end too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from vedette.model import calendar
from vedette.model.calendar import DAY_END_S, DAY_S
from vedette.model.errors import InvalidParameter

WEEK_S = 7 * DAY_S
WEEKLY: Final = "weekly"
MONTHLY: Final = "monthly"
MONDAY_MS = 345_600_000
"""1970-01-05T00:00:00Z, the first Monday of the epoch."""


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a day, `hh:mm:ss` to `hh:mm:ss`."""

    begin_at: str
    end_at: str

    def seconds(self) -> tuple[int, int]:
        """Return begin and end in seconds of the day.

        Raises:
            InvalidParameter: no time of day, or the end is not after the begin.
        """
        begin, end = _second_of_day(self.begin_at, "begin_at"), _second_of_day(self.end_at, "end_at")
        if begin >= end:
            raise InvalidParameter(
                f"A window must end after it begins, but {self.begin_at} to {self.end_at} does not; "
                "a run across midnight is written as two days.",
                param="end_at",
            )
        return begin, end


@dataclass(frozen=True, slots=True)
class Schedule:
    """A timetable as it was sent.

    Attributes:
        type: `weekly` or `monthly`.
        timezone: the offset from UTC.
        zone: a zone of the IANA's, such as `Europe/Berlin`, in whose time the windows are read instead; ours.
        skip_dates: `yyyy-mm-dd`, on which it is not run; ours.
    """

    type: str
    timezone: str
    days_of_week: tuple[int, ...] | None = None
    days_of_month: tuple[int, ...] | None = None
    periods: tuple[tuple[Window, ...], ...] | None = None
    zone: str | None = None
    skip_dates: tuple[str, ...] | None = None

    def offset_s(self) -> int:
        """Return the zone's offset from UTC in seconds.

        Raises:
            InvalidParameter: the offset is not within -12:00 to +14:00.
        """
        sign = -1 if self.timezone[0] == "-" else 1
        hours, minutes = int(self.timezone[1:3]), int(self.timezone[4:6])
        offset = sign * (hours * 3600 + minutes * 60)
        if minutes > 59 or not -12 * 3600 <= offset <= 14 * 3600:
            raise InvalidParameter("The time zone must lie between -12:00 and +14:00.", param="timezone")
        return offset

    def by_weekday(self) -> tuple[tuple[Window, ...], ...]:
        """Return seven lists of windows, Monday first.

        Raises:
            InvalidParameter: the number of lists fits none of the three readings.
        """
        listed = self._by_day(self.days_of_week or (), 7)
        return tuple(listed.get(day, ()) for day in range(1, 8))

    def by_day_of_month(self) -> Mapping[int, tuple[Window, ...]]:
        """Return the windows of the days of a month that are listed.

        Raises:
            InvalidParameter: the number of lists fits none of the three readings.
        """
        return self._by_day(self.days_of_month or (), 31)

    def _by_day(self, days: Sequence[int], of_all: int) -> Mapping[int, tuple[Window, ...]]:
        periods = self.periods or ()
        if len(periods) == of_all:
            return {day: periods[day - 1] for day in days}
        if len(periods) == len(days):
            return dict(zip(days, periods, strict=True))
        if len(periods) == 1:
            return dict.fromkeys(days, periods[0])
        every = "weekday" if of_all == 7 else "day of the month"
        raise InvalidParameter(
            f"periods must hold one list of windows for each {every}, one for each listed day, or a single one.",
            param="periods",
        )

    def runs(self) -> tuple[tuple[int, int], ...]:
        """Return the runs of a week as (begin, end), seconds from Monday 00:00 in the zone.

        A run over the week's end has an end beyond the week; runs are in order and do not touch.

        Raises:
            InvalidParameter: see `Window.seconds` and `by_weekday`; or there is no window at all.
        """
        spans = [
            (day * DAY_S + begin, day * DAY_S + end)
            for day, windows in enumerate(self.by_weekday())
            for begin, end in sorted(window.seconds() for window in windows)
        ]
        if not spans:
            raise _no_window()
        return tuple(_join_over_week_end(_join(spans)))

    def check(self) -> None:
        """Check what can be checked without knowing the time.

        Raises:
            InvalidParameter: see `Window.seconds`, `by_weekday` and `by_day_of_month`; there is no window at all, or the
                offset is none of the zone's.
        """
        if self.type == WEEKLY:
            self.runs()
        elif not any(self.by_day_of_month().values()):
            raise _no_window()
        if self.zone is not None and self.offset_s() not in _offsets(self.zone):
            raise InvalidParameter(
                f"{self.timezone} is no distance of {self.zone} from UTC: name one of those it has, or no zone.",
                param="timezone",
            )

    @property
    def repeats_weekly(self) -> bool:
        """Whether every week is like the other, to the second."""
        return self.type == WEEKLY and self.zone is None and not self.skip_dates

    def is_open(self, at_ms: int) -> bool:
        """Return whether the task is to run at this moment."""
        if not self.repeats_weekly:
            return calendar.is_open(_spans(self), self._zone(), at_ms)
        second = self._second_of_week(at_ms)
        return any(begin <= second < end or begin <= second + WEEK_S < end for begin, end in self.runs())

    def next_change(self, at_ms: int) -> int | None:
        """Return the next moment after this one at which it opens or closes; None if it never does again."""
        if not self.repeats_weekly:
            return calendar.next_change(_spans(self), self._zone(), at_ms)
        runs = self.runs()
        if runs == ((0, WEEK_S),):
            return None
        exact = (at_ms - MONDAY_MS) / 1000 + self.offset_s()
        week_start = exact - exact % WEEK_S
        second = exact - week_start
        edges = sorted({edge + week for run in runs for edge in run for week in (-WEEK_S, 0, WEEK_S)})
        following = next(edge for edge in edges if edge > second)
        return round((week_start + following - self.offset_s()) * 1000) + MONDAY_MS

    def _zone(self) -> tzinfo:
        return ZoneInfo(self.zone) if self.zone is not None else timezone(timedelta(seconds=self.offset_s()))

    def _second_of_week(self, at_ms: int) -> float:
        return ((at_ms - MONDAY_MS) / 1000 + self.offset_s()) % WEEK_S


def is_zone(name: str) -> bool:
    """Return whether the IANA's database has a zone of this name."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _no_window() -> InvalidParameter:
    return InvalidParameter("The timetable has no window in which the task could run.", param="periods")


@lru_cache(maxsize=1024)
def _offsets(zone: str) -> frozenset[int]:
    """Return the distances of a zone from UTC in seconds, as they are in these years."""
    kept = ZoneInfo(zone)
    days = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(6 * 53))
    return frozenset(round((day.astimezone(kept).utcoffset() or timedelta()).total_seconds()) for day in days)


@lru_cache(maxsize=256)
def _spans(schedule: Schedule) -> calendar.Spans:
    """Return what gives the windows of a day."""
    weekly = schedule.type == WEEKLY
    windows = dict(enumerate(schedule.by_weekday(), 1)) if weekly else schedule.by_day_of_month()
    seconds = {day: sorted(window.seconds() for window in some) for day, some in windows.items()}
    skipped = {date.fromisoformat(text) for text in schedule.skip_dates or ()}

    def of(day: date) -> list[tuple[int, int]]:
        return [] if day in skipped else seconds.get(day.isoweekday() if weekly else day.day, [])

    return of


def _second_of_day(text: str, param: str) -> int:
    parts = text.split(":")
    try:
        hours, minutes, seconds = (int(part) for part in parts)
    except ValueError:
        raise InvalidParameter(f"{text!r} is no time of day (hh:mm:ss).", param=param) from None
    whole_day = (hours, minutes, seconds) == (24, 0, 0) and param == "end_at"
    if not whole_day and not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise InvalidParameter(f"{text!r} is no time of day (hh:mm:ss).", param=param)
    return hours * 3600 + minutes * 60 + seconds


def _continues(end: int, begin: int) -> bool:
    """Tell whether a run that ends here goes on there: it touches, or only the day's last minute is between."""
    return begin <= end or (begin % DAY_S == 0 and begin - end <= DAY_S - DAY_END_S)


def _join(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and _continues(joined[-1][1], begin):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _join_over_week_end(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    (first_begin, first_end), (last_begin, last_end) = runs[0], runs[-1]
    if not _continues(last_end, first_begin + WEEK_S):
        return runs
    if len(runs) == 1:
        return [(0, WEEK_S)]
    return [*runs[1:-1], (last_begin, first_end + WEEK_S)]
