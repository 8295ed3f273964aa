"""From a received task document to model values, and the rules between fields."""

from collections.abc import Mapping
from typing import Final

from vedette.model.errors import InvalidParameter
from vedette.model.output import DisOutput, ObsOutput, TaskOutput, WebhookOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import InputDatum, InputType, TaskInput, VcnServer
from vedette.model.task import TaskDocument
from vedette.schemas.tasks import InputDatumIn, ScheduleIn, TaskCreate, TaskInputIn, TaskOutputIn

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
    kind = InputType(received.input.type)
    indices = _check_input(received.input, kind)
    output = _output(received.output)
    schedule = _schedule(received.schedule) if received.schedule else None
    vcn = received.input.vcn
    server = VcnServer(vcn.ip, vcn.port, vcn.username, vcn.password) if vcn else None
    several = len(indices) > 1
    return [
        TaskDocument(
            name=f"{received.name}_{index}" if several else received.name,
            service_name=service_name,
            service_version=received.service_version,
            input=TaskInput(kind, InputDatum(**datum.model_dump()), server),
            output=output,
            config=received.config.common if received.config else None,
            description=received.description,
            schedule=schedule,
            is_saved_as_template=received.is_saved_as_template,
            resource_order_id=received.resource_order_id,
        )
        for index, datum in zip(indices, received.input.data, strict=True)
    ]


def _check_input(received: TaskInputIn, kind: InputType) -> list[int]:
    """Check the input's rules between fields; return the index of each entry."""
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
    return indices


def _check_datum(datum: InputDatumIn, kind: InputType, position: int) -> None:
    for field in REQUIRED[kind]:
        if getattr(datum, field) is None:
            raise InvalidParameter(
                f"input.data.{position}.{field} is mandatory when the input type is {kind}.", param=field
            )
    if kind is InputType.RESTFUL and datum.url is not None and not datum.url.startswith(("http://", "https://")):
        raise InvalidParameter(f"input.data.{position}.url must be http or https for a restful input.", param="url")


def _output(received: TaskOutputIn) -> TaskOutput:
    obs, dis, webhook = received.obs, received.dis, received.webhook
    output = TaskOutput(
        obs=ObsOutput(obs.bucket, obs.path, _categories(obs.data_category)) if obs else None,
        dis=DisOutput(dis.stream_name, _categories(dis.data_category)) if dis else None,
        webhook=(WebhookOutput(webhook.url, webhook.headers, _categories(webhook.data_category)) if webhook else None),
        event_center=received.event_center,
    )
    if not output.kinds():
        raise InvalidParameter(
            "output needs at least one of obs, dis, webhook and event_center (true).", param="output"
        )
    return output


def _categories(received: list[str] | None) -> tuple[str, ...] | None:
    return None if received is None else tuple(received)


def _schedule(received: ScheduleIn) -> Schedule:
    if received.days_of_week is None:
        raise InvalidParameter("schedule.days_of_week is mandatory for weekly tasks.", param="days_of_week")
    if received.periods is None:
        raise InvalidParameter("schedule.periods must hold at least one window.", param="periods")
    schedule = Schedule(
        type=received.type,
        timezone=received.timezone,
        days_of_week=tuple(received.days_of_week),
        days_of_month=None if received.days_of_month is None else tuple(received.days_of_month),
        periods=tuple(tuple(Window(w.begin_at, w.end_at) for w in day) for day in received.periods),
    )
    schedule.offset_s()
    for day in schedule.periods or ():
        for window in day:
            window.seconds()
    schedule.runs()
    return schedule
