"""Two services on one PostgreSQL: one acts, both answer, and when the one is gone the other acts."""

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography.fernet import Fernet

from absence import missing
from e2e.clips import path_of
from e2e.service import Service, free_port, until
from neighbours.held import held
from neighbours.postgres import Postgres, absent

TAKEOVER_S = 10.0
AWAY = f"rtsp://127.0.0.1:{free_port()}/live"
OBEYED_S = 5.0
"""What is asked of the one is done by the other: it looks every half second, and a worker asks every second."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[tuple[Service, Service]]:
    """Two services with data folders of their own; they share the database, and the key of its secrets."""
    if reason := absent():
        missing(reason)
    server = Postgres()
    server.start()
    shared = {
        "database_url": server.url("postgres"),
        "secret_key": Fernet.generate_key().decode(),
        "file_roots": str(clips),
    }
    one, other = (Service(tmp_path_factory.mktemp(name), **shared) for name in ("one", "other"))
    try:
        yield one.start(), other.start()
    finally:
        for service in (one, other):
            service.kill()
        until(lambda: not one.living_workers() + other.living_workers(), 10, "the end of all workers")
        server.close()


@pytest.fixture
def pair(services: tuple[Service, Service]) -> tuple[Service, Service]:
    """The one that acts, and the other."""
    one, other = services
    until(lambda: acts(one) != acts(other), 10, "the helm")
    return (one, other) if acts(one) else (other, one)


def acts(service: Service) -> bool:
    text = urllib3.request("GET", f"{service.url}/metrics", retries=False).data.decode()
    return "\nvedette_acts 1.0" in text


def always() -> dict[str, Any]:
    window = {"begin_at": "00:00:00", "end_at": "24:00:00"}
    return {"type": "weekly", "timezone": "+00:00", "days_of_week": list(range(1, 8)), "periods": [[window]]}


def from_now_on(seconds: float) -> dict[str, Any]:
    begin = datetime.fromtimestamp(time.time() + seconds, UTC)
    window = {"begin_at": begin.strftime("%H:%M:%S"), "end_at": "24:00:00"}
    return {"type": "weekly", "timezone": "+00:00", "days_of_week": [begin.isoweekday()], "periods": [[window]]}


def wanted(name: str, schedule: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a task whose camera is away: while it runs it is ABNORMAL."""
    body: dict[str, Any] = {
        "name": name,
        "input": {"type": "url", "data": [{"url": AWAY}]},
        "output": {"event_center": True},
        "service_version": "3.0",
    }
    return body | ({"schedule": schedule} if schedule else {})


def create(service: Service, name: str, schedule: dict[str, Any] | None = None) -> str:
    path = "/v2/{p}/services/c-intrusiondetection-cloud/tasks"
    return str(service.call("POST", path, wanted(name, schedule))["tasks"][0]["id"])


def change(service: Service, task: str, name: str, schedule: dict[str, Any]) -> None:
    service.call("PUT", f"/v2/{{p}}/tasks/{task}", wanted(name, schedule))


def starts(service: Service, task: str) -> int:
    """Return how often a task was started, as its history tells."""
    moves = service.call("GET", f"/vedette/v1/{{p}}/tasks/{task}/history")["moves"]
    return sum(move["to"] == "PENDING" for move in moves)


def test_what_is_asked_of_the_one_is_done_by_the_other(pair: tuple[Service, Service]) -> None:
    """Every verb writes what is wanted; whoever acts finds it."""
    first, second = pair
    assert second.ready()
    assert not acts(second)
    task = create(second, "asked")
    second.wait_for(task, "ABNORMAL")
    assert first.living_workers()
    assert not second.workers()
    second.call("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")
    second.wait_for(task, "STOPPED", seconds=OBEYED_S)
    change(second, task, "asked", from_now_on(3600))
    second.call("PUT", f"/v2/{{p}}/tasks/{task}/action/start")
    second.wait_for(task, "STOPPED", seconds=OBEYED_S)
    change(second, task, "asked", always())
    second.wait_for(task, "ABNORMAL", seconds=OBEYED_S)
    second.call("DELETE", f"/v2/{{p}}/tasks/{task}")
    until(lambda: second.ask("GET", f"/v2/{{p}}/tasks/{task}")[0] != 200, OBEYED_S, "the end of the task")
    assert second.ask("GET", f"/v2/{{p}}/tasks/{task}")[1]["error_code"] == "VIAS.00010007"


def test_a_holder_that_was_stopped_too_long_begins_anew(pair: tuple[Service, Service]) -> None:
    """It finds another at work, ends its workers, and waits for its turn; the task runs once."""
    first, second = pair
    task = create(first, "stopped", always())
    first.wait_for(task, "ABNORMAL")
    os.kill(first.pid, signal.SIGSTOP)
    try:
        until(lambda: acts(second), TAKEOVER_S, "the takeover")
        until(lambda: "RECOVERING" in second.path(task), 8, "the loss")
        second.wait_for(task, "ABNORMAL")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    until(lambda: not first.living_workers(), 12, "the end of its workers")
    until(first.ready, 10, "its return")
    assert acts(second)
    assert not acts(first)
    told = [json.loads(line)["event"] for line in first.log().splitlines() if '"service begins anew"' in line]
    assert told == ["service begins anew"]
    assert starts(second, task) == 1
    assert second.state(task) == "ABNORMAL"
    assert second.path(task).count("RECOVERING") == 1


def test_a_killed_holder_is_followed_within_ten_seconds(pair: tuple[Service, Service], clip: tuple[str, int]) -> None:
    """What ran runs again, what is due meanwhile is started once, and nobody else starts anything."""
    first, second = pair
    with held(path_of(clip)) as video:
        running = first.create("running", video.url)
        first.wait_for(running, "RUNNING")
        due = create(first, "due", from_now_on(5))
        first.wait_for(due, "STOPPED", seconds=OBEYED_S)
        first.kill()
        began = time.monotonic()
        until(lambda: acts(second), TAKEOVER_S, "the takeover")
        assert time.monotonic() - began < TAKEOVER_S
        second.wait_for(due, "ABNORMAL")
        second.wait_for(running, "RUNNING")
        assert starts(second, due) == 2  # it was created waiting, and its window has opened
        assert second.path(running).count("RECOVERING") == 1
        first.start()
        until(first.ready, 10, "the first one's return")
        assert not acts(first)
        assert second.stop() == 0
        began = time.monotonic()
        until(lambda: acts(first), 5, "the lease that was given back")
        first.wait_for(running, "RUNNING")
