"""Object stores over HTTP: who may register them, what is refused, and that keys never come back."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from service import Client, Service

SECRET = "hunter2hunter2"
S3 = {
    "name": "archive",
    "kind": "s3",
    "endpoint": "http://store.example:9000",
    "region": "eu-1",
    "access_key": "reader",
    "secret_key": SECRET,
    "buckets": ["recordings"],
}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


RSA = pem(rsa.generate_private_key(65537, 2048))
CURVE = pem(ec.generate_private_key(ec.SECP256R1()))


def stores(client: Client) -> str:
    return f"/vedette/v1/{client.account.project_id}/object-stores"


def put(client: Client, **changes: Any) -> Any:
    body = {name: value for name, value in ({**S3, **changes}).items() if name != "name" and value is not None}
    return client.call("PUT", f"{stores(client)}/archive", body)


def test_a_store_is_registered_shown_changed_and_forgotten(service: Service) -> None:
    client = service.client()
    made = client.call("POST", stores(client), S3)
    assert made.status == 201, made.text
    expected = S3 | {"secret_key": "******", "path_style": True, "tls_verify": True}
    times = {"created_at": service.clock.now, "updated_at": service.clock.now}
    assert made.json == expected | times
    assert client.call("GET", f"{stores(client)}/archive").json == made.json
    assert client.call("GET", stores(client)).json == {"count": 1, "object_stores": [made.json]}
    changed = put(client, secret_key="******", region=None, buckets=["others"])
    assert changed.status == 200, changed.text
    assert "region" not in changed.json
    assert changed.json["buckets"] == ["others"]
    assert client.call("DELETE", f"{stores(client)}/archive").status == 200
    gone = client.call("GET", f"{stores(client)}/archive")
    assert (gone.status, gone.json["error_code"]) == (400, "VIAS.00010008")


def test_the_key_is_sealed_and_never_comes_back(service: Service) -> None:
    """The file of the database alone opens no store."""
    client = service.client()
    texts = [
        client.call("POST", stores(client), S3).text,
        client.call("GET", f"{stores(client)}/archive").text,
        client.call("GET", stores(client)).text,
        put(client, secret_key="******").text,
    ]
    assert all(SECRET not in text for text in texts)
    assert SECRET.encode() not in service.stored()


def test_a_masked_key_stays_while_it_goes_to_the_same_place(service: Service) -> None:
    client = service.client()
    client.call("POST", stores(client), S3 | {"endpoint": "https://store.example"})
    same = "https://store.example:9443/s3"
    assert put(client, endpoint=same, secret_key="******").status == 200
    for elsewhere in (
        {"endpoint": "https://other.example"},
        {"endpoint": "http://store.example"},
        {"endpoint": None},
        {"endpoint": same, "tls_verify": False},
        {"endpoint": same, "access_key": "somebody-else"},
    ):
        refused = put(client, **{"secret_key": "******", **elsewhere})
        assert (refused.status, refused.json["params"]) == (400, ["secret_key"]), (elsewhere, refused.text)
        assert "send the secret again" in refused.text, refused.text
    assert put(client, endpoint="http://other.example", secret_key="another").status == 200


def test_nothing_masked_is_stored_for_a_new_store(service: Service) -> None:
    client = service.client()
    refused = client.call("POST", stores(client), S3 | {"secret_key": "******"})
    assert refused.status == 400
    assert client.call("GET", stores(client)).json["count"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "ftp"}, "kind"),
        ({"endpoint": "ftp://store.example"}, "endpoint"),
        ({"endpoint": "http://user:word@store.example"}, "endpoint"),
        ({"endpoint": "http://store.example?x=1"}, "endpoint"),
        ({"endpoint": "http://store.example:0"}, "endpoint"),
        ({"endpoint": "http://store.example:99999"}, "endpoint"),
        ({"endpoint": "http://[::zz]"}, "endpoint"),
        ({"endpoint": "http://10.0.0.1:9000", "path_style": False}, "path_style"),
        ({"endpoint": "http://[fd00::1]", "path_style": False}, "path_style"),
        ({"region": "eu 1"}, "region"),
        ({"secret_key": None}, "go together"),
        ({"access_key": None}, "go together"),
        ({"folder": "/srv"}, "folder"),
        ({"buckets": ["NotABucket"]}, "buckets"),
        ({"buckets": ["one1", "one1"]}, "buckets"),
        ({"kind": "azure"}, "region"),
        ({"kind": "azure", "region": None}, "base64"),
        ({"kind": "azure", "region": None, "access_key": None, "secret_key": None, "endpoint": None}, "endpoint"),
        ({"kind": "gcs", "region": None}, "PEM"),
        ({"kind": "gcs", "region": None, "secret_key": CURVE}, "PEM"),
        ({"kind": "gcs", "region": None, "secret_key": RSA, "path_style": True}, "path_style"),
        ({"kind": "folder", "folder": "/srv"}, "endpoint"),
        ({"name": "a b"}, "name"),
        ({"name": "x" * 64}, "name"),
    ],
)
def test_what_breaks_a_rule_or_says_nothing_is_refused(service: Service, changes: dict[str, Any], said: str) -> None:
    """A field that would be accepted and ignored misleads."""
    client = service.client()
    body = {name: value for name, value in (S3 | changes).items() if value is not None}
    refused = client.call("POST", stores(client), body)
    assert refused.status == 400, refused.text
    assert said in json.dumps(refused.json), refused.text
    assert SECRET not in refused.text


def test_stores_of_every_kind_are_taken(service: Service, tmp_path: Path) -> None:
    client = service.client()
    opened = service.file.parent / "open"
    for body in (
        {"name": "az", "kind": "azure", "access_key": "account", "secret_key": "a2V5", "buckets": ["az1"]},
        {"name": "az-open", "kind": "azure", "endpoint": "https://public.example", "buckets": ["az2"]},
        {"name": "google", "kind": "gcs", "access_key": "a@b.example", "secret_key": RSA, "buckets": ["gcs"]},
        {"name": "six", "kind": "s3", "endpoint": "http://[fd00::1]:9000", "buckets": ["six"]},
        {"name": "here", "kind": "folder", "folder": str(opened / "objects")},
    ):
        made = client.call("POST", stores(client), body)
        assert made.status == 201, made.text
    assert [one["name"] for one in client.call("GET", stores(client)).json["object_stores"]] == [
        "az", "az-open", "google", "here", "six",
    ]  # fmt: skip


@pytest.mark.parametrize("folder", ["/etc", "/", "{open}/..", "{open}/../key", "{link}"])
def test_a_folder_lies_below_an_open_root(service: Service, tmp_path: Path, folder: str) -> None:
    """Whoever minds a project shall not read what the operator keeps closed."""
    client = service.client()
    opened = service.file.parent / "open"
    opened.mkdir(exist_ok=True)
    link = opened / f"link-{service.counter}"
    link.symlink_to(tmp_path)
    body = {"name": "here", "kind": "folder", "folder": folder.format(open=opened, link=link)}
    refused = client.call("POST", stores(client), body)
    assert (refused.status, refused.json["params"]) == (400, ["folder"]), refused.text


def test_it_stays_clear_which_store_a_bucket_is_in(service: Service) -> None:
    client = service.client()
    assert client.call("POST", stores(client), S3).status == 201
    twice = client.call("POST", stores(client), S3)
    assert twice.json["error_code"] == "VIAS.00010003"
    same = client.call("POST", stores(client), S3 | {"name": "other"})
    assert "archive has the bucket recordings" in json.dumps(same.json)
    assert client.call("POST", stores(client), S3 | {"name": "rest", "buckets": []}).status == 201
    also = client.call("POST", stores(client), S3 | {"name": "rest-2", "buckets": []})
    assert "rest has all buckets" in json.dumps(also.json)
    assert put(client, buckets=[]).status == 400
    assert put(client, buckets=["recordings", "more"]).status == 200


def test_a_project_has_at_most_a_hundred_stores(service: Service) -> None:
    client = service.client()
    for number in range(100):
        body = S3 | {"name": f"s{number}", "buckets": [f"bucket-{number}"]}
        assert client.call("POST", stores(client), body).status == 201
    assert client.call("POST", stores(client), S3 | {"name": "more", "buckets": ["one-more"]}).status == 400


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("operator", False), ("admin", True)])
def test_whoever_minds_the_project_minds_its_stores(service: Service, role: str, may: bool) -> None:
    """Keys are secrets of the project; a check makes this service speak to a place of one's choice."""
    client = service.client(roles=(role,))
    statuses = [
        client.call("POST", stores(client), S3).status,
        put(client, secret_key="new").status,
        client.call("POST", f"{stores(client)}/archive/check", {"bucket": "recordings", "path": "a.mp4"}).status,
        client.call("DELETE", f"{stores(client)}/archive").status,
    ]
    assert statuses == ([201, 200, 200, 200] if may else [403] * 4)
    assert client.call("GET", stores(client)).status == 200


