"""Tasks over HTTP: the published bodies, what comes back, the verbs."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bodies import FULL, INPUTS, SOURCE, TASK, with_input
from service import CLOUD, EDGE, KEYS, Client, Service

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def published() -> list[bytes]:
    """The three bodies of the published page, as they stand there."""
    page = ROOT / os.environ.get("VEDETTE_TEST_DATA", "../shared/data") / "../reference/api-create-task.txt"
    if not page.is_file():
        reason = "the published page is not beside the test data"
        pytest.fail(reason) if os.environ.get("VEDETTE_TEST_STRICT") == "1" else pytest.skip(reason)
    return bodies_of(page)


def bodies_of(page: Path) -> list[bytes]:
    text = page.read_text()
    part = text[text.index("Example Requests") : text.index("Example Responses")]
    return [found.encode() for found in re.findall(r"^    \{$.*?^    \}$", part, re.MULTILINE | re.DOTALL)]


def with_source(client: Client, service: Service, source_id: str, access_type: str = "cloud") -> None:
    from vedette.api.source_import import import_sources  # noqa: PLC0415 - only where a test needs it
    from vedette.model.ids import ProjectId  # noqa: PLC0415

    entry = SOURCE | {"video_source_id": source_id, "access_type": access_type, "video_source_name": source_id}
    project = ProjectId(client.account.project_id)
    report = service.run(import_sources(service.db, service.vault, project, json.dumps([entry]), service.clock))
    assert report.added == (source_id,)


def test_the_three_published_bodies_are_taken_byte_for_byte(service: Service, published: list[bytes]) -> None:
    """Somebody copies them from the page and expects them to work."""
    assert len(published) == 3
    for number, body in enumerate(published):
        client = service.client()
        with_source(client, service, "xxxxxxx-xxxxxxx-xxxxxxx-xxxxx-xxxxxx")
        answer = client.call("POST", f"{client.root}/services/{CLOUD}/tasks", raw=body)
        assert answer.status == 200, (number, answer.text)
        assert re.fullmatch("[0-9a-f]{32}", answer.json["tasks"][0]["id"])
        shown = client.show(answer.json["tasks"][0]["id"])
        sent = json.loads(body)
        for key in ("name", "config", "resource_order_id", "schedule"):
            assert shown.get(key) == sent.get(key)
        assert shown["input"] == sent["input"]


def test_a_task_is_shown_with_the_keys_of_the_page(client: Client) -> None:
    """Nulls and what is empty are left out, as in the published example."""
    shown = client.show(client.created(FULL | {"schedule": None}))
    assert set(shown) == {
        "id", "name", "creator", "project_id", "description", "release_id", "service_id", "created_at", "updated_at",
        "event_type", "priority", "steal", "state", "input", "output", "config", "title", "company", "task_config",
        "type", "resource_order_id", "package_id", "algorithm_publish_id", "video_source_name", "access_address", "status",
    }  # fmt: skip
    assert (shown["state"], shown["event_type"], shown["priority"], shown["steal"]) == ("PENDING", 0, "low", 0)
    assert (shown["creator"], shown["project_id"]) == (client.account.user_name, client.account.project_id)
    assert shown["created_at"] == shown["updated_at"] == "2024-04-23T08:00:00.000Z"
    assert shown["type"] == "0"
    assert shown["task_config"].startswith("<")
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    for key in ("release_id", "service_id", "package_id", "algorithm_publish_id"):
        assert re.fullmatch(uuid, shown[key])


def test_no_secret_comes_back_or_is_stored_in_clear(service: Service, client: Client) -> None:
    """Headers, passwords and what stands before the @ of an address are the caller's alone."""
    webhook = {"url": "https://hookuser:hookpassword@receiver.test/a", "headers": {"X-Key": "headersecret1"}}
    one = client.created(TASK | {"output": {"webhook": webhook}}, CLOUD)
    vcn = client.created(with_input("vcn") | {"name": "vcn"}, EDGE)
    rest = {"url": "https://restuser:restpassword@h.test/a", "rtsp_path_in_response": "data/url"}
    restful = {"type": "restful", "data": [rest | {"headers": {"Token": "headersecret2"}}]}
    two = client.created(TASK | {"name": "rest", "input": restful})
    texts = "".join(client.call("GET", f"{client.root}/tasks/{task}").text for task in (one, vcn, two))
    secrets = ("hookpassword", "hookuser", "headersecret1", "vcn-password-1", "restpassword", "headersecret2")
    stored = service.stored()
    for secret in (*secrets, client.account.password, client.account.token, client.account.secret_key):
        assert secret not in texts
        assert secret.encode() not in stored
    shown = client.show(one)["output"]["webhook"]
    assert shown == {"url": "https://******@receiver.test/a", "headers": {"X-Key": "******"}}
    assert client.show(vcn)["input"]["vcn"]["password"] == "******"
    assert client.show(two)["input"]["data"][0]["headers"] == {"Token": "******"}


