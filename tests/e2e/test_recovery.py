"""Whatever is killed comes back, and the receiver has each event once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.clips import path_of
from e2e.conftest import LINE
from e2e.service import Receiver, Service, gist, running, until
from neighbours.held import held

Clip = tuple[str, int]


@pytest.fixture
def own(tmp_path: Path, clips: Path) -> Iterator[Service]:
    """A service that a test may break."""
    with running(tmp_path / "own", file_roots=str(clips)) as it:
        yield it


@pytest.fixture(scope="module")
def undisturbed(service: Service, clip: Clip) -> list[tuple[Any, ...]]:
    """The events of a run that nobody disturbs."""
    url, expected = clip
    task = service.create("undisturbed", url, target_roi=LINE)
    service.wait_for(task, "SUCCEEDED", seconds=90)
    events = gist(service.events(task))
    assert len(events) == expected
    return events


def begun(service: Service, task: str) -> None:
    """Wait until a run has told events, and checkpoints beyond the first."""
    until(lambda: service.progress(task)["frames"] > 500 and service.progress(task)["events"] > 3, 60, "the run")


def test_a_killed_worker_costs_no_event(
    own: Service, clip: Clip, receiver: Receiver, undisturbed: list[tuple[Any, ...]]
) -> None:
    """The file goes on after its last checkpoint, with the same ids."""
    task = own.create("killed", clip[0], receiver.output(), target_roi=LINE)
    begun(own, task)
    frames = own.progress(task)["frames"]
    os.kill(own.living_workers()[0], signal.SIGKILL)
    own.wait_for(task, "SUCCEEDED", seconds=90)
    path = own.path(task)
    assert "RECOVERING" in path
    assert path[-2:] == ["RUNNING", "SUCCEEDED"]
    assert gist(own.events(task)) == undisturbed
    until(lambda: own.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    assert receiver.ids() == {event["id"] for event in own.events(task)}
    assert own.progress(task)["frames"] > frames


def test_a_killed_service_costs_no_event(
    own: Service, clip: Clip, receiver: Receiver, undisturbed: list[tuple[Any, ...]]
) -> None:
    """Twice, because the second start finds what the first left half done."""
    with held(path_of(clip)) as server:
        task = own.create("killed", server.url, receiver.output(), target_roi=LINE)
        begun(own, task)
        for times in (1, 2):
            left = own.living_workers()
            own.kill()
            until(lambda: not own.living_workers(), 5, "the end of the orphaned workers")
            assert left
            own.start()
            until(lambda times=times: own.path(task).count("RECOVERING") == times, 8, "the recovery")  # type: ignore[misc]
            own.wait_for(task, "RUNNING", seconds=8)
        server.release()
        own.wait_for(task, "SUCCEEDED", seconds=90)
    assert own.path(task).count("RECOVERING") == 2
    assert gist(own.events(task)) == undisturbed
    until(lambda: own.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    assert receiver.ids() == {event["id"] for event in own.events(task)}


def test_a_restart_goes_on_where_it_was(own: Service, clip: Clip, undisturbed: list[tuple[Any, ...]]) -> None:
    """SIGTERM: workers hand over their last checkpoint, and the next start does not wait for leases."""
    task = own.create("restarted", clip[0], target_roi=LINE)
    begun(own, task)
    assert own.stop() == 0
    assert not own.living_workers()
    own.start()
    frames = own.progress(task)["frames"]
    assert frames > 500
    own.wait_for(task, "SUCCEEDED", seconds=90)
    assert gist(own.events(task)) == undisturbed


def test_a_worker_stopped_past_its_lease_is_not_believed(
    own: Service, clip: Clip, undisturbed: list[tuple[Any, ...]]
) -> None:
    """It wakes up beside its successor, is refused, and ends its stream by itself."""
    task = own.create("frozen", clip[0], target_roi=LINE)
    begun(own, task)
    frozen = own.living_workers()[0]
    os.kill(frozen, signal.SIGSTOP)
    try:
        until(lambda: "RECOVERING" in own.path(task), 10, "the loss")
        own.wait_for(task, "RUNNING", "SUCCEEDED", seconds=15)
        os.kill(frozen, signal.SIGCONT)
        until(lambda: "lease is over" in own.log() or "stream has another holder" in own.log(), 10, "its own end")
        assert Path(f"/proc/{frozen}").exists()
    finally:
        os.kill(frozen, signal.SIGCONT)
    own.wait_for(task, "SUCCEEDED", seconds=90)
    assert gist(own.events(task)) == undisturbed


def test_a_receiver_that_fails_and_goes_away_loses_nothing(service: Service, clip: Clip, receiver: Receiver) -> None:
    """503 to a third of the calls, and to all for a while."""
    receiver.answer = lambda call: 503 if call % 3 == 0 or 10 < call < 40 else 200
    task = service.create("flaky", clip[0], receiver.output(), target_roi=LINE)
    service.wait_for(task, "SUCCEEDED", seconds=90)
    until(lambda: service.progress(task)["pending_deliveries"] == 0, 120, "the last delivery")
    assert receiver.ids() == {event["id"] for event in service.events(task)}
    assert len(receiver.ids()) == clip[1]
    assert service.progress(task)["dead_letters"] == 0
