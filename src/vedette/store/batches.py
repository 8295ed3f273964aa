"""Batch tasks: one row each; their children are tasks that carry the batch's id.

`expanded` is what a service that died half-way goes on from: 0 while the children are still to be brought in line
with the row, 1 once they are, 2 while they are being deleted. A batch that is being deleted is there no more for
anybody but the one who deletes it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from vedette.model.batch import Batch, BatchChange, BatchDocument, Entry, Tally
from vedette.model.errors import NotFound, TaskNameTaken
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.source import AccessType
from vedette.store.tables import batches, group_members, insert_new, tasks, video_groups, video_sources
from vedette.store.vault import Vault

OPEN: Final = 0
EXPANDED: Final = 1
LEAVING: Final = 2


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is sealed in the row."""

    document: BatchDocument
    numbered: int
    entries: tuple[Entry, ...]
    change: BatchChange | None
    tally: Tally | None


def insert(conn: Connection, vault: Vault, batch: Batch) -> None:
    """Write a new batch.

    Raises:
        TaskNameTaken: a batch task of the project has the name.
    """
    row = {
        "id": batch.id,
        "project_id": batch.project_id,
        "creator": batch.creator,
        "service_name": batch.document.service_name,
        "created_at": batch.created_at,
        **_written(vault, batch),
    }
    if insert_new(conn, batches, [row]) == 0:  # ids are random: it can only be the name
        raise _taken(batch)


def rewrite(conn: Connection, vault: Vault, batch: Batch) -> bool:
    """Write how a batch stands now; False if it is being deleted.

    Raises:
        TaskNameTaken: another batch task of the project has the name.
    """
    here = (batches.c.id == batch.id, batches.c.expanded != LEAVING)
    try:
        return conn.execute(update(batches).where(*here).values(_written(vault, batch))).rowcount == 1
    except IntegrityError:
        raise _taken(batch) from None


def get(conn: Connection, vault: Vault, project_id: ProjectId, batch_id: str) -> Batch:
    """Return a batch of the project.

    Raises:
        NotFound: the project has none with that id, or it is being deleted.
    """
    here = (batches.c.project_id == project_id, batches.c.id == batch_id, batches.c.expanded != LEAVING)
    row = conn.execute(select(batches).where(*here)).first()
    if row is None:
        raise _unknown(batch_id)
    return _batch(vault, row)


def hold(conn: Connection, batch_id: str) -> bool:
    """Keep a batch from being deleted until the transaction ends; False if it is being deleted already."""
    found = conn.execute(select(batches.c.expanded).where(batches.c.id == batch_id).with_for_update()).scalar()
    return found is not None and found != LEAVING


def leave(conn: Connection, project_id: ProjectId, batch_id: str) -> None:
    """Say that a batch is being deleted: from here on no child is made any more.

    Raises:
        NotFound: the project has none with that id, or it is being deleted already.
    """
    here = (batches.c.project_id == project_id, batches.c.id == batch_id, batches.c.expanded != LEAVING)
    if conn.execute(update(batches).where(*here).values(expanded=LEAVING)).rowcount != 1:
        raise _unknown(batch_id)


def remove(conn: Connection, batch_id: str) -> None:
    """Remove a batch that is being deleted; what is left of its children goes by itself."""
    conn.execute(delete(batches).where(batches.c.id == batch_id, batches.c.expanded == LEAVING))


def unfinished(conn: Connection) -> list[tuple[ProjectId, str, bool]]:
    """Return project and id of all batches that somebody left half-way, and whether they are being deleted."""
    rows = conn.execute(select(batches).where(batches.c.expanded != EXPANDED).order_by(batches.c.created_at))
    return [(ProjectId(row.project_id), row.id, row.expanded == LEAVING) for row in rows]


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a batch, as far as the batch is concerned."""

    id: TaskId
    group_id: str
    source_id: str | None
    leaving: bool


def children(conn: Connection, batch_id: str) -> list[Child]:
    """Return the children of a batch."""
    columns = (tasks.c.id, tasks.c.group_id, tasks.c.video_source_id, tasks.c.state)
    rows = conn.execute(select(*columns).where(tasks.c.batch_id == batch_id).order_by(tasks.c.id))
    return [Child(TaskId(row.id), row.group_id, row.video_source_id, row.state == State.DELETING) for row in rows]


def made(conn: Connection, task_ids: Collection[TaskId]) -> set[str]:
    """Return those of the ids that are tasks."""
    return set(conn.execute(select(tasks.c.id).where(tasks.c.id.in_(list(task_ids)))).scalars())


def groups(conn: Connection, project_id: ProjectId, group_ids: Collection[str]) -> set[str]:
    """Return those of the ids that are video groups of the project."""
    here = (video_groups.c.project_id == project_id, video_groups.c.id.in_(list(group_ids)))
    return set(conn.execute(select(video_groups.c.id).where(*here)).scalars())


def members(conn: Connection, project_id: ProjectId, group_id: str) -> list[str]:
    """Return the ids of the sources of a group, by name."""
    same = (video_sources.c.project_id == group_members.c.project_id) & (
        video_sources.c.id == group_members.c.source_id
    )
    rows = conn.execute(
        select(video_sources.c.id)
        .join(group_members, same)
        .where(group_members.c.project_id == project_id, group_members.c.group_id == group_id)
        .order_by(video_sources.c.name)
    )
    return list(rows.scalars())


def memberships(conn: Connection, project_id: ProjectId, source_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return the pairs of group and source in which these sources are members."""
    here = (group_members.c.project_id == project_id, group_members.c.source_id.in_(list(source_ids)))
    rows = conn.execute(select(group_members.c.group_id, group_members.c.source_id).where(*here))
    return {(row.group_id, row.source_id) for row in rows}


def access_types(conn: Connection, project_id: ProjectId, source_ids: Sequence[str]) -> dict[str, AccessType]:
    """Return the access type of each of these sources that the project has; nothing is unsealed for it."""
    here = (video_sources.c.project_id == project_id, video_sources.c.id.in_(source_ids))
    rows = conn.execute(select(video_sources.c.id, video_sources.c.access_type).where(*here))
    return {row.id: AccessType(row.access_type) for row in rows}


def _written(vault: Vault, batch: Batch) -> dict[str, Any]:
    kept = _Kept(batch.document, batch.numbered, batch.entries, batch.change, batch.tally)
    expanded = EXPANDED if batch.expanded else OPEN
    return {"name": batch.document.name, "document": vault.seal(kept), "expanded": expanded}


def _batch(vault: Vault, row: Row[Any]) -> Batch:
    kept = vault.unseal(row.document, _Kept)
    return Batch(
        id=row.id,
        project_id=row.project_id,
        creator=row.creator,
        document=kept.document,
        expanded=row.expanded == EXPANDED,
        created_at=row.created_at,
        numbered=kept.numbered,
        entries=kept.entries,
        change=kept.change,
        tally=kept.tally,
    )


def _taken(batch: Batch) -> TaskNameTaken:
    return TaskNameTaken(f"A batch task of this project has the name {batch.document.name!r}.", param="name")


def _unknown(batch_id: str) -> NotFound:
    return NotFound(f"There is no batch task {batch_id}.", param="id")
