"""Brokers over HTTP: who may register them, what is refused, and that passwords never come back."""

import json
from typing import Any

import pytest
from service import Client, Service

SECRET = "hunter2hunter2"
NATS = {
    "name": "events",
    "kind": "nats",
    "servers": ["nats.example:4222", "[fd00::1]:4222"],
    "tls": True,
    "username": "writer",
    "password": SECRET,
    "prefix": "video.",
    "streams": ["gate"],
}
REDIS = {"name": "events", "kind": "redis", "servers": ["redis.example:6379"]}
KAFKA = {"name": "events", "kind": "kafka", "servers": ["a.example:9092", "b.example:9092"]}
MQTT = {"name": "events", "kind": "mqtt", "servers": ["mqtt.example:1883"]}
DIS = {
    "name": "events",
    "kind": "dis",
    "servers": ["https://dis.example/base"],
    "username": "AKEY",
    "password": SECRET,
    "dis_project_id": "theirs",
}


def brokers(client: Client) -> str:
    return f"/vedette/v1/{client.account.project_id}/brokers"


def body(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (base | changes).items() if value is not None}


def put(client: Client, **changes: Any) -> Any:
    sent = {name: value for name, value in body(NATS, **changes).items() if name != "name"}
    return client.call("PUT", f"{brokers(client)}/events", sent)


def test_a_broker_is_registered_shown_changed_and_forgotten(service: Service) -> None:
    client = service.client()
    made = client.call("POST", brokers(client), NATS)
    assert made.status == 201, made.text
    times = {"created_at": service.clock.now, "updated_at": service.clock.now}
    assert made.json == NATS | {"password": "******", "tls_verify": True} | times
    assert client.call("GET", f"{brokers(client)}/events").json == made.json
    assert client.call("GET", brokers(client)).json == {"count": 1, "brokers": [made.json]}
    altered = put(client, password="******", prefix=None, streams=["yard"])
    assert altered.status == 200, altered.text
    assert (altered.json["prefix"], altered.json["streams"]) == ("", ["yard"])
    assert client.call("DELETE", f"{brokers(client)}/events").status == 200
    gone = client.call("GET", f"{brokers(client)}/events")
    assert (gone.status, gone.json["error_code"]) == (400, "VIAS.00010008")


def test_the_password_is_sealed_and_never_comes_back(service: Service) -> None:
    """The file of the database alone opens no broker."""
    client = service.client()
    texts = [
        client.call("POST", brokers(client), NATS).text,
        client.call("GET", f"{brokers(client)}/events").text,
        client.call("GET", brokers(client)).text,
        put(client, password="******").text,
        client.call("POST", brokers(client), NATS | {"colour": "red"}).text,
    ]
    assert all(SECRET not in text for text in texts)
    assert SECRET.encode() not in service.stored()


def test_a_masked_password_stays_while_it_goes_to_the_same_place(service: Service) -> None:
    """Ports may change, and servers may go; none that is new may hear it, nor anybody on the way."""
    client = service.client()
    client.call("POST", brokers(client), NATS)
    assert put(client, servers=["NATS.example:14222"], password="******").status == 200
    for elsewhere in (
        {"servers": ["other.example:4222"]},
        {"servers": ["nats.example:14222", "other.example:4222"]},
        {"tls": None},
        {"tls_verify": False},
        {"username": "somebody-else"},
        {"username": None},
        {"kind": "redis", "prefix": None},
    ):
        refused = put(client, **{"servers": ["nats.example:14222"], "password": "******", **elsewhere})
        assert (refused.status, refused.json["params"]) == (400, ["password"]), (elsewhere, refused.text)
        assert "send the secret again" in refused.text, refused.text
    assert put(client, servers=["other.example:4222"], password="another").status == 200


def test_a_masked_key_of_a_dis_stays_at_its_address(service: Service) -> None:
    client = service.client()
    client.call("POST", brokers(client), DIS)

    def move(server: str) -> int:
        sent = {name: value for name, value in DIS.items() if name != "name"}
        return int(
            client.call("PUT", f"{brokers(client)}/events", sent | {"servers": [server], "password": "******"}).status
        )

    assert [move(f"{place}") for place in ("https://dis.example:444", "http://dis.example", "https://b.example")] == [
        200, 400, 400,
    ]  # fmt: skip


