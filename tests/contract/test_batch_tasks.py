"""Batch tasks over HTTP: what is made, what is told of what was not, the list, and the verbs on all children."""

import json
import re
from typing import Any

import pytest
from batch_scene import Batches, body, group, with_group
from bodies import INPUTS, SCHEDULE, TASK
from service import CLOUD, EDGE, SMALL, Client, Service
from sqlalchemy import Connection, select

from vedette.control.expansion import child_id
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.quota import Resource
from vedette.model.service import ResourceOrder
from vedette.store import orders, quotas, tasks
from vedette.store.tables import tasks as task_rows

ZONE = '{"polygons": [{"name": "a", "data": [[0, 0], [10, 0], [10, 10]]}]}'


@pytest.fixture
def batches(client: Client) -> Batches:
    """The operations on batch tasks, in a project of their own."""
    return Batches(client)


def children(service: Service, batch_id: str) -> list[Any]:
    def read(conn: Connection) -> list[Any]:
        return list(conn.execute(select(task_rows).where(task_rows.c.batch_id == batch_id).order_by(task_rows.c.name)))

    found: list[Any] = service.run(service.db.read(read))
    return found


def set_row(service: Service, task_id: str, **values: Any) -> None:
    def write(conn: Connection) -> None:
        conn.execute(task_rows.update().where(task_rows.c.id == task_id).values(values))

    service.run(service.db.write(write))


# -- create


def test_each_source_of_each_group_gives_one_child(service: Service, client: Client, batches: Batches) -> None:
    """Children are ordinary tasks, named and numbered in the order they were asked for."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    south = with_group(service, client, "south", ["cam-2", "cam-3"])
    sent = body(group(north, "cam-2", "cam-1"), group(south, "cam-3"), description="all gates", schedule=SCHEDULE)
    answer = batches.created(sent | {"config": {"common": {"car_detection_sw": True}}})
    assert re.fullmatch("[0-9a-f]{32}", answer.pop("id"))
    assert answer == {"total_count": 3, "succeed_count": 3, "failed_count": 0, "error_list": []}
    [listed] = batches.listed()["batch_task_list"]
    made = children(service, listed["id"])
    assert [(one.name, one.video_source_id, one.group_id) for one in made] == [
        ("gates_0", "cam-2", north),
        ("gates_1", "cam-1", north),
        ("gates_2", "cam-3", south),
    ]
    shown = client.show(made[0].id)
    assert shown["input"] == {"type": "video_source", "data": [{"video_source_id": "cam-2"}]}
    assert (shown["description"], shown["schedule"], shown["state"]) == ("all gates", SCHEDULE, "PENDING")
    assert shown["config"] == {"common": {"car_detection_sw": True}}
    assert re.fullmatch("[0-9a-f]{32}", made[0].id)


def test_a_group_without_a_list_gives_all_it_has(service: Service, client: Client, batches: Batches) -> None:
    """Both an empty list and none."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    south = with_group(service, client, "south", ["cam-3"])
    answer = batches.created(body(group(north), {"video_source_group_id": south}))
    assert answer["total_count"] == answer["succeed_count"] == 3
    assert {one.video_source_id for one in children(service, answer["id"])} == {"cam-1", "cam-2", "cam-3"}


def test_what_is_wrong_with_one_source_does_not_hinder_the_others(
    service: Service, client: Client, batches: Batches
) -> None:
    """Each failure is counted, and told with its source; the reason many share is told once."""
    north = with_group(service, client, "north", ["cam-1", "cam-2", "cam-3"])
    with_group(service, client, "south", ["cam-9"])
    client.created(TASK | {"name": "gates_1"})
    bad = {"video_source_id": "cam-3", "target_roi": "no json"}
    answer = batches.created(
        body(group(north, "cam-1", "cam-2", "nobody", "cam-9", bad), group("no-group", "cam-1", "cam-2"))
    )
    assert (answer["total_count"], answer["succeed_count"], answer["failed_count"]) == (7, 1, 6)
    told = answer["error_list"]
    assert told[:3] == [
        f"{north}/cam-2: A task of this project has the name 'gates_1'.",
        f"{north}/nobody: There is no video source nobody.",
        f"{north}/cam-9: The video source is not in the group.",
    ]
    assert told[3].startswith(f"{north}/cam-3: ")
    assert "target_roi" in told[3]
    assert told[4:] == ["2 of them: There is no video group no-group."]
    assert [one.video_source_id for one in children(service, answer["id"])] == ["cam-1"]
    used = service.run(service.db.read(quotas.usage, ProjectId(client.account.project_id), SMALL))
    assert used[Resource.TASKS].used == 2, "one that was not made has no place"


