"""From a received task document to model values, and the rules between fields."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from vedette.model.errors import InvalidParameter
from vedette.model.output import DisOutput, ObsOutput, TaskOutput, WebhookOutput
from vedette.model.priority import Priority
from vedette.model.schedule import Schedule, Window
from vedette.model.source import InputDatum, InputType, TaskInput, VcnServer
from vedette.model.task import TaskDocument
from vedette.schemas.tasks import InputDatumIn, ScheduleIn, TaskCreate, TaskInputIn, TaskOutputIn, TaskUpdate

T = TypeVar("T")

REQUIRED: Final[Mapping[InputType, tuple[str, ...]]] = {
    InputType.VIDEO_SOURCE: ("video_source_id",),
    InputType.OBS: ("bucket", "path"),
    InputType.URL: ("url",),
    InputType.RESTFUL: ("url", "rtsp_path_in_response"),
    InputType.EDGECAMERA: ("id",),
    InputType.VCN: ("device_id",),
}
"""What an entry of `input.data` must hold, by type. `index`, `stream_type` and `certificate_check` have defaults."""


def documents(received: TaskCreate, service_name: str) -> list[TaskDocument]:
    """Return one document for each input, in order.

    More than one input: the tasks are named `<name>_<index>`, and the suffix may pass the name's limit.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    inputs = inputs_of(received.input)
    output = checked_output(output_of(received.output))
    schedule = schedule_of(received.schedule) if received.schedule else None
    return [
        TaskDocument(
            name=f"{received.name}_{index}" if len(inputs) > 1 else received.name,
            service_name=service_name,
            service_version=received.service_version,
            input=given,
            output=output,
            config=received.config.common if received.config else None,
            description=received.description,
            schedule=schedule,
            is_saved_as_template=received.is_saved_as_template,
            resource_order_id=received.resource_order_id,
            priority=priority_of(received.priority),
        )
        for index, given in inputs
    ]


def change_of(received: TaskUpdate) -> dict[str, Any]:
    """Return the fields of `TaskDocument` that an update sets; None removes.

    Raises:
        InvalidParameter: there is not exactly one input, or a rule between fields is broken.
    """
    inputs = inputs_of(received.input)
    if len(inputs) != 1:
        raise InvalidParameter("An update has exactly one entry in input.data.", param="data")
    change: dict[str, Any] = {
        "name": received.name,
        "input": inputs[0][1],
        "output": checked_output(output_of(received.output)),
    }
    optional = {
        "description": received.description,
        "schedule": schedule_of(received.schedule) if received.schedule else None,
        "config": received.config.common if received.config else None,
        "resource_order_id": received.resource_order_id,
        "priority": priority_of(received.priority),
    }
    change |= {name: value for name, value in optional.items() if name in received.model_fields_set}
    if received.is_saved_as_template is not None:
        change["is_saved_as_template"] = received.is_saved_as_template
    return change


def priority_of(received: str | None) -> Priority | None:
    """Return a priority; None where none is sent."""
    return None if received is None else Priority(received)


def inputs_of(received: TaskInputIn) -> list[tuple[int, TaskInput]]:
    """Return each entry's index and the input it makes.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    kind = InputType(received.type)
    if (kind is InputType.VCN) != (received.vcn is not None):
        must = "is mandatory" if kind is InputType.VCN else "is allowed only"
        raise InvalidParameter(f"input.vcn {must} when the input type is vcn.", param="vcn")
    for position, datum in enumerate(received.data):
        _check_datum(datum, kind, position)
    indices = [position if datum.index is None else datum.index for position, datum in enumerate(received.data)]
    if len(set(indices)) != len(indices):
        raise InvalidParameter(
            "Two entries of input.data have the same index (an entry without one has its position).", param="index"
        )
    vcn = received.vcn
    server = VcnServer(vcn.ip, vcn.port, vcn.username, vcn.password) if vcn else None
    made = [TaskInput(kind, InputDatum(**datum.model_dump()), server) for datum in received.data]
    return list(zip(indices, made, strict=True))


def _check_datum(datum: InputDatumIn, kind: InputType, position: int) -> None:
    for field in REQUIRED[kind]:
        if getattr(datum, field) is None:
            raise InvalidParameter(
                f"input.data.{position}.{field} is mandatory when the input type is {kind}.", param=field
            )
    if kind is InputType.RESTFUL and datum.url is not None and not datum.url.startswith(("http://", "https://")):
        raise InvalidParameter(f"input.data.{position}.url must be http or https for a restful input.", param="url")


def output_of(received: TaskOutputIn) -> TaskOutput:
    """Return the outputs."""
    obs, dis, webhook = received.obs, received.dis, received.webhook
    return TaskOutput(
        obs=ObsOutput(obs.bucket, obs.path, categories(obs.data_category)) if obs else None,
        dis=DisOutput(dis.stream_name, categories(dis.data_category)) if dis else None,
        webhook=(WebhookOutput(webhook.url, webhook.headers, categories(webhook.data_category)) if webhook else None),
        event_center=received.event_center,
    )


def checked_output(output: TaskOutput) -> TaskOutput:
    """Return the outputs.

    Raises:
        InvalidParameter: there is none.
    """
    if not output.kinds():
        raise InvalidParameter(
            "output needs at least one of obs, dis, webhook and event_center (true).", param="output"
        )
    return output


def categories(received: list[str] | None) -> tuple[str, ...] | None:
    """Return the kinds of result that are wanted."""
    return None if received is None else tuple(received)


def schedule_of(received: ScheduleIn) -> Schedule:
    """Return a timetable.

    Raises:
        InvalidParameter: a rule between fields is broken.
    """
    weekly = received.type == "weekly"
    needed = "days_of_week" if weekly else "days_of_month"
    if not getattr(received, needed):
        raise InvalidParameter(f"schedule.{needed} is mandatory for {received.type} tasks.", param=needed)
    if received.days_of_week is not None and not weekly:
        raise InvalidParameter("schedule.days_of_week belongs to weekly tasks alone.", param="days_of_week")
    if received.periods is None:
        raise InvalidParameter("schedule.periods must hold at least one window.", param="periods")
    schedule = Schedule(
        type=received.type,
        timezone=received.timezone,
        days_of_week=_tuple(received.days_of_week),
        days_of_month=_tuple(received.days_of_month),
        periods=tuple(tuple(Window(w.begin_at, w.end_at) for w in day) for day in received.periods),
        zone=received.zone,
        skip_dates=_tuple(received.skip_dates),
    )
    return checked_schedule(schedule)


def _tuple(items: list[T] | None) -> tuple[T, ...] | None:
    return None if items is None else tuple(items)


def checked_schedule(schedule: Schedule) -> Schedule:
    """Return the timetable.

    Raises:
        InvalidParameter: it cannot be read, or never opens.
    """
    schedule.offset_s()
    for day in schedule.periods or ():
        for window in day:
            window.seconds()
    schedule.check()
    return schedule
