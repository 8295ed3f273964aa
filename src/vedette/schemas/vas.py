"""The task documents of the older sibling as they are sent: each field's own rule.

What the older API knew and this service does not serve is refused by name, never passed over. Rules between fields stand
in `schemas/vas_rules.py`; the answer's document in `schemas/vas_info.py`.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from vedette.model.lifecycle import State
from vedette.schemas.common import (
    OBJECT_ID,
    TIMEZONE,
    DataCategory,
    Description,
    ObjectId,
    ServiceVersion,
    TaskName,
    Text,
    Wire,
    of_form,
    unique,
)
from vedette.schemas.tasks import MAX_WINDOWS, ServiceConfigIn, TaskInputIn, TaskOutputIn, WindowIn

EDGE_POOL: Final = r"[0-9a-f]{32}|edgestreampool[0-9a-zA-Z]{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The two published forms, and that of the pools made here."""
MOUNT: Final = r"(/[A-Za-z0-9_.-]+)+/?"
ORDERS: Final = tuple(f"{column}:{way}" for column in ("name", "created_at", "updated_at") for way in ("ASC", "DESC"))
UNSERVED_TYPES: Final = ("once", "monthly")
UNSERVED_TIMING: Final = ("frequency", "date", "days_of_month")
"""Fields of the types and of the mode that are not served."""


def _timing_type(value: str) -> str:
    if value in UNSERVED_TYPES:
        raise ValueError(f"timetables of the type {value} are not served; use weekly or daily")
    if value not in {"weekly", "daily"}:
        raise ValueError("it must be weekly or daily")
    return value


def _without(names: tuple[str, ...], why: str) -> Callable[[object], object]:
    """Return a rule: a document has none of these fields."""

    def check(value: object) -> object:
        if isinstance(value, Mapping):
            for name in names:
                if value.get(name) is not None:
                    raise ValueError(f"{name} {why}")
        return value

    return check


def _served_input(value: object) -> object:
    """Refuse what only the older platform had: its video ingestion service, and the choice of a node.

    Raises:
        ValueError: the input asks for one of them.
    """
    if not isinstance(value, Mapping):
        return value
    if str(value.get("type")).lower() == "vis":
        raise ValueError("the type vis names streams of a service that is no more; use url, obs, edgecamera or vcn")
    entries = value.get("data")
    for entry in entries if isinstance(entries, list) else ():
        _without(("node_id",), "is not served: the service itself chooses where a task runs")(entry)
    return value


class TimingIn(Wire):
    """A timetable: the same windows on each of its days."""

    type: Annotated[str, AfterValidator(_timing_type)]
    """`weekly`, or `daily` for all seven days."""
    timezone: Annotated[str, of_form(TIMEZONE)]
    """Offset from UTC, such as `+08:00`."""
    days_of_week: (
        Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7), AfterValidator(unique)]
        | None
    ) = None
    """Days of a weekly timetable, 1 for Monday to 7 for Sunday."""
    periods: Annotated[list[WindowIn], Field(min_length=1, max_length=MAX_WINDOWS)] | None = None
    """Windows of each day."""


class HostingIn(Wire):
    """The platform keeps the results."""

    data_category: DataCategory | None = None
    """Kinds of result that are wanted."""


class LocalPathIn(Wire):
    """A folder of the edge node."""

    mount_source_path: Annotated[str, Field(max_length=255), of_form(MOUNT)]
    """Absolute path of the folder."""
    data_category: DataCategory | None = None
    """Kinds of result that are wanted."""


class VasOutputIn(TaskOutputIn):
    """Where the events go; at least one."""

    hosting: HostingIn | None = None
    """The platform keeps the results."""
    localpath: LocalPathIn | None = None
    """A folder of the edge node."""


Timing = Annotated[
    TimingIn, BeforeValidator(_without(UNSERVED_TIMING, "is not served; use weekly or daily with periods"))
]
VasInput = Annotated[TaskInputIn, BeforeValidator(_served_input)]


class VasTaskCreate(Wire):
    """The older sibling's create-task request: known by `service_config`, `timing` or `edge_pool_id`."""

    name: TaskName
    """Name, unique in the project."""
    description: Description | None = None
    """Free text."""
    service_version: ServiceVersion
    """Version of the service."""
    edge_pool_id: Annotated[str, of_form(EDGE_POOL)] | None = None
    """Edge pool the task is meant for; kept and shown, without effect, as the task's `status` says."""
    resource_order_id: ObjectId | None = None
    """Order that pays for it."""
    timing: Timing | None = None
    """When it runs; without it, always."""
    input: VasInput
    """What it looks at."""
    output: VasOutputIn
    """Where the events go."""
    service_config: ServiceConfigIn | None = None
    """Parameters of the algorithm."""


class VasTaskUpdate(Wire):
    """The older sibling's update-task request: what is absent stays as it is."""

    name: TaskName | None = None
    """New name."""
    description: Description | None = None
    """New description."""
    service_version: ServiceVersion | None = None
    """Only the present one: an update does not change it."""
    edge_pool_id: Annotated[str, of_form(EDGE_POOL)] | None = None
    """Only the present one: an update does not change it."""
    resource_order_id: ObjectId | None = None
    """Only the present one: an update does not change it."""
    timing: Timing | None = None
    """New timetable."""
    input: VasInput | None = None
    """New input, with one entry."""
    output: VasOutputIn | None = None
    """New outputs, in the place of all the present ones."""
    service_config: ServiceConfigIn | None = None
    """New parameters, in the place of all the present ones."""


def _split(value: object) -> object:
    """Take repeated names and comma-joined values alike."""
    given = value if isinstance(value, list) else [value]
    return [part for text in given for part in str(text).split(",")]


def _order(value: str) -> str:
    if value not in ORDERS:
        raise ValueError(f"it must be one of {', '.join(ORDERS)}")
    return value


class VasTasksQuery(Wire):
    """Which tasks of a service are listed, and how."""

    model_config = ConfigDict(strict=False)

    service_version: Annotated[str, Field(max_length=32)] | None = None
    """Tasks of this version of the service."""
    state: Annotated[list[State], BeforeValidator(_split)] | None = None
    """Tasks in this state; may repeat."""
    name_like: Annotated[Text, Field(max_length=128)] | None = None
    """Tasks whose name holds this text, in any case."""
    id_like: Annotated[str, of_form(OBJECT_ID.replace("{4,36}", "{1,36}"))] | None = None
    """Tasks whose id holds this text."""
    created_since: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Tasks created at or after this moment, milliseconds since the epoch."""
    created_until: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Tasks created at or before this moment, milliseconds since the epoch."""
    order: Annotated[str, AfterValidator(_order)] = "created_at:DESC"
    """Order: `name`, `created_at` or `updated_at`, then `:ASC` or `:DESC`."""
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    """How many of the matching tasks are passed over."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    """How many tasks are listed at most."""
