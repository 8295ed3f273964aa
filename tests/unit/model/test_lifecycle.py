"""The life of a task, against the canonical table."""

import pytest

from vedette.model.errors import IllegalTransition
from vedette.model.lifecycle import CLEARING, RESTING, TRANSITIONS, WANTED, Signal, State, after, path

CANONICAL = """
PENDING       -> STARTING, CREATE_FAILED, START_FAILED, STOPPING, FREEZING, DELETING
STARTING      -> RUNNING, ABNORMAL, START_FAILED, RECOVERING, STOPPING, FREEZING, DELETING
RUNNING       -> SUCCEEDED, FAILED, ABNORMAL, RECOVERING, UPGRADING, STOPPING, FREEZING, DELETING
ABNORMAL      -> RUNNING, RECOVERING, UPGRADING, FAILED, STOPPING, FREEZING, DELETING
RECOVERING    -> STARTING, RUNNING, ABNORMAL, FAILED, STOPPING, FREEZING, DELETING
UPGRADING     -> STARTING, RUNNING, STOPPED, ABNORMAL, STOPPING, FREEZING, DELETING
STOPPING      -> STOPPED, FAILED, DELETING
STOPPED       -> PENDING, UPGRADING, FREEZING, DELETING
CREATE_FAILED -> PENDING, FREEZING, DELETING
START_FAILED  -> PENDING, FREEZING, DELETING
SUCCEEDED     -> PENDING, FREEZING, DELETING
FAILED        -> PENDING, FREEZING, DELETING
FREEZING      -> FROZEN, DELETING
FROZEN        -> PENDING, STOPPED, DELETING
DELETING      ->
"""
"""Every edge there may be; a state machine of the recommended stance, written down apart from the code."""

EDGES = {
    State(begin.strip()): {State(name.strip()) for name in ends.split(",") if name.strip()}
    for begin, _, ends in (line.partition("->") for line in CANONICAL.strip().splitlines())
}


def test_all_fifteen_states_have_their_row() -> None:
    """A state without a row would be a KeyError in some night."""
    assert len(State) == 15
    assert set(TRANSITIONS) == set(State) == set(EDGES)


@pytest.mark.parametrize("state", State)
def test_the_table_has_the_canonical_edges_and_no_other(state: State) -> None:
    """The signals' names are ours, the edges are not."""
    assert set(TRANSITIONS[state].values()) == EDGES[state]


def test_every_state_can_be_reached_from_pending() -> None:
    """A state nobody can enter is a lie in the API."""
    seen: set[State] = set()
    todo = [State.PENDING]
    while todo:
        state = todo.pop()
        seen.add(state)
        todo += [following for following in TRANSITIONS[state].values() if following not in seen]
    assert seen == set(State)


@pytest.mark.parametrize("signal", Signal)
def test_every_signal_moves_something(signal: Signal) -> None:
    """A signal that no state knows is never obeyed."""
    assert any(signal in row for row in TRANSITIONS.values())


def test_each_state_is_wanted_clearing_or_resting_and_only_one_of_them() -> None:
    """The loops choose by these sets; a state in none of them is looked at by nobody."""
    assert len(WANTED) + len(CLEARING) + len(RESTING) == len(State)
    assert set(State) == WANTED | CLEARING | RESTING


@pytest.mark.parametrize("state", sorted(set(State) - {State.DELETING}))
def test_everything_but_a_task_being_deleted_can_be_deleted(state: State) -> None:
    """Delete always obeys."""
    assert after(state, Signal.DELETE) is State.DELETING


@pytest.mark.parametrize("state", sorted(WANTED))
def test_everything_that_is_wanted_can_be_stopped(state: State) -> None:
    """Stop always obeys."""
    assert after(state, Signal.STOP) is State.STOPPING


@pytest.mark.parametrize("state", State)
def test_a_signal_the_state_does_not_know_is_refused_by_name(state: State) -> None:
    """The caller reads the sentence; it must name both."""
    for signal in set(Signal) - set(TRANSITIONS[state]):
        with pytest.raises(IllegalTransition) as caught:
            after(state, signal)
        assert state in caught.value.message
        assert signal in caught.value.message


def test_a_frozen_task_is_left_by_thaw_alone() -> None:
    """Start is refused while project, order or task is frozen."""
    assert set(TRANSITIONS[State.FROZEN]) == {Signal.THAW, Signal.THAW_RUNNING, Signal.DELETE}


def test_a_path_names_every_state_on_the_way() -> None:
    """Moves that one look makes at once are recorded one by one."""
    assert path(State.STARTING, (Signal.STARTED, Signal.ENDED)) == [State.RUNNING, State.SUCCEEDED]


def test_a_path_passes_over_what_says_nothing_new() -> None:
    """Saying a thing twice does no harm."""
    assert path(State.RUNNING, (Signal.STARTED, Signal.STARTED, Signal.ENDED)) == [State.SUCCEEDED]
    assert path(State.STOPPED, (Signal.LOST, Signal.CRASHED)) == []


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_a_path_of_one_signal_agrees_with_the_table(state: State, signal: Signal) -> None:
    """There is one table, read in two ways."""
    expected = [after(state, signal)] if signal in TRANSITIONS[state] else []
    assert path(state, (signal,)) == expected
