"""A task that kills every worker it is given: its neighbours outlive it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, running, until
from neighbours.held import held
from neighbours.poison import SERVICE, install

NEIGHBOURS = 8
BUDGET = 2


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service with the poisonous algorithm installed."""
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "plugins")))
    with running(tmp_path / "own", workers="2", crash_budget=str(BUDGET)) as it:
        yield it


def poisonous(service: Service, url: str) -> str:
    body = {
        "name": "poison",
        "service_version": "1.0",
        "input": {"type": "url", "data": [{"url": url}]},
        "output": {"event_center": True},
    }
    return str(service.call("POST", f"/v2/{{p}}/services/{SERVICE}/tasks", body)["tasks"][0]["id"])


def test_a_poisonous_task_is_failed_alone_and_none_of_its_neighbours_is(own: Service, clips: Path) -> None:
    """It takes some of them down with it twice at most; then it dies where nobody else is, and of that it is FAILED."""
    path = clips / "short.mp4"
    if not path.exists():
        crossings(path, 12)
    with held(path) as server:
        neighbours = [own.create(f"neighbour_{n}", server.url, target_roi=LINE) for n in range(NEIGHBOURS)]
        for task in neighbours:
            own.wait_for(task, "RUNNING")
        poison = poisonous(own, server.url)
        own.wait_for(poison, "FAILED", seconds=60)
        server.release()
        for task in neighbours:
            own.wait_for(task, "SUCCEEDED", seconds=60)
    failed = own.task(poison)["error"]
    assert failed["code"] == "VEDETTE.4001"
    assert f"Its worker was lost {BUDGET + 1} times in a row" in failed["message"]
    # it may have come to be alone in a worker by chance; that one of its own is made is shown with a clock that is told
    assert all(own.path(task).count("RECOVERING") <= BUDGET for task in neighbours)
    assert all("FAILED" not in own.path(task) for task in neighbours)
    until(lambda: len(own.living_workers()) <= 2, 30, "the end of workers that nobody needs")
