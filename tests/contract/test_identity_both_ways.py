"""Both ways in, on every operation: a token or a signature, and nothing else."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from service import KEYS, Answer, Client, Service, serving

from vedette.api.asgi import ROUTERS
from vedette.auth import passwords

DATE = "20240423T080000Z"
OPEN = {"/healthz", "/readyz", "/metrics", "/v3", "/v3/"}
"""Paths for which nobody is asked who they are; of /v3/auth/tokens only the log-in."""
UNKNOWN = ("VIAS.00010005", "APIGW.0301")
"""Codes of those who are not known, or are somebody else."""


def _operations() -> list[tuple[str, str]]:
    """Return every operation behind the door, with values in its path."""
    found = []
    for router in ROUTERS:
        for route in router.routes:
            path = str(getattr(route, "path", ""))
            if path in OPEN or not getattr(route, "include_in_schema", True):
                continue
            found += [(method, path) for method in sorted(getattr(route, "methods", ()))]
    return [operation for operation in found if operation != ("POST", "/v3/auth/tokens")]


def _asks(path: str) -> bool:
    """Tell whether an operation asks who calls: the pages that describe the API do not."""
    return path.startswith(("/v1/", "/v2/", "/v3", "/vedette/v1/"))


OPERATIONS = [(method, path) for method, path in _operations() if _asks(path)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A door of its own: some operations change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path_factory.mktemp("both")) as running:
            yield running


def filled(path: str, client: Client) -> str:
    for name, value in (("{project_id}", client.account.project_id), ("{service_name}", "c-nothing-cloud")):
        path = path.replace(name, value)
    while "{" in path:
        path = path[: path.index("{")] + "0" * 32 + path[path.index("}") + 1 :]
    return path


def signed(client: Client, method: str, path: str, body: bytes, *, secret: str | None = None) -> dict[str, str]:
    headers = {"content-type": "application/json", "host": urlsplit(client.base).netloc, "x-sdk-date": DATE}
    names = sorted(headers)
    lines = [method, quote(path, safe="/-._~") + "/", "", *(f"{name}:{headers[name]}" for name in names), ""]
    canonical = "\n".join([*lines, ";".join(names), hashlib.sha256(body).hexdigest()])
    text = f"SDK-HMAC-SHA256\n{DATE}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = (secret or client.account.secret_key).encode()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    claim = f"Access={client.account.access_key}, SignedHeaders={';'.join(names)}, Signature={signature}"
    del headers["host"]
    return {**headers, "authorization": f"SDK-HMAC-SHA256 {claim}"}


def send(client: Client, method: str, path: str, headers: dict[str, str], body: bytes = b"{}") -> Answer:
    response = client.pool.request(method, client.base + path, body=body, headers=headers)
    return Answer(response.status, response.headers, response.data.decode())


def refusal(answer: Answer, method: str) -> str:
    """Check a refusal's shape, and return its code; HEAD has no body to look at."""
    assert answer.status == 401
    if method == "HEAD":
        return UNKNOWN[0]
    assert set(answer.json) - {"error"} == KEYS
    return str(answer.json["error_code"])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_credentials_nobody_gets_in(quiet: Service, method: str, path: str) -> None:
    """Nor with a token nobody issued."""
    client = quiet.client()
    where = filled(path, client)
    older = path.startswith("/v2/") and "{service_name}" in path
    for headers in ({}, {"x-auth-token": "nonsense"}, {"authorization": "Bearer nonsense"}):
        answer = send(client, method, where, headers)
        if older and method != "HEAD" and "error" not in answer.json and set(answer.json) != KEYS:
            assert (answer.status, answer.json["error_code"]) == (401, "IVA.0001")  # the older dialect's own table
        else:
            assert refusal(answer, method) == "VIAS.00010005"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_bad_signature_is_refused_by_its_own_code(quiet: Service, method: str, path: str) -> None:
    """Signed with another secret; clients tell a wrong clock or key from a missing right by it."""
    client = quiet.client()
    where = filled(path, client)
    answer = send(client, method, where, signed(client, method, where, b"{}", secret="not the secret"))
    assert answer.status == 401
    if method != "HEAD":
        assert answer.json["error_code"] in {"APIGW.0301", "IVA.0001"}


@pytest.mark.parametrize("way", ["token", "signature"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_both_ways_lead_past_the_door(quiet: Service, method: str, path: str, way: str) -> None:
    """What comes after is the operation's own matter."""
    client = quiet.client()
    where = filled(path, client)
    if way == "token":
        answer = send(client, method, where, {"x-auth-token": client.account.token})
    else:
        answer = send(client, method, where, signed(client, method, where, b"{}"))
    assert answer.status != 401, answer.text
    assert answer.status < 500 or json.loads(answer.text)["error_code"] == "VIAS.00010012", answer.text


def test_the_operations_are_found() -> None:
    """Else the tests above say nothing."""
    assert len(OPERATIONS) > 50


def test_a_long_token_is_read_and_refused(quiet: Service) -> None:
    """The vendor's tokens have up to 32 KB; a server that answers 431 or closes the connection breaks its clients."""
    client = quiet.client()
    for length in (4_000, 12_000, 32_768, 40_000):
        answer = client.call("GET", f"{client.root}/tasks", X_Auth_Token="x" * length)
        assert refusal(answer, "GET") == "VIAS.00010005"
    assert client.call("GET", f"{client.root}/tasks").status == 200


def test_x_project_id_must_agree_with_the_token_too(quiet: Service) -> None:
    """Two projects in one request are a mistake of the caller's; to guess which was meant would be ours."""
    client = quiet.client()
    assert client.call("GET", f"{client.root}/tasks", X_Project_Id=client.account.project_id).status == 200
    assert client.call("GET", f"{client.root}/tasks", X_Project_Id="0" * 32).status == 401


def test_a_temporary_key_is_told_that_there_are_none(quiet: Service) -> None:
    """A signed X-Security-Token belongs to keys that are issued for a while; here none are."""
    client = quiet.client()
    path = f"{client.root}/tasks"
    headers = signed(client, "GET", path, b"{}") | {"x-security-token": "temporary"}
    answer = send(client, "GET", path, headers)
    assert refusal(answer, "GET") == "APIGW.0301"
    assert "X-Security-Token" in answer.json["detail"]


def test_a_token_survives_a_restart(tmp_path: Any) -> None:
    """It is in the database, not in the process; so is its end."""
    with serving(tmp_path) as first:
        client = first.client()
        user = {"name": client.account.user_name, "password": client.account.password}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
        token = client.call("POST", "/v3/auth/tokens", auth, X_Auth_Token="").headers["X-Subject-Token"]
    with serving(tmp_path) as second:
        again = Client(second.base, client.account)
        assert again.call("GET", f"{client.root}/tasks", X_Auth_Token=token).status == 200
        second.clock.now += 24 * 3_600_000
        assert again.call("GET", f"{client.root}/tasks", X_Auth_Token=token).status == 401
