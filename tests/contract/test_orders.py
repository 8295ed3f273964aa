"""Orders, terms and quotas: who may see them, who may change them, and what tasks may do under them."""

from collections.abc import Iterator

import pytest
from bodies import TASK
from service import CLOUD, EDGE, Answer, Client, Service

UNKNOWN = "c-nothing-cloud"


def ours(client: Client, path: str) -> str:
    return f"/vedette/v1/{client.account.project_id}/{path}"


def register(client: Client, **given: object) -> Answer:
    return client.call("POST", ours(client, "resource-orders"), {"stream_quota": 2} | given)


@pytest.fixture
def member(service: Service) -> Client:
    """Somebody who may work in a project, and no more."""
    return service.client(roles=("admin",))


@pytest.fixture
def minder(service: Service) -> Client:
    """Somebody who minds the installation, with a project of their own."""
    return service.client(roles=("te_admin",))


@pytest.fixture
def commercial(service: Service, minder: Client) -> Iterator[str]:
    """A service that is sold under an order alone, until the test ends."""
    path = ours(minder, f"services/{EDGE}/terms")
    assert minder.call("PUT", path, {"commercial": True}).status == 200
    yield EDGE
    assert minder.call("PUT", path, {"commercial": False}).status == 200


def edge_task(client: Client, name: str, **given: object) -> dict[str, object]:
    camera = {"type": "edgecamera", "data": [{"id": "007cdafc-6000-47ce-b0e3-870b4a0db65e", "index": 0}]}
    return TASK | {"name": name, "input": camera} | given


def test_an_order_is_registered_listed_shown_changed_and_removed(client: Client, service: Service) -> None:
    """The whole life of one, by whoever minds the installation."""
    answer = register(client, id="order-17", service_name=CLOUD, expires_at=service.clock() + 1000)
    assert answer.status == 201, answer.text
    order = {
        "id": "order-17",
        "service_name": CLOUD,
        "stream_quota": 2,
        "in_use": 0,
        "expires_at": service.clock() + 1000,
        "expired": False,
        "created_at": service.clock(),
    }
    assert answer.json == order
    assert client.call("GET", ours(client, "resource-orders/order-17")).json == order
    assert client.call("GET", ours(client, "resource-orders")).json == {"count": 1, "resource_orders": [order]}

    changed = client.call("PUT", ours(client, "resource-orders/order-17"), {"stream_quota": 5})
    assert changed.status == 200
    assert changed.json == {
        "id": "order-17", "stream_quota": 5, "in_use": 0, "expired": False, "created_at": service.clock(),
    }  # fmt: skip
    assert client.call("DELETE", ours(client, "resource-orders/order-17")).json == {}
    assert client.call("GET", ours(client, "resource-orders")).json["count"] == 0


def test_an_order_without_an_id_is_given_one(client: Client) -> None:
    """One that tasks can name."""
    made = register(client).json["id"]
    assert len(made) == 32


def test_an_order_sent_twice_with_one_key_is_one_order(client: Client) -> None:
    """A nervous client buys once."""
    path = ours(client, "resource-orders")
    first = client.call("POST", path, {"stream_quota": 2}, Idempotency_Key="a")
    second = client.call("POST", path, {"stream_quota": 2}, Idempotency_Key="a")
    assert first.json == second.json
    assert client.call("GET", path).json["count"] == 1


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"stream_quota": 0}, "VIAS.00010001", "stream_quota"),
        ({"stream_quota": None}, "VIAS.00010001", "stream_quota"),
        ({"id": "UPPER"}, "VIAS.00010001", "id"),
        ({"expires_at": "tomorrow"}, "VIAS.00010001", "expires_at"),
        ({"service_name": UNKNOWN}, "VIAS.00010002", "service_name"),
    ],
)
def test_a_bad_order_is_refused_by_name(client: Client, given: dict[str, object], code: str, param: str) -> None:
    """Nothing is registered."""
    answer = register(client, **given)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])


def test_an_id_is_registered_once(client: Client) -> None:
    """Two purchases are two orders."""
    register(client, id="order-1")
    again = register(client, id="order-1")
    assert (again.status, again.json["error_code"]) == (400, "VIAS.00010003")


def test_members_read_and_do_not_write(member: Client) -> None:
    """Orders are the operator's."""
    assert member.call("GET", ours(member, "resource-orders")).status == 200
    assert member.call("GET", ours(member, "quotas")).status == 200
    assert member.call("GET", ours(member, f"services/{CLOUD}/terms")).json == {
        "service_name": CLOUD, "commercial": False,
    }  # fmt: skip
    for method, path, given in (
        ("POST", "resource-orders", {"stream_quota": 1}),
        ("PUT", "resource-orders/order-1", {"stream_quota": 1}),
        ("DELETE", "resource-orders/order-1", None),
        ("PUT", f"services/{CLOUD}/terms", {"commercial": True}),
        ("PUT", "quotas", {"tasks": 1}),
    ):
        assert member.call(method, ours(member, path), given).status == 403


def test_members_do_not_see_other_projects_and_the_minder_does(member: Client, minder: Client) -> None:
    """The operator acts on every project, and needs no place in it."""
    assert member.call("GET", ours(minder, "resource-orders")).status == 401
    assert member.call("GET", ours(minder, "quotas")).status == 401
    made = minder.call("POST", ours(member, "resource-orders"), {"id": "order-1", "stream_quota": 1})
    assert made.status == 201
    assert member.call("GET", ours(member, "resource-orders")).json["count"] == 1
    assert minder.call("GET", ours(minder, "resource-orders")).json["count"] == 0


