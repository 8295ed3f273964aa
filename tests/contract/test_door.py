"""What holds for every request: six keys, a request id, who may call, and what a broken request gets."""

import json
import re
from typing import Any

import pytest
from bodies import TASK
from service import CLOUD, KEYS, Client, Service


def told(answer: Any, status: int, code: str) -> Any:
    assert answer.status == status, answer.text
    assert answer.json["error_code"] == code
    assert set(answer.json) >= KEYS
    assert all(isinstance(answer.json[key], str) for key in KEYS - {"params"})
    assert len(answer.json["params"]) <= 1
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    return answer.json


@pytest.mark.parametrize("path", ["/", "/v2", "/nothing/here", "/v2/p/tasks/a/b/c", "/healthz/", "/v2/p//tasks"])
def test_an_unknown_path_gives_the_six_keys(client: Client, path: str) -> None:
    """A client must be able to read every refusal."""
    told(client.call("GET", path), 404, "VIAS.00010008")


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/healthz"), ("GET", "{root}/source"), ("POST", "{root}/tasks/abcd")]
)
def test_a_method_that_a_path_does_not_know_gives_the_six_keys(client: Client, method: str, path: str) -> None:
    """405, and Allow says what there is."""
    answer = client.call(method, path.format(root=client.root))
    told(answer, 405, "VIAS.00010006")
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'"text"', b"1", b"{'a': 1}", b'{"a": NaN}', b"\xff\xfe", b'{"a": 1}}', b"[" * 5000],
)
def test_a_body_that_is_no_json_object_is_told(client: Client, raw: bytes) -> None:
    """Whatever is sent, the answer can be read."""
    told(client.call("POST", f"{client.root}/services/{CLOUD}/tasks", raw=raw), 400, "VIAS.00010004")


@pytest.mark.parametrize("token", ["", "wrong", "x" * 40_000])
def test_who_is_not_known_is_refused_before_the_body_is_read(client: Client, token: str) -> None:
    """A stranger learns nothing of the rules, and cannot make us work."""
    path = f"{client.root}/services/{CLOUD}/tasks"
    told(client.call("POST", path, raw=b"{", X_Auth_Token=token), 401, "VIAS.00010005")
    told(client.call("POST", path, TASK | {"name": ""}, X_Auth_Token=token), 401, "VIAS.00010005")


def test_a_token_of_the_greatest_documented_length_is_read(client: Client) -> None:
    """32,768 characters: it is unknown, but it must not break the connection."""
    told(client.call("GET", f"{client.root}/tasks/{'0' * 32}", X_Auth_Token="t" * 32_768), 401, "VIAS.00010005")


def test_somebody_elses_project_is_refused(service: Service, client: Client) -> None:
    """The project in the path must be the token's."""
    other = service.client()
    path = f"{other.root}/services/{CLOUD}/tasks"
    told(client.call("POST", path, TASK), 401, "VIAS.00010005")
    told(client.call("POST", "/v2/no-such-project/services/x/tasks", TASK), 401, "VIAS.00010005")


def test_a_body_beyond_the_bound_is_refused_however_it_comes(client: Client) -> None:
    """Declared or in pieces: nobody fills our memory."""
    path = f"{client.root}/services/{CLOUD}/tasks"
    big = json.dumps(TASK | {"config": {"common": {"x": "y" * 1_100_000}}}).encode()
    pieces = (big[n : n + 65_536] for n in range(0, len(big), 65_536))
    answer = client.pool.request(
        "POST", client.base + path, body=pieces, headers={"X-Auth-Token": client.account.token}, chunked=True
    )
    assert answer.status == 413
    assert set(json.loads(answer.data)) == KEYS
    small = client.call("POST", path, TASK)
    assert small.status == 200


def test_who_sends_too_much_at_once_hears_why(client: Client) -> None:
    """Most clients read nothing before all is sent: a door that is shut before breaks the connection under them."""
    for size in (1_100_000, 6_000_000):
        answer = client.call("POST", f"{client.root}/services/{CLOUD}/tasks", raw=b"x" * size)
        told(answer, 413, "VIAS.00010004")


def test_a_request_id_of_the_caller_is_not_taken(client: Client) -> None:
    """What stands in our log is ours."""
    answer = client.call("GET", "/healthz", X_Request_Id="0" * 32)
    assert answer.headers["X-Request-Id"] != "0" * 32
    assert len(answer.headers.getlist("X-Request-Id")) == 1


def test_operation_tells_nothing_of_a_project(service: Service, client: Client) -> None:
    """The three are asked without a token."""
    client.created(TASK)
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = client.call("GET", path, X_Auth_Token="")
        assert answer.status == 200
        assert client.account.project_id not in answer.text
        assert "gate-1" not in answer.text
    service.down.append("The database is away.")
    told(client.call("GET", "/readyz", X_Auth_Token=""), 503, "VIAS.00010016")
    service.down.clear()


def test_the_parameter_is_named_in_the_short_message_and_its_path_in_the_long_one(client: Client) -> None:
    """As in the published samples."""
    body = TASK | {"output": {"webhook": {"url": "https://u:secret@x.test/a b", "headers": {"My-Key": 7}}}}
    answer = client.create(body)
    told(answer, 400, "VIAS.00010001")
    assert answer.json["error_msg"] == "Invalid parameter: url."
    assert answer.json["detail"].startswith("output.webhook.url: ")
    assert "secret" not in answer.text
    body["output"]["webhook"]["url"] = "https://x.test"
    answer = client.create(body)
    assert answer.json["detail"].startswith("output.webhook.headers: ")
    assert "My-Key" not in answer.text


def test_a_failure_nobody_foresaw_gives_no_innards(service: Service, client: Client, monkeypatch: Any) -> None:
    """The log has them, under the request id."""
    from vedette.store import tasks  # noqa: PLC0415 - what is broken here on purpose

    def broken(*_: Any) -> None:
        raise RuntimeError("the innards: secret")

    monkeypatch.setattr(tasks, "get", broken)
    answer = client.call("GET", f"{client.root}/tasks/{'0' * 32}")
    told(answer, 500, "VIAS.00010006")
    assert "innards" not in answer.text


def test_the_service_describes_itself(client: Client) -> None:
    """The published operations stand in the OpenAPI document."""
    paths = client.call("GET", "/openapi.json").json["paths"]
    assert "/v2/{project_id}/services/{service_name}/tasks" in paths
    assert "/v2/{project_id}/tasks/{task_id}" in paths
