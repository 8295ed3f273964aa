"""A version of a service goes to the tasks of a project, one by one or several at once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State


class Status(StrEnum):
    """How a rollout stands."""

    RUNNING = "running"
    STOPPING = "stopping"
    """Nothing more is begun; what is under way comes to its end."""
    STOPPED = "stopped"
    """It ended before every task had its turn."""
    DONE = "done"


class Outcome(StrEnum):
    """How a rollout stands with one task."""

    LEFT = "left"
    UNDER_WAY = "under_way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout.

    Attributes:
        version: where all tasks go; None: each goes back to its former one.
        at_once: how many tasks may be under way together.
        reason: why it stopped.
        actor: who asked for it.
        created_at: milliseconds since the epoch.
        ended_at: milliseconds since the epoch; None while it is under way.
    """

    id: str
    project_id: ProjectId
    service_name: str
    version: str | None
    at_once: int
    status: Status
    actor: str
    created_at: int
    reason: str = ""
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A rollout's way with one task.

    Attributes:
        before: the version it came from.
        version: the version it goes to.
        reason: why it failed.
        at: when it came to that, milliseconds since the epoch; None for one that is left.
    """

    task_id: TaskId
    before: str
    version: str
    outcome: Outcome = Outcome.LEFT
    reason: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A step, and where its task stands.

    Attributes:
        version: of the task's service, now.
        error: the message of its error.
    """

    step: Step
    name: str
    state: State
    version: str
    error: str | None


UPGRADED: Final = frozenset({State.RUNNING, State.ABNORMAL, State.STOPPED})
"""States that lead to UPGRADING."""
BETWEEN: Final = frozenset({State.STARTING, State.UPGRADING, State.STOPPING, State.FREEZING, State.DELETING})
"""States that end by themselves soon; a rollout waits for that. In all others nothing of a task runs, and the version
it names is simply another one from then on."""
COMING: Final = BETWEEN | {State.RECOVERING}
"""States in which it does not show yet what becomes of a task that was upgraded."""
BROKEN: Final = frozenset({State.FAILED, State.START_FAILED, State.CREATE_FAILED})


def judge(turn: Turn) -> tuple[Outcome, str]:
    """Return how it stands with a task that is under way, and why it failed if it did."""
    if turn.version != turn.step.version:
        return Outcome.FAILED, f"It stands on the version {turn.version}."
    if turn.state in COMING:
        return Outcome.UNDER_WAY, ""
    if turn.state in BROKEN:
        return Outcome.FAILED, turn.error or f"It is {turn.state}."
    return Outcome.DONE, ""
