"""Rollouts over HTTP: who may ask for them, what is refused, and what is shown of them."""

from typing import Any

import pytest
from bodies import TASK
from service import CLOUD, EDGE, KEYS, Answer, Client, Service
from sqlalchemy import Connection, update

from vedette.algorithms.registry import Registry
from vedette.control.rollouts import Rollouts
from vedette.control.services import service_id
from vedette.model.ids import new_hex
from vedette.model.lifecycle import State
from vedette.store import tables


def ours(client: Client, path: str) -> str:
    return f"/vedette/v1/{client.account.project_id}/{path}"


def ask(client: Client, verb: str, body: Any = None, service: str = CLOUD) -> Answer:
    return client.call("POST", ours(client, f"services/{service}/{verb}"), body or {})


def begun(client: Client, verb: str, **body: Any) -> dict[str, Any]:
    answer = ask(client, verb, body)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def shown(client: Client, rollout_id: str, query: str = "") -> dict[str, Any]:
    answer = client.call("GET", ours(client, f"rollouts/{rollout_id}?{query}"))
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def stand_in(service: Service, state: State, *task_ids: str) -> None:
    """Let tasks stand in a state, as the loops would have brought them there."""

    def write(conn: Connection) -> None:
        conn.execute(update(tables.tasks).where(tables.tasks.c.id.in_(task_ids)).values(state=state))

    service.run(service.db.write(write))


def go_on(service: Service) -> None:
    """Let the loop go round once."""
    verbs = Rollouts(service.db, service.vault, Registry.load(), lambda: None, service.clock)
    service.run(verbs.run_once())


def listed(client: Client) -> dict[str, Any]:
    rows = client.call("GET", f"{client.root}/algorithm/services/user").json["service_list"]
    return {row["service_name"]: (row["can_update"], row["alg_status"]) for row in rows}


@pytest.fixture
def old(service: Service, client: Client) -> list[str]:
    """Three tasks on an old version, one after the other."""
    made = []
    for n in range(3):
        service.clock.now += 1
        made.append(client.created(TASK | {"name": f"gate-{n}", "service_version": "1.0"}))
    return made


def test_a_rollout_is_watched_from_its_beginning_to_its_end(service: Service, client: Client, old: list[str]) -> None:
    """How many are done, under way, failed and left; and the release of the details is the new one."""
    stand_in(service, State.STOPPED, *old)
    assert client.show(old[0])["release_id"] == service_id(CLOUD, "1.0")
    rollout = begun(client, "upgrade", version="3.0")
    assert (rollout["kind"], rollout["version"], rollout["status"]) == ("upgrade", "3.0", "running")
    assert rollout["actor"] == client.account.user_name
    assert [rollout[name] for name in ("left", "under_way", "done", "failed")] == [2, 1, 0, 0]
    first = client.show(old[0])
    assert (first["state"], first["release_id"]) == ("UPGRADING", service_id(CLOUD, "3.0"))
    last = client.call("GET", ours(client, f"tasks/{old[0]}/history")).json["moves"][-1]
    assert (last["to"], last["cause"], last["actor"]) == (
        "UPGRADING", "upgrade from 1.0 to 3.0", client.account.user_name,
    )  # fmt: skip
    tasks = shown(client, rollout["id"])["tasks"]
    assert [(task["name"], task["before"], task["version"], task["outcome"]) for task in tasks] == [
        ("gate-0", "1.0", "3.0", "under_way"), ("gate-1", "1.0", "3.0", "left"), ("gate-2", "1.0", "3.0", "left"),
    ]  # fmt: skip
    for task_id in old:
        stand_in(service, State.STOPPED, task_id)
        go_on(service)
    ended = shown(client, rollout["id"], "outcome=done&limit=2")
    assert (ended["status"], ended["done"], ended["left"], len(ended["tasks"])) == ("done", 3, 0, 2)
    assert "reason" not in ended
    assert client.call("GET", ours(client, "rollouts")).json["rollouts"][0]["id"] == rollout["id"]


