"""ListTasks over HTTP: every parameter filters, pages or sorts; a bad one is refused by name."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from bodies import SOURCE, TASK
from service import EDGE, Client, Service
from sqlalchemy import Connection, insert, update

from vedette.api.source_import import import_sources
from vedette.model.ids import ProjectId
from vedette.store.tables import group_members, tasks, video_groups

CHINESE = "入侵"


def listed(client: Client, **query: Any) -> list[str]:
    """Return the names on the page."""
    answer = page(client, **query)
    assert answer["count"] == len(answer["tasks"])
    return [task["name"] for task in answer["tasks"]]


def page(client: Client, **query: Any) -> Any:
    pairs = [(name, one) for name, value in query.items() for one in (value if isinstance(value, list) else [value])]
    answer = client.call("GET", f"{client.root}/tasks{'?' if pairs else ''}{urlencode(pairs)}")
    assert answer.status == 200, answer.text
    return answer.json


def write(service: Service, act: Callable[[Connection], object]) -> None:
    service.run(service.db.write(act))


def set_columns(service: Service, task_id: str, **columns: Any) -> None:
    write(service, lambda conn: conn.execute(update(tasks).where(tasks.c.id == task_id).values(columns)))


def with_source(service: Service, client: Client, source_id: str, name: str, access_type: str = "cloud") -> None:
    entry = SOURCE | {"video_source_id": source_id, "access_type": access_type, "video_source_name": name}
    project = ProjectId(client.account.project_id)
    service.run(import_sources(service.db, service.vault, project, json.dumps([entry]), service.clock))


def with_group(service: Service, client: Client, group_id: str, name: str, *source_ids: str) -> None:
    project = client.account.project_id
    group = {"id": group_id, "project_id": project, "name": name, "description": "", "access_type": "cloud"}
    members = [{"group_id": group_id, "project_id": project, "source_id": source_id} for source_id in source_ids]

    def add(conn: Connection) -> None:
        conn.execute(insert(video_groups).values(group | {"create_at": 1, "modify_at": 1}))
        conn.execute(insert(group_members), members)

    write(service, add)


def of_source(source_id: str, name: str) -> dict[str, Any]:
    return TASK | {"name": name, "input": {"type": "video_source", "data": [{"video_source_id": source_id}]}}


def at(url: str, name: str, **datum: Any) -> dict[str, Any]:
    return TASK | {"name": name, "input": {"type": "url", "data": [{"url": url} | datum]}}


@pytest.fixture
def three(service: Service, client: Client) -> list[str]:
    """Three tasks, a second apart; their ids."""
    ids = []
    for name in ("first", "second", "third"):
        ids.append(client.created(TASK | {"name": name}))
        service.clock.now += 1000
    return ids


def test_an_entry_has_what_is_required_and_times_as_text(service: Service, client: Client) -> None:
    """A typed client fails on a missing field, and on a number where text is due."""
    created_at = service.clock.now
    task_id = client.created(TASK)
    shown = client.show(task_id)
    answer = page(client)
    assert {key: answer[key] for key in ("count", "page", "page_size")} == {"count": 1, "page": 1, "page_size": 10}
    assert answer["tasks"] == [
        {
            "id": task_id,
            "name": "gate-1",
            "state": "PENDING",
            "created_at": str(created_at),
            "video_source_name": "camera.test/main",
            "title": shown["title"],
            "type": "0",
            "service_id": shown["service_id"],
            "algorithm_publish_id": shown["algorithm_publish_id"],
        }
    ]


def test_pages_and_order(client: Client, three: list[str]) -> None:
    """The newest is first unless asked otherwise; pages do not overlap, and the count is that of the page."""
    for number in range(4):
        client.created(TASK | {"name": f"later-{number}"})
    assert listed(client)[-3:] == ["third", "second", "first"]
    assert listed(client, sort_dir="asc")[:3] == ["first", "second", "third"]
    whole = listed(client, sort_dir="desc")
    assert listed(client, page_size=5) + listed(client, page_size=5, page=2) == whole
    last = page(client, page_size=5, page=2)
    assert (last["count"], last["page"], last["page_size"]) == (2, 2, 5)
    assert page(client, page=2_147_483_647, page_size=1000)["tasks"] == []
    assert len(three) == 3


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("RUNNING", ["first"]),
        ("running", ["first"]),
        ("PENDING", ["third"]),
        ("SCHEDULING", ["third"]),
        ("LACK_OF_RESOURCES", []),
        ("CREATE_FAILED", []),
        ("STOPPED", ["second"]),
        ("stopped_no_service", ["second"]),
        ("RUNNING,STOPPED", ["second", "first"]),
        (["RUNNING", "stopped_no_service"], ["second", "first"]),
        (["scheduling", "FAILED"], ["third"]),
    ],
)
def test_states_filter(service: Service, client: Client, three: list[str], asked: Any, names: list[str]) -> None:
    """Those of later documents stand for what they are here."""
    set_columns(service, three[0], state="RUNNING")
    set_columns(service, three[1], state="STOPPED", halted_by="no_service")
    assert listed(client, task_state=asked) == names


def test_a_task_that_was_stopped_by_its_user_is_not_one_without_a_service(
    service: Service, client: Client, three: list[str]
) -> None:
    """The counters of batches tell the two apart, so the filter does."""
    set_columns(service, three[1], state="STOPPED")
    assert listed(client, task_state="stopped_no_service") == []


def test_names_filter_by_their_parts_and_know_no_patterns(client: Client) -> None:
    """What a user types is text; a percent sign in it is a percent sign."""
    for name in ("Gate_A", "gateXa", "北门-1"):
        client.created(TASK | {"name": name})
    assert sorted(listed(client, task_name="GATE")) == ["Gate_A", "gateXa"]
    assert listed(client, task_name="e_a") == ["Gate_A"]
    assert listed(client, task_name="%") == []
    assert listed(client, task_name="北门") == ["北门-1"]


def test_camera_names_are_those_of_sources_and_what_stands_for_them(service: Service, client: Client) -> None:
    """A task without a registered source has a camera all the same."""
    with_source(service, client, "cam-1", "North gate")
    client.created(of_source("cam-1", "registered"))
    client.created(at("rtsp://user:password@north.test/main", "by-address"))
    client.created(at("rtsp://elsewhere.test/main", "named", stream_name="north-2"))
    assert sorted(listed(client, camera_name="north")) == ["by-address", "named", "registered"]
    assert listed(client, camera_name="North gate") == ["registered"]
    assert listed(client, camera_name="password") == []
    names = {task["name"]: task["video_source_name"] for task in page(client)["tasks"]}
    assert names == {"registered": "North gate", "by-address": "north.test/main", "named": "north-2"}


def test_services_filter_by_title_company_and_algorithm(service: Service, client: Client) -> None:
    """All three are facts of the service, found without a look at any task's document."""
    with_source(service, client, "cam-1", "edge camera", "edge")
    one = client.show(client.created(TASK | {"name": "cloud"}))
    other = client.show(client.created(of_source("cam-1", "edge"), EDGE))
    assert sorted(listed(client, title=one["title"][1:6].upper())) == ["cloud", "edge"]
    assert sorted(listed(client, title=CHINESE)) == ["cloud", "edge"]
    assert listed(client, title="no such title") == []
    assert sorted(listed(client, company=f"Somebody,{one['company']}")) == ["cloud", "edge"]
    assert listed(client, company=one["company"][:-1]) == []
    assert listed(client, alg_id=one["algorithm_publish_id"]) == ["cloud"]
    assert listed(client, alg_id=other["algorithm_publish_id"]) == ["edge"]
    assert listed(client, alg_id="00000000-0000-4000-8000-000000000000") == []
    assert {task["name"]: task["type"] for task in page(client)["tasks"]} == {"cloud": "0", "edge": "1"}


