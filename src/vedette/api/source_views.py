"""The documents of sources, put together from what the store knows."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Raw
from msgspec.json import encode
from sqlalchemy import Connection

from vedette.api.group_views import group_document
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import Quotas, Resource
from vedette.model.source import SourceLevel
from vedette.schemas.source_info import shown_config, snapshot_info, source_info
from vedette.schemas.template_info import template_info
from vedette.schemas.video_sources import SourceQuery
from vedette.store import (
    group_facts,
    groups,
    quotas,
    source_facts,
    source_lists,
    source_looks,
    templates,
    video_sources,
)
from vedette.store.db import Database
from vedette.store.group_facts import GroupFacts
from vedette.store.source_lists import Listed, SourceFilter
from vedette.store.vault import Vault

SHOWN: Final = 5_000
"""Sources of which it is remembered what is shown of them; a few MB, without their secrets."""


def source(conn: Connection, vault: Vault, project_id: ProjectId, source_id: VideoSourceId) -> dict[str, Any]:
    """Return the document of one source.

    Raises:
        NotFound: the project has no such source.
    """
    found = source_lists.chosen(conn, project_id, [source_id])
    if not found:
        raise video_sources.unknown(source_id)
    (item,) = _sources(conn, vault, project_id, found)
    kept = templates.of_source(conn, project_id, source_id)
    shown = snapshot_info(source_looks.picture(conn, project_id, source_id))
    return item | {"service_config_templates": [template_info(template) for template in kept]} | shown


async def source_list(
    db: Database, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas
) -> dict[str, Any]:
    """Return the answer to a list of sources.

    Of all sources of a project the documents are made in one thread, one thing after the other, while the database
    counts their tasks: more threads would only wait for one another, as all of them need Python's lock.
    """
    if query.page is not None or not _wanted(query).everything:
        return await db.read(_page, vault, project_id, query, usual)
    answer: dict[str, Any]
    answer, counts = await asyncio.gather(
        db.read(_all, vault, project_id, query, usual), db.read(source_facts.counts, project_id, None)
    )
    _add_counts(answer["video_source_list"], counts)
    return answer


def _all(conn: Connection, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas) -> dict[str, Any]:
    """Return the answer without the counts."""
    found, total = _found(conn, project_id, query)
    members = groups.with_members(conn, project_id)
    made_over = group_facts.batches_over(conn, project_id, None)
    told = group_facts.tally({source.id: source.sight.level for source in found}, members, made_over)
    return _listed(total, _quota(conn, project_id, usual), _documents(vault, found, members, told))


def _page(conn: Connection, vault: Vault, project_id: ProjectId, query: SourceQuery, usual: Quotas) -> dict[str, Any]:
    found, total = _found(conn, project_id, query)
    return _listed(total, _quota(conn, project_id, usual), _sources(conn, vault, project_id, found))


def _found(conn: Connection, project_id: ProjectId, query: SourceQuery) -> tuple[list[Listed], int]:
    wanted, by = _wanted(query), query.sort_name
    return source_lists.find(conn, project_id, wanted, by=by, descending=query.descending, page=query.page)


def _quota(conn: Connection, project_id: ProjectId, usual: Quotas) -> int:
    return quotas.usage(conn, project_id, usual)[Resource.SOURCES].limit


def _listed(total: int, limit: int, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "video_source_number": len(documents),
        "total_number": total,
        "quota_number": limit,
        "video_source_list": documents,
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


def _sources(conn: Connection, vault: Vault, project_id: ProjectId, found: Sequence[Listed]) -> list[dict[str, Any]]:
    if not found:
        return []
    ids = [source.id for source in found]
    members = groups.with_members(conn, project_id, groups.having(project_id, ids))
    made_over = group_facts.batches_over(conn, project_id, [group.id for group in members]) if members else {}
    told = group_facts.tally(source_looks.levels(conn, project_id), members, made_over) if members else {}
    documents = _documents(vault, found, members, told)
    _add_counts(documents, source_facts.counts(conn, project_id, ids))
    return documents


def _documents(
    vault: Vault,
    found: Sequence[Listed],
    members: Mapping[VideoGroup, Collection[str]],
    told: Mapping[str, GroupFacts],
) -> list[dict[str, Any]]:
    """Return the documents of sources, without the counts."""
    packages: dict[str, list[Raw]] = {source.id: [] for source in found}
    for group, source_ids in members.items():  # in the order of their names
        document = Raw(encode(group_document(group, told)))  # once: it stands in many sources
        for source_id in source_ids:
            if source_id in packages:
                packages[source_id].append(document)
    return [{**_lasting(vault, source), "video_packages": packages[source.id]} for source in found]


def _add_counts(documents: list[dict[str, Any]], counts: Mapping[str, tuple[int, int]]) -> None:
    for document in documents:
        used, kept = counts.get(document["video_source_id"], (0, 0))  # of one that is just being removed: none
        document["num_tasks"] = used
        document["num_service_config_templates"] = kept


@lru_cache(SHOWN)
def _lasting(vault: Vault, source: Listed) -> Mapping[str, Any]:
    """Return the document of a source but for its groups and numbers: the same lists are asked for again and again."""
    config = vault.unseal(source.sealed, dict[str, Any])
    return source_info(source, shown_config(source.kind, config["xml"], config["leaves"]))
