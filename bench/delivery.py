"""Deliveries through the outbox: how many a second beside the bare client, how soon, and with many that wait.

The receiver is a process of its own, the same for both. A backlog is written into the tables of a stopped service; when
the service runs and its first calls wait for their answers, the receiver lets go and the clock starts. To each
destination there is one call at a time, ours and the bare client's. How soon: from the moment an algorithm finds
something in a picture of a camera until the receiver has the event with its picture, over worker, database and outbox.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.backlog import backlog
from bench.filled import Place, places
from bench.footprint import serving
from bench.frame import Row, median, run
from bench.programs.load import cpu_s
from bench.receiving import Receiver, receiving

ROUNDS = 3
MARKED_S = 0.3
"""After the last receipt: the marks are written too, and their CPU counts."""
PICTURE = 51_200
"""Bytes of a picture: 720p with boxes drawn on it."""
LOADS = {(n, 0): 4800 // n for n in (1, 8, 32)} | {(n, PICTURE): 2400 // n for n in (1, 8, 32)}
"""Destinations and bytes of the picture -> events for each destination."""
FLOORS = {"ready": "bare client", "made": "bare client that makes the bodies"}
TARGET = 1 / 3
_PROGRAMS = Path(__file__).parent / "programs"
Figures = Mapping[str, float]


def rows() -> list[Row]:
    return [row for place in places() for row in (*_rates(place), *backlog(place))]


def _rates(place: Place) -> Iterator[Row]:
    results: dict[tuple[str, int, int], list[Figures]] = {}
    with receiving() as receiver:
        for _ in range(ROUNDS):
            for (count, picture), each in LOADS.items():
                for how in FLOORS if picture else ["ready"]:
                    figures = _bare(receiver, count, each, picture, how)
                    results.setdefault((how, count, picture), []).append(figures)
                results.setdefault(("ours", count, picture), []).append(_ours(place, receiver, count, each, picture))
    for count, picture in LOADS:
        yield from _load_rows(place.name, count, picture, results)


def _load_rows(
    database: str, count: int, picture: int, results: Mapping[tuple[str, int, int], Sequence[Figures]]
) -> Iterator[Row]:
    where = f"{database}: {count} destination{'s' * (count > 1)}, {'picture of 50 KB' if picture else 'no picture'}"
    floor = ""
    for how, what in FLOORS.items():
        if bare := results.get((how, count, picture)):
            floor = f"{where}: {what}"
            note = f"the receiver: {median(bare, 'receiver'):.3f} ms of CPU a call"
            yield Row(floor, median(bare, "rate"), "calls/s", note=note)
            yield Row(f"{floor}, CPU", median(bare, "cpu"), "ms a call")
    name, ours = f"{where}: outbox", results["ours", count, picture]
    for how, what in FLOORS.items():
        if bare := results.get((how, count, picture)):
            floor = f"{where}: {what}"
            ratio = median(ours, "rate") / median(bare, "rate")
            each = sorted(one["rate"] / other["rate"] for one, other in zip(ours, bare, strict=True))
            note = f"rounds {each[0]:.2f} to {each[-1]:.2f}; lost, repeated, out of order: {_wrong(ours)}"
            judged = database == "SQLite" and how == ("made" if picture else "ready")
            target, holds = (f">= {TARGET:.2f}", ratio >= TARGET) if judged else ("", None)
            yield Row(name, median(ours, "rate"), "deliveries/s", floor, ratio, target, holds, note)
            cpu = median(ours, "cpu")
            yield Row(f"{name}, CPU", cpu, "ms a delivery", f"{floor}, CPU", cpu / median(bare, "cpu"))


def _wrong(rounds: Sequence[Figures]) -> int:
    return round(sum(one["wrong"] for one in rounds))


def _bare(receiver: Receiver, count: int, each: int, picture: int, how: str) -> Figures:
    receiver.ask("/go")
    before = cpu_s(receiver.pid)
    program = str(_PROGRAMS / "bare_post.py")
    figures = run([program, receiver.url, str(count), str(each), str(picture), how])
    return figures | {"receiver": 1000 * (cpu_s(receiver.pid) - before) / (count * each)}


def _ours(place: Place, receiver: Receiver, count: int, each: int, picture: int) -> Figures:
    place.run("fill_outbox.py", receiver.url, count, each, picture)
    receiver.ask("/hold")
    with serving([sys.executable, "-m", "vedette", "serve"], "VEDETTE_PORT", place.settings) as (pid, _):
        receiver.until_held(count)
        before = cpu_s(pid)
        receiver.ask("/go")
        receiver.ask(f"/wait?{count * each}", seconds=300)
        time.sleep(MARKED_S)
        cpu = cpu_s(pid) - before
    told = receiver.tell()
    wrong = abs(told["taken"] - count * each) + told["repeated"] + told["late"]
    return {"rate": told["taken"] / told["seconds"], "cpu": 1000 * cpu / told["taken"], "wrong": wrong}