def test_a_source_of_the_other_access_type_fails(service: Service, client: Client, batches: Batches) -> None:
    """A service on the edge does not see what only the cloud reaches."""
    north = with_group(service, client, "north", ["cam-1"])
    answer = batches.created(body(group(north, "cam-1"), service_name=EDGE))
    assert (answer["failed_count"], answer["succeed_count"]) == (1, 0)
    assert "access type is cloud" in answer["error_list"][0]


def test_a_batch_without_any_child_is_kept_and_can_be_deleted(batches: Batches) -> None:
    """The answer says what went wrong, and the batch stands where it was made."""
    answer = batches.created(body(group("no-group")))
    assert (answer["total_count"], answer["failed_count"]) == (1, 1)
    [listed] = batches.listed()["batch_task_list"]
    assert (listed["num_task"], listed["batch_task_status_info"], listed["video_group_name"]) == (0, {}, "")
    assert batches.delete(answer["id"]).status == 200
    assert batches.listed()["count"] == 0


def test_the_region_of_a_source_is_its_own(service: Service, client: Client, batches: Batches) -> None:
    """It takes the place of the batch's; a source without one has the batch's."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    own = {"video_source_id": "cam-1", "target_roi": ZONE}
    answer = batches.created(body(group(north, own, "cam-2"), config={"common": {"target_roi": ""}}))
    assert answer["error_list"] == []
    first, second = children(service, answer["id"])
    assert service.run(service.db.read(_document, service, client, first.id)).target_roi == ZONE
    assert service.run(service.db.read(_document, service, client, second.id)).target_roi is None
    assert client.show(first.id)["config"] == {"common": {"target_roi": ZONE}}
    assert client.show(second.id)["config"] == {"common": {"target_roi": ""}}
    batches.update(answer["id"], {"config": {"common": {"car_detection_sw": True}}})
    assert client.show(first.id)["config"] == {"common": {"car_detection_sw": True, "target_roi": ZONE}}
    alone = {"name": "alone", "input": INPUTS["video_source"] | {"data": [{"video_source_id": "cam-1"}]}}
    alone |= {"output": TASK["output"], "config": {"common": {"target_roi": ""}}}
    assert client.call("PUT", f"{client.root}/tasks/{first.id}", alone).status == 200
    assert client.show(first.id)["config"] == {"common": {"target_roi": ""}}


def _document(conn: Connection, service: Service, client: Client, task_id: str) -> Any:
    return tasks.get(conn, service.vault, ProjectId(client.account.project_id), TaskId(task_id)).document


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"service_name": "nobody"}, "service_name"),
        ({"service_version": "9.9"}, "service_version"),
        ({"output": {}}, "output"),
        ({"output": {"webhook": {"url": "http://a.test/x", "headers": {"K": "******"}}}}, "headers"),
        ({"schedule": SCHEDULE | {"timezone": "+99:00"}}, "timezone"),
        ({"config": {"common": {"car_detection_sw": "often"}}}, "car_detection_sw"),
        ({"name": "no spaces"}, "name"),
        ({"name": None}, "name"),
        ({"batch_input": {"video_source_group": []}}, "video_source_group"),
        ({"batch_input": None}, "batch_input"),
        ({"description": "x" * 501}, "description"),
        ({"resource_order_id": "A"}, "resource_order_id"),
        ({"batch_input": {"video_source_group": [group("group-a")] * 101}}, "video_source_group"),
        ({"batch_input": {"video_source_group": [group("group-a", *["cam-1"] * 101)]}}, "video_source_list"),
        (
            {
                "batch_input": {
                    "video_source_group": [group("g-aa", {"video_source_id": "c-aa", "target_roi": "x" * 2049})]
                }
            },
            "target_roi",
        ),
    ],
)
def test_what_is_wrong_for_all_children_refuses_the_whole(batches: Batches, change: dict[str, Any], param: str) -> None:
    """Nothing is made then, and the field at fault is named."""
    answer = batches.create(body(group("group-a", "cam-1")) | change)
    assert (answer.status, answer.json["params"]) == (400, [param]), answer.text
    assert batches.listed()["count"] == 0


def test_limits_are_inclusive(service: Service, client: Client, batches: Batches) -> None:
    """100 groups of 100 sources and a region of 2048 characters are within them."""
    many = [group(f"group-{n}", *[{"video_source_id": "cam-1", "target_roi": "x" * 2048}] * 100) for n in range(100)]
    answer = batches.created(body(*many))
    assert (answer["total_count"], answer["failed_count"]) == (10_000, 10_000)
    assert len(answer["error_list"]) == 100
    assert answer["error_list"][0] == "100 of them: There is no video group group-0."


def test_two_batches_cannot_have_one_name(service: Service, client: Client, batches: Batches) -> None:
    """Their children would have to share names too."""
    north = with_group(service, client, "north", ["cam-1"])
    batches.created(body(group(north)))
    answer = batches.create(body(group(north)))
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010011")


def test_a_repeated_request_makes_one_batch(service: Service, client: Client, batches: Batches) -> None:
    """A nervous client gets the first answer again."""
    north = with_group(service, client, "north", ["cam-1"])
    sent = body(group(north, "cam-1", "nobody"))
    first, second = (batches.create(sent, key="once") for _ in range(2))
    assert first.json == second.json
    assert first.json["failed_count"] == 1
    assert batches.listed()["count"] == 1
    batches.update(first.json["id"], {"description": "changed"})
    assert batches.create(sent, key="once").json == first.json
    other = batches.create(sent | {"name": "others"}, key="once")
    assert (other.status, other.json["params"]) == (400, ["Idempotency-Key"])


def test_children_beyond_the_quota_fail_and_are_counted_in_one_sentence(
    service: Service, client: Client, batches: Batches
) -> None:
    """The first ones take the places that are left."""
    cameras = [f"cam-{n:03}" for n in range(90)]
    groups = [with_group(service, client, f"g{n}", cameras) for n in range(3)]
    answer = batches.created(body(*(group(one) for one in groups)))
    assert (answer["total_count"], answer["succeed_count"], answer["failed_count"]) == (270, 200, 70)
    assert answer["error_list"] == ["70 of them: A project may have 200 tasks."]
    assert len(children(service, answer["id"])) == 200
    refused = client.create(TASK)
    assert refused.json["error_code"] == "VIAS.0010048"


def test_what_the_published_example_sends_besides_is_passed_over(
    service: Service, client: Client, batches: Batches
) -> None:
    """It names a manufacturer and a priority, which no table knows."""
    north = with_group(service, client, "north", ["cam-1"])
    answer = batches.created(body(group(north)) | {"manufacturer": "VIAS", "priority": "low"})
    assert answer["succeed_count"] == 1


def test_a_template_is_kept_for_each_source(service: Service, client: Client, batches: Batches) -> None:
    """Under the child's name, with the source's own region."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    own = {"video_source_id": "cam-1", "target_roi": ZONE}
    batches.created(body(group(north, own, "cam-2"), is_saved_as_template=True))
    for source, roi in (("cam-1", ZONE), ("cam-2", None)):
        shown = client.call("GET", f"{client.root}/source/sources/{source}").json
        [kept] = shown["service_config_templates"]
        assert kept.get("roi") == roi
        assert kept["name"] == ("gates_0" if roi else "gates_1")
    batches.created(body(group(north, "cam-1"), name="others"))
    assert len(client.call("GET", f"{client.root}/source/sources/cam-1").json["service_config_templates"]) == 1


