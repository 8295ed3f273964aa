"""Edge pools and nodes over HTTP."""

import socket
from typing import Any
from urllib.parse import urlencode

import pytest
from bodies import REMOVE, changed
from service import KEYS, Answer, Client, Service
from sqlalchemy import Connection

from vedette.control.nodes import node_id
from vedette.model.ids import WorkerId
from vedette.model.service import AlgStatus
from vedette.store import assignments
from vedette.store.assignments import WorkerRow
from vedette.store.tables import deployments

HERE = node_id(socket.gethostname())
BODY: dict[str, Any] = {"name": "yard-pool", "description": "d", "nodes": [HERE], "ief_service_instance_id": "i1"}


def pool(client: Client, name: str = "yard-pool", **given: Any) -> str:
    answer = client.call("POST", f"{client.root}/edge-pools", {"name": name, "nodes": [HERE]} | given)
    assert answer.status == 201, answer.text
    assert set(answer.json) == {"id"}
    return str(answer.json["id"])


def detail(client: Client, pool_id: str) -> Any:
    answer = client.call("GET", f"{client.root}/edge-pools/{pool_id}")
    assert answer.status == 200, answer.text
    return answer.json


def listed(client: Client, query: str = "") -> Any:
    answer = client.call("GET", f"{client.root}/edge-pools?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def refused(answer: Answer, code: str, param: str) -> bool:
    assert set(answer.json) == KEYS
    return (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", REMOVE),
        ("name", "abc"),
        ("name", "a" * 33),
        ("name", "1abc"),
        ("name", "abc-"),
        ("name", "aBcd"),
        ("nodes", REMOVE),
        ("nodes", []),
        ("nodes", [f"node-{n}" for n in range(11)]),
        ("nodes", [""]),
        ("nodes", "node"),
        ("nodes", [{"id": "n"}]),
        ("description", "d" * 256),
        ("ief_service_instance_id", "i" * 256),
    ],
)
def test_a_field_of_a_pool_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    """As everywhere."""
    assert refused(
        client.call("POST", f"{client.root}/edge-pools", changed(BODY, field, value)), "VIAS.00010001", field
    )


@pytest.mark.parametrize("spelling", ["ief_service_instance_id", "iefServiceInstanceId"])
def test_a_pool_shows_what_was_sent_and_its_nodes(service: Service, client: Client, spelling: str) -> None:
    """The published example spells one field in another way."""
    pool_id = pool(client, description="two boxes", **{spelling: "inst"})
    shown = detail(client, pool_id)
    (node,) = shown.pop("nodes")
    assert shown == {
        "id": pool_id, "name": "yard-pool", "description": "two boxes", "ief_service_instance_id": "inst",
        "project_id": client.account.project_id, "workspace_id": "0", "state": "Running",
        "created_at": service.clock.now, "updated_at": service.clock.now,
    }  # fmt: skip
    assert (node["id"], node["name"], node["state"]) == (HERE, socket.gethostname(), "Running")
    assert node["cpu"] >= 1
    assert node["memory"] > 64
    assert node["arch"]
    assert [node[key] for key in ("enable_gpu", "enable_npu", "gpu_info", "npu_info")] == [False, False, [], []]


def test_a_node_that_nobody_knows_is_taken_and_makes_the_pool_abnormal(client: Client) -> None:
    """The published examples are full of such nodes, one of them twice."""
    unknown = "xxxxxxx-xxxxxxx-xxxxxxx-xxxxx-xxxxxx"
    shown = detail(client, pool(client, nodes=[HERE, unknown, unknown]))
    assert shown["state"] == "Abnormal"
    assert [(node["id"], node["state"]) for node in shown["nodes"]] == [(HERE, "Running"), (unknown, "UNKNOWN")]
    assert "name" not in shown["nodes"][1]


def test_a_machine_is_a_node_while_a_worker_of_it_has_a_lease(service: Service, client: Client) -> None:
    """The list of nodes says what a pool can be made of."""

    def renew(conn: Connection, until: int) -> None:
        assignments.renew(conn, WorkerRow(WorkerId("w-far"), "far-box-0a1b2c", 1, 60, until))

    far = node_id("far-box")
    pool_id = pool(client, nodes=[far])
    path = f"/vedette/v1/{client.account.project_id}/nodes"
    seen = []
    for until in (service.clock.now + 5000, service.clock.now - 1):
        service.run(service.db.write(renew, until))
        nodes = client.call("GET", path).json
        assert nodes["count"] == len(nodes["nodes"])
        seen.append(({node["name"] for node in nodes["nodes"]}, detail(client, pool_id)["state"]))
    assert seen == [({socket.gethostname(), "far-box"}, "Running"), ({socket.gethostname()}, "Abnormal")]


