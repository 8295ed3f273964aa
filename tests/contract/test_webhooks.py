"""What signs webhooks and what they may reach, over HTTP: who may say so, and that secrets are told once."""

import base64

import pytest
from service import Client, Service


def secrets(client: Client) -> str:
    return f"/vedette/v1/{client.account.project_id}/webhook-secrets"


def allowed(client: Client) -> str:
    return f"/vedette/v1/{client.account.project_id}/guard-allow"


def test_a_secret_is_told_once_listed_without_itself_and_deleted(service: Service) -> None:
    """It has the form that the receivers' libraries take, and is sealed on the disk."""
    client = service.client()
    made = client.call("POST", secrets(client), {})
    assert made.status == 201, made.text
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    listed = client.call("GET", secrets(client))
    assert listed.json == {
        "count": 1,
        "webhook_secrets": [{"id": made.json["id"], "created_at": service.clock.now, "expires_at": None}],
    }
    assert secret.encode() not in service.stored()
    assert client.call("DELETE", f"{secrets(client)}/{made.json['id']}").status == 204
    assert client.call("GET", secrets(client)).json["count"] == 0
    gone = client.call("DELETE", f"{secrets(client)}/{made.json['id']}")
    assert (gone.status, gone.json["error_code"]) == (400, "VIAS.00010008")


def test_two_secrets_hold_at_a_time(service: Service) -> None:
    """A third would mean that some receiver was forgotten; one whose end is near makes room when it is over."""
    client = service.client()
    [first, second] = [client.call("POST", secrets(client), {}).json["id"] for _ in range(2)]
    third = client.call("POST", secrets(client), {"others_expire_after": 60})
    assert (third.status, third.json["error_code"]) == (500, "VIAS.00010012")
    listed = client.call("GET", secrets(client)).json["webhook_secrets"]
    assert [one["expires_at"] for one in listed] == [None, None], "what was refused has changed nothing"
    client.call("DELETE", f"{secrets(client)}/{first}")
    client.call("POST", secrets(client), {"others_expire_after": 60})
    listed = client.call("GET", secrets(client)).json["webhook_secrets"]
    ends = {one["id"]: one["expires_at"] for one in listed}
    assert ends[second] == service.clock.now + 60_000
    replaced = client.call("POST", secrets(client), {"others_expire_after": 0})
    assert replaced.status == 201, replaced.text
    assert [one["id"] for one in client.call("GET", secrets(client)).json["webhook_secrets"]] == [replaced.json["id"]]


@pytest.mark.parametrize(
    "body", [{"others_expire_after": -1}, {"others_expire_after": 2_592_001}, {"others_expire_after": "1"}]
)
def test_a_time_that_is_none_is_refused(service: Service, body: object) -> None:
    client = service.client()
    assert client.call("POST", secrets(client), body).status == 400
    assert client.call("GET", secrets(client)).json["count"] == 0


def test_only_who_minds_the_project_handles_secrets(service: Service) -> None:
    """Whoever knows a secret can tell receivers anything in the service's name."""
    minder = service.client(roles=("admin",))
    made = minder.call("POST", secrets(minder), {})
    assert made.status == 201, made.text
    for role in ("operator", "viewer"):
        other = service.client(roles=(role,))
        for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/" + made.json["id"])):
            answer = other.call(method, secrets(other) + path, {} if method == "POST" else None)
            assert (answer.status, answer.json["error_code"]) == (403, "VIAS.00010005"), (role, method)
    stranger = service.client()
    assert stranger.call("DELETE", f"{secrets(stranger)}/{made.json['id']}").status == 400
    assert minder.call("GET", secrets(minder)).json["count"] == 1


def test_the_operator_alone_says_what_a_project_may_reach_besides(service: Service) -> None:
    """A project that could exempt itself would have no guard."""
    operator, minder = service.client(), service.client(roles=("admin",))
    wanted = {"guard_allow": ["10.1.0.17", "10.2.0.0/16", "fd00::/8", "Alarms.example.org"]}
    assert minder.call("PUT", allowed(minder), wanted).status == 403
    assert operator.call("PUT", allowed(minder), wanted).json == wanted
    assert minder.call("GET", allowed(minder)).json == wanted
    assert operator.call("GET", allowed(operator)).json == {"guard_allow": []}
    assert minder.call("GET", allowed(operator)).status == 401
    assert operator.call("PUT", allowed(minder), {"guard_allow": []}).json == {"guard_allow": []}
    nowhere = operator.call("PUT", "/vedette/v1/nowhere/guard-allow", wanted)
    assert (nowhere.status, nowhere.json["error_code"]) == (400, "VIAS.00010008")


@pytest.mark.parametrize("entry", ["", "10.0.0.0/33", "http://r", "a b", "1.2.3", "-a", "r:80", "*"])
def test_what_is_no_place_is_refused(service: Service, entry: str) -> None:
    client = service.client()
    assert client.call("PUT", allowed(client), {"guard_allow": [entry]}).status == 400
