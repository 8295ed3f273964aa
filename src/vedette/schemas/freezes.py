"""The documents of freezes, additions of ours."""

from collections.abc import Sequence
from typing import Any

from vedette.model.freezing import Cause, Comeback, ProjectFreeze
from vedette.schemas.common import Description, Wire

COMES_BACK = {
    Comeback.REST: "stopped",
    Comeback.ANEW: "running",
    Comeback.GOES_ON: "running",
    Comeback.WAITS: "by its timetable",
}


class FreezeBody(Wire):
    """The body that freezes something."""

    reason: Description | None = None
    """Why; it stands in the `status` of the tasks and in their history, for everybody who may read them."""


class FreezeCause(Wire):
    """One thing that freezes a task."""

    cause: str
    """`operator`, `project`, `order` or `quota`."""
    status: str
    """What it is, and what helps."""


class TaskFreezeInfo(Wire):
    """Whether a task is frozen."""

    frozen: bool
    """Whether something freezes it."""
    since: int | None = None
    """When it was told to freeze, and from then when it stood frozen; milliseconds since the epoch. Left out where it is
    neither yet."""
    causes: list[FreezeCause]
    """All that freeze it; it thaws when none is left."""
    comes_back: str | None = None
    """What it does when it thaws: `running`, `stopped`, or `by its timetable`; left out while it is not frozen."""


class ProjectFreezeInfo(Wire):
    """Whether a project is frozen."""

    frozen: bool
    """Whether an operator has frozen it."""
    since: int | None = None
    """Since when; milliseconds since the epoch."""
    reason: str | None = None
    """Why, if that was said."""


def task_freeze_info(
    *, frozen: bool, since: int | None, causes: Sequence[Cause], comes_back: Comeback | None
) -> dict[str, Any]:
    """Return the document of a task's freeze."""
    info = {
        "frozen": frozen,
        "since": since,
        "causes": [{"cause": one.kind, "status": one.status} for one in causes],
        "comes_back": None if comes_back is None else COMES_BACK[comes_back],
    }
    return {name: value for name, value in info.items() if value is not None}


def project_freeze_info(freeze: ProjectFreeze | None) -> dict[str, Any]:
    """Return the document of a project's freeze."""
    if freeze is None:
        return {"frozen": False}
    return {"frozen": True, "since": freeze.at} | ({"reason": freeze.reason} if freeze.reason else {})
