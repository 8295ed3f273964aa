"""From a received source to the model's value, and from it to the answer's document."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from msgspec import Raw
from msgspec.json import encode

from vedette.model.errors import InvalidParameter
from vedette.model.look import Sight, Snapshot
from vedette.model.secrets import hide_userinfo
from vedette.model.source import AccessType, SourceKind, SourceLevel, VideoSource, device_of
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

_OPENED_AS_IT_IS: Final = frozenset({SourceKind.URL, SourceKind.RTSP_STREAM})
"""Kinds whose configuration holds the very address; of the others it must be asked for, or made."""


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


class ShownConfig(NamedTuple):
    """What documents show of a source's configuration; nothing in it is secret.

    Attributes:
        xml: secrets and `user:password@` are hidden.
        stream_path: the address that is opened, if the configuration holds the very address.
    """

    xml: str
    stream_path: str | None
    device_id: str | None


def shown_config(kind: SourceKind, xml: str, leaves: Mapping[str, str]) -> ShownConfig:
    """Return what is shown of a configuration."""
    opened = hide_userinfo(leaves["URL_ADDRESS"]) if kind in _OPENED_AS_IT_IS else None
    return ShownConfig(hide_in_xml(xml), opened, device_of(leaves))


def source_info(source: Any, config: ShownConfig) -> dict[str, Any]:
    """Return the document of a source, without its groups and the numbers of its tasks and templates.

    Args:
        source: a `store.source_lists.Listed`.
        config: what is shown of its configuration.
    """
    sight: Sight = source.sight
    info = {
        "video_source_id": source.id,
        "video_source_name": source.name,
        "access_type": source.access_type,
        "type": source.kind.value,
        "type_config": config.xml,
        "status": Raw(encode(_status(sight))),
        "stream_path": config.stream_path,
        "latitude": source.latitude,
        "longitude": source.longitude,
        "tag": source.tag,
        "scene_recommend": (),
        "video_source_quality": sight.faults,
        "create_at": source.create_at,
        "device_id": config.device_id,
        "picture": Raw(encode(_picture(sight))) if sight.width else None,
    }
    return {name: value for name, value in info.items() if value is not None}


def snapshot_info(snapshot: Snapshot | None) -> dict[str, Any]:
    """Return what the document of a source tells of its last picture; nothing if there is none."""
    if snapshot is None:
        return {}
    return {"image": b64encode(snapshot.jpeg).decode("ascii"), "image_at": snapshot.at_ms}


def _status(sight: Sight) -> dict[str, Any]:
    told: dict[str, Any] = {**STATUS[sight.level], "since": sight.since}
    if sight.looked_at is not None:
        told["looked_at"] = sight.looked_at
    if sight.reason:
        told["reason"] = hide_userinfo(sight.reason)
    return told


def _picture(sight: Sight) -> dict[str, Any]:
    return {"width": sight.width, "height": sight.height, "codec": sight.codec, "fps": round(sight.fps, 2)}


class SourceCreated(Wire):
    """The answer to a create-source request."""

    video_source_id: str
    """Id of the new source."""


class SourceStatus(Wire):
    """How a source is, by the last look at it."""

    level: str
    """`1` online, `2` offline, `9` exception."""
    name: str
    """The status in Chinese."""
    status: str
    """The status in English."""
    since: int
    """Ours. When it came to this level, milliseconds since the epoch."""
    looked_at: int | None = None
    """Ours. When somebody looked last, milliseconds since the epoch; not there while nobody has."""
    reason: str | None = None
    """Ours. Why it is not online; not there if it is."""


class SourcePicture(Wire):
    """What the pictures of a source are."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    codec: str
    """Name of the codec, as FFmpeg writes it."""
    fps: float
    """Pictures a second; 0 where a live source does not say."""


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
    """Online if it gave pictures, offline if nobody answers, exception if it answers and gives none."""
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
    """What is wrong with the picture, such as `Blurry` or `BlackScreen`; empty while none was watched for long enough."""
    create_at: int
    """Milliseconds since the epoch."""
    device_id: str | None = None
    """The camera, if the configuration names one."""
    picture: SourcePicture | None = None
    """Ours. What its pictures are, once one was seen."""
    num_tasks: int
    """Tasks that look at it."""
    num_service_config_templates: int
    """Templates saved for it."""


class SourceInfo(SourceListInfo):
    """A video source."""

    service_config_templates: list[TemplateInfo]
    """Templates saved for it."""
    image: str | None = None
    """The last picture, a JPEG of at most 640 pixels' width in base64; not there while none was seen."""
    image_at: int | None = None
    """Ours. When that picture was taken, milliseconds since the epoch."""


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