def test_groups_filter_by_their_members(service: Service, client: Client) -> None:
    """One group or several; and a task that was made for a group stays its own when its source has left."""
    for number in (1, 2, 3):
        with_source(service, client, f"cam-{number}", f"camera {number}")
        task_id = client.created(of_source(f"cam-{number}", f"task-{number}"))
    set_columns(service, task_id, group_id="grp-a")
    with_group(service, client, "grp-a", "entrances", "cam-1")
    with_group(service, client, "grp-b", "all", "cam-1", "cam-2")
    assert sorted(listed(client, video_group_id="grp-a")) == ["task-1", "task-3"]
    assert sorted(listed(client, video_group_id="grp-b")) == ["task-1", "task-2"]
    assert sorted(listed(client, video_group_id="grp-a,grp-b")) == ["task-1", "task-2", "task-3"]
    assert listed(client, video_group_id="grp-c") == []
    ids = {task["name"]: task["id"] for task in page(client)["tasks"]}
    assert client.show(ids["task-1"])["group_name"] == "all,entrances"
    assert client.show(ids["task-3"])["group_name"] == "entrances"


def test_batches_and_kinds_filter(service: Service, client: Client, three: list[str]) -> None:
    """A child says which batch made it; synchronous tasks there are none."""
    set_columns(service, three[1], batch_id="batch-1")
    assert listed(client, batch_id="batch-1") == ["second"]
    assert page(client, batch_id="batch-1")["tasks"][0]["batch_id"] == "batch-1"
    assert listed(client, batch_id="batch-2") == []
    assert listed(client, source_data_type="async_task") == ["third", "second", "first"]
    assert listed(client, source_data_type="sync_task") == []