def test_the_list_of_services_tells_when_tasks_stand_on_an_old_version(
    service: Service, client: Client, old: list[str]
) -> None:
    """And that a rollout is under way."""
    known = listed(client)
    assert (known[CLOUD], known[EDGE]) == ((True, "service_running"), (False, "service_running"))
    stand_in(service, State.STOPPED, *old)
    begun(client, "upgrade", at_once=3)
    assert listed(client)[CLOUD] == (False, "service_upgrading")
    stand_in(service, State.STOPPED, *old)
    go_on(service)
    assert listed(client)[CLOUD] == (False, "service_running")
    begun(client, "rollback", at_once=3)
    assert listed(client)[CLOUD] == (True, "service_upgrading")


def test_the_way_back_leads_each_task_to_where_it_was(service: Service, client: Client, old: list[str]) -> None:
    """Those that were never upgraded are left alone, and refused if they are named."""
    done = begun(client, "upgrade", version="1.1", task_ids=old[:2])
    assert (done["status"], done["done"]) == ("done", 2)  # nothing of them runs
    back = begun(client, "rollback")
    assert (back["kind"], back["status"], back["done"]) == ("rollback", "done", 2)
    assert "version" not in back
    assert {client.show(task_id)["release_id"] for task_id in old} == {service_id(CLOUD, "1.0")}
    assert begun(client, "rollback")["done"] == 0
    refused = ask(client, "rollback", {"task_ids": [old[2]]})
    assert (refused.status, refused.json["params"]) == (400, ["task_ids"])


def test_a_rollout_is_stopped_and_another_one_goes_on(service: Service, client: Client, old: list[str]) -> None:
    stand_in(service, State.STOPPED, *old)
    rollout = begun(client, "upgrade")
    stopping = client.call("POST", ours(client, f"rollouts/{rollout['id']}/stop"))
    assert (stopping.status, stopping.json["status"]) == (200, "stopping")
    stand_in(service, State.STOPPED, old[0])
    go_on(service)
    ended = shown(client, rollout["id"])
    assert (ended["status"], ended["done"], ended["left"]) == ("stopped", 1, 2)
    assert client.account.user_name in ended["reason"]
    again = client.call("POST", ours(client, f"rollouts/{rollout['id']}/stop"))
    assert again.json["status"] == "stopped"
    assert begun(client, "upgrade")["left"] == 1


@pytest.mark.parametrize(
    ("verb", "body", "param"),
    [
        ("upgrade", {"version": "9.9"}, "service_version"),
        ("upgrade", {"version": "NO"}, "version"),
        ("upgrade", {"at_once": 0}, "at_once"),
        ("upgrade", {"at_once": "2"}, "at_once"),
        ("upgrade", {"task_ids": []}, "task_ids"),
        ("upgrade", {"task_ids": ["!"]}, "task_ids"),
        ("upgrade", {"task_ids": [new_hex()]}, "task_ids"),
        ("rollback", {"task_ids": [new_hex()]}, "task_ids"),
        ("rollback", {"at_once": 100_001}, "at_once"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(client: Client, verb: str, body: dict[str, Any], param: str) -> None:
    client.created(TASK)
    answer = ask(client, verb, body)
    assert set(answer.json) == KEYS
    assert (answer.status, answer.json["params"]) == (400, [param])


def test_a_service_and_a_rollout_that_are_not_there_are_refused(client: Client) -> None:
    assert ask(client, "upgrade", service="c-nothing-cloud").json["params"] == ["service_name"]
    assert ask(client, "rollback", service="c-nothing-cloud").json["params"] == ["service_name"]
    for method, path in (("GET", "rollouts/{}"), ("POST", "rollouts/{}/stop")):
        answer = client.call(method, ours(client, path.format(new_hex())))
        assert (answer.status, answer.json["params"]) == (400, ["rollout_id"]), answer.text


def test_a_viewer_watches_and_an_operator_acts(service: Service) -> None:
    viewer, operator = service.client(roles=("viewer",)), service.client(roles=("operator",))
    assert viewer.call("GET", ours(viewer, "rollouts")).status == 200
    for verb in ("upgrade", "rollback"):
        assert ask(viewer, verb).status == 403
        assert ask(operator, verb).status == 201
    assert viewer.call("POST", ours(viewer, f"rollouts/{new_hex()}/stop")).status == 403
