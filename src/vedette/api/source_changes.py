"""What is done to a video source in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from vedette.control.reopening import reopen, reopen_source
from vedette.control.tasks import TRIES
from vedette.model.errors import IllegalTransition
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import Quotas, Resource
from vedette.model.source import VideoSource
from vedette.schemas.source_info import changed_source
from vedette.schemas.type_config import opened
from vedette.schemas.video_sources import VideoSourceUpdate
from vedette.store import groups, quotas, source_looks, tasks, video_sources
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which source, and when."""

    project_id: ProjectId
    source_id: VideoSourceId
    actor: str
    at: int


def insert(conn: Connection, vault: Vault, source: VideoSource, usual: Quotas, group_ids: Collection[str] = ()) -> None:
    """Write a source within the project's quota, and put it into groups.

    Raises:
        SourceNameTaken: a source of the project has the name.
        NotReferable: a group does not exist.
        InvalidParameter: a group is of the other access type.
        SourceQuotaReached: the project would have too many.
    """
    video_sources.insert(conn, vault, source)
    groups.join(conn, source, group_ids, source.create_at)
    quotas.take(conn, ProjectId(source.project_id), Resource.SOURCES, 1, usual)


def change(conn: Connection, vault: Vault, received: VideoSourceUpdate, by: Change) -> bool:
    """Change a source; return whether something else is opened from now on.

    Its tasks are told then: those that are at work begin anew on what it is now.

    Raises:
        NotFound: the project has no such source.
        InvalidParameter: the configuration is at fault, or what cannot change would.
        SourceNameTaken: another source of the project has the name.
        IllegalTransition: a task of it changes too quickly.
    """
    stored = video_sources.get(conn, vault, by.project_id, by.source_id, hold=True)
    source = changed_source(received, stored)
    video_sources.rewrite(conn, vault, source)
    if opened(source.kind, source.leaves) == opened(stored.kind, stored.leaves):
        if source.leaves != stored.leaves:
            source_looks.demand(conn, by.project_id, by.source_id, by.at)
        return False
    source_looks.reset(conn, by.project_id, by.source_id, by.at)
    left = reopen_source(conn, vault, by.project_id, by.source_id, actor=by.actor, at=by.at)
    for _ in range(TRIES):
        if not left:
            return True
        moved = tasks.some(conn, vault, left)
        left = tuple(
            task.id for task in moved if not reopen(conn, task, actor=by.actor, at=by.at, version=task.version + 1)
        )
    raise IllegalTransition("A task of the video source changes too quickly for it to be changed.")