def test_a_commercial_service_demands_an_order(service: Service, client: Client, batches: Batches) -> None:
    """For the whole batch at once; the children carry it."""
    north = with_group(service, client, "north", ["cam-1"])
    project = ProjectId(client.account.project_id)
    service.run(service.db.write(orders.set_commercial, EDGE, commercial=True))
    sent = body(group(north), service_name=EDGE)
    for order in ({}, {"resource_order_id": "order-1"}):
        refused = batches.create(sent | order)
        assert (refused.status, refused.json["params"]) == (400, ["resource_order_id"])
    service.run(service.db.write(orders.insert, ResourceOrder(project, "order-1", None, 5, None, service.clock())))
    edge = with_group(service, client, "edge", ["edge-1"], "edge")
    made = batches.created(body(group(edge), service_name=EDGE, resource_order_id="order-1"))
    assert client.show(child_id(made["id"], 0))["resource_order_id"] == "order-1"
    refused = batches.update(made["id"], {"resource_order_id": None})
    assert (refused.status, refused.json["params"]) == (400, ["resource_order_id"])
    service.run(service.db.write(orders.set_commercial, EDGE, commercial=False))
    assert batches.update(made["id"], {"resource_order_id": None}).status == 200
    assert "resource_order_id" not in client.show(child_id(made["id"], 0))


