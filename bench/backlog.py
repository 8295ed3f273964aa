"""How soon an event arrives, and what a backlog of 100,000 does to memory and to the events of others.

A camera (GStreamer's RTSP server) is watched by a few tasks whose algorithm tells a finding of every picture and when it
found it. First nothing else waits; then the outbox is filled for one destination, and drained while they go on.
"""

import json
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.camera import clip
from bench.filled import PROJECT, TOKEN, Place
from bench.footprint import serving
from bench.frame import Row
from bench.inputs import playing
from bench.receiving import Receiver, receiving

TASKS = 4
REST_S = 30.0
WAITING = 50_000
"""Events that are added to the backlog at a time; it is two of it."""
TARGET_MS, GROWTH_MB = 200.0, 32.0
SERVICE = "bench-finder"
_PROGRAMS = Path(__file__).parent / "programs"


class Memory(NamedTuple):
    """What a process uses, MB: of its own, and with the pages of files that the system keeps for it."""

    own: float
    resident: float


def backlog(place: Place) -> Iterator[Row]:
    path = clip("camera-360p", width=640, height=360, frames=100)
    with receiving() as receiver, playing(path) as address, _finder() as folder:
        rest, memory = _at_rest(place, receiver, address, folder)
        yield _soon(f"{place.name}: from finding to receipt, nothing fails", rest)
        for number in (1, 2):
            place.run("fill_outbox.py", f"{receiver.url}/{number}", 1, WAITING, 0)
            if number == 1:
                memory["50,000 wait"] = _waiting(place, receiver, folder)
        yield from _drained(place, receiver, folder, memory)


def _at_rest(place: Place, receiver: Receiver, address: str, folder: str) -> tuple[list[float], dict[str, Memory]]:
    with _serving(place, folder) as (pid, base):
        for number in range(TASKS):
            body = {
                "name": f"live-{number}",
                "input": {"type": "url", "data": [{"url": address}]},
                "output": {"webhook": {"url": f"{receiver.url}/live/{number}", "headers": {"token": "a-token"}}},
                "service_version": "1.0",
            }
            _ask(base, "POST", f"/v2/{PROJECT}/services/{SERVICE}/tasks", body)
        _flowing(receiver)
        receiver.ask("/go")
        time.sleep(REST_S)
        return receiver.tell()["ages"], {"nothing waits": _memory(pid)}


def _waiting(place: Place, receiver: Receiver, folder: str) -> Memory:
    """Return the memory of a service whose backlog waits: the receiver takes a call, and does not answer."""
    receiver.ask("/hold")
    with _serving(place, folder) as (pid, _):
        receiver.until_held(1)
        _flowing(receiver)
        time.sleep(3)
        return _memory(pid)


def _drained(place: Place, receiver: Receiver, folder: str, memory: dict[str, Memory]) -> Iterator[Row]:
    receiver.ask("/hold")
    with _serving(place, folder) as (pid, _):
        receiver.until_held(2)
        _flowing(receiver)
        time.sleep(3)
        memory["100,000 wait"] = _memory(pid)
        receiver.ask("/go")
        seen = [_memory(pid)]
        while (told := receiver.tell())["drained"] < 2 * WAITING:
            seen.append(_memory(pid))
            time.sleep(0.5)
        memory["most while they are drained"] = max(seen)
        memory["afterwards"] = _memory(pid)
    name = f"{place.name}: 100,000 events drained"
    wrong = told["repeated"] + told["late"]
    note = f"to 2 destinations, {told['drained_s']:.1f} s, beside {len(told['ages'])} new events of {TASKS} tasks; "
    yield Row(name, 2 * WAITING / told["drained_s"], "deliveries/s", note=note + f"repeated, out of order: {wrong}")
    yield _soon(f"{place.name}: from finding to receipt, while 100,000 of others are drained", told["ages"])
    least = memory["nothing waits"].own
    for when, used in memory.items():
        grown = used.own - least
        judged = when != "nothing waits"
        yield Row(
            f"{place.name}: memory of the service, {when}", used.own, "MB",
            target=f"<= {GROWTH_MB:g} MB more" if judged else "", holds=grown <= GROWTH_MB if judged else None,
            note=f"of its own; with files, SQLite's among them, {used.resident:.0f} MB are resident",
        )  # fmt: skip


def _soon(name: str, ages: Sequence[float]) -> Row:
    ordered = sorted(1000 * age for age in ages)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    note = f"median {ordered[len(ordered) // 2]:.1f} ms, most {ordered[-1]:.1f} ms; {len(ordered)} events with pictures"
    return Row(name, p99, "ms (p99)", target=f"p99 < {TARGET_MS:g} ms", holds=p99 < TARGET_MS, note=note)


def _flowing(receiver: Receiver) -> None:
    """Wait until every task has told something."""
    before = len(receiver.tell()["ages"])
    deadline = time.monotonic() + 60
    while len(receiver.tell()["ages"]) < before + 10 * TASKS:
        if time.monotonic() > deadline:
            raise SystemExit("no events come of the camera")
        time.sleep(0.1)


@contextmanager
def _finder() -> Iterator[str]:
    """Make a folder that has the algorithm as an installed package has it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench_finder.py").write_text((_PROGRAMS / "finder.py").read_text(encoding="utf-8"), encoding="utf-8")
        facts = folder / "bench_finder-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-finder\nVersion: 1.0\n", encoding="utf-8")
        points = "[vedette.algorithms]\nbench-finder = bench_finder:Finder\n"
        (facts / "entry_points.txt").write_text(points, encoding="utf-8")
        yield name


@contextmanager
def _serving(place: Place, folder: str) -> Iterator[tuple[int, str]]:
    settings = place.settings | {"PYTHONPATH": folder, "VEDETTE_ANALYSIS_FPS": "10"}
    with serving([sys.executable, "-m", "vedette", "serve"], "VEDETTE_PORT", settings) as found:
        yield found


def _ask(base: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Auth-Token": TOKEN, "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(base + path, data, headers, method=method), timeout=20
        ) as got:
            return json.loads(got.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.read()[:500]!r}") from None


def _memory(pid: int) -> Memory:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    told = {
        line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith(("VmRSS:", "RssAnon:"))
    }
    return Memory(int(told["RssAnon"]) / 1024, int(told["VmRSS"]) / 1024)
