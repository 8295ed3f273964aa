"""Logging in, and being known: tokens, signatures, projects by name."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

import pytest
from bodies import TASK
from service import CLOUD, Answer, Client, Service

from vedette.auth import first_start
from vedette.auth.first_start import Account

HOUR_MS = 3_600_000


def login(client: Client, scope: Any = None, **user: Any) -> Answer:
    who = {"name": client.account.user_name, "password": client.account.password, "domain": {"name": "Default"}} | user
    named = {key: value for key, value in who.items() if value is not None}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": named}}}
    if scope is not None:
        auth["scope"] = scope
    return client.call("POST", "/v3/auth/tokens", {"auth": auth}, X_Auth_Token="")


@pytest.mark.parametrize("scope", ["id", "name", "both", "domain", "domain_id", "none"])
def test_a_project_is_named_in_each_way_that_clients_use(client: Client, scope: str) -> None:
    """Huawei's clients name no domain, keystoneauth does."""
    account = client.account
    scopes: dict[str, Any] = {
        "id": {"project": {"id": account.project_id}},
        "name": {"project": {"name": account.project_name}},
        "both": {"project": {"id": account.project_id, "name": account.project_name}},
        "domain": {"project": {"name": account.project_name, "domain": {"name": "Default"}}},
        "domain_id": {"project": {"name": account.project_name, "domain": {"id": "default"}}},
        "none": None,
    }
    answer = login(client, scopes[scope])
    assert answer.status == 201, answer.text
    token = answer.json["token"]
    assert set(token) == {"methods", "issued_at", "expires_at", "user", "project", "roles", "catalog"}
    assert token["methods"] == ["password"]
    assert (token["project"]["id"], token["user"]["name"]) == (account.project_id, account.user_name)
    vias = next(entry for entry in token["catalog"] if entry["type"] == "vias")
    assert vias["endpoints"][0]["url"] == f"{client.base}/v2/{account.project_id}"
    shown = client.call("GET", f"{client.root}/tasks/{'0' * 32}", X_Auth_Token=answer.headers["X-Subject-Token"])
    assert shown.json["error_code"] == "VIAS.00010007"


@pytest.mark.parametrize("user", [{"domain": None}, {"domain": {"id": "default"}}, {"domain": {"name": "default"}}])
def test_a_users_domain_may_be_named_in_each_way(client: Client, user: dict[str, Any]) -> None:
    """There is one domain here, and no client should fail for its spelling."""
    assert login(client, **user).status == 201


def test_the_users_own_name_stands_for_their_domain(client: Client) -> None:
    """The vendor's clients name the account, and an account's first user bears its name."""
    domain = {"name": client.account.user_name}
    scope = {"project": {"name": client.account.project_name, "domain": domain}}
    assert login(client, scope, domain=domain).status == 201


def test_a_user_may_be_named_by_id(client: Client) -> None:
    """As Keystone's clients can."""
    user_id = login(client).json["token"]["user"]["id"]
    assert login(client, id=user_id, name=None, domain=None).status == 201


@pytest.mark.parametrize(
    ("user", "scope"),
    [
        ({"password": "wrong"}, None),
        ({"name": "nobody"}, None),
        ({"domain": {"name": "elsewhere"}}, None),
        ({}, {"project": {"id": "0" * 32}}),
        ({}, {"project": {"name": "nothing"}}),
    ],
)
def test_a_login_that_does_not_fit_is_refused_as_keystone_does(client: Client, user: Any, scope: Any) -> None:
    """Clients read Keystone's `error`; those of the API read the six keys beside it."""
    answer = login(client, scope, **user)
    assert answer.status == 401
    assert answer.json["error"]["code"] == 401
    assert answer.json["error"]["title"] == "Unauthorized"
    assert answer.json["error"]["message"]
    assert answer.json["error_code"] == "VIAS.00010005"
    assert "X-Subject-Token" not in answer.headers


def test_another_users_project_cannot_be_entered(service: Service, client: Client) -> None:
    """The scope is a wish, the membership decides."""
    other = service.client()
    assert login(client, {"project": {"id": other.account.project_id}}).status == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": {}},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}},
        {"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x"}}}}},
        {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "x", "password": 5}}}}},
    ],
)
def test_a_login_of_another_shape_is_a_bad_request(client: Client, body: Any) -> None:
    """In Keystone's shape as well."""
    answer = client.call("POST", "/v3/auth/tokens", body, X_Auth_Token="")
    assert (answer.status, answer.json["error"]["code"]) == (400, 400)


def test_a_user_of_several_projects_must_name_one(service: Service, client: Client) -> None:
    """A token is for one project."""
    account = client.account
    second = Account(project_name="second", user_name=account.user_name, password="not-taken")
    service.run(first_start.store(service.db, service.vault, second, service.clock))
    assert login(client).status == 401
    assert login(client, {"project": {"name": "second"}}).json["token"]["project"]["id"] == second.project_id
    listed = client.call("GET", "/v3/projects?name=second").json["projects"]
    assert [project["id"] for project in listed] == [second.project_id]
    assert len(client.call("GET", "/v3/auth/projects").json["projects"]) == 2