def test_an_update_saves_templates_too(service: Service, client: Client, batches: Batches) -> None:
    """Of the configuration as it is then."""
    north = with_group(service, client, "north", ["cam-1"])
    made = batches.created(body(group(north)))
    batches.update(made["id"], {"is_saved_as_template": True, "config": {"common": {"car_detection_sw": True}}})
    [kept] = client.call("GET", f"{client.root}/source/sources/cam-1").json["service_config_templates"]
    assert "car_detection_sw" in json.dumps(kept)


def test_a_viewer_may_only_read(service: Service) -> None:
    """The list is theirs to see; nothing else is theirs to do."""
    viewer = Batches(service.client(roles=("viewer",)))
    assert viewer.listed()["count"] == 0
    for answer in (
        viewer.create(body(group("group-a"))),
        viewer.update("0" * 32, {}),
        viewer.tell("0" * 32, "stop"),
        viewer.delete("0" * 32),
    ):
        assert answer.status == 403


# -- list


def test_a_batch_is_listed_with_the_published_fields(service: Service, client: Client, batches: Batches) -> None:
    """Counters of states without children are left out, as in the published example."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    south = with_group(service, client, "south", ["cam-3"])
    made = batches.created(body(group(north), group(south)))
    client.call("PUT", f"{client.root}/tasks/{child_id(made['id'], 0)}/action/stop")
    set_row(service, child_id(made["id"], 1), state=State.STOPPED)
    set_row(service, child_id(made["id"], 2), state=State.STOPPED, halted_by="no_service")
    listed = batches.listed()
    assert listed["count"] == 1
    [entry] = listed["batch_task_list"]
    assert entry == {
        "id": made["id"],
        "batch_task_name": "gates",
        "video_source_name": "name of cam-1,name of cam-2,name of cam-3",
        "video_group_name": "north,south",
        "alg_name": entry["alg_name"],
        "company": "Vedette",
        "type": "0",
        "num_task": 3,
        "created_at": service.clock(),
        "batch_task_status_info": {"stopping": 1, "stopped": 1, "stopped_no_service": 1},
    }
    assert entry["alg_name"]


def test_filters_filter_and_sorts_sort(service: Service, client: Client, batches: Batches) -> None:
    """Each parameter of the list makes a difference."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    south = with_group(service, client, "south", ["edge-1"], "edge")
    first = batches.created(body(group(north), name="alpha"))
    service.clock.now += 1000
    batches.created(body(group(south), name="beta", service_name=EDGE))
    assert batches.names() == ["beta", "alpha"]
    assert batches.names("order_by=asc") == ["alpha", "beta"]
    assert batches.names("sort_name=task_count") == ["alpha", "beta"]
    assert batches.names("sort_name=task_count&order_by=asc") == ["beta", "alpha"]
    assert batches.names(f"video_group={north}") == ["alpha"]
    assert batches.names(f"video_group={south},{north}") == ["beta", "alpha"]
    assert batches.names(f"video_group={south}&video_group={north}") == ["beta", "alpha"]
    assert batches.names("name_like=LPH") == ["alpha"]
    assert batches.names("name_like=_") == []
    assert batches.names("type_like=publish_service_name&name_like=edge") == ["beta"]
    assert batches.names("type_like=batch_task_name&name_like=edge") == []
    assert batches.names("manufacturer=Vedette&title=ntrusion") == ["beta", "alpha"]
    assert batches.names("manufacturer=Someone") == batches.names("title=nothing") == []
    client.call("PUT", f"{client.root}/tasks/{child_id(first['id'], 0)}/action/stop")
    assert batches.names("task_state=stopping") == ["alpha"]
    assert batches.names("task_state=stopping,pending") == batches.names("task_state=scheduling") == ["beta", "alpha"]
    assert batches.names("task_state=running&task_state=stopping") == ["alpha"]
    assert batches.names("task_state=lack_of_resources") == []
    set_row(service, child_id(first["id"], 0), state=State.STOPPED, halted_by="no_service")
    assert batches.names("task_state=stopped_no_service") == ["alpha"]
    assert batches.names("task_state=stopped") == []
    assert batches.names("task_state=stopped_no_service,stopped") == ["alpha"]
    set_row(service, child_id(first["id"], 0), halted_by=None)
    assert batches.names("task_state=stopped") == ["alpha"]
    assert batches.names("task_state=stopped_no_service") == []


