"""The task documents as they are sent: each field's own rule.

Rules between fields stand in `schemas/task_rules.py`; the answer's document in `schemas/task_info.py`.
"""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from vedette.model.priority import Priority
from vedette.model.schedule import is_zone
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
    Rule,
    ServiceVersion,
    TaskName,
    Truth,
    Unique,
    Url,
    Wire,
    of_form,
    one_of,
    storable,
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


def _date(value: str) -> str:
    try:
        kept = date.fromisoformat(value).isoformat()
    except ValueError:
        kept = ""
    if kept != value:
        raise ValueError("it must be a date, yyyy-mm-dd")
    return value


def _zone(value: str) -> str:
    if not is_zone(value):
        raise ValueError("it must be a zone of the IANA's database, such as Europe/Berlin")
    return value


Index = Annotated[int, Field(ge=0, lt=MAX_INPUTS)]
Importance = Annotated[str, one_of(tuple(Priority))]
TimeOfDay = Annotated[str, of_form(TIME_OF_DAY)]


class WindowIn(Wire):
    """Part of a day."""

    begin_at: TimeOfDay
    """When the window opens, `hh:mm:ss` in the time zone of the timetable."""
    end_at: TimeOfDay
    """When it closes; after `begin_at`, on the same day."""


class ScheduleIn(Wire):
    """A timetable."""

    type: Annotated[str, one_of(("weekly", "monthly"))]
    """Kind of timetable: by days of the week, or of the month."""
    timezone: Annotated[str, of_form(TIMEZONE)]
    """Distance from UTC, such as `+08:00`; fixed, so there is no daylight saving."""
    days_of_week: (
        Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7), Unique] | None
    ) = None
    """Days on which the task runs, 1 (Monday) to 7 (Sunday); needed for weekly timetables, and only there."""
    days_of_month: Annotated[list[Annotated[int, Field(ge=1, le=31)]], Field(max_length=31), Unique] | None = None
    """Days on which the task runs, 1 to 31; needed for monthly timetables. A day that a month has not is not run. On a weekly
    timetable it is kept and shown, without effect, as the task's `status` says."""
    periods: Annotated[list[Annotated[list[WindowIn], Field(max_length=MAX_WINDOWS)]], Field(max_length=31)] | None = (
        None
    )
    """The windows of each day: seven lists are Monday to Sunday (31: the days of the month), as many as there are days named
    go with these one by one, and a single one holds for every day named. Needed."""
    zone: Annotated[str, Rule(_zone, {})] | None = None
    """Ours: a zone of the IANA's, such as `Europe/Berlin`. The windows are read on its clocks, with daylight saving, and
    not by `timezone`, which must be one of its distances from UTC."""
    skip_dates: (
        Annotated[list[Annotated[str, Rule(_date, {"format": "date"})]], Field(max_length=366), Unique] | None
    ) = None
    """Ours: dates, `yyyy-mm-dd`, on which the task does not run."""


class InputDatumIn(Wire):
    """One input; which fields it needs depends on the type."""

    video_source_id: ObjectId | None = None
    """Id of a registered source; needed for `video_source`."""
    stream_name: Annotated[str, of_form(STREAM_NAME)] | None = None
    """Name of a stream of the older ingestion service."""
    bucket: Bucket | None = None
    """Bucket that holds the video; needed for `obs`."""
    path: ObsPath | None = None
    """Path of the video in its bucket; needed for `obs`."""
    url: Url | None = None
    """Address of the stream or file (`url`), or of the service that tells it (`restful`). A password in it is never shown."""
    headers: Headers | None = None
    """Headers of the request to the address of a `restful` input, 10 at most. Their values are secrets."""
    certificate_check: bool | None = None
    """Whether the certificate of the https address of a `restful` input is checked."""
    rtsp_path_in_response: RtspPath | None = None
    """Where in the answer of a `restful` input the stream's address stands, such as `data/url`."""
    device_id: Annotated[str, of_form(VCN_DEVICE)] | None = None
    """Camera code and domain code of a VCN camera, joined by `#`; needed for `vcn`."""
    stream_type: Annotated[int, Field(ge=1, le=3)] | None = None
    """Which stream of a VCN camera: 1 main, 2 and 3 smaller ones."""
    id: Annotated[str, of_form(EDGE_CAMERA)] | None = None
    """Id of the camera; needed for `edgecamera`."""
    index: Index | None = None
    """Place of the entry, unique in the list; without it the entry's position counts. With several entries it ends the name
    of the task."""


class VcnIn(Wire):
    """The VCN server."""

    ip: Ipv4
    """Its IPv4 address."""
    port: Port
    """Its port, as a number or as text."""
    username: Annotated[str, of_form(VCN_USER)]
    """Whom to log in as."""
    password: Annotated[str, of_form(VCN_PASSWORD), Field(repr=False)]
    """Their password; kept sealed and shown as `******`."""


