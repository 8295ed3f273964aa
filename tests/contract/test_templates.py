"""Templates over HTTP: kept with a task, shown, used again, removed; and requests that are sent twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bodies import SOURCE, TASK
from service import CLOUD, EDGE, Answer, Client, Service

from vedette.api.source_import import import_sources
from vedette.model.ids import ProjectId

CONFIG = {"common": {"alert_detection_interval": 7, "person_detection_sw": 1}}
SAVED = TASK | {"is_saved_as_template": True, "config": CONFIG}


def templates(client: Client, query: str = "") -> Any:
    answer = client.call("GET", f"/vedette/v1/{client.account.project_id}/templates{query}")
    assert answer.status == 200, answer.text
    assert answer.json["count"] == len(answer.json["templates"])
    return answer.json["templates"]


def one(client: Client, template_id: str, method: str = "GET") -> Answer:
    return client.call(method, f"/vedette/v1/{client.account.project_id}/templates/{template_id}")


def with_source(service: Service, client: Client, source_id: str) -> dict[str, Any]:
    entry = SOURCE | {"video_source_id": source_id, "video_source_name": source_id}
    project = ProjectId(client.account.project_id)
    service.run(import_sources(service.db, service.vault, project, json.dumps([entry]), service.clock))
    return {"type": "video_source", "data": [{"video_source_id": source_id}]}


def keyed(client: Client, key: str, body: Any) -> Answer:
    return client.call("POST", f"{client.root}/services/{CLOUD}/tasks", body, Idempotency_Key=key)


def test_a_template_is_kept_with_its_task(service: Service, client: Client) -> None:
    """In the shape of the published DTO, with its id beside it."""
    source = with_source(service, client, "cam-0001")
    client.created(SAVED | {"input": source})
    client.created(TASK | {"name": "not-saved"})
    (kept,) = templates(client)
    assert kept["template_id"]
    assert json.loads(kept["serviceConfig"]) == CONFIG
    rest = {"name": "gate-1", "numTask": 1, "createAt": service.clock.now, "modifyAt": service.clock.now}
    ours = {"service_name": CLOUD, "video_source_id": "cam-0001"}
    assert {key: kept[key] for key in kept if key not in ("template_id", "serviceConfig")} == rest | ours
    assert one(client, kept["template_id"]).json == kept


def test_a_template_of_the_same_source_and_name_is_overwritten(service: Service, client: Client) -> None:
    """One that is saved again is newer, not double; that of another source is its own."""
    first, second = with_source(service, client, "cam-0001"), with_source(service, client, "cam-0002")
    task_id = client.created(SAVED | {"input": first})
    (before,) = templates(client)
    service.clock.now += 5000
    needed = {"name": "gate-1", "input": first, "output": TASK["output"]}
    change = needed | {"is_saved_as_template": True, "config": {"common": {}}}
    assert client.call("PUT", f"{client.root}/tasks/{task_id}", change).status == 200
    (after,) = templates(client)
    assert (after["template_id"], after["serviceConfig"]) == (before["template_id"], '{"common": {}}')
    assert (after["createAt"], after["modifyAt"]) == (before["createAt"], service.clock.now)
    client.created(SAVED | {"name": "gate-2", "input": second})
    assert len(templates(client)) == 2
    assert [kept["name"] for kept in templates(client, "?video_source_id=cam-0002")] == ["gate-2"]
    assert len(templates(client, f"?service_name={CLOUD},{EDGE}")) == 2
    assert templates(client, f"?service_name={EDGE}") == []
    assert len(templates(client, "?page_size=1&page_num=2")) == 1


def test_a_template_is_used_again(client: Client) -> None:
    """Its parameters hold where the body has none of its own."""
    client.created(SAVED)
    (kept,) = templates(client)
    body = {"template_id": kept["template_id"]}
    plain = client.show(client.created(TASK | body | {"name": "plain"}))
    assert plain["config"] == CONFIG
    own = {"common": {"alert_detection_interval": 9, "all_print_sw": 1}}
    mixed = client.show(client.created(TASK | body | {"name": "mixed", "config": own}))
    assert mixed["config"] == {"common": CONFIG["common"] | own["common"]}
    assert one(client, kept["template_id"]).json["numTask"] == 3


@pytest.mark.parametrize(
    ("service_name", "given", "code"), [(CLOUD, "no-such-template", "VIAS.00010002"), (EDGE, None, "VIAS.00010001")]
)
def test_a_template_that_does_not_fit_is_refused(
    service: Service, client: Client, service_name: str, given: str | None, code: str
) -> None:
    """Unknown, or made for other parameters."""
    client.created(SAVED)
    template_id = given or templates(client)[0]["template_id"]
    restful = {"type": "restful", "data": [{"url": "http://test/a", "rtsp_path_in_response": "url"}]}
    answer = client.create(TASK | {"name": "other", "input": restful, "template_id": template_id}, service_name)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, ["template_id"])


def test_a_removed_template_leaves_its_tasks_alone(service: Service, client: Client) -> None:
    """They have the configuration, not the template."""
    client.created(SAVED)
    template_id = templates(client)[0]["template_id"]
    task_id = client.created(TASK | {"name": "user", "template_id": template_id})
    assert one(service.client(), template_id, "DELETE").status == 400
    answer = one(client, template_id, "DELETE")
    assert (answer.status, answer.json) == (200, {})
    assert client.show(task_id)["config"] == CONFIG
    gone = one(client, template_id)
    assert (gone.status, gone.json["error_code"]) == (400, "VIAS.00010008")
    assert one(client, template_id, "DELETE").status == 400


def test_templates_of_another_project_are_not_there(service: Service, client: Client) -> None:
    """Neither to be seen nor to be used."""
    client.created(SAVED)
    template_id = templates(client)[0]["template_id"]
    other = service.client()
    assert templates(other) == []
    assert one(other, template_id).json["error_code"] == "VIAS.00010008"
    assert other.create(TASK | {"template_id": template_id}).json["error_code"] == "VIAS.00010002"


@pytest.mark.parametrize("query", ["page_size=0", "page_size=201", "page_num=0", "video_source_id=X"])
def test_a_bad_parameter_is_refused_by_name(client: Client, query: str) -> None:
    """As everywhere."""
    answer = client.call("GET", f"/vedette/v1/{client.account.project_id}/templates?{query}")
    assert (answer.status, answer.json["params"]) == (400, [query.partition("=")[0]])


# -- requests that are sent twice


def test_a_repeated_create_makes_its_tasks_once(client: Client) -> None:
    """A nervous client is answered the same, however often and however many at once."""
    data = [{"url": "http://test/a"}, {"url": "http://test/b"}]
    body = TASK | {"input": {"type": "url", "data": data}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: keyed(client, "again", body), range(16)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert client.call("GET", f"{client.root}/tasks").json["count"] == 2


def test_a_repeated_create_in_the_older_dialect_makes_its_tasks_once(client: Client) -> None:
    """The same path, so the same promise."""
    body = {key: TASK[key] for key in ("name", "service_version", "input")} | {"service_config": {"common": {}}}
    body |= {"output": {"hosting": {}}}
    first, second = keyed(client, "old", body), keyed(client, "old", body)
    assert (first.status, first.text) == (second.status, second.text), first.text
    assert first.status == 201, first.text
    assert client.call("GET", f"{client.root}/tasks").json["count"] == 1


def test_a_key_is_good_for_one_request(client: Client) -> None:
    """Another body under it is a mistake, and is not answered with somebody's task."""
    assert keyed(client, "k", TASK).status == 200
    answer = keyed(client, "k", TASK | {"name": "other"})
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (
        400,
        "VIAS.00010001",
        ["Idempotency-Key"],
    )
    assert keyed(client, "l", TASK | {"name": "other"}).status == 200
    assert keyed(client, "k" * 256, TASK | {"name": "third"}).json["params"] == ["Idempotency-Key"]


def test_a_refused_create_does_not_use_its_key_up(client: Client) -> None:
    """Once the name is free, the same request does its work."""
    taken = client.created(TASK)
    assert keyed(client, "k", TASK).json["error_code"] == "VIAS.00010011"
    needed = {"name": "renamed", "input": TASK["input"], "output": TASK["output"]}
    assert client.call("PUT", f"{client.root}/tasks/{taken}", needed).status == 200
    assert keyed(client, "k", TASK).status == 200


def test_a_key_belongs_to_its_project(service: Service, client: Client) -> None:
    """Two customers may well count from one."""
    mine, theirs = keyed(client, "1", TASK), keyed(service.client(), "1", TASK)
    assert (mine.status, theirs.status) == (200, 200)
    assert mine.json != theirs.json