def test_pages(batches: Batches) -> None:
    """Paged unless asked otherwise; `count` is the number of all."""
    for n in range(12):
        batches.created(body(group("no-group"), name=f"batch-{n:02}"))
    assert len(batches.names()) == 10
    assert batches.listed()["count"] == 12
    assert len(batches.names("page_num=2")) == 2
    assert len(batches.names("page_size=5&page_num=3")) == 2
    assert len(batches.names("is_paged=false")) == 12
    assert len(batches.names("is_paged=false&page_size=5")) == 12


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("page_size=4", "page_size"),
        ("page_size=201", "page_size"),
        ("page_num=0", "page_num"),
        ("page_num=10001", "page_num"),
        ("order_by=up", "order_by"),
        ("sort_name=name", "sort_name"),
        ("type_like=id", "type_like"),
        (f"name_like={'x' * 101}", "name_like"),
        ("manufacturer=x", "manufacturer"),
        (f"title={'x' * 65}", "title"),
        ("task_state=asleep", "task_state"),
        ("video_group=A", "video_group"),
        ("is_paged=perhaps", "is_paged"),
    ],
)
def test_a_bad_query_names_its_parameter(batches: Batches, query: str, param: str) -> None:
    """As for every other parameter."""
    answer = batches.client.call("GET", f"{batches.root}?{query}")
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [param])


# -- the verbs


def test_start_and_stop_act_on_all_children(service: Service, client: Client, batches: Batches) -> None:
    """One whose state forbids it is counted, and named with the reason."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    made = batches.created(body(group(north)))
    stopped = batches.tell(made["id"], "stop")
    assert (stopped.status, stopped.json["succeed_count"]) == (200, 2)
    assert {one.state for one in children(service, made["id"])} == {State.STOPPING}
    set_row(service, child_id(made["id"], 0), state=State.STOPPED)
    started = batches.tell(made["id"], "start").json
    assert (started["id"], started["total_count"], started["succeed_count"]) == (made["id"], 2, 1)
    assert started["failed_count"] == 1
    assert started["error_list"] == [f"{child_id(made['id'], 1)}: A task that is STOPPING cannot be told to start."]
    assert [one.state for one in children(service, made["id"])] == [State.PENDING, State.STOPPING]


def test_a_batch_is_deleted_with_its_children(service: Service, client: Client, batches: Batches) -> None:
    """It is gone at once, and its name is free; the children go once nothing of them runs any more."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    made = batches.created(body(group(north)))
    gone = batches.delete(made["id"])
    assert (gone.status, gone.json["total_count"], gone.json["succeed_count"]) == (200, 2, 2)
    assert {one.state for one in children(service, made["id"])} == {State.DELETING}
    assert batches.listed() == {"count": 0, "batch_task_list": []}
    again = batches.delete(made["id"])
    assert (again.status, again.json["error_code"]) == (400, "VIAS.00010008")
    batches.created(body(group("no-group")))


