"""Registered video sources."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import AlreadyExists, IllegalTransition, NotFound, SourceNameTaken
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import Resource
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.store import quotas, source_looks
from vedette.store.tables import group_members, insert_new, tasks, video_groups, video_sources
from vedette.store.vault import Vault


def insert(conn: Connection, vault: Vault, source: VideoSource) -> None:
    """Write a new source.

    Raises:
        AlreadyExists: the project has a source with this id.
        SourceNameTaken: a source of the project has the name.
    """
    if conn.execute(select(video_sources.c.id).where(*_key(source.project_id, source.id))).first():
        raise AlreadyExists(f"The project has a video source {source.id} already.", param="video_source_id")
    row = {"project_id": source.project_id, "id": source.id, "create_at": source.create_at, **_columns(vault, source)}
    if insert_new(conn, video_sources, [row]) == 0:
        raise _taken(source.name)
    source_looks.insert(conn, source.project_id, source.id, source.create_at)


def rewrite(conn: Connection, vault: Vault, source: VideoSource) -> None:
    """Write how a source is now.

    Raises:
        SourceNameTaken: another source of the project has the name.
    """
    here = _key(source.project_id, source.id)
    others = (video_sources.c.project_id == source.project_id, video_sources.c.id != source.id)
    if conn.execute(select(video_sources.c.id).where(*others, video_sources.c.name == source.name)).first():
        raise _taken(source.name)
    try:
        conn.execute(update(video_sources).where(*here).values(_columns(vault, source)))
    except IntegrityError:  # somebody took the name between the look and the update
        raise _taken(source.name) from None


def get(
    conn: Connection, vault: Vault, project_id: ProjectId, source_id: VideoSourceId, *, hold: bool = False
) -> VideoSource:
    """Return a source of the project.

    Args:
        hold: keep others from changing or removing it until the transaction ends.

    Raises:
        NotFound: the project has none with that id.
    """
    wanted = select(video_sources).where(*_key(project_id, source_id))
    # not FOR UPDATE: tasks that refer to the source hold its key, and must not wait for one who waits for them
    row = conn.execute(wanted.with_for_update(key_share=True) if hold else wanted).first()
    if row is None:
        raise unknown(source_id)
    return _source(vault, row)


def remove(conn: Connection, project_id: ProjectId, source_id: VideoSourceId, at: int) -> None:
    """Remove a source of the project, which leaves its groups; its templates go with it.

    Raises:
        NotFound: the project has none with that id.
        IllegalTransition: tasks refer to it.
    """
    here = _key(project_id, source_id)
    left = select(group_members.c.group_id).where(
        group_members.c.project_id == project_id, group_members.c.source_id == source_id
    )
    mine = video_groups.c.id.in_(left)
    # groups before sources, as whoever changes a group does: so nobody waits for each other
    conn.execute(select(video_groups.c.id).where(mine).order_by(video_groups.c.id).with_for_update())
    if conn.execute(select(video_sources.c.id).where(*here).with_for_update()).first() is None:
        raise unknown(source_id)
    using = (tasks.c.project_id == project_id, tasks.c.video_source_id == source_id)
    count = conn.execute(select(func.count()).select_from(tasks).where(*using)).scalar_one()
    if count:
        raise IllegalTransition(f"{count} tasks refer to the video source: delete them first.")
    conn.execute(update(video_groups).where(mine).values(modify_at=at))
    conn.execute(delete(video_sources).where(*here))
    quotas.give_back(conn, project_id, Resource.SOURCES, 1)


def reread(conn: Connection, vault: Vault) -> None:
    """Fill the columns that are read from the configuration for sources of an older schema, of every project."""
    older = (video_sources.c.platform.is_(None), video_sources.c.device_id.is_(None))
    for row in conn.execute(select(video_sources).where(*older)).all():
        source = _source(vault, row)
        if source.platform or source.device_id:
            values = {"platform": source.platform, "device_id": source.device_id}
            conn.execute(update(video_sources).where(*_key(row.project_id, row.id)).values(values))


def _key(project_id: str, source_id: str) -> tuple[ColumnElement[bool], ...]:
    return video_sources.c.project_id == project_id, video_sources.c.id == source_id


def unknown(source_id: str) -> NotFound:
    """Return what is told of a source that the project has not."""
    return NotFound(f"There is no video source {source_id}.", param="video_source_id")


def _taken(name: str) -> SourceNameTaken:
    return SourceNameTaken(f"A video source of this project has the name {name!r}.", param="video_source_name")


def _columns(vault: Vault, source: VideoSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "access_type": source.access_type,
        "kind": source.kind,
        "type_config": vault.seal({"xml": source.type_config, "leaves": source.leaves}),
        "latitude": source.latitude,
        "longitude": source.longitude,
        "tag": json.dumps(source.tag, ensure_ascii=False),
        "platform": source.platform,
        "device_id": source.device_id,
    }


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
        tag=tuple(json.loads(row.tag)) if row.tag != "[]" else (),
        create_at=row.create_at,
    )
