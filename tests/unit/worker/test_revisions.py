"""A stream whose runs are given another configuration while pictures flow."""

from typing import Any

from playing import Play, of
from stage import DEADLINE_S, MODEL, STARTED_MS, assignment, run

from vedette.algorithms.base import Algorithm
from vedette.model.ids import RunId
from vedette.model.stream import Checkpoint, StreamState, TaskRun
from vedette.worker.stream import Stream


def algorithms(stream: Stream) -> dict[RunId, Algorithm[Any]]:
    return {run.spec.run_id: run.algorithm for run in stream._runs.present()}


def seen(play: Play, name: str) -> list[tuple[int, int]]:
    """Return the pictures a run told of, and how many it had seen by then."""
    return [(event.position.index, event.message["data"]["seen"]) for event in play.events(name)]


def test_a_run_takes_over_its_configuration_between_two_pictures_and_no_other_run_is_touched(play: Play) -> None:
    """What it knew, it knows still; nothing is skipped, and its neighbour is the same object as before."""
    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0, 1, 2)
    before = algorithms(stream)
    play.update(stream, assignment(run("a", every=5), run("b"), live=True, revision="r2"))
    assert stream.report().revision == "r2"
    play.shown(*range(3, 10))
    after = algorithms(stream)
    assert after[RunId("b")] is before[RunId("b")]
    assert after[RunId("a")] is not before[RunId("a")]
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (4, 5), (9, 10)]
    assert seen(play, "b") == [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]
    assert (of(stream, "a").frames, of(stream, "b").frames) == (10, 10)
    assert of(stream, "a").events == 3
    assert {event.run_id for event in play.events("a")} == {"a"}
    assert [event.timestamp_ms - 1_800_000_000_000 for event in play.events("a")] == [0, 300, 800]


def test_a_file_goes_on_under_its_new_configuration_with_the_times_it_would_have_had(play: Play) -> None:
    """Its run began when it began."""
    stream = play.begin(assignment(run("a")))
    play.shown(0, 1, 2)
    play.update(stream, assignment(run("a", every=3), revision="r2"))
    play.shown(3, 4, 5)
    play.feed.end()
    play.until(stream, StreamState.ENDED)
    assert seen(play, "a") == [(1, 2), (5, 6)]
    assert [event.timestamp_ms - STARTED_MS for event in play.events("a")] == [100, 500]
    assert play.last("a").frames == 6


def test_another_rate_leaves_the_algorithm_as_it_is_and_asks_the_feed(play: Play) -> None:
    """The deployment says how many pictures a second are analysed."""

    def asking(fps: float | None, revision: str) -> None:
        given = run("a")
        spec = TaskRun(**{name: getattr(given, name) for name in given.__slots__} | {"fps": fps})
        play.update(stream, assignment(spec, run("b"), live=True, revision=revision))

    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0)
    before = algorithms(stream)
    asking(12.0, "r2")
    play.shown(1)
    assert play.feed.fps == [12.0]
    assert algorithms(stream) == before
    asking(3.0, "r3")
    assert play.feed.fps == [12.0, 5.0]
    asking(None, "r4")
    assert play.feed.fps == [12.0, 5.0]  # asked again, the feed would begin its count anew


def test_a_configuration_that_cannot_be_made_fails_its_run_and_no_other(play: Play) -> None:
    """The API refuses what it can; a plugin may still raise."""
    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0, 1)
    play.update(stream, assignment(run("a", fault="made"), run("b"), live=True, revision="r2"))
    play.shown(2, 3)
    failure = of(stream, "a").failure
    assert failure is not None
    assert failure.code == "VEDETTE.3002"
    assert (of(stream, "a").frames, of(stream, "b").frames) == (2, 4)
    play.update(stream, assignment(run("a"), run("b"), live=True, revision="r3"))
    assert of(stream, "a").failure == failure  # it has been told that it ended


def test_a_state_that_does_not_fit_is_let_go_and_no_picture_with_it(play: Play) -> None:
    """It goes on as it was until another that begins afresh is made, which does not hold up the pictures."""
    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0)
    play.update(stream, assignment(run("a", fault="restore"), run("b"), live=True, revision="r2"))
    play.shown(1)
    stream.settle()
    play.shown(2, 3)
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (3, 2)]
    assert of(stream, "a").frames == 4
    assert of(stream, "a").failure is None


def test_a_model_that_loads_slowly_holds_up_nobody(play: Play) -> None:
    """Pictures are shown under the old configuration, and reports are made, while the new one is prepared."""
    MODEL.loading.clear()
    MODEL.loaded.clear()
    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0, 1)
    stream.update(assignment(run("a", slow=True, every=3), run("b"), live=True, revision="r2"))
    try:
        assert MODEL.loading.wait(DEADLINE_S)
        play.shown(2, 3)
        assert (of(stream, "a").frames, of(stream, "b").frames) == (4, 4)
    finally:
        MODEL.loaded.set()
    stream.settle()
    play.shown(4, 5)
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (3, 4), (5, 6)]


