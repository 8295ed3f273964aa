"""From a received source to the model's value, and from it to the answer's document."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vedette.model.errors import InvalidParameter
from vedette.model.secrets import hide_userinfo
from vedette.model.source import AccessType, SourceKind, SourceLevel, VideoSource
from vedette.schemas.common import Wire
from vedette.schemas.masking import hide_in_xml
from vedette.schemas.template_info import TemplateInfo
from vedette.schemas.type_config import leaves, unmask
from vedette.schemas.video_groups import VideoGroupInfo
from vedette.schemas.video_sources import VideoSourceCreate, VideoSourceUpdate

STATUS: Final[Mapping[SourceLevel, dict[str, str]]] = {
    SourceLevel.ONLINE: {"level": "1", "name": "在线", "status": "Online"},
    SourceLevel.OFFLINE: {"level": "2", "name": "离线", "status": "Offline"},
    SourceLevel.EXCEPTION: {"level": "9", "name": "异常", "status": "Exception"},
}


def source_of(received: VideoSourceCreate, project_id: str, source_id: str, at_ms: int) -> VideoSource:
    """Return the source that was received.

    Raises:
        InvalidParameter: its configuration is at fault.
    """
    kind = SourceKind(received.type)
    return VideoSource(
        id=source_id,
        project_id=project_id,
        name=received.video_source_name,
        access_type=AccessType(received.access_type),
        kind=kind,
        type_config=received.type_config,
        leaves=leaves(kind, received.type_config),
        latitude=received.latitude,
        longitude=received.longitude,
        tag=tuple(received.tag or ()),
        create_at=at_ms,
    )


def changed_source(received: VideoSourceUpdate, stored: VideoSource) -> VideoSource:
    """Return the stored source as an update wants it.

    Raises:
        InvalidParameter: its configuration is at fault, or what cannot change would.
    """
    for name, sent, kept in (
        ("type", received.type, stored.kind),
        ("access_type", received.access_type, stored.access_type),
    ):
        if sent is not None and sent != kept:
            raise InvalidParameter(f"{name} of a video source cannot be changed: it is {kept}.", param=name)
    xml = unmask(received.type_config, stored)
    given = received.model_fields_set
    return replace(
        stored,
        name=received.video_source_name or stored.name,
        type_config=xml,
        leaves=leaves(stored.kind, xml),
        latitude=received.latitude if "latitude" in given else stored.latitude,
        longitude=received.longitude if "longitude" in given else stored.longitude,
        tag=tuple(received.tag or ()) if "tag" in given else stored.tag,
    )


def source_info(source: VideoSource, level: SourceLevel, groups: Sequence[object]) -> dict[str, Any]:
    """Return the document of a source, secrets hidden.

    Args:
        groups: documents of the groups it is in, encoded or not.
    """
    info = {
        "video_source_id": source.id,
        "video_source_name": source.name,
        "access_type": source.access_type.value,
        "type": source.kind.value,
        "type_config": hide_in_xml(source.type_config),
        "status": STATUS[level],
        "stream_path": hide_userinfo(source.leaves["URL_ADDRESS"]) if _is_opened_as_it_is(source) else None,
        "latitude": source.latitude,
        "longitude": source.longitude,
        "tag": list(source.tag),
        "scene_recommend": [],
        "video_packages": groups,
        "video_source_quality": [],
        "create_at": source.create_at,
        "device_id": source.device_id,
    }
    return {name: value for name, value in info.items() if value is not None}


def _is_opened_as_it_is(source: VideoSource) -> bool:
    """Return whether the configuration holds the very address; of other kinds it must be asked for, or made."""
    return source.kind in {SourceKind.URL, SourceKind.RTSP_STREAM}


class SourceCreated(Wire):
    """The answer to a create-source request."""

    video_source_id: str
    """Id of the new source."""


class SourceStatus(Wire):
    """How a source is, by what its tasks say."""

    level: str
    """`1` online, `2` offline, `9` exception."""
    name: str
    """The status in Chinese."""
    status: str
    """The status in English."""


class SourceListInfo(Wire):
    """A video source, as lists show it."""

    video_source_id: str
    """Its id."""
    video_source_name: str
    """Its name."""
    access_type: str
    """`cloud` or `edge`."""
    type: str
    """Its kind."""
    type_config: str
    """What is opened, as XML; secrets are `******`."""
    status: SourceStatus
    """Online if a task gets pictures of it, exception if one wants them and gets none, else offline."""
    stream_path: str | None = None
    """The address that is opened, if the configuration holds it; user and password are `******`."""
    latitude: str | None = None
    """Degrees."""
    longitude: str | None = None
    """Degrees."""
    tag: list[str]
    """Its labels."""
    scene_recommend: list[str]
    """Always empty: nothing is recommended."""
    video_packages: list[VideoGroupInfo]
    """The groups it is in."""
    video_source_quality: list[str]
    """Always empty: the quality of pictures is not judged."""
    create_at: int
    """Milliseconds since the epoch."""
    device_id: str | None = None
    """The camera, if the configuration names one."""
    num_tasks: int
    """Tasks that look at it."""
    num_service_config_templates: int
    """Templates saved for it."""


class SourceInfo(SourceListInfo):
    """A video source."""

    service_config_templates: list[TemplateInfo]
    """Templates saved for it."""


class SourceList(Wire):
    """The answer to a list of sources."""

    video_source_number: int
    """Entries in this answer."""
    total_number: int
    """Sources that match."""
    quota_number: int
    """How many sources the project may have."""
    video_source_list: list[SourceListInfo]
    """The sources."""
