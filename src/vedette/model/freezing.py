"""Why a task is frozen, and what it comes back to.

Four things freeze: an operator freezes the task, or its project; its resource order has expired; its project has more
tasks than its quota. `tasks.frozen_by` names one that holds; the others are seen in the world. A task thaws when none
holds any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from vedette.model.lifecycle import State

OPERATOR: Final = "operator"
"""An operator froze this task. It stands in the task's row alone, so nothing else takes its place there."""
PROJECT: Final = "project"
"""An operator froze the project."""
QUOTA: Final = "quota"
"""The project's own quota of tasks is smaller than what it has."""
ORDER: Final = "order:"
"""Begins the mark of a task whose resource order has expired; the order's id follows."""
AGAIN: Final = "again"
"""What froze it may be over: the next round looks what else holds it."""

COLD: Final = frozenset({State.FREEZING, State.FROZEN})
"""States in which something holds a task frozen."""

ASK: Final = "Ask whoever runs this installation."
THAWING: Final = "It thaws as soon as nothing of it runs any more."


class Comeback(IntEnum):
    """What a frozen task comes back to."""

    REST = 0
    """It rested, or was stopped since."""
    ANEW = 1
    """It ran: a new run begins."""
    GOES_ON = 2
    """It ran through a file: its run goes on where it was."""
    WAITS = 3
    """It rested under a timetable that holds."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that freezes a task.

    Attributes:
        mark: for `tasks.frozen_by`.
        status: the sentence for the task.
        told: the cause in its history.
        actor: who does it, for its history.
    """

    mark: str
    status: str
    told: str
    actor: str

    @property
    def kind(self) -> str:
        """`operator`, `project`, `order` or `quota`."""
        return self.mark.partition(":")[0]


@dataclass(frozen=True, slots=True)
class ProjectFreeze:
    """That a project is frozen.

    Attributes:
        at: since when, milliseconds since the epoch.
        actor: who froze it.
        reason: why; may be empty.
    """

    at: int
    actor: str
    reason: str

    @property
    def status(self) -> str:
        """The sentence for those who work in the project."""
        return f"Frozen: an operator has frozen the project{_why(self.reason)} {ASK}"


def by_operator(actor: str, reason: str) -> Cause:
    """Return the cause of a task that an operator freezes."""
    return Cause(
        OPERATOR, f"Frozen: an operator has frozen this task{_why(reason)} {ASK}", _told("freeze", reason), actor
    )


def by_project(freeze: ProjectFreeze) -> Cause:
    """Return the cause of a task in a frozen project."""
    return Cause(PROJECT, freeze.status, _told("its project was frozen", freeze.reason), freeze.actor)


def by_order(order_id: str) -> Cause:
    """Return the cause of a task whose order has expired."""
    help_ = "Give the task another order, or have this one extended."
    status = f"Frozen: the resource order {order_id} has expired. {help_}"
    return Cause(f"{ORDER}{order_id}", status, "its resource order has expired", "orders")


def by_quota(quota: int) -> Cause:
    """Return the cause of a task beyond its project's quota."""
    status = (
        f"Frozen: the project may have {quota} tasks, and has more. Delete tasks that are no longer needed, or ask for a "
        "higher quota."
    )
    return Cause(QUOTA, status, "the project has more tasks than its quota", "quotas")


def comeback(*, wanted: bool, activated: bool, of_file: bool) -> Comeback:
    """Return what a task comes back to that is frozen now.

    Args:
        wanted: it is to run.
        activated: its timetable holds.
        of_file: its present run goes through a file.
    """
    if wanted:
        return Comeback.GOES_ON if of_file else Comeback.ANEW
    return Comeback.WAITS if activated else Comeback.REST


THAWED: Final[Mapping[str, str]] = {
    OPERATOR: "thaw",
    PROJECT: "its project was thawed",
    QUOTA: "the project has room for it",
    "order": "its resource order holds",
    AGAIN: "nothing freezes it any more",
}
"""Kind of the cause that was the last to hold -> what the history tells of the thaw."""


def _why(reason: str) -> str:
    return f": {reason.rstrip('.')}." if reason else "."


def _told(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
