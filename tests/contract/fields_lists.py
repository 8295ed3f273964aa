"""The queries of lists: a filter lists others, a sort another order, a page another part."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import fields_parks as parks
from fields_parks import OTHER
from fields_scene import Kind, Row, Rows, Scene
from service import CLOUD


class Listing(NamedTuple):
    """A list.

    Attributes:
        path: where it is; `{root}` and `{ours}` stand for the beginnings of the project's paths.
        entries: where in the answer the entries are.
        name: what an entry is known by; empty: all of it.
    """

    path: str
    entries: str
    name: str
    fill: Callable[[Scene], dict[str, str]]


TASKS = Listing("{root}/tasks", "tasks", "name", parks.tasks)
VAS = Listing(f"{{root}}/services/{CLOUD}/tasks", "tasks", "name", parks.tasks)
BATCHES = Listing("{root}/batch-tasks", "batch_task_list", "batch_task_name", parks.batches)
SOURCES = Listing("{root}/source/sources", "video_source_list", "video_source_name", parks.sources)
GROUPS = Listing("{root}/video-group/groups", "video_group_list", "video_group_name", parks.groups)
SERVICES = Listing("{root}/algorithm/services/user", "service_list", "service_name", parks.services)
POOLS = Listing("{root}/edge-pools", "edge_pools", "name", parks.pools)
TEMPLATES = Listing("{ours}/templates", "templates", "name", parks.templates)
DEVICES = Listing("{root}/edgemgr/devices", "devices", "name", parks.devices)
EVENTS = Listing("{ours}/events", "events", "timestamp", parks.events)
DEAD = Listing("{ours}/deliveries/dead", "dead_letters", "event_id", parks.events)

PAGED: Final = {
    "is_paged": ("", "is_paged=true"),
    "order_by": ("", "order_by=asc"),
    "page_size": ("is_paged=true", "is_paged=true&page_size=5"),
    "page_num": ("is_paged=true", "is_paged=true&page_num=2"),
}
GROUP_QUERY: Final = PAGED | {
    "name": ("", "name=7"),
    "status": ("", "status=1"),
    "access_type": ("", "access_type=edge"),
    "has_task": ("", "has_task=true"),
    "type": ("", "type=camera"),
    "sort_name": ("", "sort_name=modify_at"),
}
QUERIES: Final[tuple[tuple[str, Listing, Mapping[str, tuple[str, str]]], ...]] = (
    (
        "ListTasks",
        TASKS,
        {
            "source_data_type": ("", "source_data_type=sync_task"),
            "title": ("", "title=Counting 3"),
            "camera_name": ("", "camera_name=north"),
            "task_state": ("", "task_state=STOPPED"),
            "task_name": ("", "task_name=sk-1"),
            "page_size": ("", "page_size=5"),
            "page": ("", "page=2"),
            "sort_dir": ("", "sort_dir=asc"),
            "batch_id": ("", "batch_id={batch}"),
            "video_group_id": ("", "video_group_id={group}"),
            "company": ("", "company=Maker 3"),
            "alg_id": ("", "alg_id={alg}"),
        },
    ),
    (
        "VasListTasksDetails",
        VAS,
        {
            "service_version": ("", "service_version=1.0"),
            "state": ("", "state=STOPPED"),
            "name_like": ("", "name_like=sk-1"),
            "id_like": ("", "id_like={part}"),
            "created_since": ("", "created_since={since}"),
            "created_until": ("", "created_until={until}"),
            "order": ("", "order=name:ASC"),
            "offset": ("", "offset=2"),
            "limit": ("", "limit=3"),
        },
    ),
    (
        "ListBatchTasks",
        BATCHES,
        {
            "is_paged": ("", "is_paged=false"),
            "page_size": ("", "page_size=5"),
            "page_num": ("", "page_num=2"),
            "order_by": ("", "order_by=asc"),
            "sort_name": ("", "sort_name=task_count"),
            "video_group": ("", "video_group={two}"),
            "task_state": ("", "task_state=stopped"),
            "type_like": ("name_like=counting", "name_like=counting&type_like=publish_service_name"),
            "name_like": ("", "name_like=h-7"),
            "manufacturer": ("", "manufacturer=Maker 3"),
            "title": ("", "title=Counting 3"),
        },
    ),
    (
        "ListVideoSources",
        SOURCES,
        PAGED
        | {
            "scope": ("", "scope=07"),
            "scope_name": ("scope=gate", "scope=gate&scope_name=group_name"),
            "status": ("", "status=1"),
            "type": ("", "type=camera"),
            "video_group_id": ("", "video_group_id={group}"),
            "access_type": ("", "access_type=edge"),
            "sort_name": ("", "sort_name=num_task"),
            "platform_name": ("", "platform_name=big"),
            "tag": ("", "tag=gate"),
        },
    ),
    ("ListVideoGroups", GROUPS, GROUP_QUERY),
    ("ListVideoGroupsByExample", GROUPS._replace(path="{root}/videoGroup/groups"), GROUP_QUERY),
    (
        "ListUserServices",
        SERVICES,
        PAGED
        | {
            "name_like": ("", "name_like=counting-7"),
            "sort_name": ("", "sort_name=function_version"),
            "alg_status": ("", "alg_status=service_stopped"),
        },
    ),
    (
        "ListEdgePools",
        POOLS,
        PAGED
        | {
            "page_num": ("is_paged=true&page_size=5", "is_paged=true&page_size=5&page_num=2"),
            "is_paged": ("page_size=5", "page_size=5&is_paged=true"),
            "name_like": ("", "name_like=07"),
            "sort_name": ("", "sort_name=updated_at"),
            "state": ("", "state=Running"),
        },
    ),
    (
        "ListDevices",
        DEVICES,
        {
            "name": ("", "name=07"),
            "tags": ("", "tags=iva-device-type.camera"),
            "limit": ("", "limit=5"),
            "offset": ("", "offset=5"),
        },
    ),
    (
        "ListTemplates",
        TEMPLATES,
        {
            "video_source_id": ("", "video_source_id={north}"),
            "service_name": ("", f"service_name={OTHER}"),
            "page_num": ("", "page_num=2"),
            "page_size": ("", "page_size=1"),
        },
    ),
    (
        "ListEvents",
        EVENTS,
        {
            "task_id": ("", "task_id={two}"),
            "video_source_id": ("", "video_source_id=north"),
            "kind": ("", "kind=loitering"),
            "event_type": ("", "event_type=196610"),
            "review": ("", "review=approved"),
            "followers": ("", "followers=true"),
            "main_id": ("", "main_id={main}"),
            "since": ("", "since=3"),
            "until": ("", "until=3"),
            "limit": ("", "limit=2"),
            "cursor": ("", "cursor={next}"),
        },
    ),
    (
        "ListDeadLetters",
        DEAD,
        {"task_id": ("", "task_id={two}"), "limit": ("", "limit=2"), "cursor": ("", "cursor={letter}")},
    ),
)


def row(listing: Listing, without: str, asked: str) -> Row:
    """Return the row of a query, and of the query without its parameter."""

    def look(scene: Scene, query: str) -> Any:
        there = parks.park(scene, listing.fill)
        client = there.scene.client
        for name, known in there.ids.items():
            query = query.replace(f"{{{name}}}", known)
        path = listing.path.replace("{root}", client.root).replace("{ours}", there.scene.ours)
        answer = there.scene.get(f"{path}?{quote(query, safe='=&,:')}")
        return [entry[listing.name] if listing.name else entry for entry in answer[listing.entries]]

    return Row(Kind.EFFECT, look, without, asked)


def _walked(ask: Callable[[parks.Park, str], list[Any]], query: str) -> Row:
    """Return the row of a query that events are walked through with."""

    def look(scene: Scene, query: str) -> Any:
        there = parks.park(scene, parks.events)
        for name, known in there.ids.items():
            query = query.replace(f"{{{name}}}", known)
        return [event["timestamp"] for event in ask(there, query)]

    return Row(Kind.EFFECT, look, "", query)


def _exported(there: parks.Park, query: str) -> list[Any]:
    answer = there.scene.client.call("GET", f"{there.scene.ours}/events/export?{query}")
    assert answer.status == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def _streamed(there: parks.Park, query: str) -> list[Any]:
    """Read a feed from the beginning of the store until it has nothing more to tell."""
    client = there.scene.client
    headers = {"X-Auth-Token": client.account.token, "Last-Event-ID": "0"}
    url = f"{client.base}{there.scene.ours}/events/stream?{query}"
    with client.pool.request("GET", url, headers=headers, preload_content=False) as answer:
        assert answer.status == 200
        text = ""
        for part in answer.stream(65536):
            text += part.decode()
            if "\n: " in text:
                break
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def _walks() -> Rows:
    """Return the rows of the export and the feed: their filters are those of the list."""
    asked = next(dict(queries) for name, _, queries in QUERIES if name == "ListEvents")
    seen = ("task_id", "video_source_id", "kind", "event_type", "followers")
    more = (*seen, "since", "until", "review", "main_id")
    return {f"ExportEvents?{name}": _walked(_exported, asked[name][1]) for name in more} | {
        f"StreamEvents?{name}": _walked(_streamed, asked[name][1]) for name in seen
    }


def rows() -> Rows:
    """Return the rows of all lists of what projects have."""
    return _walks() | {
        f"{name}?{parameter}": row(listing, *pair)
        for name, listing, queries in QUERIES
        for parameter, pair in queries.items()
    }
