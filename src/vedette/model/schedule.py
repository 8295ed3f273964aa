"""Weekly timetables: open at a moment? next change?

Time is milliseconds since the epoch; a timetable's zone is a fixed offset, so there is no daylight saving here.

How the windows are read: seven inner lists belong to the weekdays Monday to Sunday; as many as there are
`days_of_week` belong to those, in order; a single one holds for each listed day. A weekday that is not listed
never runs. Windows of a day that overlap are one. A day that ends at 23:59:00 or later, followed by a day that
begins at 00:00:00, is one run across midnight, over the week's end too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.model.errors import InvalidParameter

DAY_S = 86_400
WEEK_S = 7 * DAY_S
DAY_END_S = DAY_S - 60
"""From 23:59:00 on, an end counts as the end of the day."""
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
    """A timetable as it was sent."""

    type: str
    timezone: str
    days_of_week: tuple[int, ...] | None = None
    days_of_month: tuple[int, ...] | None = None
    periods: tuple[tuple[Window, ...], ...] | None = None

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
        days, periods = self.days_of_week or (), self.periods or ()
        if len(periods) == 7:
            listed = {day: periods[day - 1] for day in days}
        elif len(periods) == len(days):
            listed = dict(zip(days, periods, strict=True))
        elif len(periods) == 1:
            listed = dict.fromkeys(days, periods[0])
        else:
            raise InvalidParameter(
                "periods must hold one list of windows for each weekday, one for each listed day, or a single one.",
                param="periods",
            )
        return tuple(listed.get(day, ()) for day in range(1, 8))

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
            raise InvalidParameter("The timetable has no window in which the task could run.", param="periods")
        return tuple(_join_over_week_end(_join(spans)))

    def is_open(self, at_ms: int) -> bool:
        """Return whether the task is to run at this moment."""
        second = self._second_of_week(at_ms)
        return any(begin <= second < end or begin <= second + WEEK_S < end for begin, end in self.runs())

    def next_change(self, at_ms: int) -> int | None:
        """Return the next moment after this one at which it opens or closes; None if it never closes."""
        runs = self.runs()
        if runs == ((0, WEEK_S),):
            return None
        exact = (at_ms - MONDAY_MS) / 1000 + self.offset_s()
        week_start = exact - exact % WEEK_S
        second = exact - week_start
        edges = sorted({edge + week for run in runs for edge in run for week in (-WEEK_S, 0, WEEK_S)})
        following = next(edge for edge in edges if edge > second)
        return round((week_start + following - self.offset_s()) * 1000) + MONDAY_MS

    def _second_of_week(self, at_ms: int) -> float:
        return ((at_ms - MONDAY_MS) / 1000 + self.offset_s()) % WEEK_S


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
