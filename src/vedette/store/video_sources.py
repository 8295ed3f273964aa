"""Registered video sources."""

import json
from typing import Any

from sqlalchemy import Connection, Row, func, select

from vedette.model.errors import AlreadyExists, NotFound, SourceNameTaken
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.store.tables import insert_new, video_sources
from vedette.store.vault import Vault


def insert(conn: Connection, vault: Vault, source: VideoSource) -> None:
    """Write a new source.

    Raises:
        AlreadyExists: the project has a source with this id.
        SourceNameTaken: a source of the project has the name.
    """
    key = (video_sources.c.project_id == source.project_id, video_sources.c.id == source.id)
    if conn.execute(select(video_sources.c.id).where(*key)).first():
        raise AlreadyExists(f"The project has a video source {source.id} already.", param="video_source_id")
    row = {
        "project_id": source.project_id,
        "id": source.id,
        "name": source.name,
        "access_type": source.access_type,
        "kind": source.kind,
        "type_config": vault.seal({"xml": source.type_config, "leaves": source.leaves}),
        "latitude": source.latitude,
        "longitude": source.longitude,
        "tag": json.dumps(source.tag, ensure_ascii=False),
        "create_at": source.create_at,
    }
    if insert_new(conn, video_sources, [row]) == 0:
        raise SourceNameTaken(
            f"A video source of this project has the name {source.name!r}.", param="video_source_name"
        )


def get(conn: Connection, vault: Vault, project_id: ProjectId, source_id: VideoSourceId) -> VideoSource:
    """Return a source of the project.

    Raises:
        NotFound: the project has none with that id.
    """
    key = (video_sources.c.project_id == project_id, video_sources.c.id == source_id)
    row = conn.execute(select(video_sources).where(*key)).first()
    if row is None:
        raise NotFound(f"There is no video source {source_id}.", param="video_source_id")
    return _source(vault, row)


def count(conn: Connection, project_id: ProjectId) -> int:
    """Return how many sources the project has."""
    here = video_sources.c.project_id == project_id
    return conn.execute(select(func.count()).select_from(video_sources).where(here)).scalar_one()


def _source(vault: Vault, row: Row[Any]) -> VideoSource:
    config = vault.unseal(row.type_config, dict[str, Any])
    return VideoSource(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        access_type=AccessType(row.access_type),
        kind=SourceKind(row.kind),
        type_config=config["xml"],
        leaves=config["leaves"],
        latitude=row.latitude,
        longitude=row.longitude,
        tag=tuple(json.loads(row.tag)),
        create_at=row.create_at,
    )
