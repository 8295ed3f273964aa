"""The query of a list of tasks, and its answer: short entries, times as text."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from vedette.model.lifecycle import State
from vedette.schemas.common import OBJECT_ID, ObjectId, Text, Wire, of_form

ALG_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SYNC: Final = "sync_task"
NO_SERVICE: Final = "STOPPED_NO_SERVICE"
"""Not a state of ours: STOPPED, because the service was."""
LATER_STATES: Final[Mapping[str, State]] = {"SCHEDULING": State.PENDING, "LACK_OF_RESOURCES": State.CREATE_FAILED}
"""States of later documents, and what they are here."""


def split(value: object) -> object:
    """Take repeated names and comma-joined values alike; empty ones say nothing."""
    given = value if isinstance(value, list | tuple) else [value]
    return [part for text in given for part in str(text).split(",") if part]


def _state(text: str) -> str:
    upper = text.upper()
    if upper not in (*State, *LATER_STATES, NO_SERVICE):
        raise ValueError(f"it must be one of {', '.join((*State, *LATER_STATES, NO_SERVICE.lower()))}")
    return upper


def _whole_length(values: list[str], most: int) -> list[str]:
    if len(",".join(values)) > most:
        raise ValueError(f"it must have {most} characters at most")
    return values


Listed = Annotated[list[Annotated[Text, Field(max_length=255)]], BeforeValidator(split), Field(max_length=200)]
"""Values of a filter, repeated or joined by commas."""
States = Annotated[list[Annotated[str, AfterValidator(_state)]], BeforeValidator(split), Field(max_length=100)]
Groups = Annotated[
    list[Annotated[str, of_form(OBJECT_ID)]],
    BeforeValidator(split),
    AfterValidator(lambda values: _whole_length(values, 2048)),
]
Companies = Annotated[list[Text], BeforeValidator(split), AfterValidator(lambda values: _whole_length(values, 100))]


class TaskListQuery(Wire):
    """Which tasks are listed."""

    model_config = ConfigDict(strict=False)

    source_data_type: Annotated[str, of_form(r"async_task|sync_task")] | None = None
    """`async_task` or `sync_task`; every task of this service is the former."""
    title: Annotated[Text, Field(min_length=2, max_length=64)] | None = None
    """Part of the algorithm's display name, in any case."""
    camera_name: Annotated[Text, Field(max_length=255)] | None = None
    """Part of the video source's name, in any case; of what stands for it where the input is no registered source."""
    task_state: States = Field(default_factory=list)
    """States, in any case; repeated or joined by commas. `SCHEDULING` is taken for `PENDING`, `LACK_OF_RESOURCES` for
    `CREATE_FAILED`, and `stopped_no_service` for tasks that are `STOPPED` because their service was."""
    task_name: Annotated[Text, Field(max_length=1024)] | None = None
    """Part of the task's name, in any case."""
    page_size: Annotated[int, Field(ge=5, le=1000)] = 10
    """Tasks on a page."""
    page: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    """Number of the page, from 1."""
    sort_dir: Annotated[str, of_form(r"desc|asc")] = "desc"
    """Order by time of creation."""
    batch_id: ObjectId | None = None
    """Only tasks of this batch."""
    video_group_id: Groups = Field(default_factory=list)
    """Only tasks that look at a source of one of these groups; repeated or joined by commas."""
    company: Companies = Field(default_factory=list)
    """Makers of the algorithm; repeated or joined by commas."""
    alg_id: Annotated[str, of_form(ALG_ID)] | None = None
    """Only tasks of this algorithm (`algorithm_publish_id`)."""


class TaskListEntry(Wire):
    """A task in a list."""

    id: str
    """Id of the task."""
    name: str
    """Name of the task."""
    state: str
    """One of the fifteen states."""
    created_at: str
    """When it was created, milliseconds since the epoch, as text."""
    video_source_name: str
    """Name of the video source, or what stands for it."""
    title: str
    """Display name of the algorithm; the service's name where the algorithm is not installed any more."""
    type: str
    """`0` for cloud, `1` for edge."""
    service_id: str
    """Id of the service in this version."""
    algorithm_publish_id: str
    """Id of the published algorithm."""
    batch_id: str | None = None
    """The batch that made it, if one did; an addition of ours."""


class TaskList(Wire):
    """A page of tasks."""

    count: int
    """Tasks on this page."""
    page: int
    """Number of the page."""
    page_size: int
    """Tasks on a full page."""
    tasks: list[TaskListEntry]
    """The tasks, by time of creation."""


def wanted_states(given: list[str]) -> tuple[frozenset[State], bool]:
    """Return the states a filter means, and whether it also means those that were stopped with their service."""
    names = [LATER_STATES.get(name, name) for name in given]
    return frozenset(State(name) for name in names if name != NO_SERVICE), NO_SERVICE in names


def task_entry(row: Any, service: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry of a task.

    Args:
        row: the task's row of `store.task_lists`.
        service: `service_id`, `title`, `type` and `algorithm_publish_id` of its service.
    """
    entry = {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "created_at": str(row.created_at),
        "video_source_name": row.video_source_name or row.input_name or "",
        "title": service["title"],
        "type": service["type"],
        "service_id": service["service_id"],
        "algorithm_publish_id": service["algorithm_publish_id"],
    }
    return entry if row.batch_id is None else {**entry, "batch_id": row.batch_id}