def test_nothing_masked_is_stored_for_a_new_broker(service: Service) -> None:
    client = service.client()
    assert client.call("POST", brokers(client), NATS | {"password": "******"}).status == 400
    assert client.call("GET", brokers(client)).json["count"] == 0


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        (NATS, {"kind": "rabbit"}, "kind"),
        (NATS, {"servers": []}, "servers"),
        (NATS, {"servers": None}, "servers"),
        (NATS, {"servers": ["nats.example"]}, "servers"),
        (NATS, {"servers": ["nats.example:0"]}, "servers"),
        (NATS, {"servers": ["nats.example:65536"]}, "servers"),
        (NATS, {"servers": ["user@nats.example:4222"]}, "servers"),
        (NATS, {"servers": ["a b:4222"]}, "servers"),
        (NATS, {"servers": ["[::zz]:4222"]}, "servers"),
        (NATS, {"servers": ["https://nats.example"]}, "host:port"),
        (NATS, {"servers": ["a.example:1", "a.example:1"]}, "servers"),
        (NATS, {"servers": [f"a{n}.example:1" for n in range(17)]}, "servers"),
        (NATS, {"tls": None, "tls_verify": False}, "tls_verify"),
        (NATS, {"password": None}, "go together"),
        (NATS, {"dis_project_id": "theirs"}, "dis_project_id"),
        (NATS, {"prefix": "video.>"}, "prefix"),
        (NATS, {"prefix": "video..x"}, "prefix"),
        (NATS, {"prefix": ".video"}, "prefix"),
        (NATS, {"prefix": "$JS.API."}, "prefix"),
        (NATS, {"prefix": "a b"}, "prefix"),
        (NATS, {"prefix": "x" * 101}, "prefix"),
        (NATS, {"prefix": "video.\n"}, "prefix"),
        (NATS, {"streams": ["a.b"]}, "streams"),
        (NATS, {"streams": ["gate", "gate"]}, "streams"),
        (NATS, {"name": "a b"}, "name"),
        (NATS, {"name": "x" * 64}, "name"),
        (NATS, {"tsl": True}, "tsl: there is no such field."),
        (REDIS, {"prefix": "{a}"}, "prefix"),
        (KAFKA, {"prefix": "a/b"}, "prefix"),
        (KAFKA, {"password": SECRET}, "go together"),
        (MQTT, {"prefix": "a/#/"}, "prefix"),
        (MQTT, {"prefix": "+/"}, "prefix"),
        (MQTT, {"prefix": "$SYS/"}, "prefix"),
        (DIS, {"servers": ["dis.example:443"]}, "servers"),
        (DIS, {"servers": ["https://a.example", "https://b.example"]}, "servers"),
        (DIS, {"servers": ["https://user:word@dis.example"]}, "servers"),
        (DIS, {"servers": ["https://dis.example:0"]}, "servers"),
        (DIS, {"servers": ["http://dis.example"], "tls_verify": False}, "tls_verify"),
        (DIS, {"tls": True}, "tls"),
        (DIS, {"dis_project_id": None}, "dis_project_id"),
        (DIS, {"username": None, "password": None}, "username"),
    ],
)
def test_what_breaks_a_rule_or_says_nothing_is_refused(
    service: Service, base: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    """A field that would be accepted and ignored misleads."""
    client = service.client()
    refused = client.call("POST", brokers(client), body(base, **changes))
    assert refused.status == 400, refused.text
    assert said in json.dumps(refused.json), refused.text
    assert SECRET not in refused.text


def test_brokers_of_every_kind_are_taken(service: Service) -> None:
    client = service.client()
    login = {"username": "writer", "password": SECRET, "tls": True, "tls_verify": False}
    for sent in (
        NATS | {"name": "n1"},
        body(NATS, name="n2", username=None, streams=["n2"]),
        REDIS | {"name": "r1", "prefix": "video:", "password": SECRET, "streams": ["r1"]},
        KAFKA | login | {"name": "k1", "prefix": "video.", "streams": ["k1"]},
        MQTT | login | {"name": "m1", "prefix": "video/", "streams": ["m1"]},
        DIS | {"name": "d1", "prefix": "video-", "tls_verify": False},
    ):
        made = client.call("POST", brokers(client), sent)
        assert made.status == 201, made.text
        hidden = {"password": "******"} if "password" in sent else {}
        assert sent | hidden == {name: value for name, value in made.json.items() if name in sent}
    listed = client.call("GET", brokers(client)).json["brokers"]
    assert [one["name"] for one in listed] == ["d1", "k1", "m1", "n1", "n2", "r1"]


def test_it_stays_clear_where_a_stream_goes(service: Service) -> None:
    client = service.client()
    assert client.call("POST", brokers(client), NATS).status == 201
    twice = client.call("POST", brokers(client), NATS)
    assert twice.json["error_code"] == "VIAS.00010003"
    same = client.call("POST", brokers(client), NATS | {"name": "other"})
    assert "events has the stream gate" in json.dumps(same.json)
    assert client.call("POST", brokers(client), REDIS | {"name": "rest"}).status == 201
    also = client.call("POST", brokers(client), REDIS | {"name": "rest-2", "streams": []})
    assert "rest has all streams" in json.dumps(also.json)
    assert put(client, streams=[]).status == 400
    assert put(client, streams=["gate", "more"]).status == 200


def test_a_project_has_at_most_sixteen_brokers(service: Service) -> None:
    client = service.client()
    for number in range(16):
        assert (
            client.call("POST", brokers(client), REDIS | {"name": f"b{number}", "streams": [f"s{number}"]}).status
            == 201
        )
    more = client.call("POST", brokers(client), REDIS | {"name": "more", "streams": ["more"]})
    assert more.status == 400
    assert "16 brokers" in more.text


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("operator", False), ("admin", True)])
def test_whoever_minds_the_project_minds_its_brokers(service: Service, role: str, may: bool) -> None:
    """Passwords are secrets of the project; a check makes this service speak to a place of one's choice."""
    client = service.client(roles=(role,))
    here = NATS | {"servers": ["127.0.0.1:9"]}
    statuses = [
        client.call("POST", brokers(client), here).status,
        put(client, servers=["127.0.0.1:9"]).status,
        client.call("POST", f"{brokers(client)}/events/check", {"stream_name": "gate"}).status,
        client.call("DELETE", f"{brokers(client)}/events").status,
    ]
    assert statuses == ([201, 200, 200, 200] if may else [403] * 4)
    assert client.call("GET", brokers(client)).status == 200


