"""The timetables of a stopped service, obeyed: `vedette_schedule.py travel FILE TASKS BEGIN END` and `… live TASKS SPREAD BURST`.

travel: TASKS tasks with the timetables of FILE (one JSON object a line) from BEGIN to END, seconds since the epoch, by a
clock that is handed in and goes from one moment at which something is due to the next. Half-way the service begins anew.
live: by the real clock, with TASKS timetables of which nothing is due: SPREAD tasks are due within twenty seconds, then BURST
at one moment, while somebody else writes all the time. Times are those at which another reader finds the move.

Settings come from the environment. Prints one JSON object.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vedette.app import first_start
from vedette.app.ground import Ground, ground, now_ms
from vedette.app.loops import Loops
from vedette.app.wiring import uptime
from vedette.control.clock_steps import ClockSteps
from vedette.control.helm import Alone
from vedette.control.scheduler import Scheduler
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import InputDatum, InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.settings import Settings
from vedette.store import identity, leases, tables, tasks

CHUNK = 5000
SPREAD_S = 20


def schedule_of(given: dict[str, Any]) -> Schedule:
    periods = tuple(tuple(Window(begin, end) for begin, end in day) for day in given.pop("periods"))
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return Schedule(**lists, periods=periods)


class Filler:
    """Writes tasks in bulk, after one of each timetable that went the way of a new one."""

    def __init__(self, base: Ground, project: ProjectId) -> None:
        self._base, self._project = base, project

    async def fill(self, timetables: Sequence[Schedule], count: int, due_at: Sequence[int], prefix: str) -> None:
        """Write tasks of these timetables in turn, STOPPED, each due at the moment of its timetable."""
        for first in range(0, count, CHUNK):
            numbers = range(first, min(first + CHUNK, count))
            await self._base.db.write(self._write, timetables, numbers, due_at, prefix)

    def _write(
        self, conn: Connection, timetables: Sequence[Schedule], numbers: range, due_at: Sequence[int], prefix: str
    ) -> None:
        moulds = [self._mould(conn, one, f"{prefix}{number}") for number, one in enumerate(timetables)]
        rows, documents = [], []
        for n in numbers:
            kind = n % len(timetables)
            row, document = moulds[kind]
            own = {"id": f"{prefix}{kind:04x}{n:027x}", "name": f"{prefix}-{n}", "next_due_at": due_at[kind]}
            rows.append(row | own)
            documents.append({"task_id": own["id"], "document": document})
        conn.execute(insert(tables.tasks), rows)
        conn.execute(insert(tables.task_documents), documents)

    def _mould(self, conn: Connection, timetable: Schedule, name: str) -> tuple[dict[str, Any], bytes]:
        source = TaskInput(InputType.URL, InputDatum(url="rtsp://192.0.2.1/live"))
        document = TaskDocument(
            name, "c-intrusiondetection-cloud", "3.0", source, TaskOutput(event_center=True), {}, schedule=timetable
        )
        task = Task(
            TaskId("f" * 32), self._project, "filler", document, State.STOPPED, now_ms(), now_ms(), activated=True
        )
        tasks.insert(conn, self._base.vault, task, actor="filler")
        row = dict(conn.execute(select(tables.tasks).where(tables.tasks.c.id == task.id)).mappings().one())
        here = tables.task_documents.c.task_id == task.id
        sealed = conn.execute(select(tables.task_documents.c.document).where(here)).scalar_one()
        conn.execute(tables.tasks.delete().where(tables.tasks.c.id == task.id))
        return row, sealed


def _rest(conn: Connection) -> None:
    """Play the reconciler: what is being stopped has stopped."""
    here = tables.tasks.c.state == State.STOPPING
    conn.execute(update(tables.tasks).where(here).values(state=State.STOPPED))


async def travel(
    base: Ground, filler: Filler, timetables: Sequence[Schedule], count: int, begin: int, end: int
) -> dict[str, float]:
    await filler.fill(timetables, count, [begin * 1000] * len(timetables), "a")
    scheduler = Scheduler(base.db, base.vault, on_change=lambda: None)
    now, half, rounds, review_s = begin * 1000, (begin + end) * 500, 0, 0.0
    cpu_s, began = 0.0, time.monotonic()
    while now <= end * 1000:
        if not review_s and now >= half:  # the service was killed; the next one doubts what is written
            scheduler, since = Scheduler(base.db, base.vault, on_change=lambda: None), time.process_time()
            while await scheduler.review(now):
                pass
            review_s = time.process_time() - since
        since = time.process_time()
        following = await scheduler.run_once(now)
        cpu_s += time.process_time() - since
        await base.db.write(_rest)
        rounds += 1
        now = end * 1000 + 1 if following is None else following
    return {"cpu_s": cpu_s, "wall_s": time.monotonic() - began, "rounds": rounds, "review_s": review_s}


class Reader:
    """Sees moves when they can be seen by others."""

    def __init__(self, base: Ground) -> None:
        self._base, self._last = base, 0
        self.seen: dict[str, int] = {}
        self.twice = 0

    async def run(self) -> None:
        while True:
            rows = await self._base.db.read(self._look)
            now = now_ms()
            for id_, task_id in rows:
                self.twice += task_id in self.seen
                self.seen[task_id] = now
                self._last = id_
            await asyncio.sleep(0.01)

    def _look(self, conn: Connection) -> list[tuple[int, str]]:
        moves = tables.task_moves
        here = (moves.c.id > self._last, moves.c.after == State.PENDING)
        return [(row.id, row.task_id) for row in conn.execute(select(moves.c.id, moves.c.task_id).where(*here))]


async def _other_writer(base: Ground, waits: list[float]) -> None:
    def write(conn: Connection) -> None:
        leases.take(conn, "bench", "bench", 0, seen=leases.get(conn, "bench"))

    while True:
        began = time.monotonic()
        await base.db.write(write)
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.02)


def _from(second: int) -> Schedule:
    """Return a timetable that opens at a second of today, for hours: in a zone where it is about noon."""
    hours = 12 - second // 3600 % 24
    sign, local = "-" if hours < 0 else "+", second + hours * 3600
    clock = time.strftime("%H:%M:%S", time.gmtime(local))
    day = (time.gmtime(local).tm_wday) + 1
    return Schedule("weekly", f"{sign}{abs(hours):02}:00", (day,), periods=((Window(clock, "23:00:00"),),))


async def live(base: Ground, filler: Filler, count: int, spread: int, burst: int) -> dict[str, float]:
    far = round(time.time()) + 48 * 3600
    idle = [_from(far + 600 * n) for n in range(40)]
    await filler.fill(idle, count - spread - burst, [one.next_change(now_ms()) or 0 for one in idle], "a")
    first = round(time.time()) + 12
    seconds = [_from(first + n) for n in range(SPREAD_S)]
    moments = [(first + n) * 1000 for n in range(SPREAD_S)]
    at_once = (first + SPREAD_S + 5) * 1000
    await filler.fill(seconds, spread, moments, "b")
    await filler.fill([_from(at_once // 1000)], burst, [at_once], "c")
    late = now_ms() - first * 1000
    scheduler, loops, reader, waits = (
        Scheduler(base.db, base.vault, on_change=lambda: None),
        Loops(),
        Reader(base),
        list[float](),
    )
    began, cpu = time.monotonic(), time.process_time()
    if late < 0:
        beside = [asyncio.create_task(loops.obey(scheduler, now_ms, ClockSteps(uptime), Alone()))]
        beside += [asyncio.create_task(reader.run()), asyncio.create_task(_other_writer(base, waits))]
        await asyncio.sleep(max(0.0, at_once / 1000 - time.time() - 1))
        quiet = (time.process_time() - cpu) / (time.monotonic() - began)
        waits.clear()
        for _ in range(600):
            await asyncio.sleep(0.1)
            if len(reader.seen) == spread + burst:
                break
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    else:
        raise SystemExit("the machine was too slow to fill the tables in time")
    of_spread = [seen - moments[int(id_[1:5], 16)] for id_, seen in reader.seen.items() if id_[0] == "b"]
    of_burst = [seen - at_once for id_, seen in reader.seen.items() if id_[0] == "c"]
    return {
        "missed": spread + burst - len(reader.seen), "twice": reader.twice, "cores": quiet,
        "spread_p99": _p99(of_spread), "spread_max": max(of_spread),
        "burst_p50": statistics.median(of_burst), "burst_p99": _p99(of_burst), "burst_max": max(of_burst),
        "first_ms": min(of_burst), "write_p99": _p99(waits) * 1000, "write_max": max(waits) * 1000,
    }  # fmt: skip


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)] if values else 0.0


async def main() -> None:
    async with ground(Settings.load()) as base:
        await first_start.prepare(base.settings, base.db, base.vault, now_ms)
        filler = Filler(base, (await base.db.read(identity.project_ids))[0])
        if sys.argv[1] == "travel":
            told = await travel(base, filler, TIMETABLES, *map(int, sys.argv[3:]))
        else:
            told = await live(base, filler, *map(int, sys.argv[2:]))
        print(json.dumps(told))


TIMETABLES = (
    [schedule_of(json.loads(line)) for line in Path(sys.argv[2]).read_text().splitlines()]
    if sys.argv[1] == "travel"
    else []
)
asyncio.run(main())
