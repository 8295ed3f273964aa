"""Timetables: four weeks of 100,000 tasks by a clock that is handed in, against an oracle; and starts by the real clock.

`SCHEDULE_TASKS` makes it smaller.
"""

import json
import os
import random
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench.filled import places
from bench.frame import Row
from bench.timetable_oracle import DAY_S, Mark, Timetable, changes

TASKS = int(os.environ.get("SCHEDULE_TASKS", "100000"))
WEEKS = 4
BEGIN_S = 1_759_708_800
"""Monday, 6 October 2025: Europe's clocks are set back on the 26th, America's on 2 November."""
KINDS = 300
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "Europe/Lisbon")
SPREAD, BURST = TASKS // 100, TASKS // 10


def timetables() -> list[Timetable]:
    """Return timetables of every kind; few days each, so that four weeks are gone through in minutes."""
    dice = random.Random(6)
    return [_timetable(dice, number) for number in range(KINDS)]


def rows() -> list[Row]:
    found = list[Row]()
    for place in places():
        if place.server is None:
            found += _travel(place)
        found += _live(place)
    return found


def _timetable(dice: random.Random, number: int) -> Timetable:
    monthly = number % 3 != 0
    given: dict[str, Any] = {
        "type": "monthly" if monthly else "weekly",
        "timezone": dice.choice(("+00:00", "-08:00", "+05:30")),
    }
    if number % 5 < 2:
        given["zone"] = dice.choice(ZONES)
    if number % 7 == 2:
        given["skip_dates"] = [f"2025-10-{dice.randrange(6, 32):02}" for _ in range(3)]
    if number % 11 == 3:  # over midnight, and over the week's end
        days, periods = [7, 1], [[("18:00:00", "23:59:00")], [("00:00:00", "06:00:00")]]
        return given | {"type": "weekly", "days_of_week": days, "periods": periods}
    days = sorted(dice.sample(range(1, 32) if monthly else range(1, 8), 1 + (number % 5 == 1) if monthly else 1))
    given["days_of_month" if monthly else "days_of_week"] = days
    return given | {"periods": [_windows(dice, 2 if number % 7 == 0 else 1)]}


def _windows(dice: random.Random, count: int) -> list[tuple[str, str]]:
    edges = sorted(dice.sample(range(288), 2 * count))
    clock = [f"{edge // 12:02}:{edge % 12 * 5:02}:00" for edge in edges]
    return list(zip(clock[::2], clock[1::2], strict=True))


def _travel(place: Any) -> list[Row]:
    given = timetables()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "timetables"
        file.write_text("\n".join(json.dumps(one) for one in given))
        end_s = BEGIN_S + WEEKS * 7 * DAY_S
        told = json.loads(place.run("vedette_schedule.py", "travel", file, TASKS, BEGIN_S, end_s))
    expected = Counter[Mark]()
    for kind, one in enumerate(given):
        tasks = len(range(kind, TASKS, KINDS))
        for at, opens in changes(one, BEGIN_S, end_s):
            expected[Mark(kind, at, opens)] = tasks
    moved, doubled = _moved(place.folder / "v.db")
    missed, wrong = expected - moved, moved - expected
    total = expected.total()
    return [
        Row("four weeks: starts and stops", total, "changes", note=f"{TASKS:,} tasks, {KINDS} timetables"),
        Row("four weeks: missed", missed.total(), "changes", target="0", holds=not missed),
        Row("four weeks: double or at another moment", wrong.total() + doubled, "changes", target="0", holds=not wrong and not doubled),
        Row("four weeks: CPU", told["cpu_s"] / max(1, total) * 1e6, "µs a change", note=f"{told['wall_s']:.0f} s, {told['rounds']:.0f} moments"),
        Row("a new service looks at all timetables", told["review_s"], "s CPU", note="a few at a time, beside all else"),
    ]  # fmt: skip


def _moved(file: Path) -> tuple[Counter[Mark], int]:
    """Return what became of each kind at each moment, and how often one task was moved twice in it."""
    moved, doubled = Counter[Mark](), 0
    with sqlite3.connect(file) as database:
        found = database.execute(
            "SELECT substr(task_id, 2, 4), at, after, count(*), count(DISTINCT task_id) FROM task_moves"
            " WHERE actor = 'timetable' GROUP BY 1, 2, 3"
        )
        for kind, at, after, number, tasks in found:
            moved[Mark(int(kind, 16), at // 1000, after == "PENDING")] = number
            doubled += number - tasks
    database.close()
    return moved, doubled


def _live(place: Any) -> list[Row]:
    if place.server is None:  # another file: the one before has a million moves
        place = type(place)(place.name, f"sqlite:///{place.folder / 'live.db'}", place.folder, None)
    told = json.loads(place.run("vedette_schedule.py", "live", TASKS, SPREAD, BURST))
    name, lost = place.name, told["missed"] + told["twice"]
    return [
        Row(f"{name}: missed or double", lost, "starts", target="0", holds=not lost),
        Row(f"{name}: start error, {SPREAD:,} in 20 s, p99", told["spread_p99"], "ms", target="≤ 1000", holds=told["spread_p99"] <= 1000),
        Row(f"{name}: CPU meanwhile", told["cores"] * 100, "% of a core", note=f"{TASKS:,} timetables, one other writer"),
        Row(f"{name}: start error, {BURST:,} at once, p99", told["burst_p99"], "ms", note=f"p50 {told['burst_p50']:.0f}, first {told['first_ms']:.0f}"),
        Row(f"{name}: starts a second then", BURST / max(0.001, told["burst_max"] / 1000), "1/s"),
        Row(f"{name}: another's write then, p99", told["write_p99"], "ms", note=f"longest {told['write_max']:.0f}"),
    ]  # fmt: skip
