"""The documents of sources and groups, put together from what the store knows; each in one look."""

from collections.abc import Collection
from typing import Any

from msgspec import Raw
from msgspec.json import encode
from sqlalchemy import Connection

from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import Quotas, Resource
from vedette.model.source import SourceLevel, VideoSource
from vedette.schemas.source_info import snapshot_info, source_info
from vedette.schemas.template_info import template_info
from vedette.schemas.video_groups import GroupQuery, group_info
from vedette.schemas.video_sources import SourceQuery
from vedette.store import group_facts, groups, quotas, source_facts, source_looks, templates, video_sources
from vedette.store.group_facts import GroupFilter
from vedette.store.vault import Vault
from vedette.store.video_sources import SourceFilter


def source(conn: Connection, vault: Vault, project_id: ProjectId, source_id: VideoSourceId) -> dict[str, Any]:
    """Return the document of one source.

    Raises:
        NotFound: the project has no such source.
    """
    found = video_sources.get(conn, vault, project_id, source_id)
    (item,) = _sources(conn, project_id, [found])
    kept = templates.of_source(conn, project_id, source_id)
    shown = snapshot_info(source_looks.picture(conn, project_id, source_id))
    return item | {"service_config_templates": [template_info(template) for template in kept]} | shown


def source_list(
    conn: Connection, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas
) -> dict[str, Any]:
    """Return the answer to a list of sources."""
    wanted = _wanted(query)
    found, total = video_sources.find(
        conn, vault, project_id, wanted, by=query.sort_name, descending=query.descending, page=query.page
    )
    return {
        "video_source_number": len(found),
        "total_number": total,
        "quota_number": quotas.usage(conn, project_id, usual)[Resource.SOURCES].limit,
        "video_source_list": _sources(conn, project_id, found),
    }


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


def _wanted(query: SourceQuery) -> SourceFilter:
    by_group = query.scope_name == "group_name"
    return SourceFilter(
        name="" if by_group else query.scope,
        group_name=query.scope if by_group else "",
        levels=[SourceLevel(level) for level in query.status],
        kinds=query.type,
        group_ids=query.video_group_id,
        access_types=query.access_type,
        platform=query.platform_name,
        tags={tag for tag in (query.tag, *query.tag.split(",")) if tag},
    )


def _sources(conn: Connection, project_id: ProjectId, found: list[VideoSource]) -> list[dict[str, Any]]:
    ids = [source.id for source in found]
    known = source_facts.facts(conn, project_id, ids)
    places = groups.of_sources(conn, project_id, ids)
    made = _groups(conn, project_id, {group.id: group for some in places.values() for group in some}.values())
    packages = {group_id: Raw(encode(document)) for group_id, document in made.items()}  # each stands in many sources
    return [
        source_info(source, known[source.id].sight, [packages[group.id] for group in places.get(source.id, ())])
        | {
            "num_tasks": known[source.id].num_tasks,
            "num_service_config_templates": known[source.id].num_templates,
        }
        for source in found
    ]


def _groups(conn: Connection, project_id: ProjectId, found: Collection[VideoGroup]) -> dict[str, dict[str, Any]]:
    known = group_facts.facts(conn, project_id, [group.id for group in found])
    return {group.id: group_info(group, known[group.id].levels, known[group.id].num_batch_task) for group in found}
