"""What a round decides of a task that is UPGRADING, from what its worker says of the versions."""

from dataclasses import replace

import pytest

from vedette.control.decisions import Act, Seen, decide
from vedette.model.failure import Failure
from vedette.model.freezing import Comeback
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.lifecycle import State
from vedette.model.rollout import Outcome, Step, Turn, judge
from vedette.model.stream import GivenUp, RunReport
from vedette.store.tasks import Standing

TASK = Standing(
    TaskId("t"), ProjectId("p"), State.UPGRADING, 0, "", None, RunId("r"), StreamId("s"), 0,
    service_version="2.0", former_version="1.0",
)  # fmt: skip
FAULT = Failure("VEDETTE.3002", "It raised LookupError.")


def decided(seen: Seen, at_work: str, trying: str = "", failure: Failure | None = None, **changed: object) -> Act:
    run = RunReport(RunId("r"), 9, 0, "", failure, at_work, trying)
    return decide(replace(TASK, **changed), seen, None, run)  # type: ignore[arg-type]


def test_it_runs_when_the_new_version_has_seen_its_first_pictures_and_not_before() -> None:
    """That pictures flow says nothing: the old version sees them."""
    assert decided(Seen.ALIVE, "1.0").path == []
    assert decided(Seen.ALIVE, "1.0", "2.0").path == []
    act = decided(Seen.ALIVE, "2.0")
    assert (act.path, act.cause) == ([State.RUNNING], "it is on the version 2.0")


def test_it_is_abnormal_if_its_camera_is_away_and_the_new_version_is_ready() -> None:
    """It is tried with the next picture, whenever that comes."""
    assert decided(Seen.SICK, "1.0").path == []
    assert decided(Seen.SICK, "1.0", "2.0").path == [State.ABNORMAL]
    assert decided(Seen.SICK, "2.0").path == [State.ABNORMAL]


@pytest.mark.parametrize("seen", [Seen.NOTHING, Seen.UNHEARD, Seen.SILENT])
def test_it_stays_while_nobody_says_anything(seen: Seen) -> None:
    """Who is lost is placed; that leads on."""
    assert decide(TASK, seen, None, None).path == []


@pytest.mark.parametrize("seen", list(Seen))
def test_one_that_was_at_rest_rests_whatever_is_seen(seen: Seen) -> None:
    act = decided(seen, "1.0", resume=int(Comeback.REST), stream_id=None)
    assert act.path == [State.STOPPED]


@pytest.mark.parametrize(
    ("state", "path"), [(State.UPGRADING, [State.ABNORMAL]), (State.RUNNING, [State.ABNORMAL]), (State.ABNORMAL, [])]
)
def test_a_version_that_was_given_up_is_taken_back_wherever_the_task_stands(state: State, path: list[State]) -> None:
    """Its camera may have been away during the upgrade: then it shows later."""
    run = RunReport(RunId("r"), 9, 0, "", None, "1.0", "", GivenUp("2.0", FAULT))
    act = decide(replace(TASK, state=state), Seen.ALIVE, None, run)
    assert (act.path, act.takes_back) == (path, True)
    assert act.columns == {"error_code": FAULT.code, "error_message": FAULT.message}
    assert FAULT.message in act.cause


def test_what_a_worker_said_of_another_version_does_not_matter() -> None:
    run = RunReport(RunId("r"), 9, 0, "", None, "1.0", "", GivenUp("3.0", FAULT))
    assert decide(TASK, Seen.ALIVE, None, run).path == []


def test_one_without_a_way_back_stays_abnormal_and_is_told_once() -> None:
    run = RunReport(RunId("r"), 9, 0, "", None, "1.0", "", GivenUp("2.0", FAULT))
    act = decide(replace(TASK, state=State.ABNORMAL, former_version=None, error_code=FAULT.code), Seen.ALIVE, None, run)
    assert (list(act.path), act.columns, act.takes_back) == ([], {}, False)


@pytest.mark.parametrize("state", [State.STOPPING, State.FREEZING, State.DELETING])
def test_one_that_is_being_cleared_is_not_taken_back(state: State) -> None:
    run = RunReport(RunId("r"), 9, 0, "", None, "1.0", "", GivenUp("2.0", FAULT))
    assert not decide(replace(TASK, state=state), Seen.ALIVE, None, run).takes_back


@pytest.mark.parametrize(
    ("state", "version", "outcome"),
    [
        (State.UPGRADING, "2.0", Outcome.UNDER_WAY),
        (State.STARTING, "2.0", Outcome.UNDER_WAY),
        (State.RECOVERING, "2.0", Outcome.UNDER_WAY),
        (State.STOPPING, "2.0", Outcome.UNDER_WAY),
        (State.RUNNING, "2.0", Outcome.DONE),
        (State.ABNORMAL, "2.0", Outcome.DONE),
        (State.STOPPED, "2.0", Outcome.DONE),
        (State.SUCCEEDED, "2.0", Outcome.DONE),
        (State.FROZEN, "2.0", Outcome.DONE),
        (State.PENDING, "2.0", Outcome.DONE),
        (State.FAILED, "2.0", Outcome.FAILED),
        (State.START_FAILED, "2.0", Outcome.FAILED),
        (State.RUNNING, "1.0", Outcome.FAILED),
    ],
)
def test_what_became_of_an_upgrade_is_seen_of_the_task(state: State, version: str, outcome: Outcome) -> None:
    """Nothing has to be remembered."""
    turn = Turn(Step(TaskId("t"), "1.0", "2.0"), "gate", state, version, None)
    told, reason = judge(turn)
    assert told is outcome
    assert bool(reason) is (outcome is Outcome.FAILED)
