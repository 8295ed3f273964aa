"""The API under load, with 100,000 tasks in the table: on SQLite and on PostgreSQL, beside a bare route that inserts.

Creates are of a service that is not deployed, so the tasks wait and no worker is started: what is measured is the
door and the database, with the loops running. Rates say what this machine gives; ratios of CPU time say what we cost.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from tests.neighbours import postgres

from bench.footprint import serving
from bench.frame import Row, median, run

TASKS = 100_000
ROUNDS = 3
CREATES, READS, LISTS = 1500, 3000, 40
CALLERS = 16
TARGET_MS = 50.0
TOKEN = "the-token-of-the-bench"
SERVICE = "c-intrusiondetection-cloud"
BODY = {
    "name": "made-@",
    "service_version": "3.0",
    "input": {"type": "url", "data": [{"url": "rtsp://192.0.2.1/stream"}]},
    "output": {"event_center": True},
}
LISTED = {
    "first page": "tasks",
    "1,000 on a page": "tasks?page_size=1000",
    "the last page": f"tasks?page_size=10&page={TASKS // 10}",
    "oldest first": "tasks?sort_dir=asc",
    "by state": "tasks?task_state=FAILED",
    "by a state nobody has": "tasks?task_state=FROZEN",
    "by a part of the name": "tasks?task_name=99999",
    "by a part of no name": "tasks?task_name=nowhere",
    "by camera": "tasks?camera_name=camera%20999",
    "by title": "tasks?title=Intrusion",
    "by company": "tasks?company=Vedette",
    "by batch": "tasks?batch_id=00000000000000000000000000000000",
    "sources, 100 on a page": "source/sources?is_paged=true&page_size=100",
    "sources by number of tasks": "source/sources?is_paged=true&page_size=100&sort_name=num_task",
    "batches": "batch-tasks",
    "services": "algorithm/services/user",
}


@dataclass(frozen=True)
class Filled:
    """A database with tasks in it."""

    name: str
    url: str
    bare_url: str
    folder: Path
    project: str
    ids: list[str]


def rows() -> list[Row]:
    found: list[Row] = []
    for filled in _databases():
        found += _rows(filled)
    return found


def _rows(filled: Filled) -> list[Row]:
    settings = {
        "VEDETTE_DATABASE_URL": filled.url,
        "VEDETTE_DATA_DIR": str(filled.folder / "data"),
        "VEDETTE_LOG_LEVEL": "error",
        "VEDETTE_TASK_QUOTA": "10000000",
    }
    program = str(Path(__file__).parent / "programs" / "bare_insert.py")
    results: dict[str, list[dict[str, float]]] = {"bare": [], "create": [], "show": []}
    lists: dict[str, list[dict[str, float]]] = {name: [] for name in LISTED}
    with (
        serving([sys.executable, program], "PORT", {"DATABASE_URL": filled.bare_url}) as bare,
        serving([sys.executable, "-m", "vedette", "serve"], "VEDETTE_PORT", settings) as ours,
    ):
        root = f"/v2/{filled.project}"
        _stop_service(ours, root)
        for round_ in range(ROUNDS):
            results["bare"].append(_load(bare, "POST", ["/items"], CREATES, BODY, f"r{round_}"))
            paths = [f"{root}/services/{SERVICE}/tasks"]
            results["create"].append(_load(ours, "POST", paths, CREATES, BODY, f"r{round_}"))
            results["show"].append(_load(ours, "GET", [f"{root}/tasks/{id_}" for id_ in filled.ids], READS))
            for name, query in LISTED.items():
                lists[name].append(_load(ours, "GET", [f"{root}/{query}"], LISTS, callers=1))
    return [*_throughput(filled.name, results), *(_list_row(filled.name, name, lists[name]) for name in LISTED)]


def _throughput(database: str, results: Mapping[str, list[dict[str, float]]]) -> Iterator[Row]:
    floor = f"{database}: bare route, one insert"
    named = {"bare": floor, "create": f"{database}: create a task", "show": f"{database}: show a task"}
    for key, name in named.items():
        figures = results[key]
        against = "" if key == "bare" else floor
        note = f"median {median(figures, 'p50'):.1f} ms, p99 {median(figures, 'p99'):.1f} ms, {CALLERS} callers"
        rate, cpu = median(figures, "rate"), median(figures, "cpu")
        ratio = rate / median(results["bare"], "rate") if against else None
        yield Row(name, rate, "requests/s", against, ratio, note=note)
        ratio = cpu / median(results["bare"], "cpu") if against else None
        yield Row(f"{name}, CPU", cpu, "ms a request", f"{floor}, CPU" if against else "", ratio)


def _list_row(database: str, name: str, figures: list[dict[str, float]]) -> Row:
    slow = median(figures, "p99")
    target = f"p99 <= {TARGET_MS:g} ms"
    note = f"median {median(figures, 'p50'):.1f} ms, one caller"
    return Row(f"{database}: list, {name}", slow, "ms (p99)", target=target, holds=slow <= TARGET_MS, note=note)


def _load(
    server: tuple[int, str],
    method: str,
    paths: list[str],
    count: int,
    body: dict[str, Any] | None = None,
    salt: str = "",
    callers: int = CALLERS,
) -> dict[str, float]:
    pid, url = server
    plan = {
        "pid": pid,
        "url": url,
        "method": method,
        "paths": paths,
        "count": count,
        "body": body,
        "salt": salt,
        "callers": callers,
        "headers": {"X-Auth-Token": TOKEN},
    }
    return run([str(Path(__file__).parent / "programs" / "load.py"), json.dumps(plan)])


def _stop_service(ours: tuple[int, str], root: str) -> None:
    """Take the service out of deployment, so that what is created waits."""
    http = urllib3.PoolManager(headers={"X-Auth-Token": TOKEN})
    listed = http.request("GET", f"{ours[1]}{root}/algorithm/services/user").json()["service_list"]
    algorithm = next(one["alg_id"] for one in listed if one["service_name"] == SERVICE or one.get("api") == SERVICE)
    answer = http.request("PUT", f"{ours[1]}{root}/algorithm/{algorithm}/deploy/stop")
    if answer.status != 200:
        raise SystemExit(f"the service could not be taken out of deployment: {answer.data[:500]!r}")


def _databases() -> Iterator[Filled]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = f"sqlite:///{folder / 'bare.db'}"
        yield _fill("SQLite", f"sqlite:///{folder / 'vedette.db'}", bare, folder)
    if (reason := postgres.absent()) is not None:
        print(f"no PostgreSQL: {reason}", file=sys.stderr)
        return
    with _postgres() as server, tempfile.TemporaryDirectory() as name:
        yield _fill("PostgreSQL", server, server, Path(name))


@contextmanager
def _postgres() -> Iterator[str]:
    server = postgres.Postgres(durable=True)
    try:
        server.start()
        yield server.url("postgres")
    finally:
        server.close()


def _fill(name: str, url: str, bare_url: str, folder: Path) -> Filled:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VEDETTE_")}
    environment |= {
        "VEDETTE_DATABASE_URL": url,
        "VEDETTE_DATA_DIR": str(folder / "data"),
        "VEDETTE_BOOTSTRAP_TOKEN": TOKEN,
    }
    program = str(Path(__file__).parent / "programs" / "fill_tasks.py")
    done = subprocess.run(
        [sys.executable, program, str(TASKS)], env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise SystemExit(f"the table could not be filled:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Filled(name, url, bare_url, folder, told["project"], told["ids"])
