"""The documents of groups, put together from what the store knows."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId
from vedette.model.quota import Quotas, Resource
from vedette.model.source import SourceLevel
from vedette.schemas.video_groups import GroupQuery, group_info
from vedette.store import group_facts, groups, quotas
from vedette.store.group_facts import GroupFacts, GroupFilter


def group(conn: Connection, project_id: ProjectId, group_id: str) -> dict[str, Any]:
    """Return the document of one group.

    Raises:
        NotFound: the project has no such group.
    """
    found = groups.get(conn, project_id, group_id)
    return _groups(conn, project_id, [found])[group_id]


def group_list(conn: Connection, project_id: ProjectId, query: GroupQuery, usual: Quotas) -> dict[str, Any]:
    """Return the answer to a list of groups."""
    wanted = GroupFilter(
        name=query.name,
        level=SourceLevel(query.status) if query.status else None,
        access_types=query.access_type,
        kinds=query.type,
        has_task=query.has_task,
    )
    found, total = group_facts.find(
        conn, project_id, wanted, by=query.sort_name, descending=query.descending, page=query.page
    )
    kinds = group_facts.kinds(conn, project_id, [group.id for group in found])
    documents = _groups(conn, project_id, found)
    items = [document | {"type": ",".join(sorted(kinds[group_id]))} for group_id, document in documents.items()]
    return {
        "video_group_number": len(items),
        "total_number": total,
        "quota_number": quotas.usage(conn, project_id, usual)[Resource.GROUPS].limit,
        "video_group_list": items,
    }


def group_document(group: VideoGroup, told: Mapping[str, GroupFacts]) -> dict[str, Any]:
    """Return the document of a group, of which is told what is known."""
    facts = told.get(group.id) or GroupFacts()
    return group_info(group, facts.levels, facts.num_batch_task)


def _groups(conn: Connection, project_id: ProjectId, found: Collection[VideoGroup]) -> dict[str, dict[str, Any]]:
    told = group_facts.facts(conn, project_id, [group.id for group in found])
    return {group.id: group_document(group, told) for group in found}
