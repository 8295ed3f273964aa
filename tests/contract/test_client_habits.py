"""Habits of the vendor's clients in other languages, as they are on the wire; no client is needed to show them."""

import hashlib
import hmac
import http.client
import json
from urllib.parse import urlsplit

import pytest
from bodies import TASK
from service import CLOUD, Client

DATE = "20240423T080000Z"


def spoken(
    client: Client, method: str, target: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, object]]:
    """Send exactly these bytes and headers; nothing is added but the host."""
    connection = http.client.HTTPConnection(urlsplit(client.base).netloc, timeout=20)
    connection.putrequest(method, target, skip_accept_encoding=True)
    named = {"X-Auth-Token": client.account.token} | {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in named.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def authorized(client: Client, method: str, path: str, query: str, names: str, **headers: str) -> str:
    """Sign over the query as it is given, whatever its order."""
    known = {"host": urlsplit(client.base).netloc, "x-sdk-date": DATE} | headers
    lines = [method, path + "/", query, *(f"{name}:{known[name]}" for name in names.split(";")), "", names]
    canonical = "\n".join([*lines, hashlib.sha256(b"").hexdigest()])
    text = f"SDK-HMAC-SHA256\n{DATE}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(client.account.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"SDK-HMAC-SHA256 Access={client.account.access_key}, SignedHeaders={names}, Signature={signature}"


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=utf8", "Application/JSON", ""],
)
def test_bodies_are_json_whatever_their_content_type_says_beside(client: Client, kind: str) -> None:
    """Java names the character set, the pages write `utf8`, and some clients say nothing."""
    body = json.dumps(TASK).encode()
    target = f"{client.root}/services/{CLOUD}/tasks"
    status, answer = spoken(client, "POST", target, body, Content_Type=kind, Content_Length=str(len(body)))
    assert (status, list(answer)) == (200, ["tasks"])


@pytest.mark.parametrize("body", [b"{}", b""], ids=["empty object", "Content-Length 0"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", "/action/stop"), ("PUT", "/action/start"), ("DELETE", "")],
    ids=["show", "stop", "start", "delete"],
)
def test_what_needs_no_body_may_have_one(client: Client, method: str, path: str, body: bytes) -> None:
    """Node sends `{}` on GET and PUT, Python a length of 0."""
    target = f"{client.root}/tasks/{client.created(TASK)}{path}"
    assert (
        spoken(client, method, target, body, Content_Type="application/json", Content_Length=str(len(body)))[0] == 200
    )


@pytest.mark.parametrize("path", ["/action/stop", ""])
def test_a_request_may_have_no_length_at_all(client: Client, path: str) -> None:
    """Java sends none with DELETE."""
    target = f"{client.root}/tasks/{client.created(TASK)}{path}"
    assert spoken(client, "PUT" if path else "DELETE", target)[0] == 200


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("status=9&status=1&page_size=5", "page_size=5&status=9&status=1"),
        ("status=9&status=1&page_size=5", "page_size=5&status=1&status=9"),
        ("page_size=5&scope=a%20b%2Fc~%E4%B8%AD", "page_size=5&scope=a%20b%2Fc~%E4%B8%AD"),
        ("scope=&page_size=5", "page_size=5&scope="),
    ],
    ids=["values as sent", "values sorted", "escaped", "empty"],
)
def test_repeated_values_are_signed_in_either_order(client: Client, sent: str, signed: str) -> None:
    """Java leaves them in their order, Python and Node sort them; the names are sorted by all."""
    path = f"{client.root}/source/sources"
    claim = authorized(client, "GET", path, signed, "host;x-sdk-date")
    status, answer = spoken(client, "GET", f"{path}?{sent}", X_Auth_Token="", Authorization=claim, X_Sdk_Date=DATE)
    assert status == 200, answer


def test_the_content_type_need_not_be_signed(client: Client) -> None:
    """Java signs the user agent and leaves the content type out."""
    path, agent = f"{client.root}/tasks", "huaweicloud-usdk-java/3.0"
    project = client.account.project_id
    given = {"user-agent": agent, "x-project-id": project}
    claim = authorized(client, "GET", path, "", "host;user-agent;x-project-id;x-sdk-date", **given)
    headers = {"User_Agent": agent, "X_Project_Id": project, "X_Sdk_Date": DATE, "Authorization": claim}
    assert spoken(client, "GET", path, X_Auth_Token="", Content_Type="application/json", **headers)[0] == 200
