"""Batch tasks: one configuration, fanned out over groups and sources."""

from dataclasses import dataclass
from typing import Any

from vedette.model.output import TaskOutput
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
    """What the caller asked for."""

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


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch task as it stands; its children are tasks that carry its id.

    Attributes:
        expanded: whether all its children have been made.
        created_at: milliseconds since the epoch.
    """

    id: str
    project_id: str
    creator: str
    document: BatchDocument
    expanded: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the children: `errors` says a sentence for each that failed."""

    succeeded: int
    errors: tuple[str, ...]
