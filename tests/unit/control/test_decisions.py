"""What is wanted and what is seen give what to do."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import pytest

from vedette.control.decisions import DECISIONS, SILENT_S, STREAM_SEEN, Seen, decide, find
from vedette.control.fleet import WorkerView
from vedette.model.failure import Failure
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId, WorkerId
from vedette.model.lifecycle import CLEARING, RESTING, WANTED, State
from vedette.model.stream import RunReport, StreamReport, StreamState, StreamStats
from vedette.store.assignments import Holding
from vedette.store.tasks import Standing

TASK, RUN, STREAM, WORKER = TaskId("t"), RunId("r"), StreamId("s"), WorkerId("w")
DEAD = Failure("VEDETTE.1003", "No such file.")
HELD = {STREAM: Holding(STREAM, 3, WORKER)}


def pairs(states: Iterable[State], seen: Iterable[Seen] = Seen) -> list[tuple[State, Seen]]:
    return list(product(states, seen))


def standing(state: State, *, stream: StreamId | None = STREAM, error: str | None = None) -> Standing:
    return Standing(TASK, ProjectId("p"), state, 0, "", error, RUN, stream, 0)


def run_report(frames: int = 5, failure: Failure | None = None, note: str = "") -> RunReport:
    return RunReport(RUN, frames, 0, note, failure)


def report(
    state: StreamState = StreamState.FLOWING,
    *runs: RunReport,
    epoch: int = 3,
    failure: Failure | None = None,
) -> StreamReport:
    return StreamReport(STREAM, epoch, "rev", state, failure, StreamStats(), runs)


def fleet(*reports: StreamReport, heard_at: float = 0.0) -> dict[WorkerId, WorkerView]:
    return {WORKER: WorkerView(WORKER, "here", 1, 60, heard_at, 0.0, {one.stream_id: one for one in reports})}


def decided(state: State, seen: Seen, failure: Failure | None = None) -> list[State]:
    return list(decide(standing(state), seen, report(failure=failure), run_report(failure=failure)).path)


@pytest.mark.parametrize(("state", "seen"), pairs(State))
def test_deciding_twice_changes_nothing(state: State, seen: Seen) -> None:
    """A round that died half-way may be run again."""
    once = decided(state, seen)
    if state is State.UPGRADING and seen in (Seen.REFUSED, Seen.BROKEN):
        assert once == [State.ABNORMAL]  # which is seen before the next round ends it
    else:
        assert not once or decided(once[-1], seen) == []


@pytest.mark.parametrize(("state", "seen"), pairs(sorted(RESTING)))
def test_a_task_at_rest_is_left_alone_whatever_is_seen(state: State, seen: Seen) -> None:
    """What a late worker says of it is of no interest."""
    assert decided(state, seen) == []


@pytest.mark.parametrize(("state", "seen"), pairs(sorted(CLEARING), (Seen.UNHEARD, Seen.ALIVE, Seen.SICK, Seen.SILENT)))
def test_what_is_being_cleared_waits_while_something_of_it_runs(state: State, seen: Seen) -> None:
    """STOPPED means that nothing runs any more."""
    assert decided(state, seen) == []


@pytest.mark.parametrize(("state", "seen"), pairs(sorted(WANTED)))
def test_nothing_that_is_seen_stops_or_deletes_a_task(state: State, seen: Seen) -> None:
    """Those are wishes; a look at the world has none."""
    assert not set(decided(state, seen)) & {State.STOPPING, State.STOPPED, State.DELETING, State.FREEZING, State.FROZEN}


def test_every_case_is_decided() -> None:
    """A missing case would be a KeyError in some night."""
    assert len(DECISIONS) == 2 * len(Seen)
    assert set(STREAM_SEEN) == set(StreamState)


def test_a_clip_that_ends_between_two_looks_has_succeeded() -> None:
    """Nobody ever saw it running; the history says all the same that it ran."""
    assert decided(State.STARTING, Seen.ENDED) == [State.RUNNING, State.SUCCEEDED]


def test_a_clip_that_ends_after_its_worker_was_lost_has_succeeded() -> None:
    """The successor read the rest before anybody looked."""
    assert decided(State.RECOVERING, Seen.ENDED) == [State.RUNNING, State.SUCCEEDED]


def test_a_task_whose_worker_went_silent_recovers_and_runs_again_when_it_is_heard() -> None:
    """A stall of a few seconds is told, and forgiven."""
    assert decided(State.RUNNING, Seen.SILENT) == [State.RECOVERING]
    assert decided(State.RECOVERING, Seen.ALIVE) == [State.RUNNING]


def test_a_camera_that_goes_away_and_comes_back_was_abnormal_between() -> None:
    """It is tried again without limit."""
    assert decided(State.RUNNING, Seen.SICK) == [State.ABNORMAL]
    assert decided(State.STARTING, Seen.SICK) == [State.ABNORMAL]
    assert decided(State.ABNORMAL, Seen.ALIVE) == [State.RUNNING]


def test_what_never_had_a_picture_could_not_start_and_what_had_some_has_failed() -> None:
    """START_FAILED is for what no retry cures."""
    assert decided(State.STARTING, Seen.REFUSED) == [State.START_FAILED]
    assert decided(State.STARTING, Seen.BROKEN) == [State.RUNNING, State.FAILED]
    assert decided(State.RUNNING, Seen.BROKEN) == [State.FAILED]
    assert decided(State.RECOVERING, Seen.REFUSED) == [State.FAILED]
    assert decided(State.ABNORMAL, Seen.REFUSED) == [State.FAILED]


def test_what_rests_leaves_its_stream_and_what_runs_does_not() -> None:
    """A stream without wanted tasks is freed."""
    assert decide(standing(State.RUNNING), Seen.ENDED, report(), run_report()).columns["stream_id"] is None
    assert decide(standing(State.STOPPING), Seen.NOTHING, None, None).columns == {"stream_id": None}
    assert "stream_id" not in decide(standing(State.RUNNING), Seen.SILENT, None, None).columns


def test_a_failure_is_told_with_its_sentence_and_taken_back_when_pictures_flow() -> None:
    """`error` is what is wrong now, not what once was."""
    sick = decide(standing(State.RUNNING), Seen.SICK, report(StreamState.AWAY, failure=DEAD), run_report())
    assert (sick.columns["error_code"], sick.columns["error_message"], sick.cause) == (
        DEAD.code,
        DEAD.message,
        DEAD.message,
    )
    well = decide(standing(State.ABNORMAL, error=DEAD.code), Seen.ALIVE, report(), run_report())
    assert (well.columns["error_code"], well.columns["error_message"]) == (None, None)


def test_a_file_that_is_tried_again_says_why_it_has_not_started() -> None:
    """A server that swallows connections is tried for half a minute: whoever looks must not see a bare STARTING."""
    opening = report(StreamState.OPENING, failure=DEAD)
    waiting = decide(standing(State.STARTING), Seen.UNHEARD, opening, run_report(0))
    assert not waiting.path
    assert waiting.columns == {"status": f"Trying again: {DEAD.message}"}
    told = replace(standing(State.STARTING), status=waiting.columns["status"])
    assert decide(told, Seen.UNHEARD, opening, run_report(0)).columns == {}
    refused = report(StreamState.REFUSED, failure=DEAD)
    assert decide(told, Seen.REFUSED, refused, run_report(0)).columns["status"] == ""
    assert decide(told, Seen.ENDED, report(StreamState.ENDED), run_report()).columns["status"] == ""
    assert decide(told, Seen.ALIVE, report(), run_report()).columns["status"] == ""


def test_a_report_that_says_nothing_new_writes_nothing() -> None:
    """A thousand tasks that run well must not mean a thousand writes a second."""
    act = decide(standing(State.RUNNING), Seen.ALIVE, report(), run_report())
    assert not act.path
    assert not act.columns


def test_the_algorithms_note_becomes_the_status() -> None:
    """`status` says which detector is at work."""
    act = decide(standing(State.RUNNING), Seen.ALIVE, report(), run_report(note="Detector: motion."))
    assert act.columns == {"status": "Detector: motion."}


# -- seeing


@pytest.mark.parametrize(("state", "seen"), list(STREAM_SEEN.items()))
def test_a_run_is_seen_as_its_stream_is(state: StreamState, seen: Seen) -> None:
    """One connection, many tasks: what happens to it happens to all."""
    assert find(standing(State.RUNNING), HELD, fleet(report(state, run_report())), 1.0)[0] is seen


def test_a_task_without_a_holder_is_seen_nowhere() -> None:
    """Whether it never had one, or its holder is buried."""
    assert find(standing(State.PENDING, stream=None), HELD, fleet(), 0.0)[0] is Seen.NOTHING
    assert find(standing(State.RUNNING), {}, fleet(report()), 0.0)[0] is Seen.NOTHING
    assert (
        find(standing(State.RUNNING), {STREAM: replace(HELD[STREAM], worker_id=None)}, fleet(), 0.0)[0] is Seen.NOTHING
    )


def test_a_holder_that_has_not_been_heard_for_a_while_is_silent() -> None:
    """Also right after a restart of the service, which remembers no voices."""
    flowing = report(StreamState.FLOWING, run_report())
    assert find(standing(State.RUNNING), HELD, fleet(flowing), SILENT_S)[0] is Seen.ALIVE
    assert find(standing(State.RUNNING), HELD, fleet(flowing), SILENT_S + 0.1)[0] is Seen.SILENT
    assert find(standing(State.RUNNING), HELD, {}, 0.0)[0] is Seen.SILENT


@pytest.mark.parametrize(
    "said", [[], [report(StreamState.ENDED, run_report(), epoch=2)], [report(StreamState.FLOWING)]]
)
def test_what_was_said_of_another_epoch_or_without_the_run_counts_for_nothing(said: list[StreamReport]) -> None:
    """The worker has not taken the order up yet: wait. One that is to be gone: it is."""
    assert find(standing(State.STARTING), HELD, fleet(*said), 0.0)[0] is Seen.UNHEARD
    assert find(standing(State.STOPPING), HELD, fleet(*said), 0.0)[0] is Seen.NOTHING


def test_an_algorithm_that_gave_up_is_broken_while_its_stream_flows() -> None:
    """Its neighbours on the stream go on."""
    failure = Failure("VEDETTE.3002", "It raised.")
    given_up = report(StreamState.FLOWING, run_report(failure=failure))
    at_once = report(StreamState.FLOWING, run_report(frames=0, failure=failure))
    assert find(standing(State.RUNNING), HELD, fleet(given_up), 0.0)[0] is Seen.BROKEN
    assert find(standing(State.STARTING), HELD, fleet(at_once), 0.0)[0] is Seen.REFUSED
