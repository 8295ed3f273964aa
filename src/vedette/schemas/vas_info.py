"""The answer's documents of the older sibling: a task in its words.

What is not set is left out; secrets are hidden. Tasks made in either dialect are shown in both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Raw
from msgspec.json import encode

from vedette.model.listed import ListedTask
from vedette.model.output import TaskOutput
from vedette.model.schedule import MONTHLY, Schedule, Window
from vedette.model.source import InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.schemas.common import Wire
from vedette.schemas.task_info import input_info, output_info, schedule_status, standing_info

WEEK = frozenset(range(1, 8))


class CreatedTask(Wire):
    """A task that was made."""

    id: str
    """Its id."""


class ServiceTitle(Wire):
    """The display name of a service."""

    en: str
    """English."""
    zh: str
    """Chinese."""


class TaskDetails(Wire):
    """A task in the older dialect."""

    id: str
    """Its id."""
    name: str
    """Name, unique in the project."""
    creator: str
    """Who made it."""
    project_id: str
    """Project it belongs to."""
    description: str | None = None
    """Free text."""
    service_name: str
    """Service it uses."""
    service_version: str
    """Version of the service."""
    service_title: ServiceTitle | None = None
    """Display name of the service; absent if it is not installed any more."""
    edge_pool_id: str | None = None
    """Edge pool the task is meant for."""
    resource_order_id: str | None = None
    """Order that pays for it."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When its state last changed."""
    state: str
    """Where it stands."""
    status: str | None = None
    """What is to be said of its state."""
    error: dict[str, str] | None = None
    """`code` and `message` of what went wrong."""
    timing_status: str | None = None
    """`ACTIVATED` while the timetable is obeyed, else `INACTIVATED`; absent without a timetable."""
    timing: dict[str, Any] | None = None
    """Its timetable; `periods` is absent if the days have different windows, which this dialect has no words for."""
    input: dict[str, Any]
    """What it looks at, secrets hidden."""
    output: dict[str, Any]
    """Where the events go, secrets hidden."""
    service_config: dict[str, Any] | None = None
    """Parameters of the algorithm."""
    hosting_result: dict[str, str] | None = None
    """State of the results that the platform keeps; only where that was asked for."""


class TaskDetailsPage(Wire):
    """Some tasks of a service."""

    count: int
    """How many tasks match, on this page or not."""
    tasks: list[TaskDetails]
    """Tasks of this page."""


class VasError(Wire):
    """What a refusal looks like in the older dialect."""

    error_code: str
    """Code, such as `IVA.0004`."""
    error_msg: str
    """What is wrong, with the name of the field at fault."""


class Lasting(NamedTuple):
    """What a task's document says in this dialect, which does not change with the task's state.

    Attributes:
        said: fields of the answer.
        scheduled: whether it has a timetable.
    """

    said: Mapping[str, Any]
    scheduled: bool

    @property
    def version(self) -> str:
        """Return the version of its service."""
        return str(self.said["service_version"])


def lasting(document: TaskDocument) -> Lasting:
    """Return what a document says, with what is long in it encoded, as the same lists are asked for again and again."""
    said = {
        "name": document.name,
        "description": document.description or None,
        "service_name": document.service_name,
        "service_version": document.service_version,
        "edge_pool_id": document.edge_pool_id,
        "resource_order_id": document.resource_order_id,
    }
    long = {
        "timing": document.schedule and timing_info(document.schedule),
        "input": vas_input_info(document.input),
        "output": vas_output_info(document.output),
        "service_config": None if document.parameters is None else {"common": document.parameters},
    }
    whole = said | {name: None if value is None else Raw(encode(value)) for name, value in long.items()}
    return Lasting(_present(whole), document.schedule is not None)


def task_details(task: Task | ListedTask, shown: Lasting, title: tuple[str, str] | None) -> dict[str, Any]:
    """Return the document of a task.

    Args:
        task: the task as it stands.
        shown: what its document says.
        title: English and Chinese name of its service, if that is installed.
    """
    info = {**_present(standing_info(task)), **shown.said}
    if title is not None:
        info["service_title"] = {"en": title[0], "zh": title[1]}
    if shown.scheduled:
        info["timing_status"] = schedule_status(activated=task.activated)
    return info


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def hosting_result(output: TaskOutput) -> dict[str, Any]:
    """Return what one task's document says of kept results, if they were asked for: none is ever made so far."""
    return {"hosting_result": {"status": "NOT_GENERATED"}} if output.hosting else {}


def timing_info(schedule: Schedule) -> dict[str, Any]:
    """Return a timetable in the older dialect, which has one list of windows for all its days.

    Seven equal lists for seven days are what `daily` is kept as.
    """
    if schedule.type == MONTHLY:
        return _monthly_info(schedule)
    days = schedule.days_of_week or ()
    of_day = schedule.by_weekday()
    windows = {of_day[day - 1] for day in days}
    daily = len(schedule.periods or ()) == 7 and set(days) == WEEK and len(windows) == 1
    info: dict[str, Any] = {"type": "daily" if daily else "weekly", "timezone": schedule.timezone}
    if not daily:
        info["days_of_week"] = list(days)
    if len(windows) == 1:
        info["periods"] = _windows(windows.pop())
    return info


def _monthly_info(schedule: Schedule) -> dict[str, Any]:
    info: dict[str, Any] = {"type": "monthly", "timezone": schedule.timezone}
    info["days_of_month"] = list(schedule.days_of_month or ())
    windows = set(schedule.by_day_of_month().values())
    return info | ({"periods": _windows(windows.pop())} if len(windows) == 1 else {})


def _windows(windows: Sequence[Window]) -> list[dict[str, str]]:
    return [{"begin_at": each.begin_at, "end_at": each.end_at} for each in windows]


def vas_input_info(received: TaskInput) -> dict[str, Any]:
    """Return the input under its older name, and without `index`, which the older dialect has not."""
    info = input_info(received)
    if received.type is InputType.RESTFUL:
        info["type"] = "edgerestful"
    for entry in info["data"]:
        entry.pop("index", None)
    return info


def vas_output_info(output: TaskOutput) -> dict[str, Any]:
    """Return the outputs; those of the older dialect without their empty fields."""
    info = output_info(output)
    for name in ("hosting", "localpath"):
        if name in info:
            info[name] = {key: value for key, value in info[name].items() if value is not None}
    return info
