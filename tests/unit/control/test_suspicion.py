"""Whose fault it was that a worker died."""

import pytest

from vedette.control.suspicion import FORGOTTEN_MS, in_company, over
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId, WorkerId
from vedette.model.lifecycle import State
from vedette.store.assignments import Holding
from vedette.store.tasks import Standing

A, B = WorkerId("a"), WorkerId("b")
ONE, TWO, THREE = StreamId("one"), StreamId("two"), StreamId("three")


def standing(stream: StreamId, state: State = State.RUNNING, since: int = 0) -> Standing:
    return Standing(TaskId("t"), ProjectId("p"), state, since, "", None, RunId("r"), stream, 0)


def test_a_stream_has_company_if_its_worker_holds_another() -> None:
    """If the worker dies, either may have killed it."""
    assert in_company([Holding(ONE, 1, A), Holding(TWO, 1, A), Holding(THREE, 1, B)]) == {ONE, TWO}


@pytest.mark.parametrize(
    ("state", "now", "crashes", "forgotten"),
    [
        (State.RUNNING, FORGOTTEN_MS, 2, True),
        (State.RUNNING, FORGOTTEN_MS - 1, 2, False),
        (State.ABNORMAL, FORGOTTEN_MS, 2, False),
        (State.RUNNING, FORGOTTEN_MS, 0, False),
    ],
    ids=["it has run for long", "not yet", "its camera is away: it shows nothing", "there is nothing to forget"],
)
def test_only_a_long_run_takes_a_suspicion_away(state: State, now: int, crashes: int, forgotten: bool) -> None:
    """Its pictures were decoded and analysed all that time."""
    held = {ONE: Holding(ONE, 1, A, crashes)}
    assert list(over([standing(ONE, state)], held, now)) == ([ONE] if forgotten else [])
