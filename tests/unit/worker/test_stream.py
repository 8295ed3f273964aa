"""One stream: pictures in, events and checkpoints out, and what is said of it meanwhile."""

from collections.abc import Callable

import pytest
from playing import Play, of
from stage import DEADLINE_S, FakeFeed, Status, assignment, run

from vedette.model.errors import SourceInvalid, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.ids import RunId, StreamId
from vedette.model.stream import Checkpoint, RunReport, StreamState


def test_a_stream_is_opening_until_its_first_picture_and_ended_only_when_all_is_acknowledged(play: Play) -> None:
    """SUCCEEDED must not be said of events that are still on their way."""
    stream = play.begin(assignment(run("a")))
    assert stream.report().state is StreamState.OPENING
    play.acknowledging.clear()
    play.shown(0, 1)
    play.until(stream, StreamState.FLOWING)
    play.feed.end()
    play.bell.until(lambda: bool(play.asked))
    assert not stream.join(0.05)
    assert stream.report().state is StreamState.FLOWING
    play.acknowledging.set()
    play.until(stream, StreamState.ENDED)
    assert len(play.events("a")) == 1
    assert stream.report().failure is None


def test_the_last_checkpoint_is_of_the_last_picture(play: Play) -> None:
    """What follows a crash after it has nothing to do again."""
    stream = play.begin(assignment(run("a", every=100)))
    play.shown(0, 1, 2)
    play.feed.end()
    play.until(stream, StreamState.ENDED)
    point = play.last("a")
    assert (point.position.index, point.frames, point.seek) == (2, 3, b"mark")
    assert play.events("a") == []


def test_what_an_algorithm_has_left_is_told_when_the_file_has_ended(play: Play) -> None:
    """Of the interval that has begun, say; at the last picture."""
    stream = play.begin(assignment(run("a", every=100, parting=True)))
    play.shown(0, 1, 2)
    play.feed.end()
    play.until(stream, StreamState.ENDED)
    (event,) = play.events("a")
    assert (event.position.index, event.message["data"]) == (2, {"value": 2.0, "seen": 3})
    assert of(stream, "a").events == 1


@pytest.mark.parametrize("how", ["stopped", "cut"])
def test_nothing_is_left_to_tell_where_it_has_not_ended(play: Play, how: str) -> None:
    """A task that is stopped may be taken up again, and goes on where it was."""
    stream = play.begin(assignment(run("a", every=100, parting=True)))
    play.shown(0, 1)
    if how == "stopped":
        stream.stop()
    else:
        play.feed.end(SourceInvalid("It is cut."))
    assert stream.join(DEADLINE_S)
    assert play.events("a") == []


def test_a_source_that_fails_before_its_first_picture_is_refused(play: Play) -> None:
    """START_FAILED, and why."""
    stream = play.begin(assignment(run("a")))
    play.feed.end(SourceInvalid("It is no video."))
    play.until(stream, StreamState.REFUSED)
    assert stream.report().failure == Failure(SourceInvalid.code, "It is no video.")
    assert stream.join(DEADLINE_S)


def test_a_source_that_fails_after_it_has_failed_and_what_was_seen_is_told(play: Play) -> None:
    """The events before the cut are real."""
    stream = play.begin(assignment(run("a")))
    play.shown(0, 1, 2)
    play.feed.end(SourceInvalid("It is cut."))
    play.until(stream, StreamState.FAILED)
    assert stream.report().failure == Failure(SourceInvalid.code, "It is cut.")
    assert len(play.events("a")) == 1
    assert play.last("a").frames == 3


def test_what_the_feed_says_of_a_live_source_is_passed_on(play: Play) -> None:
    """AWAY with its reason, FLOWING again with the next picture."""
    stream = play.begin(assignment(run("a"), live=True))
    away = Failure(SourceUnreachable.code, "Nobody answers.")
    play.shown(0)
    play.feed.now = Status(StreamState.AWAY, away)
    assert (stream.report().state, stream.report().failure) == (StreamState.AWAY, away)
    play.shown(1)
    assert (stream.report().state, stream.report().failure) == (StreamState.FLOWING, None)