def test_each_entry_of_data_makes_a_task_named_by_its_index(client: Client) -> None:
    """The ids come in the order of the entries."""
    data = [{"url": "http://test/a", "index": 3}, {"url": "http://test/b", "index": 1}, {"url": "http://test/c"}]
    answer = client.create(TASK | {"input": {"type": "url", "data": data}})
    shown = [client.show(task["id"]) for task in answer.json["tasks"]]
    assert [task["name"] for task in shown] == ["gate-1_3", "gate-1_1", "gate-1_2"]
    assert [task["input"]["data"] for task in shown] == [[datum] for datum in data]


def test_fifty_entries_are_taken_and_a_long_name_may_pass_its_limit(client: Client) -> None:
    """The suffix is ours, so the caller's name keeps its 100 characters."""
    data = [{"url": "http://test/a"}] * 50
    answer = client.create(TASK | {"name": "n" * 100, "input": {"type": "url", "data": data}})
    assert len(answer.json["tasks"]) == 50
    assert client.show(answer.json["tasks"][49]["id"])["name"] == "n" * 100 + "_49"


def test_all_or_none_of_the_entries_become_tasks(client: Client) -> None:
    """A half-made request cannot be sent again."""
    client.created(TASK | {"name": "gate_1"})
    data = [{"url": "http://test/a"}, {"url": "http://test/b"}]
    answer = client.create(TASK | {"name": "gate", "input": {"type": "url", "data": data}})
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010011", ["name"])
    assert client.create(TASK | {"name": "gate_0"}).status == 200


def test_the_older_path_makes_tasks_too(client: Client) -> None:
    """The international documentation of 2025 uses it."""
    path = f"/v1/{client.account.project_id}/infer/services/{CLOUD}/tasks"
    answer = client.call("POST", path, TASK)
    assert client.show(answer.json["tasks"][0]["id"])["name"] == "gate-1"


@pytest.mark.parametrize("version", ["1.0", "1.1", "3.0"])
@pytest.mark.parametrize("service_name", [CLOUD, EDGE])
def test_built_in_services_answer_to_all_published_versions(client: Client, version: str, service_name: str) -> None:
    """The examples of the page use two of them; one implementation serves all."""
    body = with_input("restful") | {"service_version": version}
    shown = client.show(client.created(body, service_name))
    assert shown["type"] == ("0" if service_name == CLOUD else "1")


def test_unknown_parameters_are_kept_and_named_in_the_status(client: Client) -> None:
    """A typing error in a parameter must not stay unseen."""
    shown = client.show(client.created(TASK | {"config": {"common": {"viewpoint": 1, "nested": {"a": [1.5, None]}}}}))
    assert shown["config"] == {"common": {"viewpoint": 1, "nested": {"a": [1.5, None]}}}
    assert "viewpoint" in shown["status"]
    assert "nested" in shown["status"]


def test_many_unknown_parameters_do_not_pass_the_length_of_the_status(client: Client) -> None:
    """The page allows 4096 characters."""
    common = {f"unknown-{n:04d}-" + "x" * 50: n for n in range(200)}
    shown = client.show(client.created(TASK | {"config": {"common": common}}))
    assert len(shown["status"]) == 4096


def test_a_video_source_task_tells_the_name_of_its_source(service: Service, client: Client) -> None:
    """The console shows it beside the task."""
    with_source(client, service, "cam-0001")
    shown = client.show(client.created(with_input("video_source")))
    assert shown["video_source_name"] == "cam-0001"


def test_a_video_source_must_be_where_the_service_is(service: Service, client: Client) -> None:
    """A cloud service does not reach what is reachable on the edge only."""
    with_source(client, service, "cam-0001", "edge")
    answer = client.create(with_input("video_source"))
    assert (answer.status, answer.json["params"]) == (400, ["type"])
    assert client.create(with_input("video_source"), EDGE).status == 200


