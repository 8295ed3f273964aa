"""A stream of which only the first connection tells whether it has an end."""

from dataclasses import replace

import pytest
from playing import Play
from stage import assignment, run

from vedette.model.frame import Position
from vedette.model.source import Address, Liveness
from vedette.model.stream import Assignment, Checkpoint, StreamState, TaskRun

WALL_MS = 1_800_000_000_000
STARTED_MS = 1_700_000_000_000


def either(*runs: TaskRun, epoch: int = 1, revision: str = "r1") -> Assignment:
    given = assignment(*runs, epoch=epoch, revision=revision)
    return replace(given, spec=replace(given.spec, address=Address("http://cam/live", Liveness.EITHER)))


@pytest.mark.parametrize(
    ("told", "first_ms", "stateful"),
    [(Liveness.FILE, STARTED_MS + 100, True), (Liveness.LIVE, WALL_MS, False)],
)
def test_events_have_the_time_that_befits_what_it_is_told_to_be(
    play: Play, told: Liveness, first_ms: int, stateful: bool
) -> None:
    """Start of the run and media time for a file, the wall for a camera; only of a file is the state kept."""
    play.feed.liveness = told
    stream = play.begin(either(run("a")))
    play.shown(0, 1, 2, 3)
    play.flushed(stream)
    assert [event.timestamp_ms - first_ms for event in play.events("a")] == [0, 200]
    assert (play.last("a").state is not None) == stateful
    assert (play.last("a").seek is not None) == stateful


def test_a_run_that_is_changed_later_knows_it_too(play: Play) -> None:
    """The configuration of a run may change at any time; what its source is does not."""
    play.feed.liveness = Liveness.LIVE
    stream = play.begin(either(run("a")))
    play.shown(0, 1)
    play.update(stream, either(run("a"), run("b"), revision="r2"))
    play.shown(2, 3)
    play.flushed(stream)
    assert [event.timestamp_ms for event in play.events("b")] == [WALL_MS]
    assert play.last("b").state is None


def test_a_file_goes_on_from_its_checkpoint_under_another_worker(play: Play) -> None:
    """The first worker learnt that it is a file; its successor opens it as one, and goes on."""
    play.feed.liveness = Liveness.FILE
    first = play.begin(either(run("a")))
    play.shown(0, 1, 2)
    play.flushed(first)
    half = play.last("a")

    again = Play()
    rest = again.begin(either(run("a", checkpoint=half), epoch=2))
    again.bell.until(lambda: again.opened is not None)
    assert again.resumed == half
    assert again.opened is not None
    assert again.opened.spec.address.liveness is Liveness.FILE
    again.shown(2, 3)
    again.feed.end()
    again.until(rest, StreamState.ENDED)
    assert [event.timestamp_ms - STARTED_MS for event in again.events("a")] == [300]
    again.spool.close(0.0)


def test_a_camera_stays_one_under_another_worker(play: Play) -> None:
    """Though the server now gives a length, say: its end shall not end the task."""
    play.feed.liveness = Liveness.LIVE
    point = Checkpoint(Position(1 << 16, 9, 900_000), None, None, 10)
    stream = play.begin(either(run("a", checkpoint=point), epoch=2))
    play.bell.until(lambda: play.opened is not None)
    assert play.opened is not None
    assert play.opened.spec.address.liveness is Liveness.LIVE
    assert play.resumed == point
    play.shown(0, 1)
    play.flushed(stream)
    assert [event.timestamp_ms for event in play.events("a")] == [WALL_MS]
