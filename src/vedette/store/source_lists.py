"""Lists of video sources, with what was seen of each: a few long strokes through indexes, and nothing is unsealed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from vedette.model.ids import ProjectId
from vedette.model.look import Fault, Sight
from vedette.model.source import SourceKind, SourceLevel
from vedette.store import source_facts
from vedette.store.tables import group_members, source_looks, video_groups, video_sources
from vedette.store.text import holds

_LOOK: Final = (source_looks.c.project_id == video_sources.c.project_id) & (
    source_looks.c.source_id == video_sources.c.id
)
_COLUMNS: Final = (
    *(video_sources.c[name] for name in ("id", "name", "access_type", "kind", "type_config")),
    *(video_sources.c[name] for name in ("latitude", "longitude", "tag", "create_at")),
    *(source_looks.c[name] for name in ("level", "reason", "since", "looked_at")),
    *(source_looks.c[name] for name in ("width", "height", "codec", "fps", "quality")),
)
_ROWS: Final = select(*_COLUMNS).outerjoin(source_looks, _LOOK)
_KINDS: Final = {kind.value: kind for kind in SourceKind}
_LEVELS: Final = {level.value: level for level in SourceLevel}


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources are wanted; what is empty does not matter.

    Attributes:
        name: what their names contain.
        group_name: what the name of one of their groups contains.
        kinds: names of kinds, of which some may be no kind of ours.
        platform: what the names of their platforms contain.
        tags: of which they have one.
    """

    name: str = ""
    group_name: str = ""
    levels: Collection[SourceLevel] = ()
    kinds: Collection[str] = ()
    group_ids: Collection[str] = ()
    access_types: Collection[str] = ()
    platform: str = ""
    tags: Collection[str] = ()

    @property
    def everything(self) -> bool:
        """Whether all sources are wanted."""
        return not (
            self.name or self.group_name or self.levels or self.kinds or self.group_ids or self.access_types
            or self.platform or self.tags
        )  # fmt: skip


class Listed(NamedTuple):
    """A source as lists need it; a tuple, as thousands of them are made for one answer.

    Attributes:
        sealed: its configuration, as the vault sealed it.
        create_at: milliseconds since the epoch.
    """

    id: str
    name: str
    access_type: str
    kind: SourceKind
    sealed: bytes
    latitude: str | None
    longitude: str | None
    tag: tuple[str, ...]
    create_at: int
    sight: Sight


def find(
    conn: Connection, project_id: ProjectId, wanted: SourceFilter, *, by: str, descending: bool, page: slice | None
) -> tuple[list[Listed], int]:
    """Return sources of the project in the order of `create_at`, `num_task` or `num_template`, and how many match."""
    if page is None:
        found = _read(conn, _ordered(_ROWS, project_id, wanted, by=by, descending=descending))
        return found, len(found)
    # the filters are looked at once, and what is long is read only for the page
    matching = select(video_sources.c.id, func.count().over().label("total"))
    ids = _ordered(matching, project_id, wanted, by=by, descending=descending).slice(page.start, page.stop)
    rows = conn.execute(ids).all()
    if not rows:
        return [], count(conn, project_id, wanted) if page.start else 0
    known = {one.id: one for one in chosen(conn, project_id, [row.id for row in rows])}
    return [known[row.id] for row in rows if row.id in known], rows[0].total


def chosen(conn: Connection, project_id: ProjectId, source_ids: Collection[str]) -> list[Listed]:
    """Return these sources of the project, as far as they exist, and others if they are many."""
    here = (video_sources.c.project_id == project_id, source_facts.among(video_sources.c.id, source_ids))
    return _read(conn, _ROWS.where(*here))


def count(conn: Connection, project_id: ProjectId, wanted: SourceFilter = SourceFilter()) -> int:
    """Return how many sources of the project are wanted."""
    counted = _where(select(func.count()).select_from(video_sources), project_id, wanted)
    return int(conn.execute(counted).scalar_one())


def _read(conn: Connection, query: Select[Any]) -> list[Listed]:
    return [_listed(row) for row in conn.execute(query).all()]


def _listed(row: Sequence[Any]) -> Listed:
    # in the order of the columns: to ask a row for each by its name takes longer than to read it
    source_id, name, access_type, kind, sealed, latitude, longitude, tag, create_at = row[:9]
    level, reason, since, looked_at, width, height, codec, fps, quality = row[9:]
    sight = Sight()
    if level is not None:
        faults = () if quality == "[]" else tuple(Fault(fault) for fault in json.loads(quality))
        sight = Sight(_LEVELS[level], reason, since, looked_at, width, height, codec, fps, faults)
    labels = () if tag == "[]" else tuple(json.loads(tag))
    return Listed(source_id, name, access_type, _KINDS[kind], sealed, latitude, longitude, labels, create_at, sight)


def _ordered(
    query: Select[Any], project_id: ProjectId, wanted: SourceFilter, *, by: str, descending: bool
) -> Select[Any]:
    keys = {"num_task": source_facts.NUM_TASKS, "num_template": source_facts.NUM_TEMPLATES}
    order = [keys.get(by, video_sources.c.create_at), video_sources.c.id]
    return _where(query, project_id, wanted).order_by(*(c.desc() if descending else c for c in order))


def _where(query: Select[Any], project_id: ProjectId, wanted: SourceFilter) -> Select[Any]:
    here: list[ColumnElement[bool]] = [video_sources.c.project_id == project_id]
    if wanted.name:
        here.append(holds(video_sources.c.name, wanted.name))
    if wanted.group_name or wanted.group_ids:
        here.append(_in_group(wanted))
    if wanted.levels:
        here.append(source_facts.at_level(wanted.levels, project_id, video_sources.c.id))
    if wanted.kinds:
        here.append(func.lower(video_sources.c.kind).in_([kind.lower() for kind in wanted.kinds]))
    if wanted.access_types:
        here.append(video_sources.c.access_type.in_(list(wanted.access_types)))
    if wanted.platform:
        here.append(holds(video_sources.c.platform, wanted.platform))
    if wanted.tags:
        quoted = (json.dumps(tag, ensure_ascii=False) for tag in wanted.tags)
        here.append(or_(*(holds(video_sources.c.tag, tag) for tag in quoted)))
    return query.where(*here)


def _in_group(wanted: SourceFilter) -> ColumnElement[bool]:
    """Return the condition that the source is in one of the groups that are wanted."""
    mine = select(group_members.c.group_id).join(video_groups, video_groups.c.id == group_members.c.group_id)
    mine = mine.where(
        group_members.c.project_id == video_sources.c.project_id, group_members.c.source_id == video_sources.c.id
    )
    if wanted.group_name:
        mine = mine.where(holds(video_groups.c.name, wanted.group_name))
    if wanted.group_ids:
        mine = mine.where(video_groups.c.id.in_(list(wanted.group_ids)))
    return mine.correlate(video_sources).exists()
