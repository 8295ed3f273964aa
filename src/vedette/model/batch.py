"""Batch tasks: one configuration, fanned out over groups and sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vedette.model.output import TaskOutput
from vedette.model.priority import Priority
from vedette.model.schedule import Schedule


@dataclass(frozen=True, slots=True)
class BatchSource:
    """One source of a batch; `target_roi` takes the place of the parameter of that name for this source alone."""

    video_source_id: str
    target_roi: str | None = None


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """One group of a batch; no sources named: all the group has when the batch is made."""

    video_source_group_id: str
    video_source_list: tuple[BatchSource, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchDocument:
    """What the caller asked for; the sources of its groups are kept as `Entry`, and only while they are needed."""

    name: str
    service_name: str
    service_version: str
    groups: tuple[BatchGroup, ...]
    output: TaskOutput
    config: dict[str, Any] | None = None
    description: str | None = None
    schedule: Schedule | None = None
    is_saved_as_template: bool | None = None
    resource_order_id: str | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class BatchChange:
    """What an update asks for; what is None stays as it is.

    Attributes:
        removed: fields that are to be None from now on.
    """

    name: str | None = None
    groups: tuple[BatchGroup, ...] | None = None
    output: TaskOutput | None = None
    config: dict[str, Any] | None = None
    description: str | None = None
    schedule: Schedule | None = None
    is_saved_as_template: bool | None = None
    resource_order_id: str | None = None
    priority: Priority | None = None
    removed: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what is set and what is removed, by the names of a task's document; of the groups, nothing."""
        named = (
            "name", "output", "config", "description", "schedule", "is_saved_as_template", "resource_order_id", "priority",
        )  # fmt: skip
        given = {name: getattr(self, name) for name in named}
        return dict.fromkeys(self.removed) | {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """One child that is to be made.

    Attributes:
        n: of its name, `<batch name>_<n>`; its id is made of it too, so that it is never made twice.
        source_id: None for a group that was named without sources and has none.
    """

    n: int
    group_id: str
    source_id: str | None
    target_roi: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the children: `errors` says what is wrong with those that failed.

    Attributes:
        errors: a sentence for each that failed, or one for many that failed for the same reason.
    """

    total: int
    succeeded: int
    errors: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Return how many failed."""
        return self.total - self.succeeded


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch task as it stands; its children are tasks that carry its id.

    Attributes:
        expanded: whether its children are as they were asked for.
        created_at: milliseconds since the epoch.
        numbered: the `n` of the next child.
        entries: the children to be made; none once it is expanded.
        change: what its children are still to be told; None once it is expanded.
        tally: what its creation gave; a repeated request is answered with it.
    """

    id: str
    project_id: str
    creator: str
    document: BatchDocument
    expanded: bool
    created_at: int
    numbered: int = 0
    entries: tuple[Entry, ...] = ()
    change: BatchChange | None = None
    tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one child was not made, or did not obey.

    Attributes:
        where: the child at fault; None where the reason is that of many, which are then counted in one sentence.
    """

    reason: str
    where: str | None = None


def sentences(failures: Sequence[Failure]) -> tuple[str, ...]:
    """Return what `error_list` says: who failed and why, in order; reasons that many share once, with their number."""
    shared: dict[str, int] = {}
    said: list[str | Failure] = []
    for failure in failures:
        if failure.where is not None:
            said.append(f"{failure.where}: {failure.reason}")
        elif failure.reason in shared:
            shared[failure.reason] += 1
        else:
            shared[failure.reason] = 1
            said.append(failure)
    return tuple(one if isinstance(one, str) else f"{shared[one.reason]} of them: {one.reason}" for one in said)
