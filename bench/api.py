"""The API under load, with 100,000 tasks in the table: on SQLite and on PostgreSQL, beside a bare route that inserts.

Creates are of a service that is not deployed, so the tasks wait and no worker is started: what is measured is the
door and the database, with the loops running. Rates say what this machine gives; ratios of CPU time say what we cost.
A list is asked for once by a service that has just started ("first"), and then again and again by one caller.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.filled import TOKEN, Filled, databases
from bench.footprint import serving
from bench.frame import Row, median
from bench.lists import lists
from bench.programs.load import cpu_s

TASKS, PARKED = 100_000, 10_000
ROUNDS = 3
CREATES, READS, LISTS = 1000, 1500, 20
CALLERS = 16
IDLE_S = 20.0
TARGET_MS = 50.0
SERVICE = "c-intrusiondetection-cloud"
BODY = {
    "name": "made-@",
    "service_version": "3.0",
    "input": {"type": "url", "data": [{"url": "rtsp://192.0.2.1/stream"}]},
    "output": {"event_center": True},
}
_PROGRAMS = Path(__file__).parent / "programs"
Figures = Mapping[str, float]


def rows() -> list[Row]:
    return [row for filled in databases(TASKS, PARKED) for row in _rows(filled)]


def _rows(filled: Filled) -> list[Row]:
    root = f"/v2/{filled.project}"
    queries = lists(filled, TASKS)
    shown = [f"{root}/tasks/{id_}" for id_ in filled.ids]
    results: dict[str, list[Figures]] = {name: [] for name in ("bare", "create", "show", "one create", "one show")}
    first: dict[str, list[Figures]] = {name: [] for name in queries}
    again: dict[str, list[Figures]] = {name: [] for name in queries}
    idle: list[tuple[float, float]] = []
    bare_program = [sys.executable, str(_PROGRAMS / "bare_insert.py")]
    for round_ in range(ROUNDS):
        ours_program = [sys.executable, "-m", "vedette", "serve"]
        with (
            serving(bare_program, "PORT", {"DATABASE_URL": filled.bare_url}) as bare,
            serving(ours_program, "VEDETTE_PORT", filled.settings) as ours,
        ):
            _take(first, _load(ours, [_get([path], 1, 1) for path in queries.values()]))
            _take(again, _load(ours, [_get([path], LISTS, 1) for path in queries.values()]))
            paths = [f"{root}/services/{SERVICE}/tasks"]
            results["bare"] += _load(bare, [_post(["/items"], CREATES, CALLERS, f"many-{round_}")])
            results["create"] += _load(ours, [_post(paths, CREATES, CALLERS, f"many-{round_}")])
            results["one create"] += _load(ours, [_post(paths, CREATES // 5, 1, f"one-{round_}")])
            results["show"] += _load(ours, [_get(shown, READS, CALLERS)])
            results["one show"] += _load(ours, [_get(shown, READS // 5, 1)])
            if round_ == ROUNDS - 1:
                time.sleep(5)  # what the creates have left to do is over
                idle.append(_idle(ours[0], filled.server))
    listed = [_list_row(filled.name, name, first[name], again[name]) for name in queries]
    return [*_throughput(filled.name, results), *listed, _idle_row(filled.name, *idle[0])]


def _throughput(database: str, results: Mapping[str, Sequence[Figures]]) -> Iterator[Row]:
    floor = f"{database}: bare route, one insert"
    kinds = {
        "bare": (floor, CALLERS),
        "create": (f"{database}: create a task", CALLERS),
        "show": (f"{database}: show a task", CALLERS),
        "one create": (f"{database}: create a task, one caller", 1),
        "one show": (f"{database}: show a task, one caller", 1),
    }
    for key, (name, callers) in kinds.items():
        figures, against = results[key], floor if key in ("create", "show") else ""
        note = f"median {median(figures, 'p50'):.1f} ms, p99 {median(figures, 'p99'):.1f} ms; callers: {callers}"
        rate, cpu = median(figures, "rate"), median(figures, "cpu")
        ratio = rate / median(results["bare"], "rate") if against else None
        yield Row(name, rate, "requests/s", against, ratio, note=note)
        ratio = cpu / median(results["bare"], "cpu") if against else None
        yield Row(f"{name}, CPU", cpu, "ms a request", f"{floor}, CPU" if against else "", ratio)


def _list_row(database: str, name: str, first: Sequence[Figures], again: Sequence[Figures]) -> Row:
    slow, cold = median(again, "p99"), median(first, "most")
    note = f"median {median(again, 'p50'):.1f} ms, first {cold:.1f} ms; {median(again, 'bytes') / 1024:.0f} KB"
    holds = slow <= TARGET_MS
    return Row(f"{database}: {name}", slow, "ms (p99)", target=f"p99 <= {TARGET_MS:g} ms", holds=holds, note=note)


def _idle(pid: int, server: int | None) -> tuple[float, float]:
    """Return how much of a core a service uses that nobody asks anything, and its database's server."""
    pids = [[pid], _tree(server) if server else []]
    before = [sum(map(cpu_s, group)) for group in pids]
    time.sleep(IDLE_S)
    after = [sum(map(cpu_s, group)) for group in pids]
    return (after[0] - before[0]) / IDLE_S, (after[1] - before[1]) / IDLE_S


def _idle_row(database: str, ours: float, server: float) -> Row:
    what = f"{TASKS:,} tasks, of which {PARKED:,} and those just made wait"
    note = f"{what}; the database's server {100 * server:.1f} %, {IDLE_S:g} s"
    return Row(f"{database}: nobody asks anything", 100 * ours, "% of a core", note=note)


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _get(paths: list[str], count: int, callers: int) -> dict[str, Any]:
    return {"method": "GET", "paths": paths, "count": count, "callers": callers, "body": None, "salt": ""}


def _post(paths: list[str], count: int, callers: int, salt: str) -> dict[str, Any]:
    return {"method": "POST", "paths": paths, "count": count, "callers": callers, "body": BODY, "salt": salt}


def _load(server: tuple[int, str], plans: Sequence[dict[str, Any]]) -> list[Figures]:
    pid, url = server
    whole = [plan | {"pid": pid, "url": url, "headers": {"X-Auth-Token": TOKEN}} for plan in plans]
    program = [sys.executable, str(_PROGRAMS / "load.py")]
    done = subprocess.run(program, input=json.dumps(whole), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the load failed:\n{done.stderr[-2000:]}")
    found: list[Figures] = json.loads(done.stdout)
    return found


def _take(into: Mapping[str, list[Figures]], figures: Sequence[Figures]) -> None:
    for kept, one in zip(into.values(), figures, strict=True):
        kept.append(one)