def test_a_name_is_taken_once_in_a_project(service: Service, client: Client) -> None:
    """Names are how people tell their tasks apart."""
    client.created(TASK)
    answer = client.create(TASK)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010011", ["name"])
    assert service.client().create(TASK).status == 200


def test_of_requests_at_once_for_one_name_exactly_one_makes_a_task(client: Client) -> None:
    """The index decides, not a look before the write."""
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: client.create(TASK), range(16)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 15
    assert {answer.json["error_code"] for answer in answers if answer.status == 400} == {"VIAS.00010011"}


def test_start_stop_and_delete_answer_as_documented_and_may_be_said_twice(service: Service, client: Client) -> None:
    """Nothing runs here, so a task that is told to stop stays STOPPING."""
    task = client.created(TASK)
    path = f"{client.root}/tasks/{task}"
    done = {"id": task, "status_code": 200, "status_msg": "success"}
    wakes = len(service.wakes)
    assert client.call("PUT", f"{path}/action/start").json == done
    assert client.show(task)["state"] == "PENDING"
    for _ in range(2):
        assert client.call("PUT", f"{path}/action/stop").json == done
        assert client.show(task)["state"] == "STOPPING"
    refused = client.call("PUT", f"{path}/action/start")
    assert (refused.status, refused.json["error_code"]) == (500, "VIAS.00010012")
    for _ in range(2):
        answer = client.call("DELETE", path)
        assert (answer.status, answer.json) == (200, {})
    assert client.show(task)["state"] == "DELETING"
    assert len(service.wakes) > wakes


@pytest.mark.parametrize(
    ("method", "suffix"), [("GET", ""), ("DELETE", ""), ("PUT", "/action/start"), ("PUT", "/action/stop")]
)
def test_a_task_that_does_not_exist_is_told(client: Client, method: str, suffix: str) -> None:
    """400 and not 404, as documented."""
    answer = client.call(method, f"{client.root}/tasks/{'0' * 32}{suffix}")
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010007")
    assert set(answer.json) == KEYS


@pytest.mark.parametrize(
    ("path", "param"), [("tasks/abc", "task_id"), ("tasks/" + "a" * 37, "task_id"), ("tasks/ABCD", "task_id")]
)
def test_an_id_in_the_path_keeps_its_pattern(client: Client, path: str, param: str) -> None:
    """The published pattern for look-ups."""
    answer = client.call("GET", f"{client.root}/{path}")
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [param])


def test_an_unknown_command_is_refused(client: Client) -> None:
    """There are two."""
    answer = client.call("PUT", f"{client.root}/tasks/{client.created(TASK)}/action/pause")
    assert (answer.status, answer.json["params"]) == (400, ["command"])


def test_a_scheduled_task_tells_whether_its_timetable_is_obeyed(service: Service, client: Client) -> None:
    """Stop puts the timetable to rest, start obeys it again."""
    task = client.created(FULL)
    assert client.show(task)["schedule_status"] == "ACTIVATED"
    client.call("PUT", f"{client.root}/tasks/{task}/action/stop")
    assert client.show(task)["schedule_status"] == "INACTIVATED"


def test_two_projects_do_not_see_each_other(service: Service, client: Client) -> None:
    """Somebody else's task does not exist."""
    other, task = service.client(), client.created(TASK)
    hidden = other.call("GET", f"{other.root}/tasks/{task}")
    assert (hidden.status, hidden.json["error_code"]) == (400, "VIAS.00010007")
    foreign = other.call("GET", f"{client.root}/tasks/{task}")
    assert (foreign.status, foreign.json["error_code"]) == (401, "VIAS.00010005")
    for method, suffix in (("DELETE", ""), ("PUT", "/action/stop")):
        assert other.call(method, f"{other.root}/tasks/{task}{suffix}").status == 400
    assert client.show(task)["state"] == "PENDING"


def test_the_quota_of_tasks_is_told(service: Service) -> None:
    """The service of these tests has room for 200."""
    client = service.client()
    data: list[Any] = [{"url": "http://test/a"}] * 50
    for name in "abcd":
        assert client.create(TASK | {"name": name, "input": INPUTS["url"] | {"data": data}}).status == 200
    answer = client.create(TASK)
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.0010048")