@pytest.mark.parametrize("fault", ["process", "made", "data", "other data", "other kind"])
def test_an_algorithm_that_raises_fails_its_own_run_and_no_other(play: Play, fault: str) -> None:
    """Its neighbour on the same camera does not notice."""
    stream = play.begin(assignment(run("bad", fault=fault), run("good"), live=True))
    play.shown(*range(6))
    failure = of(stream, "bad").failure
    assert failure is not None
    assert failure.code == "VEDETTE.3002"
    assert of(stream, "good") == RunReport(RunId("good"), 6, 3, "echoing", None, "1.0")
    assert stream.report().state is StreamState.FLOWING
    play.flushed(stream)
    assert len(play.events("good")) == 3
    assert len(play.events("bad")) == (1 if fault == "process" else 0)  # what it told before it raised


def test_a_run_of_an_unknown_service_fails_and_no_other(play: Play) -> None:
    """The plugin was removed meanwhile."""
    stream = play.begin(assignment(run("lost", service="c-gone-cloud"), run("good"), live=True))
    play.shown(0)
    assert of(stream, "lost").failure is not None
    assert of(stream, "good").failure is None


def test_an_algorithm_whose_note_raises_is_still_reported(play: Play) -> None:
    """A sentence is no reason to fall silent."""
    stream = play.begin(assignment(run("a", fault="note"), live=True))
    play.shown(0, 1)
    assert of(stream, "a") == RunReport(RunId("a"), 2, 1, "", None, "1.0")


def test_an_algorithm_whose_state_raises_fails_its_run(play: Play) -> None:
    """Without its state nothing can go on after a crash, so it is said now."""
    stream = play.begin(assignment(run("a", fault="state")))
    play.shown(0, 1)
    play.feed.end()
    play.until(stream, StreamState.ENDED)
    assert of(stream, "a").failure is not None


def test_a_run_joins_and_leaves_without_a_gap_for_the_others(play: Play) -> None:
    """One connection, one decode: the feed is never opened again."""
    stream = play.begin(assignment(run("a"), live=True))
    play.shown(0, 1)
    assert play.fps == 5.0
    play.update(stream, assignment(run("a"), run("b", service="c-quick-cloud"), live=True, revision="r2"))
    assert stream.report().revision == "r2"
    assert play.feed.fps == [25.0]
    play.shown(2, 3)
    assert (of(stream, "a").frames, of(stream, "b").frames) == (4, 2)
    play.update(stream, assignment(run("b", service="c-quick-cloud"), live=True, revision="r3"))
    play.shown(4)
    assert [report.run_id for report in stream.report().runs] == ["b"]
    assert of(stream, "b").frames == 3


def test_a_faulty_run_that_joins_does_not_break_who_lets_it_in(play: Play) -> None:
    """The thread that obeys orders serves every stream of the worker."""
    stream = play.begin(assignment(run("a"), live=True))
    play.shown(0)
    play.update(stream, assignment(run("a"), run("b", fault="made"), live=True, revision="r2"))
    play.shown(1)
    assert of(stream, "b").failure is not None
    assert of(stream, "a").frames == 2