def test_stores_of_another_project_do_not_exist(service: Service) -> None:
    ours, theirs = service.client(), service.client()
    ours.call("POST", stores(ours), S3)
    assert theirs.call("GET", f"{stores(theirs)}/archive").json["error_code"] == "VIAS.00010008"
    assert theirs.call("GET", f"{stores(ours)}/archive").status == 401
    assert theirs.call("POST", stores(theirs), S3).status == 201


def test_a_create_that_is_sent_again_makes_nothing_new(service: Service) -> None:
    client = service.client()
    first = client.call("POST", stores(client), S3, Idempotency_Key="once")
    again = client.call("POST", stores(client), S3, Idempotency_Key="once")
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json


def test_a_check_reads_an_object_of_a_folder(service: Service) -> None:
    client = service.client()
    objects = service.file.parent / "open" / "objects"
    (objects / "clips").mkdir(parents=True, exist_ok=True)
    (objects / "clips" / "gate.mp4").write_bytes(b"0123456789")
    client.call("POST", stores(client), {"name": "here", "kind": "folder", "folder": str(objects)})

    def check(path: str, bucket: str = "clips") -> Any:
        answer = client.call("POST", f"{stores(client)}/here/check", {"bucket": bucket, "path": path})
        assert answer.status == 200, answer.text
        return answer.json

    assert check("gate.mp4") == {"readable": True, "size": 10}
    for path, bucket in (("none.mp4", "clips"), ("gate.mp4", "none"), ("a/../../../key", "clips")):
        told = check(path, bucket)
        assert (told["readable"], told["error_code"]) == (False, "VEDETTE.1003")
        assert told["reason"]


