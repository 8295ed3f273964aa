"""From a received source to the model's value, and from it to the answer's document."""

from typing import Any, Final

from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.schemas.masking import hide_in_xml
from vedette.schemas.video_sources import VideoSourceCreate, leaves

OFFLINE: Final = {"level": "2", "name": "离线", "status": "Offline"}
"""Nobody watches a source before a task does, so it is not known to be online."""


def source_of(received: VideoSourceCreate, project_id: str, source_id: str, at_ms: int) -> VideoSource:
    """Return the source that was received.

    Raises:
        InvalidParameter: its configuration is at fault.
    """
    return VideoSource(
        id=source_id,
        project_id=project_id,
        name=received.video_source_name,
        access_type=AccessType(received.access_type),
        kind=SourceKind(received.type),
        type_config=received.type_config,
        leaves=leaves(received),
        latitude=received.latitude,
        longitude=received.longitude,
        tag=tuple(received.tag or ()),
        create_at=at_ms,
    )


def source_info(source: VideoSource) -> dict[str, Any]:
    """Return the document of a source, secrets hidden."""
    info = {
        "video_source_id": source.id,
        "video_source_name": source.name,
        "access_type": source.access_type.value,
        "type": source.kind.value,
        "type_config": hide_in_xml(source.type_config),
        "status": OFFLINE,
        "latitude": source.latitude,
        "longitude": source.longitude,
        "tag": list(source.tag),
        "create_at": source.create_at,
    }
    return {name: value for name, value in info.items() if value is not None}
