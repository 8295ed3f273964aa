"""Video groups: sources of one access type, under one name."""

from dataclasses import dataclass

from vedette.model.source import AccessType


@dataclass(frozen=True, slots=True)
class VideoGroup:
    """A group of video sources; who is in it, the store knows.

    Attributes:
        create_at: milliseconds since the epoch.
        modify_at: time of the last change, also of its members; milliseconds since the epoch.
    """

    id: str
    project_id: str
    name: str
    access_type: AccessType
    description: str = ""
    create_at: int = 0
    modify_at: int = 0