def test_filters_narrow_one_another(service: Service, client: Client, three: list[str]) -> None:
    """Each filter leaves fewer."""
    set_columns(service, three[0], state="RUNNING")
    assert listed(client, task_state="RUNNING", task_name="first", camera_name="camera.test") == ["first"]
    assert listed(client, task_state="RUNNING", task_name="second") == []


def test_a_task_whose_algorithm_is_gone_is_still_listed(service: Service, client: Client, three: list[str]) -> None:
    """Uninstalling a plugin must not break the list; every required field stays."""
    set_columns(service, three[0], service_name="c-gone-edge")
    entry = page(client, sort_dir="asc")["tasks"][0]
    assert (entry["title"], entry["type"]) == ("c-gone-edge", "1")
    assert entry["service_id"]
    assert entry["algorithm_publish_id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_data_type", "both"),
        ("title", "x"),
        ("title", "x" * 65),
        ("camera_name", "x" * 256),
        ("task_state", "ASLEEP"),
        ("task_state", "RUNNING,ASLEEP"),
        ("task_name", "x" * 1025),
        ("page_size", 4),
        ("page_size", 1001),
        ("page_size", "ten"),
        ("page", 0),
        ("sort_dir", "up"),
        ("batch_id", "X"),
        ("video_group_id", "abcd,X"),
        ("company", "x" * 101),
        ("alg_id", "not-a-uuid"),
        ("alg_id", "00000000-0000-1000-8000-000000000000"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(client: Client, name: str, value: Any) -> None:
    """A filter that is passed over silently shows too much."""
    answer = client.call("GET", f"{client.root}/tasks?{urlencode([(name, value)])}")
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [name])


def test_another_project_sees_none_of_it(service: Service, client: Client, three: list[str]) -> None:
    """Not with any filter."""
    other = service.client()
    assert three
    for query in ({}, {"task_name": "first"}, {"task_state": "PENDING"}, {"camera_name": "camera"}):
        assert listed(other, **query) == []
    assert len(listed(client)) == 3
