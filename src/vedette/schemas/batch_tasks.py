"""The documents of batch tasks as they are sent, and the model values they become."""

from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.batch import BatchChange, BatchDocument, BatchGroup, BatchSource
from vedette.schemas.common import TASK_NAME, Description, ObjectId, ServiceVersion, TaskName, Text, Wire, of_form
from vedette.schemas.task_rules import checked_output, output_of, priority_of, schedule_of
from vedette.schemas.tasks import Importance, ScheduleIn, ServiceConfigIn, TaskOutputIn

MAX_GROUPS: Final = 100
MAX_SOURCES: Final = 100
MAX_ROI: Final = 2048


class BatchSourceIn(Wire):
    """One source of a group."""

    video_source_id: ObjectId
    """Id of the video source; it must be in the group."""
    target_roi: Annotated[Text, Field(max_length=MAX_ROI)] | None = None
    """Regions and lines of this source alone, in place of the parameter `target_roi` of `config.common`."""


class BatchGroupIn(Wire):
    """One group of sources."""

    video_source_group_id: ObjectId
    """Id of the video group."""
    video_source_list: Annotated[list[BatchSourceIn], Field(max_length=MAX_SOURCES)] | None = None
    """Sources of the group, 100 at most; without any, all that are in the group at that moment."""


class BatchInputIn(Wire):
    """What the children look at."""

    video_source_group: Annotated[list[BatchGroupIn], Field(min_length=1, max_length=MAX_GROUPS)]
    """The groups, 1 to 100; each source of each gives one child task."""


class BatchCreate(Wire):
    """The body of a create-batch request."""

    name: TaskName
    """Name of the batch, unique among those of the project; its children are named `<name>_<n>`, from 0."""
    description: Description | None = None
    """What the children are for."""
    schedule: ScheduleIn | None = None
    """When the children run; without it, from their creation on."""
    batch_input: BatchInputIn
    """The groups and sources to look at."""
    output: TaskOutputIn
    """Where the children's events go: one destination at least."""
    config: ServiceConfigIn | None = None
    """Parameters of the algorithm."""
    service_name: Annotated[str, of_form(TASK_NAME)]
    """Name of the service."""
    service_version: ServiceVersion
    """Version of the service."""
    is_saved_as_template: bool | None = None
    """Whether each child's configuration is kept as a template of its source."""
    resource_order_id: ObjectId | None = None
    """The order whose streams the children take; needed for a commercial service."""
    priority: Importance | None = None
    """Who comes first where there is not room for all; without it, `low`."""


class BatchUpdate(Wire):
    """The body of an update-batch request: an optional field that is not sent stays as it is, `null` removes it."""

    name: TaskName | None = None
    """New name of the batch; its children are renamed with it."""
    description: Description | None = None
    """What the children are for."""
    schedule: ScheduleIn | None = None
    """When the children run."""
    batch_input: BatchInputIn | None = None
    """All groups and sources from now on: children of other sources are deleted, missing ones are made, and the others
    go on with the `target_roi` that is given here."""
    output: TaskOutputIn | None = None
    """Where the children's events go; `******` stands for a secret as it is stored."""
    config: ServiceConfigIn | None = None
    """Parameters of the algorithm."""
    is_saved_as_template: bool | None = None
    """Whether each child's configuration is kept as a template of its source."""
    resource_order_id: ObjectId | None = None
    """The order whose streams the children take."""
    priority: Importance | None = None
    """Who comes first where there is not room for all; it holds at once. `null` is `low`."""


def batch_document(received: BatchCreate) -> BatchDocument:
    """Return what is asked for.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    return BatchDocument(
        name=received.name,
        service_name=received.service_name,
        service_version=received.service_version,
        groups=_groups(received.batch_input),
        output=checked_output(output_of(received.output)),
        config=received.config.common if received.config else None,
        description=received.description,
        schedule=schedule_of(received.schedule) if received.schedule else None,
        is_saved_as_template=received.is_saved_as_template,
        resource_order_id=received.resource_order_id,
        priority=priority_of(received.priority),
    )


def batch_change(received: BatchUpdate) -> BatchChange:
    """Return what is to be changed.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    optional: dict[str, Any] = {
        "description": received.description,
        "schedule": schedule_of(received.schedule) if received.schedule else None,
        "config": received.config.common if received.config else None,
        "resource_order_id": received.resource_order_id,
        "priority": priority_of(received.priority),
    }
    return BatchChange(
        name=received.name,
        groups=_groups(received.batch_input) if received.batch_input else None,
        output=checked_output(output_of(received.output)) if received.output else None,
        is_saved_as_template=received.is_saved_as_template,
        removed=tuple(name for name, value in optional.items() if value is None and name in received.model_fields_set),
        **optional,
    )


def _groups(received: BatchInputIn) -> tuple[BatchGroup, ...]:
    return tuple(
        BatchGroup(
            group.video_source_group_id,
            tuple(BatchSource(one.video_source_id, one.target_roi) for one in group.video_source_list or ()),
        )
        for group in received.video_source_group
    )