def test_a_name_is_taken_once_in_a_project(service: Service, client: Client) -> None:
    """Another project may have it too."""
    pool(client)
    assert refused(client.call("POST", f"{client.root}/edge-pools", BODY), "VIAS.00010003", "name")
    pool(service.client())


def test_a_create_that_is_sent_twice_makes_one_pool(client: Client) -> None:
    """A nervous client sends the same key."""
    answers = [client.call("POST", f"{client.root}/edge-pools", BODY, Idempotency_Key="k") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert listed(client)["count"] == 1


def test_a_deleted_pool_is_gone(client: Client) -> None:
    """With an empty answer, as published."""
    pool_id = pool(client)
    answer = client.call("DELETE", f"{client.root}/edge-pools/{pool_id}")
    assert (answer.status, answer.text) == (204, "")
    assert listed(client) == {"count": 0, "edge_pools": []}


def test_a_pool_that_is_not_there_cannot_be_shown_or_deleted(service: Service, client: Client) -> None:
    """Nor one of another project; and what is no id is told apart."""
    for pool_id in ("xxx", pool(service.client())):
        for method in ("GET", "DELETE"):
            assert refused(client.call(method, f"{client.root}/edge-pools/{pool_id}"), "VIAS.00010008", "id")
    assert refused(client.call("GET", f"{client.root}/edge-pools/a_b"), "VIAS.00010001", "id")


@pytest.mark.parametrize(("status", "kept"), [(AlgStatus.RUNNING, True), (AlgStatus.STOPPED, False)])
def test_a_pool_that_a_deployment_uses_cannot_be_deleted(
    service: Service, client: Client, status: AlgStatus, kept: bool
) -> None:
    """Until it is stopped."""
    pool_id = pool(client)

    def deploy(conn: Connection) -> None:
        row = {"project_id": client.account.project_id, "alg_id": "a1", "pool_id": pool_id, "stream_count": 1}
        conn.execute(
            deployments.insert().values(row | {"status": status, "settings": b"", "created_at": 0, "updated_at": 0})
        )

    service.run(service.db.write(deploy))
    answer = client.call("DELETE", f"{client.root}/edge-pools/{pool_id}")
    assert answer.status == (500 if kept else 204)
    assert ("VIAS.00010012" in answer.text) is kept


@pytest.fixture(scope="module")
def park(service: Service) -> Client:
    """Four pools of one project."""
    client = service.client()
    for name, nodes in (("north", [HERE]), ("south-1", ["n1"]), ("east-1", [HERE]), ("west", [HERE, "n2"])):
        service.clock.now += 1000
        pool(client, name, nodes=nodes)
    return client


ALL = ["west", "east-1", "south-1", "north"]


@pytest.mark.parametrize(
    ("query", "expected", "count"),
    [
        ("", ALL, 4),
        ("order_by=asc", ALL[::-1], 4),
        ("sort_name=updated_at&order_by=desc", ALL, 4),
        ("sort_name=created_at&order_by=asc", ALL[::-1], 4),
        ("name_like=st", ["west", "east-1"], 2),
        ("name_like=-1", ["east-1", "south-1"], 2),
        ("state=Running", ["east-1", "north"], 2),
        ("state=Abnormal", ["west", "south-1"], 2),
        ("is_paged=true&page_size=3", ALL[:3], 4),
        ("is_paged=true&page_size=3&page_num=2", ALL[3:], 4),
        ("is_paged=true&page_size=1&page_num=2&state=Running", ["north"], 2),
        ("page_size=1&page_num=2", ALL, 4),
        ("is_paged=true", ALL, 4),
    ],
)
def test_a_filter_filters_and_a_page_is_a_page(park: Client, query: str, expected: list[str], count: int) -> None:
    """Nothing of a query is accepted and ignored; the count is that of all that match."""
    answer = listed(park, query)
    assert [item["name"] for item in answer["edge_pools"]] == expected
    assert answer["count"] == count
    assert all("nodes" not in item for item in answer["edge_pools"])


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("is_paged", "maybe"),
        ("page_size", "0"),
        ("page_size", "1001"),
        ("page_num", "0"),
        ("page_num", "10001"),
        ("name_like", "A"),
        ("name_like", "n" * 31),
        ("order_by", "down"),
        ("sort_name", "name"),
        ("state", "running"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_refused_by_name(park: Client, param: str, value: str) -> None:
    """With the limits that are published."""
    answer = park.call("GET", f"{park.root}/edge-pools?{urlencode({param: value})}")
    assert refused(answer, "VIAS.00010001", param)