def test_brokers_of_another_project_do_not_exist(service: Service) -> None:
    ours, theirs = service.client(), service.client()
    ours.call("POST", brokers(ours), NATS)
    assert theirs.call("GET", f"{brokers(theirs)}/events").json["error_code"] == "VIAS.00010008"
    assert theirs.call("GET", f"{brokers(ours)}/events").status == 401
    assert theirs.call("POST", brokers(theirs), NATS).status == 201


def test_a_create_that_is_sent_again_makes_nothing_new(service: Service) -> None:
    client = service.client()
    first = client.call("POST", brokers(client), NATS, Idempotency_Key="once")
    again = client.call("POST", brokers(client), NATS, Idempotency_Key="once")
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json


@pytest.mark.parametrize("base", [NATS, REDIS, KAFKA, MQTT])
def test_a_check_goes_nowhere_the_guard_forbids(service: Service, base: dict[str, Any]) -> None:
    """The cloud's own address would tell the machine's credentials."""
    client = service.client()
    client.call("POST", brokers(client), body(base, servers=["169.254.169.254:80"]))
    told = client.call("POST", f"{brokers(client)}/events/check", {"stream_name": "gate"}).json
    assert (told["usable"], told["error_code"]) == (False, "VEDETTE.2005")
    assert "the guard forbids it" in told["reason"]


def test_a_check_reads_whether_a_dis_has_the_stream(service: Service) -> None:
    """Our own service is such a one."""
    client = service.client()
    account = client.account
    own = {"username": account.access_key, "password": account.secret_key, "dis_project_id": account.project_id}
    client.call("POST", brokers(client), DIS | own | {"servers": [client.base], "prefix": "v-"})

    def check() -> Any:
        return client.call("POST", f"{brokers(client)}/events/check", {"stream_name": "gate"}).json

    missing = check()
    assert missing["usable"] is False
    assert "answered 4" in missing["reason"]
    client.call("POST", f"{client.root}/streams", {"stream_name": "v-gate", "partition_count": 1})
    assert check() == {"usable": True}
