"""From a received document of the older sibling to model values, and the rules between fields."""

from dataclasses import replace
from typing import Any, Final

from vedette.model.errors import InvalidParameter
from vedette.model.output import HostingOutput, LocalPathOutput, TaskOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.task import TaskDocument
from vedette.schemas.task_rules import categories, checked_output, checked_schedule, inputs_of, output_of
from vedette.schemas.vas import TimingIn, VasOutputIn, VasTaskCreate, VasTaskUpdate

DAILY: Final = tuple(range(1, 8))
FIXED: Final = ("service_version", "edge_pool_id", "resource_order_id")
"""What an update may name, and not change."""


def vas_documents(received: VasTaskCreate, service_name: str) -> list[TaskDocument]:
    """Return one document for each input, in order, named as those of the other dialect.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    inputs = inputs_of(received.input)
    output = vas_output_of(received.output)
    schedule = timing_of(received.timing) if received.timing else None
    return [
        TaskDocument(
            name=f"{received.name}_{index}" if len(inputs) > 1 else received.name,
            service_name=service_name,
            service_version=received.service_version,
            input=given,
            output=output,
            config=received.service_config.common if received.service_config else None,
            description=received.description,
            schedule=schedule,
            resource_order_id=received.resource_order_id,
            edge_pool_id=received.edge_pool_id,
        )
        for index, given in inputs
    ]


def vas_changes(received: VasTaskUpdate, present: TaskDocument) -> dict[str, Any]:
    """Return the fields of `TaskDocument` that an update sets: what is absent stays.

    Raises:
        InvalidParameter: a rule between fields is broken, or a field is to change that cannot.
    """
    for name in FIXED:
        wanted = getattr(received, name)
        if wanted is not None and wanted != getattr(present, name):
            raise InvalidParameter(f"{name}: an update does not change it; make a new task.", param=name)
    changed: dict[str, Any] = {
        name: value
        for name, value in (("name", received.name), ("description", received.description))
        if value is not None
    }
    if received.timing:
        changed["schedule"] = timing_of(received.timing)
    if received.input:
        changed["input"] = _only_input(received)
    if received.output:
        changed["output"] = vas_output_of(received.output)
    if received.service_config:
        changed["config"] = received.service_config.common
    return changed


def vas_output_of(received: VasOutputIn) -> TaskOutput:
    """Return the outputs.

    Raises:
        InvalidParameter: there is none.
    """
    hosting, local = received.hosting, received.localpath
    output = replace(
        output_of(received),
        hosting=HostingOutput(categories(hosting.data_category)) if hosting else None,
        localpath=LocalPathOutput(local.mount_source_path, categories(local.data_category)) if local else None,
    )
    return checked_output(output)


def timing_of(received: TimingIn) -> Schedule:
    """Return the timetable: one list of windows for the days of `weekly`, seven equal ones for `daily`.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    if not received.periods:
        raise InvalidParameter("timing.periods must hold at least one window.", param="periods")
    if (received.type == "weekly") != (received.days_of_week is not None):
        must = "is mandatory" if received.type == "weekly" else "is allowed only"
        raise InvalidParameter(f"timing.days_of_week {must} for weekly timetables.", param="days_of_week")
    windows = tuple(Window(each.begin_at, each.end_at) for each in received.periods)
    days = DAILY if received.days_of_week is None else tuple(received.days_of_week)
    lists = (windows,) * 7 if received.type == "daily" else (windows,)
    return checked_schedule(Schedule("weekly", received.timezone, days_of_week=days, days_of_month=None, periods=lists))


def _only_input(received: VasTaskUpdate) -> Any:
    inputs = inputs_of(received.input) if received.input else []
    if len(inputs) != 1:
        raise InvalidParameter("input.data must hold exactly one entry in an update.", param="data")
    return inputs[0][1]
