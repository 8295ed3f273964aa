"""The documents of video groups."""

from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.group import VideoGroup
from vedette.model.source import AccessType, SourceKind, SourceLevel
from vedette.schemas.common import ObjectId, Text, Truth, Wire, of_form, one_of
from vedette.schemas.listing import PagedQuery, listed

GROUP_NAME: Final = r"[\u4e00-\u9fa5a-zA-Z0-9_-]{1,20}"

GroupName = Annotated[str, of_form(GROUP_NAME)]
GroupDescription = Annotated[Text, Field(max_length=100)]


class VideoGroupCreate(Wire):
    """The body of a create-group request."""

    video_group_name: GroupName
    """Name of the group, once in a project."""
    access_type: Annotated[str, one_of(tuple(AccessType), "it must be cloud or edge")]
    """The access type of all its sources."""
    description: GroupDescription | None = None
    """What it is for."""
    video_source_ids: Annotated[list[ObjectId], Field(min_length=1)] | None = None
    """Its sources."""


class VideoGroupUpdate(Wire):
    """The body of an update-group request."""

    video_source_ids: Annotated[list[ObjectId], Field(min_length=1, max_length=50)]
    """All its sources from now on."""
    video_group_name: GroupName | None = None
    """The new name."""
    description: GroupDescription | None = None
    """The new description."""


class GroupQuery(PagedQuery):
    """The query of the list of groups."""

    name: Annotated[Text, Field(max_length=20)] = ""
    """A part of the name."""
    status: Annotated[str, one_of(("", *SourceLevel))] = ""
    """`1`, `2` or `9`: groups that have a source which is online, offline or in exception."""
    access_type: Annotated[list[str], listed(tuple(AccessType))] = Field(default_factory=list)
    """Access types."""
    has_task: Truth | None = None
    """Whether the group has batch tasks."""
    type: Annotated[list[str], listed((*SourceKind, "ivm"))] = Field(default_factory=list)
    """Groups that have a source of one of these kinds."""
    sort_name: Annotated[str, one_of(("create_at", "modify_at", "num_video_source", "num_task"))] = "create_at"
    """What to sort by: time of creation or of the last change, number of sources or of batch tasks."""


class GroupCreated(Wire):
    """The answer to a create-group request."""

    video_group_id: str
    """Id of the new group."""


class GroupStatus(Wire):
    """How the sources of a group are."""

    num_online: int
    """Sources that are online."""
    num_offline: int
    """Sources that are offline."""
    num_exception: int
    """Sources that are in exception."""


class VideoGroupInfo(Wire):
    """A video group."""

    video_group_id: str
    """Its id."""
    video_group_name: str
    """Its name."""
    description: str
    """What it is for."""
    access_type: str
    """`cloud` or `edge`."""
    num_video_source: int
    """Sources in it."""
    num_batch_task: int
    """Batch tasks that have tasks over it."""
    group_status: GroupStatus
    """How its sources are."""
    create_at: int
    """Milliseconds since the epoch."""
    modify_at: int
    """When it or its members last changed; milliseconds since the epoch."""


class VideoGroupListInfo(VideoGroupInfo):
    """A video group, as lists show it."""

    type: str
    """The kinds of its sources, joined by commas."""


class GroupList(Wire):
    """The answer to a list of groups."""

    video_group_number: int
    """Entries in this answer."""
    total_number: int
    """Groups that match."""
    quota_number: int
    """How many groups the project may have."""
    video_group_list: list[VideoGroupListInfo]
    """The groups."""


def group_info(group: VideoGroup, levels: dict[SourceLevel, int], num_batch_task: int) -> dict[str, Any]:
    """Return the document of a group.

    Args:
        levels: how many of its sources are at each level.
    """
    return {
        "video_group_id": group.id,
        "video_group_name": group.name,
        "description": group.description,
        "access_type": group.access_type.value,
        "num_video_source": sum(levels.values()),
        "num_batch_task": num_batch_task,
        "group_status": {
            "num_online": levels[SourceLevel.ONLINE],
            "num_offline": levels[SourceLevel.OFFLINE],
            "num_exception": levels[SourceLevel.EXCEPTION],
        },
        "create_at": group.create_at,
        "modify_at": group.modify_at,
    }
