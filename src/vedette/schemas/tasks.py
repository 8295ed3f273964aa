"""The task documents as they are sent: each field's own rule.

Rules between fields stand in `schemas/task_rules.py`; the answer's document in `schemas/task_info.py`.
"""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from vedette.model.source import InputType
from vedette.schemas.common import (
    DIS_STREAM,
    EDGE_CAMERA,
    STREAM_NAME,
    TIME_OF_DAY,
    TIMEZONE,
    VCN_DEVICE,
    VCN_PASSWORD,
    VCN_USER,
    Bucket,
    CallbackUrl,
    DataCategory,
    Description,
    Headers,
    Ipv4,
    ObjectId,
    ObsPath,
    Port,
    RtspPath,
    ServiceVersion,
    TaskName,
    Truth,
    Url,
    Wire,
    of_form,
    storable,
    unique,
)

MAX_INPUTS: Final = 50
MAX_WINDOWS: Final = 10
_ALIASES: Final = {"edgerestful": "restful"}
"""The page's text calls the restful input by its older name."""


def _canonical_type(value: object) -> object:
    """Take the type in any case and under its older name."""
    if not isinstance(value, str):
        return value
    lower = value.lower()
    return _ALIASES.get(lower, lower)


def _input_type(value: str) -> str:
    if value not in set(InputType):
        raise ValueError(f"it must be one of {', '.join(InputType)}")
    return value


def _weekly(value: str) -> str:
    if value == "monthly":
        raise ValueError("monthly timetables are not supported yet; use weekly")
    if value != "weekly":
        raise ValueError("it must be weekly")
    return value


Index = Annotated[int, Field(ge=0, lt=MAX_INPUTS)]
TimeOfDay = Annotated[str, of_form(TIME_OF_DAY)]


class WindowIn(Wire):
    """Part of a day."""

    begin_at: TimeOfDay
    end_at: TimeOfDay


class ScheduleIn(Wire):
    """A weekly timetable."""

    type: Annotated[str, AfterValidator(_weekly)]
    timezone: Annotated[str, of_form(TIMEZONE)]
    days_of_week: (
        Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7), AfterValidator(unique)]
        | None
    ) = None
    days_of_month: Annotated[list[Annotated[int, Field(ge=1, le=31)]], Field(max_length=31)] | None = None
    periods: list[Annotated[list[WindowIn], Field(max_length=MAX_WINDOWS)]] | None = None


class InputDatumIn(Wire):
    """One input; which fields it needs depends on the type."""

    video_source_id: ObjectId | None = None
    stream_name: Annotated[str, of_form(STREAM_NAME)] | None = None
    bucket: Bucket | None = None
    path: ObsPath | None = None
    url: Url | None = None
    headers: Headers | None = None
    certificate_check: bool | None = None
    rtsp_path_in_response: RtspPath | None = None
    device_id: Annotated[str, of_form(VCN_DEVICE)] | None = None
    stream_type: Annotated[int, Field(ge=1, le=3)] | None = None
    id: Annotated[str, of_form(EDGE_CAMERA)] | None = None
    index: Index | None = None


class VcnIn(Wire):
    """The VCN server."""

    ip: Ipv4
    port: Port
    username: Annotated[str, of_form(VCN_USER)]
    password: Annotated[str, of_form(VCN_PASSWORD), Field(repr=False)]


class TaskInputIn(Wire):
    """What the task looks at."""

    type: Annotated[str, BeforeValidator(_canonical_type), AfterValidator(_input_type)]
    data: Annotated[list[InputDatumIn], Field(min_length=1, max_length=MAX_INPUTS)]
    vcn: VcnIn | None = None


class ObsIn(Wire):
    """A folder in a bucket."""

    bucket: Bucket
    path: ObsPath
    data_category: DataCategory | None = None


class DisIn(Wire):
    """A data stream."""

    stream_name: Annotated[str, of_form(DIS_STREAM)]
    data_category: DataCategory | None = None


class WebhookIn(Wire):
    """An address to call; its headers are secrets."""

    url: CallbackUrl
    headers: Annotated[Headers, Field(min_length=1, repr=False)]
    data_category: DataCategory | None = None


class TaskOutputIn(Wire):
    """Where the events go."""

    obs: ObsIn | None = None
    dis: DisIn | None = None
    webhook: WebhookIn | None = None
    event_center: Truth | None = None


class ServiceConfigIn(Wire):
    """Parameters of the algorithm; their rules are the algorithm's."""

    common: Annotated[dict[str, Any], AfterValidator(storable)] | None = None


class TaskCreate(Wire):
    """The body of a create-task request."""

    name: TaskName
    description: Description | None = None
    schedule: ScheduleIn | None = None
    input: TaskInputIn
    output: TaskOutputIn
    config: ServiceConfigIn | None = None
    service_version: ServiceVersion
    is_saved_as_template: bool | None = None
    resource_order_id: ObjectId | None = None
