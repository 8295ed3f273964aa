"""The life of a task: fifteen states and one table.

Rule 1: everything that decides a state stands in this file.
Rule 2: nothing here knows a clock, a database or a process.

A live source that is away is retried without limit: the task is ABNORMAL, and RUNNING comes only with a
picture. START_FAILED is for what no retry cures. Lack of room keeps a task PENDING. A crash leads through
RECOVERING; FAILED comes when the crash budget is spent. FROZEN is left by a thaw alone.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, auto
from typing import Final

from vedette.model.errors import IllegalTransition


class State(StrEnum):
    """Where a task stands, in the names of the wire."""

    PENDING = "PENDING"
    RECOVERING = "RECOVERING"
    STARTING = "STARTING"
    UPGRADING = "UPGRADING"
    CREATE_FAILED = "CREATE_FAILED"
    START_FAILED = "START_FAILED"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ABNORMAL = "ABNORMAL"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    DELETING = "DELETING"
    FREEZING = "FREEZING"
    FROZEN = "FROZEN"


class Signal(StrEnum):
    """What can happen to a task."""

    # someone asks: a user, the timetable, an operator
    START = auto()
    STOP = auto()
    UPGRADE = auto()
    FREEZE = auto()
    THAW = auto()
    """It was at rest before."""
    THAW_RUNNING = auto()
    DELETE = auto()
    # the data plane tells
    PLACED = auto()
    """A worker took it."""
    UNPLACED = auto()
    """No worker can ever take it."""
    REFUSED = auto()
    """It would not start, and no retry cures that."""
    STARTED = auto()
    """Pictures flow."""
    SICK = auto()
    """Alive, but no pictures."""
    LOST = auto()
    """Nobody answers for it."""
    ENDED = auto()
    """The file is finished."""
    CRASHED = auto()
    """The crash budget is spent, or the algorithm gave up."""
    STOPPED = auto()
    """Nothing of it runs any more."""


S, G = State, Signal

_LEAVE: Final[Mapping[Signal, State]] = {G.FREEZE: S.FREEZING, G.DELETE: S.DELETING}
_HALT: Final[Mapping[Signal, State]] = {G.STOP: S.STOPPING, **_LEAVE}
_REST: Final[Mapping[Signal, State]] = {G.START: S.PENDING, **_LEAVE}

TRANSITIONS: Final[Mapping[State, Mapping[Signal, State]]] = {
    # wanted running
    S.PENDING: {G.PLACED: S.STARTING, G.UNPLACED: S.CREATE_FAILED, G.REFUSED: S.START_FAILED, **_HALT},
    S.STARTING: {
        G.STARTED: S.RUNNING,
        G.SICK: S.ABNORMAL,
        G.REFUSED: S.START_FAILED,
        G.LOST: S.RECOVERING,
        **_HALT,
    },
    S.RUNNING: {
        G.ENDED: S.SUCCEEDED,
        G.CRASHED: S.FAILED,
        G.SICK: S.ABNORMAL,
        G.LOST: S.RECOVERING,
        G.UPGRADE: S.UPGRADING,
        **_HALT,
    },
    S.ABNORMAL: {
        G.STARTED: S.RUNNING,
        G.LOST: S.RECOVERING,
        G.CRASHED: S.FAILED,
        G.UPGRADE: S.UPGRADING,
        **_HALT,
    },
    S.RECOVERING: {
        G.PLACED: S.STARTING,
        G.STARTED: S.RUNNING,
        G.SICK: S.ABNORMAL,
        G.CRASHED: S.FAILED,
        **_HALT,
    },
    S.UPGRADING: {
        G.PLACED: S.STARTING,
        G.STARTED: S.RUNNING,
        G.STOPPED: S.STOPPED,
        G.REFUSED: S.ABNORMAL,
        **_HALT,
    },
    # wanted at rest
    S.STOPPING: {G.STOPPED: S.STOPPED, G.CRASHED: S.FAILED, G.DELETE: S.DELETING},
    S.STOPPED: {G.UPGRADE: S.UPGRADING, **_REST},
    S.CREATE_FAILED: _REST,
    S.START_FAILED: _REST,
    S.SUCCEEDED: _REST,
    S.FAILED: _REST,
    S.FREEZING: {G.STOPPED: S.FROZEN, G.DELETE: S.DELETING},
    S.FROZEN: {G.THAW: S.STOPPED, G.THAW_RUNNING: S.PENDING, G.DELETE: S.DELETING},
    S.DELETING: {},
}

WANTED: Final = frozenset({S.PENDING, S.STARTING, S.RUNNING, S.ABNORMAL, S.RECOVERING, S.UPGRADING})
"""States in which the task is to run."""

CLEARING: Final = frozenset({S.STOPPING, S.FREEZING, S.DELETING})
"""States that wait until nothing of the task runs any more."""

RESTING: Final = frozenset(State) - WANTED - CLEARING
"""States in which nothing runs and nothing is waited for."""


def is_wanted(state: State, resume: bool | int | None) -> bool:
    """Tell whether a task is to run.

    Args:
        state: where it stands.
        resume: while it is UPGRADING: false if it was at rest before, and is to rest again.
    """
    return state in WANTED and (state is not S.UPGRADING or resume is None or bool(resume))


def after(state: State, signal: Signal) -> State:
    """Return the state that follows.

    Raises:
        IllegalTransition: the state does not know the signal.
    """
    try:
        return TRANSITIONS[state][signal]
    except KeyError:
        raise IllegalTransition(f"A task that is {state} cannot be told to {signal}.") from None


def path(state: State, signals: Iterable[Signal]) -> list[State]:
    """Return the states passed one after another; signals that say nothing new are passed over.

    Saying a thing twice does no harm, so a round that died half-way is simply run again.
    """
    passed: list[State] = []
    for signal in signals:
        following = TRANSITIONS[state].get(signal)
        if following is not None:
            passed.append(following)
            state = following
    return passed
