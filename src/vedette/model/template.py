"""Templates: stored configurations of an algorithm, saved with a task and used again for others."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """A stored configuration.

    Attributes:
        source_id: the video source it was saved for, or None if the task's input was none.
        config: `config.common` of the task it was saved from.
        roi: regions and lines, if they were given apart from the configuration (batch tasks).
        num_task: tasks that were made with it, or saved it.
        create_at: milliseconds since the epoch.
        modify_at: milliseconds since the epoch.
    """

    id: str
    project_id: str
    source_id: str | None
    name: str
    service_name: str
    config: dict[str, Any]
    roi: str | None = None
    num_task: int = 0
    create_at: int = 0
    modify_at: int = 0
