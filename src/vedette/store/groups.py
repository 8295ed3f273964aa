"""Video groups, and which sources are in them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, true, update
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import GroupNameTaken, InvalidParameter, NotFound, NotReferable
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId
from vedette.model.quota import Resource
from vedette.model.source import AccessType, VideoSource
from vedette.store import quotas
from vedette.store.source_facts import MANY
from vedette.store.tables import group_members, insert_new, video_groups, video_sources
from vedette.store.text import BETWEEN


def insert(conn: Connection, group: VideoGroup, source_ids: Collection[str]) -> None:
    """Write a new group with its members.

    Raises:
        GroupNameTaken: a group of the project has the name.
        NotReferable: a source does not exist.
        InvalidParameter: a source is of the other access type.
    """
    if insert_new(conn, video_groups, [_columns(group) | {"id": group.id, "create_at": group.create_at}]) == 0:
        raise _taken(group.name)  # ids are random: it can only be the name
    _enter(conn, group, source_ids)


def rewrite(conn: Connection, group: VideoGroup, source_ids: Collection[str]) -> None:
    """Write how a group is now, and who is in it.

    Raises:
        GroupNameTaken: another group of the project has the name.
        NotReferable: a source does not exist.
        InvalidParameter: a source is of the other access type.
    """
    others = (video_groups.c.project_id == group.project_id, video_groups.c.id != group.id)
    if conn.execute(select(video_groups.c.id).where(*others, video_groups.c.name == group.name)).first():
        raise _taken(group.name)
    try:
        conn.execute(update(video_groups).where(*_key(group.project_id, group.id)).values(_columns(group)))
    except IntegrityError:  # somebody took the name between the look and the update
        raise _taken(group.name) from None
    conn.execute(delete(group_members).where(group_members.c.group_id == group.id))
    _enter(conn, group, source_ids)


def get(conn: Connection, project_id: ProjectId, group_id: str, *, hold: bool = False) -> VideoGroup:
    """Return a group of the project.

    Args:
        hold: keep others from changing or removing it until the transaction ends.

    Raises:
        NotFound: the project has none with that id.
    """
    wanted = select(video_groups).where(*_key(project_id, group_id))
    row = conn.execute(wanted.with_for_update() if hold else wanted).first()
    if row is None:
        raise _unknown(group_id)
    return group_of(row)


def remove(conn: Connection, project_id: ProjectId, group_id: str) -> None:
    """Remove a group of the project; its sources stay, and so do the tasks that were made over it.

    Raises:
        NotFound: the project has none with that id.
    """
    if conn.execute(delete(video_groups).where(*_key(project_id, group_id))).rowcount != 1:
        raise _unknown(group_id)
    quotas.give_back(conn, project_id, Resource.GROUPS, 1)


def join(conn: Connection, source: VideoSource, group_ids: Collection[str], at: int) -> None:
    """Put a source into groups of its project.

    Raises:
        NotReferable: a group does not exist.
        InvalidParameter: a group is of the other access type.
    """
    if not group_ids:
        return
    here = (video_groups.c.project_id == source.project_id, video_groups.c.id.in_(list(group_ids)))
    rows = conn.execute(select(video_groups.c.id, video_groups.c.access_type).where(*here).with_for_update())
    found = {row.id: row.access_type for row in rows}
    _check(found, group_ids, source.access_type, what="video group", param="video_group_ids")
    insert_new(conn, group_members, [_member(source.project_id, group_id, source.id) for group_id in found])
    conn.execute(update(video_groups).where(*here).values(modify_at=at))


def with_members(conn: Connection, project_id: ProjectId, *where: ColumnElement[bool]) -> dict[VideoGroup, list[str]]:
    """Return groups of the project by name, each with the ids of all its sources.

    The database joins those: a source has many groups, and a group many sources.
    """
    mine = (group_members.c.group_id == video_groups.c.id, group_members.c.project_id == video_groups.c.project_id)
    joined = select(func.aggregate_strings(group_members.c.source_id, BETWEEN)).where(*mine).correlate(video_groups)
    wanted = select(video_groups, joined.scalar_subquery().label("source_ids"))
    rows = conn.execute(wanted.where(video_groups.c.project_id == project_id, *where).order_by(video_groups.c.name))
    return {group_of(row): row.source_ids.split(BETWEEN) if row.source_ids else [] for row in rows.all()}


def having(project_id: ProjectId, source_ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a group has one of these sources, or none if they are too many."""
    if len(source_ids) > MANY:
        return true()
    mine = (group_members.c.project_id == project_id, group_members.c.source_id.in_(list(source_ids)))
    return video_groups.c.id.in_(select(group_members.c.group_id).where(*mine))


def group_of(row: Row[Any]) -> VideoGroup:
    """Return the group in a row."""
    return VideoGroup(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        access_type=AccessType(row.access_type),
        description=row.description,
        create_at=row.create_at,
        modify_at=row.modify_at,
    )


def _enter(conn: Connection, group: VideoGroup, source_ids: Collection[str]) -> None:
    here = (video_sources.c.project_id == group.project_id, video_sources.c.id.in_(list(source_ids)))
    held = select(video_sources.c.id, video_sources.c.access_type).where(*here).with_for_update(key_share=True)
    found = {row.id: row.access_type for row in conn.execute(held.order_by(video_sources.c.id))}
    _check(found, source_ids, group.access_type, what="video source", param="video_source_ids")
    if found:
        rows = [_member(group.project_id, group.id, source_id) for source_id in found]
        conn.execute(group_members.insert(), rows)


def _check(found: dict[str, str], wanted: Collection[str], access: AccessType, *, what: str, param: str) -> None:
    for name in wanted:
        if name not in found:
            raise NotReferable(f"There is no {what} {name}.", param=param)
        if found[name] != access:
            raise InvalidParameter(f"The {what} {name} has another access type than {access}.", param=param)


def _member(project_id: str, group_id: str, source_id: str) -> dict[str, str]:
    return {"project_id": project_id, "group_id": group_id, "source_id": source_id}


def _key(project_id: str, group_id: str) -> tuple[ColumnElement[bool], ...]:
    return video_groups.c.project_id == project_id, video_groups.c.id == group_id


def _unknown(group_id: str) -> NotFound:
    return NotFound(f"There is no video group {group_id}.", param="video_group_id")


def _taken(name: str) -> GroupNameTaken:
    return GroupNameTaken(f"A video group of this project has the name {name!r}.", param="video_group_name")


def _columns(group: VideoGroup) -> dict[str, Any]:
    return {
        "project_id": group.project_id,
        "name": group.name,
        "access_type": group.access_type,
        "description": group.description,
        "modify_at": group.modify_at,
    }