@pytest.mark.parametrize("path", ["resource-orders", "quotas"])
def test_a_project_nobody_knows_is_not_found(minder: Client, path: str) -> None:
    """An order for nobody would be a slip."""
    assert minder.call("GET", f"/vedette/v1/nobody/{path}").json["error_code"] == "VIAS.00010008"
    method, given = ("POST", {"stream_quota": 1}) if path == "resource-orders" else ("PUT", {"tasks": 1})
    answer = minder.call(method, f"/vedette/v1/nobody/{path}", given)
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010008")


def test_a_commercial_service_demands_a_registered_order(client: Client, service: Service, commercial: str) -> None:
    """None, an unknown one, one for another service and one that has ended are refused, each for its reason."""
    register(client, id="other", service_name=CLOUD)
    register(client, id="ended", expires_at=service.clock())
    register(client, id="good", service_name=commercial)

    def sent(order: str | None) -> object:
        answer = client.create(edge_task(client, f"t-{order}", resource_order_id=order), commercial)
        return answer.status if answer.status == 200 else (answer.json["error_code"], answer.json["params"])

    assert sent(None) == ("VIAS.00010001", ["resource_order_id"])
    assert sent("unknown") == ("VIAS.00010002", ["resource_order_id"])
    assert sent("other") == ("VIAS.00010002", ["resource_order_id"])
    assert sent("ended") == ("VIAS.00010001", ["resource_order_id"])
    assert sent("good") == 200


def test_an_order_of_another_project_is_none(client: Client, service: Service, commercial: str) -> None:
    """Whoever knows an id has not bought anything."""
    register(service.client(), id="theirs")
    answer = client.create(edge_task(client, "t", resource_order_id="theirs"), commercial)
    assert answer.json["error_code"] == "VIAS.00010002"


def test_an_order_nobody_registered_has_no_effect_and_the_task_says_so(client: Client) -> None:
    """Services that are free take any, as published examples send one."""
    task = client.show(client.created(TASK | {"resource_order_id": "029b34a69efd48769215e429deff0cec"}))
    assert "is not registered and has no effect" in task["status"]
    assert task["resource_order_id"] == "029b34a69efd48769215e429deff0cec"


def test_an_order_that_tasks_name_is_not_removed(client: Client) -> None:
    """They would run on for nothing."""
    register(client, id="order-1")
    client.created(TASK | {"resource_order_id": "order-1"})
    answer = client.call("DELETE", ours(client, "resource-orders/order-1"))
    assert (answer.status, answer.json["error_code"]) == (500, "VIAS.00010012")


def test_terms_are_shown_and_are_of_published_services_alone(client: Client, commercial: str) -> None:
    """A slip of the pen does not mark a service that nobody has."""
    assert client.call("GET", ours(client, f"services/{commercial}/terms")).json["commercial"] is True
    for method, given in (("GET", None), ("PUT", {"commercial": True})):
        answer = client.call(method, ours(client, f"services/{UNKNOWN}/terms"), given)
        assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010008")


def test_quotas_are_shown_lowered_and_set_back(client: Client) -> None:
    """What is absent stays, and null is what the settings say."""
    path = ours(client, "quotas")
    assert client.call("GET", path).json == {
        "tasks": {"used": 0, "limit": 200}, "sources": {"used": 0, "limit": 200}, "groups": {"used": 0, "limit": 20},
    }  # fmt: skip
    answer = client.call("PUT", path, {"tasks": 1, "groups": 0})
    assert (answer.json["tasks"]["limit"], answer.json["groups"]["limit"]) == (1, 0)
    client.created(TASK | {"name": "one"})
    refused = client.create(TASK | {"name": "two"})
    assert (refused.status, refused.json["error_code"]) == (400, "VIAS.0010048")
    answer = client.call("PUT", path, {"tasks": None})
    assert answer.json["tasks"] == {"used": 1, "limit": 200}
    assert answer.json["groups"]["limit"] == 0


@pytest.mark.parametrize("given", [{"tasks": -1}, {"sources": "many"}, {"groups": 1.5}])
def test_a_bad_quota_is_refused_by_name(client: Client, given: dict[str, object]) -> None:
    """And nothing is changed."""
    answer = client.call("PUT", ours(client, "quotas"), given)
    assert (answer.status, answer.json["params"]) == (400, list(given))


def test_what_stands_under_an_expired_order_can_be_changed_and_no_other_comes_under_it(client: Client) -> None:
    """A frozen task is sent back whole by its client, order and all; a new one has nothing to wait for."""
    register(client, id="order-ends", expires_at=None)
    named = TASK | {"name": "ends", "resource_order_id": "order-ends"}
    task_id, other = client.created(named), client.created(TASK | {"name": "other"})
    ended = {"stream_quota": 2, "expires_at": 0}
    assert client.call("PUT", ours(client, "resource-orders/order-ends"), ended).status == 200

    answer = client.call("PUT", f"{client.root}/tasks/{task_id}", named | {"name": "renamed", "description": "d"})
    assert (answer.status, answer.json) == (200, {})
    assert client.show(task_id)["name"] == "renamed"
    for refused in (
        client.call("PUT", f"{client.root}/tasks/{other}", named | {"name": "other"}),
        client.create(named | {"name": "new"}),
    ):
        assert (refused.status, refused.json["params"]) == (400, ["resource_order_id"])