def test_a_check_writes_an_object_of_its_own_and_removes_it(service: Service) -> None:
    """Only if that is asked for."""
    client = service.client()
    folder = service.file.parent / "open" / "written"
    (folder / "clips").mkdir(parents=True)
    client.call("POST", stores(client), {"name": "here", "kind": "folder", "folder": str(folder)})
    asked = {"bucket": "clips", "path": "gate", "write": True}
    told = client.call("POST", f"{stores(client)}/here/check", asked).json
    name = told.pop("object")
    assert told == {"writable": True, "readable": True, "removed": True}
    assert name.startswith("gate/vedette-check-")
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    told = client.call("POST", f"{stores(client)}/here/check", asked | {"bucket": "yard"}).json
    assert (told["writable"], told["readable"], told["error_code"]) == (False, False, "VEDETTE.2003")
    assert "has no bucket 'yard'" in told["reason"]


def test_a_check_goes_nowhere_the_guard_forbids(service: Service) -> None:
    """The cloud's own address would tell the machine's credentials."""
    client = service.client()
    client.call("POST", stores(client), S3 | {"endpoint": "http://169.254.169.254"})
    asked = {"bucket": "recordings", "path": "a.mp4"}
    told = client.call("POST", f"{stores(client)}/archive/check", asked).json
    assert told["readable"] is False
    assert "may not reach" in told["reason"]
    assert "X-Amz" not in told["reason"]