def test_what_is_asked_for_last_is_what_is_done(play: Play) -> None:
    """Two changes before the next picture are one; a run that left while it was being made does not come."""
    stream = play.begin(assignment(run("a"), live=True))
    play.shown(0)
    stream.update(assignment(run("a", every=5), run("b"), live=True, revision="r2"))
    stream.update(assignment(run("a", every=3), live=True, revision="r3"))
    stream.settle()
    play.shown(1, 2)
    play.flushed(stream)
    assert seen(play, "a") == [(2, 3)]
    assert [report.run_id for report in stream.report().runs] == ["a"]


def test_another_stream_name_is_told_from_the_next_event_on(play: Play) -> None:
    """Nothing else of the run changes."""
    given = run("a")
    renamed = TaskRun(**{name: getattr(given, name) for name in given.__slots__} | {"stream_name": "dock"})
    stream = play.begin(assignment(given, live=True))
    play.shown(0, 1)
    before = algorithms(stream)
    play.update(stream, assignment(renamed, live=True, revision="r2"))
    play.shown(2, 3)
    play.flushed(stream)
    assert [event.message["stream_id"] for event in play.events("a")] == ["cam", "dock"]
    assert algorithms(stream) == before


# -- a crash after the change


def crashed(point: Checkpoint, **config: Any) -> tuple[Play, Stream]:
    """Begin the run again on another worker, from this checkpoint."""
    again = Play()
    stream = again.begin(assignment(run("a", checkpoint=point, **config), epoch=2))
    again.feed.give()
    return again, stream


def finished(again: Play, stream: Stream, *indexes: int) -> None:
    again.shown(*indexes)
    again.feed.end()
    again.until(stream, StreamState.ENDED)
    again.spool.close(0.0)


def test_a_file_whose_worker_dies_right_after_the_change_goes_on_where_it_was(play: Play) -> None:
    """The last checkpoint was made under the old configuration; its state is taken up as far as it fits."""
    stream = play.begin(assignment(run("a")))
    play.shown(*range(4))
    play.flushed(stream)
    again, resumed = crashed(play.last("a"), every=5)
    finished(again, resumed, 4, 5)
    assert again.resumed == play.last("a")
    assert seen(again, "a") == [(4, 5)]
    assert again.last("a").frames == 6


def test_a_state_that_cannot_be_taken_up_costs_no_replay_under_another_configuration(play: Play) -> None:
    """What came before the change would be told again, under a configuration that was not there then."""
    stream = play.begin(assignment(run("a")))
    play.shown(*range(4))
    play.flushed(stream)
    again, resumed = crashed(play.last("a"), fault="restore")
    finished(again, resumed, *range(4, 8))
    assert again.resumed == play.last("a")
    assert seen(again, "a") == [(5, 2), (7, 4)]
    assert again.last("a").frames == 8

    third, replayed = crashed(again.last("a"), fault="restore")  # and once more, now without a change
    finished(third, replayed, *range(4, 8))
    assert third.resumed is not None
    assert (third.resumed.position.index, third.resumed.frames, third.resumed.seek) == (3, 4, None)
    assert [event.id for event in third.events("a")] == [event.id for event in again.events("a")]
    assert third.last("a").frames == 8


def test_a_run_that_was_changed_and_remembers_nothing_is_seen_again_from_the_change(play: Play) -> None:
    """Its file is replayed from where its configuration became what it is, not from its start."""
    stream = play.begin(assignment(run("a", silent=True)))
    play.shown(0, 1, 2)
    play.update(stream, assignment(run("a", silent=True, every=3), revision="r2"))
    play.shown(*range(3, 9))
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (5, 3), (8, 6)]
    again, resumed = crashed(play.last("a"), silent=True, every=3)
    finished(again, resumed, *range(3, 9))
    assert again.resumed is not None
    assert again.resumed.position.index == 2
    assert [event.id for event in again.events("a")] == [event.id for event in play.events("a")][1:]


def test_checkpoints_after_the_change_hold_what_the_new_configuration_knows(play: Play) -> None:
    """And the next crash costs nothing."""
    stream = play.begin(assignment(run("a")))
    play.shown(0, 1, 2)
    play.update(stream, assignment(run("a", every=4), revision="r2"))
    play.shown(3)
    play.flushed(stream)
    assert play.last("a").frames == 4
    again, resumed = crashed(play.last("a"), every=4)
    finished(again, resumed, *range(4, 8))
    assert again.resumed == play.last("a")
    assert seen(again, "a") == [(7, 8)]