class TaskInputIn(Wire):
    """What the task looks at."""

    type: Annotated[str, BeforeValidator(_canonical_type), one_of(tuple(InputType))]
    """Kind of input, compared without regard to case; `edgerestful` is taken for `restful`."""
    data: Annotated[list[InputDatumIn], Field(min_length=1, max_length=MAX_INPUTS)]
    """The inputs: one task is made for each."""
    vcn: VcnIn | None = None
    """The server that the cameras are asked of; needed for `vcn`, and refused otherwise."""


class ObsIn(Wire):
    """A folder in a bucket."""

    bucket: Bucket
    """Bucket to write to."""
    path: ObsPath
    """Folder in the bucket."""
    data_category: DataCategory | None = None
    """Kinds of picture to send: `OriginImage` is the whole one, `FaceImage` the face cut out of it; all are sent if nothing
    is named. Of kinds that no event of the service has the task's `status` speaks."""


class DisIn(Wire):
    """A data stream."""

    stream_name: Annotated[str, of_form(DIS_STREAM)]
    """Name of the stream."""
    data_category: DataCategory | None = None
    """Kinds of picture to send: `OriginImage` is the whole one, `FaceImage` the face cut out of it; all are sent if nothing
    is named. Of kinds that no event of the service has the task's `status` speaks."""


class WebhookIn(Wire):
    """An address to call; its headers are secrets."""

    url: CallbackUrl
    """The http or https address that each event is sent to."""
    headers: Annotated[Headers, Field(min_length=1, repr=False)]
    """Headers of each call, 1 to 10. Their values are kept sealed and shown as `******`."""
    data_category: DataCategory | None = None
    """Kinds of picture to send: `OriginImage` is the whole one, `FaceImage` the face cut out of it; all are sent if nothing
    is named. Of kinds that no event of the service has the task's `status` speaks."""


class TaskOutputIn(Wire):
    """Where the events go."""

    obs: ObsIn | None = None
    """Write results into a bucket."""
    dis: DisIn | None = None
    """Send results to a data stream."""
    webhook: WebhookIn | None = None
    """Call an address with each event."""
    event_center: Truth | None = None
    """Keep events here, with their pictures; `true` counts as an output."""


class ServiceConfigIn(Wire):
    """Parameters of the algorithm; their rules are the algorithm's."""

    common: Annotated[dict[str, Any], AfterValidator(storable)] | None = None
    """Parameters by name; each service declares its own. An unknown one is kept and named in the task's `status`."""


class TaskCreate(Wire):
    """The body of a create-task request."""

    name: TaskName
    """Name of the task, unique in the project. With several inputs the tasks are named `<name>_<index>`."""
    description: Description | None = None
    """What the task is for."""
    schedule: ScheduleIn | None = None
    """When the task runs; without it, from its creation on."""
    input: TaskInputIn
    """What the task looks at."""
    output: TaskOutputIn
    """Where its events go: one destination at least."""
    config: ServiceConfigIn | None = None
    """Parameters of the algorithm."""
    service_version: ServiceVersion
    """Version of the service."""
    is_saved_as_template: bool | None = None
    """Whether the configuration is kept as a template of the video source."""
    resource_order_id: ObjectId | None = None
    """The order whose streams the task takes; needed for a commercial service."""
    priority: Importance | None = None
    """Who comes first where there is not room for all; without it, `low`."""
    template_id: ObjectId | None = None
    """A stored template of the same service whose parameters hold where `config` has none of its own; an addition of
    ours."""


class TaskUpdate(Wire):
    """The body of an update-task request: an optional field that is not sent stays as it is, `null` removes it."""

    name: TaskName
    """Name of the task, unique in the project."""
    description: Description | None = None
    """What the task is for."""
    schedule: ScheduleIn | None = None
    """When the task runs; it holds at once. Without a timetable it runs until it is stopped."""
    input: TaskInputIn
    """What the task looks at: one entry. The type `video_source` cannot be changed to another."""
    output: TaskOutputIn
    """Where its events go, in the place of all the present destinations."""
    config: ServiceConfigIn | None = None
    """Parameters of the algorithm, in the place of all the present ones."""
    is_saved_as_template: bool | None = None
    """Whether the configuration is kept as a template of the video source, under the task's name."""
    resource_order_id: ObjectId | None = None
    """The order whose streams the task takes; needed for a commercial service."""
    priority: Importance | None = None
    """Who comes first where there is not room for all; it holds at once. `null` is `low`."""


class CreatedTask(Wire):
    """A new task."""

    id: str
    """Id of the task."""


class CreatedTasks(Wire):
    """The new tasks, in the order of the inputs."""

    tasks: list[CreatedTask]
    """One for each input."""


class CommandDone(Wire):
    """What a task was told has been taken down."""

    id: str
    """Id of the task."""
    status_code: int
    """200."""
    status_msg: str
    """`success`."""


class Nothing(Wire):
    """An empty object."""