def test_a_token_ends_after_its_time_and_the_first_one_never(service: Service, client: Client) -> None:
    """24 hours, as documented."""
    token = login(client).headers["X-Subject-Token"]
    begin = service.clock.now
    for hours, status in ((23, 400), (24, 401)):
        service.clock.now = begin + hours * HOUR_MS
        assert client.call("GET", f"{client.root}/tasks/{'0' * 32}", X_Auth_Token=token).status == status
    assert client.call("GET", f"{client.root}/tasks/{'0' * 32}").status == 400
    service.clock.now = begin


def test_a_token_can_be_validated_by_its_owner_alone(service: Service, client: Client) -> None:
    """As services validate tokens with Keystone."""
    token = login(client).headers["X-Subject-Token"]
    answer = client.call("GET", "/v3/auth/tokens?nocatalog=1", X_Subject_Token=token)
    assert answer.status == 200
    assert answer.json["token"]["project"]["id"] == client.account.project_id
    assert "catalog" not in answer.json["token"]
    assert service.client().call("GET", "/v3/auth/tokens", X_Subject_Token=token).status == 404


def test_the_identity_service_tells_its_version(client: Client) -> None:
    """openstacksdk asks first."""
    for path in ("/v3", "/v3/"):
        assert client.call("GET", path, X_Auth_Token="").json["version"]["id"].startswith("v3")


def sign(client: Client, method: str, path: str, body: bytes, date: str, **given: str) -> dict[str, str]:
    """Sign as the SDKs do; written here again, so that the service is not its own judge."""
    host = urlsplit(client.base).netloc
    headers = {"content-type": "application/json", "host": host, "x-sdk-date": date} | given
    names = sorted(headers)
    where, _, query = path.partition("?")
    lines = [method, where + "/", query, *(f"{name}:{headers[name]}" for name in names), "", ";".join(names)]
    canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(client.account.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    claim = (
        f"SDK-HMAC-SHA256 Access={client.account.access_key}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return {**headers, "authorization": claim}


def send(client: Client, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    sent = {name: value for name, value in headers.items() if name != "host"}
    response = client.pool.request(method, client.base + path, body=body, headers=sent)
    return Answer(response.status, response.headers, response.data.decode())


DATE = "20240423T080000Z"


def test_a_signed_request_is_known(client: Client) -> None:
    """SDKs sign by default; some send a body with GET, and sign it."""
    path = f"{client.root}/services/{CLOUD}/tasks"
    body = str(TASK).replace("'", '"').replace("True", "true").encode()
    project = {"x-project-id": client.account.project_id}
    answer = send(client, "POST", path, body, sign(client, "POST", path, body, DATE, **project))
    assert answer.status == 200, answer.text
    shown = f"{client.root}/tasks/{answer.json['tasks'][0]['id']}"
    assert send(client, "GET", shown, b"{}", sign(client, "GET", shown, b"{}", DATE)).status == 200
    listed = f"/v3/projects?name={client.account.project_name}"
    assert len(send(client, "GET", listed, b"", sign(client, "GET", listed, b"", DATE)).json["projects"]) == 1


@pytest.mark.parametrize("fault", ["body", "path", "date", "signature", "key", "header", "algorithm", "hash"])
def test_a_signature_that_does_not_hold_is_refused(client: Client, fault: str) -> None:
    """Whatever is changed on the way."""
    path = f"{client.root}/tasks/{'0' * 32}"
    headers = sign(client, "GET", path, b"{}", "20240423T074459Z" if fault == "date" else DATE)
    body = b'{"a":1}' if fault == "body" else b"{}"
    where = path.replace("0", "1") if fault == "path" else path
    if fault == "signature":
        headers["authorization"] = headers["authorization"][:-4] + "0000"
    if fault == "key":
        headers["authorization"] = headers["authorization"].replace("Access=", "Access=X")
    if fault == "header":
        headers["content-type"] = "text/plain"
    if fault == "algorithm":
        headers["authorization"] = headers["authorization"].replace("SDK-HMAC-SHA256", "V11-HMAC-SHA256")
    if fault == "hash":
        headers["x-sdk-content-sha256"] = "UNSIGNED-PAYLOAD"
    answer = send(client, "GET", where, body, headers)
    assert (answer.status, answer.json["error_code"]) == (401, "APIGW.0301")
    assert client.account.secret_key not in answer.text


def test_an_access_key_is_for_its_project(service: Service, client: Client) -> None:
    """The project in the path, and the one in X-Project-Id."""
    path = f"{service.client().root}/tasks/{'0' * 32}"
    answer = send(client, "GET", path, b"", sign(client, "GET", path, b"", DATE))
    assert (answer.status, answer.json["error_code"]) == (401, "VIAS.00010005")
    path = f"{client.root}/tasks/{'0' * 32}"
    signed = sign(client, "GET", path, b"", DATE, **{"x-project-id": "0" * 32})
    assert send(client, "GET", path, b"", signed).status == 401