@pytest.mark.parametrize("command", ["pause", "START"])
def test_other_commands_are_refused(batches: Batches, command: str) -> None:
    """There are two."""
    answer = batches.tell("0" * 32, command)
    assert (answer.status, answer.json["params"]) == (400, ["command"])


# -- update


def test_an_update_reaches_every_child(service: Service, client: Client, batches: Batches) -> None:
    """What is absent stays as it is."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    made = batches.created(body(group(north), description="old", config={"common": {"car_detection_sw": True}}))
    answer = batches.update(made["id"], {"name": "doors", "config": {"common": {"car_detection_sw": False}}})
    assert answer.status == 200, answer.text
    assert answer.json == {
        "id": made["id"], "total_count": 2, "succeed_count": 2, "failed_count": 0, "error_list": [],
    }  # fmt: skip
    assert batches.names() == ["doors"]
    for n in range(2):
        shown = client.show(child_id(made["id"], n))
        assert (shown["name"], shown["description"]) == (f"doors_{n}", "old")
        assert shown["config"] == {"common": {"car_detection_sw": False}}
    batches.update(made["id"], {"description": "new", "schedule": SCHEDULE, "output": TASK["output"]})
    shown = client.show(child_id(made["id"], 0))
    assert (shown["description"], shown["schedule"], shown["name"]) == ("new", SCHEDULE, "doors_0")
    assert batches.update(made["id"], {"description": None, "schedule": None, "config": None}).status == 200
    shown = client.show(child_id(made["id"], 0))
    assert not {"description", "schedule", "config"} & set(shown)


def test_new_sources_are_added_and_old_ones_go(service: Service, client: Client, batches: Batches) -> None:
    """Who is in both goes on, untouched but for the region."""
    north = with_group(service, client, "north", ["cam-1", "cam-2", "cam-3"])
    made = batches.created(body(group(north, "cam-1", "cam-2")))
    own = {"video_source_id": "cam-2", "target_roi": ZONE}
    before = {one.id: one for one in children(service, made["id"])}
    answer = batches.update(made["id"], {"batch_input": {"video_source_group": [group(north, "cam-3", own)]}}).json
    assert (answer["total_count"], answer["succeed_count"]) == (3, 3)
    after = {one.name: one for one in children(service, made["id"])}
    assert {name: (one.video_source_id, one.state) for name, one in after.items()} == {
        "gates_0": ("cam-1", State.DELETING),
        "gates_1": ("cam-2", State.PENDING),
        "gates_2": ("cam-3", State.PENDING),
    }
    assert after["gates_1"].id in before
    assert service.run(service.db.read(_document, service, client, after["gates_1"].id)).target_roi == ZONE
    same = batches.update(made["id"], {"batch_input": {"video_source_group": [group(north, own, "cam-3")]}}).json
    assert (same["total_count"], same["succeed_count"]) == (2, 2)
    untouched = {one.name: one.version for one in children(service, made["id"])}
    assert untouched["gates_1"] == after["gates_1"].version
    assert untouched["gates_2"] == after["gates_2"].version


def test_a_child_that_was_deleted_alone_comes_again_when_it_is_asked_for(
    service: Service, client: Client, batches: Batches
) -> None:
    """Only with `batch_input`; under a number of its own, as the old one may still be on its way out."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    made = batches.created(body(group(north)))
    client.call("DELETE", f"{client.root}/tasks/{child_id(made['id'], 0)}")
    assert batches.update(made["id"], {"description": "new"}).json["total_count"] == 1
    assert len(children(service, made["id"])) == 2
    answer = batches.update(made["id"], {"batch_input": {"video_source_group": [group(north)]}}).json
    assert (answer["total_count"], answer["succeed_count"]) == (2, 2)
    found = {one.name: (one.video_source_id, one.state) for one in children(service, made["id"])}
    assert found == {
        "gates_0": ("cam-1", State.DELETING),
        "gates_1": ("cam-2", State.PENDING),
        "gates_2": ("cam-1", State.PENDING),
    }
    assert client.show(child_id(made["id"], 2))["description"] == "new"