def test_a_file_goes_on_from_its_checkpoint_and_tells_the_same_ids(play: Play) -> None:
    """What follows a crash is what would have followed without it."""
    whole = play.begin(assignment(run("a", every=3)))
    play.shown(*range(4))
    play.flushed(whole)
    half = play.told[0].checkpoint  # with the event of the third picture
    play.shown(*range(4, 9))
    play.feed.end()
    play.until(whole, StreamState.ENDED)
    names = [event.id for event in play.events("a")]
    assert len(names) == 3

    again = Play()
    rest = again.begin(assignment(run("a", every=3, checkpoint=half), epoch=2))
    again.bell.until(lambda: again.resumed is not None)
    assert again.resumed == half
    again.shown(*range(3, 9))
    again.feed.end()
    again.until(rest, StreamState.ENDED)
    assert [event.id for event in again.events("a")] == names[1:]
    assert again.last("a").frames == 9
    assert [event.timestamp_ms for event in again.events("a")] == [event.timestamp_ms for event in play.events("a")][1:]
    again.spool.close(0.0)


@pytest.mark.parametrize("fault", ["restore", ""])
def test_a_file_whose_state_does_not_fit_is_replayed_from_its_start(play: Play, fault: str) -> None:
    """The ids drop the repeats."""
    whole = play.begin(assignment(run("a", fault=fault)))
    play.shown(0, 1)
    play.flushed(whole)
    point = play.last("a")
    if not fault:
        point = Checkpoint(point.position, None, None, point.frames)
    again = Play()
    replay = again.begin(assignment(run("a", fault=fault, checkpoint=point), epoch=2))
    again.shown(0, 1)
    assert again.resumed is None
    again.flushed(replay)
    assert [event.id for event in again.events("a")] == [event.id for event in play.events("a")]
    assert of(replay, "a").frames == 2
    again.feed.end()
    again.until(replay, StreamState.ENDED)
    again.spool.close(0.0)


def test_a_stream_that_is_stopped_ends_without_an_outcome_and_hands_over_its_checkpoint(play: Play) -> None:
    """It is gone once nothing of it is left; ENDED would read as a finished file."""
    stream = play.begin(assignment(run("a", every=100)))
    play.shown(0, 1, 2)
    stream.stop()
    assert stream.join(DEADLINE_S)
    assert stream.report().state is StreamState.FLOWING
    play.flushed(stream)
    assert play.last("a").frames == 3


def test_a_stream_can_be_stopped_while_nobody_acknowledges(play: Play) -> None:
    """Stop always obeys."""
    stream = play.begin(assignment(run("a")))
    play.acknowledging.clear()
    play.shown(0, 1)
    play.feed.end()
    stream.stop()
    assert stream.join(DEADLINE_S)


def test_a_live_event_carries_the_time_of_the_wall(play: Play) -> None:
    """Media time of a live stream began before this run did; it tells only how far events are apart."""
    stream = play.begin(assignment(run("a"), live=True))
    play.shown(0, 1, 2, 3)
    play.flushed(stream)
    assert [event.timestamp_ms - 1_800_000_000_000 for event in play.events("a")] == [0, 200]
    assert play.last("a").state is None
    assert stream.key == (StreamId("s"), 1)


def test_a_live_event_carries_the_time_of_its_picture_where_that_is_known(play: Play) -> None:
    """A camera's media clock drifts: the second event is 200 ms after the first by it, and 207 by the wall."""
    stream = play.begin(assignment(run("a"), live=True))
    play.feed.taken_at = {1: 1_700_000_000_123, 3: 1_700_000_000_330}
    play.shown(0, 1, 2, 3)
    play.flushed(stream)
    assert [event.timestamp_ms for event in play.events("a")] == [1_700_000_000_123, 1_700_000_000_330]


def test_what_is_not_foreseen_is_told_as_a_failure_not_as_silence(play: Play) -> None:
    """A bug of ours in a thread must not look like a camera that sees nothing."""

    def broken(*_: object) -> FakeFeed:
        raise RuntimeError("a bug")

    open_feed: Callable[..., FakeFeed] = broken
    play._open = open_feed  # type: ignore[method-assign] # the one thing that goes wrong
    stream = play.begin(assignment(run("a")))
    play.until(stream, StreamState.FAILED)
    failure = stream.report().failure
    assert failure is not None
    assert "RuntimeError" in failure.message
