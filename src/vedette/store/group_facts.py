"""Lists of video groups, and what is known of groups by their sources and their batch tasks."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId
from vedette.model.source import SourceLevel
from vedette.store import source_looks
from vedette.store.groups import group_of, with_members
from vedette.store.source_facts import MANY, among, at_level
from vedette.store.tables import group_members, tasks, video_groups, video_sources
from vedette.store.text import holds

_SAME_SOURCE: Final = (video_sources.c.project_id == group_members.c.project_id) & (
    video_sources.c.id == group_members.c.source_id
)

_MADE_OVER: Final = tasks.c.group_id == video_groups.c.id
"""A group's tasks are of its project, so that is not asked; else SQLite would look at the whole project each time."""


@dataclass(slots=True)
class GroupFacts:
    """What is known of a group."""

    levels: dict[SourceLevel, int] = field(default_factory=lambda: dict.fromkeys(SourceLevel, 0))
    num_batch_task: int = 0

    @property
    def num_video_source(self) -> int:
        """How many sources are in it."""
        return sum(self.levels.values())


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups are wanted; what is empty does not matter.

    Attributes:
        name: what their names contain.
        level: of which they have a source.
        kinds: of which they have a source.
        has_task: whether they have a batch task.
    """

    name: str = ""
    level: SourceLevel | None = None
    access_types: Collection[str] = ()
    kinds: Collection[str] = ()
    has_task: bool | None = None


def facts(conn: Connection, project_id: ProjectId, group_ids: Collection[str]) -> dict[str, GroupFacts]:
    """Return what is known of these groups of the project."""
    if not group_ids:
        return {}
    members = with_members(conn, project_id, among(video_groups.c.id, group_ids))
    return tally(source_looks.levels(conn, project_id), members, batches_over(conn, project_id, group_ids))


def batches_over(conn: Connection, project_id: ProjectId, group_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many batch tasks there are over these groups, where there are any; None: over all of the project."""
    here = [among(tasks.c.group_id, group_ids)]  # the project is not asked for, as above
    if group_ids is None or len(group_ids) > MANY:
        here.append(tasks.c.group_id.in_(select(video_groups.c.id).where(video_groups.c.project_id == project_id)))
    pairs = select(tasks.c.group_id, tasks.c.batch_id).where(*here, tasks.c.batch_id.is_not(None)).distinct().subquery()
    counted = select(pairs.c.group_id, func.count().label("n")).group_by(pairs.c.group_id)
    return {row.group_id: row.n for row in conn.execute(counted).all()}


def tally(
    levels: Mapping[str, str], members: Mapping[VideoGroup, Collection[str]], made_over: Mapping[str, int]
) -> dict[str, GroupFacts]:
    """Return what is known of groups: ten times quicker than to let the database join so many pairs.

    Args:
        levels: at which each source is.
        members: the sources of each group.
        made_over: how many batch tasks there are over each group.
    """
    found = {}
    for group, source_ids in members.items():
        counted = Counter(map(levels.get, source_ids))
        at = {level: counted[level] for level in SourceLevel}
        found[group.id] = GroupFacts(at, made_over.get(group.id, 0))
    return found


def kinds(conn: Connection, project_id: ProjectId, group_ids: Collection[str]) -> dict[str, set[str]]:
    """Return the kinds of the sources that are in these groups of the project."""
    found: dict[str, set[str]] = {group_id: set() for group_id in group_ids}
    here = (group_members.c.project_id == project_id, among(group_members.c.group_id, group_ids))
    columns = (group_members.c.group_id, video_sources.c.kind)
    for row in conn.execute(select(*columns).join(video_sources, _SAME_SOURCE).where(*here).distinct()).all():
        if row.group_id in found:
            found[row.group_id].add(row.kind)
    return found


def find(
    conn: Connection, project_id: ProjectId, wanted: GroupFilter, *, by: str, descending: bool, page: slice | None
) -> tuple[list[VideoGroup], int]:
    """Return groups of the project, and how many match.

    Args:
        by: `create_at`, `modify_at`, `num_video_source` or `num_task`, the number of batch tasks.
    """
    order = [_order(by), video_groups.c.id]
    matching = _where(select(video_groups, func.count().over().label("total")), project_id, wanted)
    rows = matching.order_by(*(c.desc() if descending else c for c in order))
    if page is not None:
        rows = rows.slice(page.start, page.stop)
    found = conn.execute(rows).all()
    if not found and page is not None and page.start:
        counted = _where(select(func.count()).select_from(video_groups), project_id, wanted)
        return [], int(conn.execute(counted).scalar_one())
    return [group_of(row) for row in found], found[0].total if found else 0


def _order(by: str) -> ColumnElement[int]:
    if by == "num_video_source":
        members = select(func.count()).select_from(group_members).where(group_members.c.group_id == video_groups.c.id)
        return members.correlate(video_groups).scalar_subquery()
    if by == "num_task":
        batches = select(func.count(tasks.c.batch_id.distinct())).where(_MADE_OVER)
        return batches.correlate(video_groups).scalar_subquery()
    return {"create_at": video_groups.c.create_at, "modify_at": video_groups.c.modify_at}[by]


def _where(query: Select[Any], project_id: ProjectId, wanted: GroupFilter) -> Select[Any]:
    here: list[ColumnElement[bool]] = [video_groups.c.project_id == project_id]
    if wanted.name:
        here.append(holds(video_groups.c.name, wanted.name))
    if wanted.access_types:
        here.append(video_groups.c.access_type.in_(list(wanted.access_types)))
    if wanted.level is not None:
        here.append(_has_source(at_level([wanted.level], project_id, group_members.c.source_id)))
    if wanted.kinds:
        here.append(_has_source(func.lower(video_sources.c.kind).in_([kind.lower() for kind in wanted.kinds])))
    if wanted.has_task is not None:
        some = exists().where(_MADE_OVER, tasks.c.batch_id.is_not(None))
        here.append(some if wanted.has_task else ~some)
    return query.where(*here)


def _has_source(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    member = select(group_members.c.source_id).join(video_sources, _SAME_SOURCE)
    return member.where(group_members.c.group_id == video_groups.c.id, condition).correlate(video_groups).exists()
