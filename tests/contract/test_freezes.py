"""Freezes over HTTP: who sets them, who reads them, and what can be done meanwhile."""

from typing import Any

import pytest
from batch_scene import body as batch_body
from batch_scene import group as batch_group
from bodies import TASK
from service import Client, Service

from vedette.control.freezer import Freezer


def ours(client: Client, path: str = "freeze") -> str:
    return f"/vedette/v1/{client.account.project_id}/{path}"


def of_task(client: Client, task_id: str) -> str:
    return ours(client, f"tasks/{task_id}/freeze")


def go_round(service: Service) -> None:
    """Let the loop of the freezes do what there is to do; nothing runs here, so nothing has to let go."""
    service.run(Freezer(service.db, service.vault, on_change=lambda: None).run_once(service.clock()))


@pytest.fixture
def member(service: Service) -> Client:
    """Somebody who may work in a project, and no more."""
    return service.client(roles=("operator",))


@pytest.fixture
def minder(service: Service) -> Client:
    """Somebody who minds the installation, with a project of their own."""
    return service.client(roles=("te_admin",))


def test_a_task_is_frozen_by_whoever_minds_the_installation_and_its_users_read_why(
    member: Client, minder: Client
) -> None:
    """The reason stands in its status, in its history and in the answer."""
    task_id = member.created(TASK)
    assert member.call("GET", of_task(member, task_id)).json == {"frozen": False, "causes": []}
    answer = minder.call("PUT", of_task(member, task_id), {"reason": "Too many calls"})
    assert (answer.status, answer.json["frozen"], answer.json["comes_back"]) == (200, True, "running")
    [cause] = answer.json["causes"]
    assert (cause["cause"], cause["status"]) == ("operator", member.show(task_id)["status"])
    assert "Too many calls" in cause["status"]
    last = member.call("GET", ours(member, f"tasks/{task_id}/history")).json["moves"][-1]
    assert (last["to"], last["cause"], last["actor"]) == (
        "FREEZING", "freeze: Too many calls", minder.account.user_name,
    )  # fmt: skip
    assert member.call("GET", of_task(member, task_id)).json["causes"] == [cause]


def test_a_frozen_task_is_read_changed_stopped_and_deleted_and_not_started(member: Client, minder: Client) -> None:
    """Frozen is no prison; the refusal says what holds it, and who can help."""
    task_id = member.created(TASK)
    minder.call("PUT", of_task(member, task_id), {"reason": "Audit"})
    refused = member.call("PUT", f"{member.root}/tasks/{task_id}/action/start")
    assert (refused.status, refused.json["error_code"]) == (500, "VIAS.00010012")
    assert "Audit" in refused.json["detail"]
    assert member.call("PUT", f"{member.root}/tasks/{task_id}", TASK | {"description": "d"}).status == 200
    assert member.call("PUT", f"{member.root}/tasks/{task_id}/action/stop").status == 200
    assert member.call("GET", of_task(member, task_id)).json["comes_back"] == "stopped"
    assert member.call("DELETE", f"{member.root}/tasks/{task_id}").status == 200


def test_a_frozen_project_gets_no_task_and_no_batch_and_starts_none(
    service: Service, member: Client, minder: Client
) -> None:
    """All else of it can be used; its users read why."""
    task_id = member.created(TASK)
    answer = minder.call("PUT", ours(member), {"reason": "The contract has ended"})
    assert answer.json == {"frozen": True, "since": service.clock(), "reason": "The contract has ended"}
    assert member.call("GET", ours(member)).json == answer.json
    start = member.call("PUT", f"{member.root}/tasks/{task_id}/action/start")
    for refused in (
        member.create(TASK | {"name": "new"}),
        member.call("POST", f"{member.root}/batch-tasks", batch_body(batch_group("yard", "cam-1"))),
        start,
    ):
        assert (refused.status, refused.json["error_code"]) == (500, "VIAS.00010012")
        assert "The contract has ended" in refused.json["detail"]
    go_round(service)
    assert member.show(task_id)["state"] == "FREEZING"
    assert [one["cause"] for one in member.call("GET", of_task(member, task_id)).json["causes"]] == ["project"]

    assert minder.call("DELETE", ours(member)).json == {"frozen": False}
    assert member.create(TASK | {"name": "new"}).status == 200


def test_members_read_and_do_not_freeze(member: Client, minder: Client) -> None:
    """And nobody reads another project."""
    task_id = member.created(TASK)
    for path in (ours(member), of_task(member, task_id)):
        assert member.call("GET", path).status == 200
        for method, body in (("PUT", {}), ("DELETE", None)):
            assert member.call(method, path, body).status == 403
    assert member.call("GET", ours(minder)).status == 401
    assert minder.call("GET", of_task(minder, task_id)).json["error_code"] == "VIAS.00010007"


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {}), ("DELETE", None)])
def test_what_is_not_there_is_not_found(minder: Client, method: str, body: Any) -> None:
    """A slip of the pen freezes nothing."""
    nobody = minder.call(method, "/vedette/v1/nobody/freeze", body)
    assert (nobody.status, nobody.json["error_code"]) == (400, "VIAS.00010008")
    nothing = minder.call(method, of_task(minder, "no-such-task"), body)
    assert (nothing.status, nothing.json["error_code"]) == (400, "VIAS.00010007")


def test_thawing_what_an_order_froze_is_refused_with_what_helps(service: Service, client: Client) -> None:
    """An operator who means the order is told so."""
    order = {"id": "order-1", "stream_quota": 1}
    assert client.call("POST", ours(client, "resource-orders"), order).status == 201
    task_id = client.created(TASK | {"resource_order_id": "order-1"})
    client.call("PUT", ours(client, "resource-orders/order-1"), {"stream_quota": 1, "expires_at": 1})
    go_round(service)
    refused = client.call("DELETE", of_task(client, task_id))
    assert (refused.status, refused.json["error_code"]) == (500, "VIAS.00010012")
    assert "the resource order order-1 has expired" in refused.json["detail"]


def test_a_quota_below_what_there_is_freezes_the_newest(service: Service, client: Client) -> None:
    """And says what to do."""
    first, second = client.created(TASK | {"name": "a"}), client.created(TASK | {"name": "b"})
    client.call("PUT", ours(client, "quotas"), {"tasks": 1})
    service.clock.now += 1
    go_round(service)
    states = {client.show(one)["state"] for one in (first, second)}
    assert states == {"PENDING", "FREEZING"}
    frozen = next(one for one in (first, second) if client.show(one)["state"] == "FREEZING")
    assert "the project may have 1 tasks" in client.show(frozen)["status"]