def test_a_masked_secret_is_the_stored_one(service: Service, client: Client, batches: Batches) -> None:
    """For the children that are there, and for those that come later."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    hook = {"webhook": {"url": "https://receiver.test/a", "headers": {"X-Key": "batchsecret1"}}}
    made = batches.created(body(group(north, "cam-1"), output=hook))
    shown = client.show(child_id(made["id"], 0))["output"]
    assert shown["webhook"]["headers"] == {"X-Key": "******"}
    change = {"output": shown, "batch_input": {"video_source_group": [group(north)]}}
    assert batches.update(made["id"], change).json["succeed_count"] == 2
    for n in range(2):
        document = service.run(service.db.read(_document, service, client, child_id(made["id"], n)))
        assert document.output.webhook.headers == {"X-Key": "batchsecret1"}
    assert b"batchsecret1" not in service.stored()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"config": {"common": {"car_detection_sw": "often"}}}, "car_detection_sw"),
        ({"output": {}}, "output"),
        ({"output": {"webhook": {"url": "http://a.test/x", "headers": {"K": "******"}}}}, "headers"),
        ({"name": ""}, "name"),
        ({"batch_input": {"video_source_group": [group("group-a")] * 101}}, "video_source_group"),
    ],
)
def test_an_update_that_is_wrong_for_all_changes_nothing(
    service: Service, client: Client, batches: Batches, change: dict[str, Any], param: str
) -> None:
    """The children are as they were."""
    north = with_group(service, client, "north", ["cam-1"])
    made = batches.created(body(group(north)))
    answer = batches.update(made["id"], change | {"description": "new"})
    assert (answer.status, answer.json["params"]) == (400, [param]), answer.text
    assert "description" not in client.show(child_id(made["id"], 0))


def test_a_child_that_cannot_follow_is_told(service: Service, client: Client, batches: Batches) -> None:
    """Somebody has the name it should have."""
    north = with_group(service, client, "north", ["cam-1", "cam-2"])
    made = batches.created(body(group(north)))
    client.created(TASK | {"name": "doors_1"})
    answer = batches.update(made["id"], {"name": "doors"}).json
    assert (answer["succeed_count"], answer["failed_count"]) == (1, 1)
    assert answer["error_list"] == [f"{child_id(made['id'], 1)}: A task of this project has the name 'doors_1'."]


# -- whose it is


def test_a_batch_of_another_project_is_not_there(service: Service, client: Client, batches: Batches) -> None:
    """Neither to be seen nor to be told anything; nor are its groups and sources."""
    north = with_group(service, client, "north", ["cam-1"])
    made = batches.created(body(group(north)))
    stranger = Batches(service.client())
    assert stranger.listed()["count"] == 0
    for answer in (
        stranger.update(made["id"], {"description": "mine"}),
        stranger.tell(made["id"], "stop"),
        stranger.delete(made["id"]),
    ):
        assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010008")
    theirs = stranger.created(body(group(north, "cam-1")))
    assert theirs["error_list"] == [f"1 of them: There is no video group {north}."]
    own = with_group(service, stranger.client, "own", ["cam-5"])
    crossed = stranger.created(body(group(own, "cam-1"), name="crossed"))
    assert crossed["error_list"] == [f"{own}/cam-1: There is no video source cam-1."]
    assert stranger.names(f"video_group={north}") == []


def test_services_of_the_list_are_those_of_the_batch(batches: Batches) -> None:
    """An empty project has none to count."""
    assert batches.listed(f"type_like=publish_service_name&name_like={CLOUD}") == {"count": 0, "batch_task_list": []}
