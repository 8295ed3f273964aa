"""The summary of a file task beside its events, though the service is killed when the run is about to end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clips import path_of
from e2e.conftest import LINE
from e2e.service import Service, running, until
from e2e.test_buckets import STORES, expected, files, in_order, obs, seen


@pytest.fixture
def own(tmp_path: Path, clips: Path) -> Iterator[Service]:
    """A service to be killed, with a folder of this machine as its store."""
    (tmp_path / "store" / "results").mkdir(parents=True)
    with running(tmp_path / "service", file_roots=json.dumps([str(clips), str(tmp_path / "store")])) as it:
        body = {"name": "here", "kind": "folder", "folder": str(tmp_path / "store")}
        assert it.ask("POST", STORES, body)[0] == 201
        yield it


def test_the_summary_is_there_once_and_whole_though_the_service_was_killed(
    own: Service, tmp_path: Path, clip: tuple[str, int]
) -> None:
    """Killed before the last events, and again when the run has just ended: nothing is told twice, nothing is lost."""
    results = tmp_path / "store" / "results"
    task = own.create("summed-up", clip[0], obs("gate/one"), target_roi=LINE)
    until(lambda: len(own.events(task)) >= clip[1] - 8, 60, "most of the events")
    own.kill()
    own.start()
    own.wait_for(task, "SUCCEEDED", seconds=60)
    own.kill()
    own.start()
    summary = results / f"gate/one{path_of(clip)}" / "result.json"
    until(summary.exists, 60, "the summary")
    events = own.events(task)
    assert len(events) == clip[1]
    body = summary.read_bytes()
    told = json.loads(body)
    assert [one["number"] for one in told["results"]] == list(range(1, clip[1] + 1))
    assert [one["message"] for one in told["results"]] == in_order(events)
    assert (told["state"], told["events"], told["frames"]) == ("SUCCEEDED", clip[1], own.progress(task)["frames"])
    found = seen(files(results))
    del found[str(summary.relative_to(results))]
    assert found == expected(own, "gate/one", events)
    assert {one["picture"] for one in told["results"]} == {name for name in found if name.endswith(".jpg")}
    until(lambda: own.progress(task)["pending_deliveries"] == 0, 20, "the end of all deliveries")
    assert summary.read_bytes() == body
