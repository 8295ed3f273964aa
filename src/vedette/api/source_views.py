"""The documents of sources and groups, put together from what the store knows; each in one look."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
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
from vedette.store.db import Database
from vedette.store.group_facts import GroupFacts, GroupFilter
from vedette.store.source_facts import SourceFacts
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


async def source_list(
    db: Database, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas
) -> dict[str, Any]:
    """Return the answer to a list of sources. All of a project are read side by side: one look would take as long as all."""
    if query.page is not None or not _wanted(query).everything:
        return await db.read(_page, vault, project_id, query, usual)
    (found, _), limit, seen, counts, places, made_over = await asyncio.gather(
        db.read(_found, vault, project_id, query),
        db.read(_quota, project_id, usual),
        db.read(source_looks.of, project_id, None),
        db.read(source_facts.counted, project_id, None),
        db.read(groups.of_sources, project_id, None),
        db.read(group_facts.batches_over, project_id, None),
    )
    known = source_facts.joined([source.id for source in found], seen, counts)
    told = group_facts.tally({source_id: sight.level for source_id, sight in seen.items()}, places, made_over)
    documents = await asyncio.to_thread(_documents, found, known, places, told)
    return _listed(found, len(found), limit, documents)


def _page(conn: Connection, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas) -> dict[str, Any]:
    found, total = _found(conn, vault, project_id, query)
    return _listed(found, total, _quota(conn, project_id, usual), _sources(conn, project_id, found))


def _found(conn: Connection, vault: Vault, project_id: ProjectId, query: SourceQuery) -> tuple[list[VideoSource], int]:
    wanted, by = _wanted(query), query.sort_name
    return video_sources.find(conn, vault, project_id, wanted, by=by, descending=query.descending, page=query.page)


def _quota(conn: Connection, project_id: ProjectId, usual: Quotas) -> int:
    return quotas.usage(conn, project_id, usual)[Resource.SOURCES].limit


def _listed(found: list[VideoSource], total: int, limit: int, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "video_source_number": len(found),
        "total_number": total,
        "quota_number": limit,
        "video_source_list": documents,
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
    in_them = {group.id for some in places.values() for group in some}
    return _documents(found, known, places, group_facts.facts(conn, project_id, in_them))


def _documents(
    found: list[VideoSource],
    known: Mapping[str, SourceFacts],
    places: Mapping[str, Sequence[VideoGroup]],
    told: Mapping[str, GroupFacts],
) -> list[dict[str, Any]]:
    unique = {group.id: group for some in places.values() for group in some}  # each stands in many sources
    packages = {group_id: Raw(encode(_group_document(group, told))) for group_id, group in unique.items()}
    return [
        source_info(source, facts.sight, [packages[group.id] for group in places.get(source.id, ())])
        | {"num_tasks": facts.num_tasks, "num_service_config_templates": facts.num_templates}
        for source in found
        for facts in (known[source.id],)
    ]


def _group_document(group: VideoGroup, told: Mapping[str, GroupFacts]) -> dict[str, Any]:
    facts = told.get(group.id) or GroupFacts()
    return group_info(group, facts.levels, facts.num_batch_task)


def _groups(conn: Connection, project_id: ProjectId, found: Collection[VideoGroup]) -> dict[str, dict[str, Any]]:
    told = group_facts.facts(conn, project_id, [group.id for group in found])
    return {group.id: _group_document(group, told) for group in found}
