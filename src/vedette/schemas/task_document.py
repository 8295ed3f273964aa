"""What the OpenAPI document says of a task's document; `schemas/task_info.py` makes it."""

from vedette.schemas.common import Wire
from vedette.schemas.tasks import ScheduleIn, ServiceConfigIn, TaskInputIn, TaskOutputIn


class TaskError(Wire):
    """Why a task is START_FAILED, FAILED or ABNORMAL."""

    code: str
    """Code of the failure, of 8 characters or more."""
    message: str
    """What happened, in 2 to 512 characters."""


class TaskInfo(Wire):
    """A task as it stands. What is not set is left out; secrets are shown as `******`."""

    id: str
    """Id of the task, 32 hex digits."""
    name: str
    """Name of the task, unique in the project."""
    creator: str
    """Name of the user who created it."""
    project_id: str
    """The project."""
    description: str | None = None
    """What the task is for."""
    release_id: str
    """Id of the service in this version."""
    service_id: str
    """The same."""
    created_at: str
    """When it was created, `2023-06-06T06:59:33.024Z`."""
    updated_at: str
    """When its state last changed."""
    event_type: int
    """Always 0, as in the published example."""
    priority: str
    """Who comes first where there is not room for all: `low`, `middle` or `high`."""
    steal: int
    """Always 0, as in the published example."""
    state: str
    """One of the fifteen states."""
    status: str | None = None
    """Sentences for people: what is at work, what it waits for, and what of its configuration has no effect."""
    error: TaskError | None = None
    """What is wrong, if something is."""
    schedule_status: str | None = None
    """`ACTIVATED` from creation or start on, `INACTIVATED` after a stop; for tasks with a timetable."""
    schedule: ScheduleIn | None = None
    """The timetable."""
    next_change_at: str | None = None
    """Ours: when the timetable opens or closes next, in UTC; absent where it is not obeyed, and where it never does again."""
    input: TaskInputIn
    """What it looks at: one entry."""
    output: TaskOutputIn
    """Where its events go."""
    config: ServiceConfigIn | None = None
    """Parameters of the algorithm."""
    video_source_name: str
    """Name of the video source, or what stands for it."""
    group_name: str | None = None
    """Names of the video groups its source is in, joined by commas."""
    title: str
    """Display name of the algorithm."""
    company: str
    """Who makes the algorithm; empty if it is not installed any more."""
    task_config: str | None = None
    """The parameters that the service declares, as XML."""
    type: str
    """`0` for cloud, `1` for edge."""
    resource_order_id: str | None = None
    """The order whose streams it takes."""
    package_id: str | None = None
    """Id of the algorithm's package."""
    device_id: str | None = None
    """Id of the camera."""
    access_address: str | None = None
    """The address that is opened, or asked for the one to open."""
    algorithm_publish_id: str
    """Id of the published algorithm."""
