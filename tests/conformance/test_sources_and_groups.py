"""Sources, groups and edge pools in the store, on every database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, update

from conformance.ground import MINE, NOW, OTHERS, count, insert, task
from vedette.control.reopening import reopen_source
from vedette.model.edge_pool import EdgePool
from vedette.model.errors import (
    GroupNameTaken,
    IllegalTransition,
    InvalidParameter,
    NameTaken,
    NotFound,
    NotReferable,
    SourceNameTaken,
)
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.lifecycle import State
from vedette.model.quota import USUAL, Resource
from vedette.model.source import (
    AccessType,
    InputDatum,
    InputType,
    SourceKind,
    SourceLevel,
    TaskInput,
    VideoSource,
)
from vedette.store import (
    edge_pools,
    group_facts,
    groups,
    quotas,
    source_facts,
    source_lists,
    source_looks,
    video_sources,
)
from vedette.store.db import Database
from vedette.store.group_facts import GroupFilter
from vedette.store.source_lists import SourceFilter
from vedette.store.source_looks import Seen
from vedette.store.tables import group_members, tasks
from vedette.store.tables import video_sources as sources
from vedette.store.vault import Vault


def camera(source_id: str, *, project: ProjectId = MINE, **given: Any) -> VideoSource:
    leaves = {"URL_ADDRESS": "rtsp://u:p@c"}
    fresh = VideoSource(source_id, project, source_id, AccessType.CLOUD, SourceKind.URL, "<xml/>", leaves)
    return replace(fresh, **given)


def folder(label: str, *, project: ProjectId = MINE, **given: Any) -> VideoGroup:
    return replace(VideoGroup(f"g-{project}-{label}", project, label, AccessType.CLOUD, "", NOW, NOW), **given)


async def bring(db: Database, vault: Vault, *sources: VideoSource) -> None:
    def add(conn: Connection) -> None:
        for source in sources:
            video_sources.insert(conn, vault, source)
            quotas.take(conn, ProjectId(source.project_id), Resource.SOURCES, 1, USUAL)

    await db.write(add)


async def looking(
    db: Database, vault: Vault, source_id: str, *states: State, project: ProjectId = MINE, **columns: Any
) -> None:
    """Bring in tasks of a source, in these states."""
    for number, state in enumerate(states):
        fresh = task(f"{source_id}-{number}", project=project, state=state)
        looks = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=source_id))
        await insert(db, vault, replace(fresh, document=replace(fresh.document, input=looks)))

        def more(conn: Connection, task_id: str) -> None:
            conn.execute(update(tasks).where(tasks.c.id == task_id).values(columns))

        if columns:
            await db.write(more, fresh.id)


async def seen(db: Database, source_id: str, level: SourceLevel, project: ProjectId = MINE) -> None:
    """Say how a source was seen to be."""

    def write(conn: Connection) -> bool:
        since = source_lists.chosen(conn, project, [source_id])[0].sight.since
        found = Seen(level, "" if level is SourceLevel.ONLINE else "away")
        return source_looks.note(conn, project, source_id, found, at=NOW, due_at=NOW + 1, since=since)

    assert await db.write(write)


async def found(
    db: Database, by: str = "create_at", *, down: bool = False, page: slice | None = None, **wanted: Any
) -> list[str]:
    sources, _ = await db.read(source_lists.find, MINE, SourceFilter(**wanted), by=by, descending=down, page=page)
    return [source.id for source in sources]


async def test_a_source_is_kept_with_what_is_searched_in_it(db: Database, vault: Vault) -> None:
    """Platform and camera are read from a sealed configuration, so they stand in columns of their own."""
    leaves = {"IP": "10.0.0.1", "DATA_SOURCE_ID": "c1"}
    await bring(db, vault, camera("a", leaves=leaves), camera("b", leaves=leaves | {"PLATFORM_NAME": "Plat_x"}))
    assert await found(db, platform="10.0") == ["a"]
    assert await found(db, platform="plat_X") == ["b"]
    assert (await db.read(video_sources.get, vault, MINE, VideoSourceId("a"))).device_id == "c1"


async def test_lists_filter_sort_and_page_alike_on_every_database(db: Database, vault: Vault) -> None:
    """Case, wildcards and Chinese names too."""
    await bring(
        db, vault,
        camera("a", name="North_1", create_at=1, tag=("x", "\u95e8")), camera("b", name="north%", create_at=2),
        camera("c", name="\u5317\u95e8", create_at=2, kind=SourceKind.RTSP_STREAM), camera("z", project=OTHERS),
    )  # fmt: skip
    await looking(db, vault, "a", State.RUNNING, State.ABNORMAL)
    await looking(db, vault, "b", State.RECOVERING)
    await seen(db, "a", SourceLevel.ONLINE)
    await seen(db, "b", SourceLevel.EXCEPTION)
    await seen(db, "z", SourceLevel.ONLINE, OTHERS)
    assert await found(db, down=True) == ["c", "b", "a"]
    assert await found(db, "num_task", down=True) == ["a", "b", "c"]
    assert await found(db, "num_template") == ["a", "b", "c"]
    assert await found(db, page=slice(1, 2)) == ["b"]
    assert await found(db, name="NORTH") == ["a", "b"]
    assert await found(db, name="%") == ["b"]
    assert await found(db, name="\u95e8") == ["c"]
    assert await found(db, tags={"\u95e8"}) == ["a"]
    assert await found(db, kinds=["RTSP_STREAM", "ivm"]) == ["c"]
    for by in ("create_at", "num_task", "num_template"):
        assert await found(db, by, levels=[SourceLevel.ONLINE]) == ["a"]
        assert await found(db, by, levels=[SourceLevel.EXCEPTION]) == ["b"]
        assert await found(db, by, levels=[SourceLevel.OFFLINE]) == ["c"]
    assert await db.read(source_lists.count, MINE, SourceFilter(levels=list(SourceLevel))) == 3


async def test_the_total_is_told_beyond_the_last_page_too(db: Database, vault: Vault) -> None:
    """A client that overshoots learns where the end is."""
    await bring(db, vault, camera("a"), camera("b"))
    asked: Callable[..., Any] = source_lists.find
    for page, expected in ((slice(0, 1), ["a"]), (slice(5, 9), [])):
        sources, total = await db.read(asked, MINE, SourceFilter(), by="create_at", descending=False, page=page)
        assert ([source.id for source in sources], total) == (expected, 2)


async def test_facts_are_counted_for_those_asked_for(db: Database, vault: Vault) -> None:
    """And for no other project."""
    await bring(db, vault, camera("a"), camera("b"), camera("a", project=OTHERS))
    await looking(db, vault, "a", State.STOPPED, State.STARTING)
    await looking(db, vault, "a", State.RUNNING, project=OTHERS)
    await seen(db, "a", SourceLevel.ONLINE, OTHERS)
    assert await db.read(source_facts.counts, MINE, ["a"]) == {"a": (2, 0)}
    assert await db.read(source_facts.counts, MINE, None) == {"a": (2, 0), "b": (0, 0)}
    assert await db.read(source_facts.counts, MINE, ["none"]) == {}
    assert [one.sight.level for one in await db.read(source_lists.chosen, MINE, ["a"])] == [SourceLevel.OFFLINE]
    assert await db.read(source_looks.levels, MINE) == {"a": "2", "b": "2"}


async def test_a_changed_source_keeps_its_name_unless_another_has_it(db: Database, vault: Vault) -> None:
    """A name is taken once."""
    await bring(db, vault, camera("a"), camera("b"), camera("c", project=OTHERS))
    await db.write(video_sources.rewrite, vault, camera("a", tag=("t",)))
    await db.write(video_sources.rewrite, vault, camera("a", name="c"))
    with pytest.raises(SourceNameTaken):
        await db.write(video_sources.rewrite, vault, camera("a", name="b"))
    assert (await db.read(video_sources.get, vault, MINE, VideoSourceId("a"))).name == "c"


async def test_two_that_take_a_name_at_once_are_not_both_served(db: Database, vault: Vault) -> None:
    """Whoever comes second is told so, and not that something broke."""
    await bring(db, vault, camera("a"), camera("b"))
    told = await asyncio.gather(
        *(db.write(video_sources.rewrite, vault, camera(source_id, name="new")) for source_id in ("a", "b")),
        return_exceptions=True,
    )
    assert sorted(type(one) for one in told if one is not None) == [SourceNameTaken]


async def test_a_removed_source_leaves_its_groups_and_frees_its_place(db: Database, vault: Vault) -> None:
    """Only one that no task refers to."""
    await bring(db, vault, camera("a"), camera("b"), camera("a", project=OTHERS))
    await db.write(groups.insert, folder("g"), ["a", "b"])
    await looking(db, vault, "b", State.FAILED)
    with pytest.raises(IllegalTransition):
        await db.write(video_sources.remove, MINE, VideoSourceId("b"), NOW)
    await db.write(video_sources.remove, MINE, VideoSourceId("a"), NOW + 5)
    with pytest.raises(NotFound):
        await db.write(video_sources.remove, MINE, VideoSourceId("a"), NOW)
    assert await count(db, group_members) == 1
    assert (await db.read(groups.get, MINE, folder("g").id)).modify_at == NOW + 5
    assert (await db.read(quotas.usage, MINE, USUAL))[Resource.SOURCES].used == 1
    assert (await db.read(video_sources.get, vault, OTHERS, VideoSourceId("a"))).id == "a"


async def test_tasks_of_a_changed_source_begin_anew(db: Database, vault: Vault) -> None:
    """Those at work; of this project."""
    await bring(db, vault, camera("a"), camera("a", project=OTHERS))
    await looking(db, vault, "a", State.RUNNING, State.STOPPED)
    await looking(db, vault, "a", State.RUNNING, project=OTHERS)

    def change(conn: Connection) -> tuple[str, ...]:
        return reopen_source(conn, vault, MINE, "a", actor="x", at=NOW)

    assert await db.write(change) == ()

    def states(conn: Connection) -> list[tuple[str, str]]:
        rows = conn.execute(tasks.select().order_by(tasks.c.project_id, tasks.c.name))
        return [(row.project_id, row.state) for row in rows]

    assert await db.read(states) == [(MINE, "RECOVERING"), (MINE, "STOPPED"), (OTHERS, "RUNNING")]


async def test_members_of_a_group_exist_and_have_its_access_type(db: Database, vault: Vault) -> None:
    """What is refused leaves nothing behind."""
    await bring(db, vault, camera("a"), camera("e", access_type=AccessType.EDGE), camera("o", project=OTHERS))
    for ids, error in ((["a", "o"], NotReferable), (["e"], InvalidParameter)):
        with pytest.raises(error):
            await db.write(groups.insert, folder("g"), ids)
    await db.write(groups.insert, folder("g"), ["a"])
    for ids, error in ((["x"], NotReferable), (["e"], InvalidParameter)):
        with pytest.raises(error):
            await db.write(groups.rewrite, folder("g", name="new"), ids)
    kept = await db.read(groups.with_members, MINE, groups.having(MINE, ["a", "e"]))
    assert {group.name: members for group, members in kept.items()} == {"g": ["a"]}
    assert await db.read(groups.with_members, MINE, groups.having(MINE, ["e"])) == {}


async def test_a_source_joins_groups_of_its_project(db: Database, vault: Vault) -> None:
    """The groups have changed then."""
    source = camera("a")
    await bring(db, vault, source, camera("b"))
    await db.write(groups.insert, folder("g"), ["b"])
    await db.write(groups.insert, folder("g", project=OTHERS), [])
    with pytest.raises(NotReferable):
        await db.write(groups.join, source, [folder("g", project=OTHERS).id], NOW)
    await db.write(groups.join, source, [folder("g").id, folder("g").id], NOW + 1)
    (joined,) = await db.read(groups.with_members, MINE, groups.having(MINE, ["a"]))
    assert joined.modify_at == NOW + 1


async def test_a_group_tells_how_its_sources_are(db: Database, vault: Vault) -> None:
    """Counted by the database."""
    await bring(db, vault, *(camera(name) for name in "abc"), camera("d", kind=SourceKind.RTSP_STREAM))
    await looking(db, vault, "a", State.RUNNING, group_id=folder("g").id, batch_id="b1")
    await looking(db, vault, "b", State.ABNORMAL, State.STOPPED, group_id=folder("g").id, batch_id="b2")
    await seen(db, "a", SourceLevel.ONLINE)
    await seen(db, "b", SourceLevel.EXCEPTION)
    await db.write(groups.insert, folder("g"), ["a", "b", "c", "d"])
    await db.write(groups.insert, folder("h"), ["c"])
    facts = await db.read(group_facts.facts, MINE, [folder("g").id, folder("h").id])
    first, second = facts[folder("g").id], facts[folder("h").id]
    levels = {SourceLevel.ONLINE: 1, SourceLevel.EXCEPTION: 1, SourceLevel.OFFLINE: 2}
    assert (first.levels, first.num_batch_task) == (levels, 2)
    kinds = await db.read(group_facts.kinds, MINE, [folder("g").id, folder("h").id])
    assert kinds == {folder("g").id: {"url", "RTSP_STREAM"}, folder("h").id: {"url"}}
    assert (first.num_video_source, second.num_video_source, second.num_batch_task) == (4, 1, 0)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (GroupFilter(), ["g", "h", "i"]),
        (GroupFilter(name="G"), ["g"]),
        (GroupFilter(level=SourceLevel.ONLINE), ["g"]),
        (GroupFilter(level=SourceLevel.OFFLINE), ["g", "h"]),
        (GroupFilter(level=SourceLevel.EXCEPTION), []),
        (GroupFilter(kinds=["URL"]), ["g", "h"]),
        (GroupFilter(access_types=["edge"]), ["i"]),
        (GroupFilter(has_task=True), ["g"]),
        (GroupFilter(has_task=False), ["h", "i"]),
    ],
)
async def test_groups_are_filtered_alike_on_every_database(
    db: Database, vault: Vault, wanted: GroupFilter, expected: list[str]
) -> None:
    """By themselves and by what is in them."""
    await bring(db, vault, camera("a"), camera("b"))
    await looking(db, vault, "a", State.RUNNING, group_id=folder("g").id, batch_id="b1")
    await seen(db, "a", SourceLevel.ONLINE)
    for group, ids in (
        (folder("g", create_at=1), ["a", "b"]),
        (folder("h", create_at=2), ["b"]),
        (folder("i", create_at=3, access_type=AccessType.EDGE), []),
        (folder("g", project=OTHERS), []),
    ):
        await db.write(groups.insert, group, ids)
    asked: Callable[..., Any] = group_facts.find
    for by in ("create_at", "modify_at", "num_video_source", "num_task"):
        some, total = await db.read(asked, MINE, wanted, by=by, descending=False, page=None)
        assert (sorted(group.name for group in some), total) == (expected, len(expected))
    assert await db.read(asked, MINE, wanted, by="create_at", descending=True, page=slice(9, 10)) == (
        [], len(expected),
    )  # fmt: skip


async def test_a_group_name_is_taken_once_and_a_removed_group_is_gone(db: Database, vault: Vault) -> None:
    """In each project."""
    await db.write(groups.insert, folder("g"), [])
    await db.write(groups.insert, folder("h"), [])
    await db.write(groups.insert, folder("g", project=OTHERS), [])
    with pytest.raises(GroupNameTaken):
        await db.write(groups.insert, folder("g", id="other"), [])
    with pytest.raises(GroupNameTaken):
        await db.write(groups.rewrite, folder("h", name="g"), [])
    with pytest.raises(NotFound):
        await db.write(groups.remove, OTHERS, folder("g").id)
    await db.write(groups.remove, MINE, folder("g").id)
    with pytest.raises(NotFound):
        await db.read(groups.get, MINE, folder("g").id)


async def test_edge_pools_are_kept_by_project(db: Database) -> None:
    """A name once in each; found by a part of it, in order."""
    first = EdgePool("p1", MINE, "north-1", ("n1", "n2"), "d", "i", NOW, NOW)
    second = EdgePool("p2", MINE, "south-1", ("n1",), created_at=NOW + 1, updated_at=NOW)
    for pool in (first, second, replace(first, id="p3", project_id=OTHERS)):
        await db.write(edge_pools.insert, pool)
    with pytest.raises(NameTaken):
        await db.write(edge_pools.insert, replace(first, id="p4"))
    assert await db.read(edge_pools.get, MINE, "p1") == first
    with pytest.raises(NotFound):
        await db.read(edge_pools.get, MINE, "p3")
    asked: Callable[..., Any] = edge_pools.find
    assert await db.read(asked, MINE, name_like=None, by="created_at", descending=True) == [second, first]
    assert await db.read(asked, MINE, name_like="th-1", by="updated_at", descending=False) == [first, second]
    assert await db.read(asked, MINE, name_like="nor", by="created_at", descending=False) == [first]
    with pytest.raises(NotFound):
        await db.write(edge_pools.remove, MINE, "p3")
    await db.write(edge_pools.remove, MINE, "p1")
    assert await db.read(asked, MINE, name_like=None, by="created_at", descending=True) == [second]


async def test_sources_of_an_older_schema_are_read_again(db: Database, vault: Vault) -> None:
    """What is searched in them is sealed, so a migration cannot know it."""
    await bring(db, vault, camera("a", leaves={"PLATFORM_NAME": "x"}), camera("b"))

    def forget(conn: Connection) -> None:
        conn.execute(update(sources).values(platform=None))

    await db.write(forget)
    assert await found(db, platform="x") == []
    await db.write(video_sources.reread, vault)
    assert await found(db, platform="x") == ["a"]
