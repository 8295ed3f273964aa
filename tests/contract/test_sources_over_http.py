"""Video sources over HTTP, and the import of sources under given ids."""

import json
from typing import Any

import pytest
from bodies import REMOVE, SOURCE, VCN_DEVICE, changed, with_input
from service import CLOUD, KEYS, Client, Service, serving

from vedette.api.source_import import ImportReport, import_sources
from vedette.model.ids import ProjectId
from vedette.model.quota import Quotas


def xml(**leaves: str) -> str:
    return "<config>" + "".join(f"<{name}>{value}</{name}>" for name, value in leaves.items()) + "</config>"


FAULTS: list[tuple[str, Any]] = [
    ("video_source_name", REMOVE),
    ("video_source_name", ""),
    ("video_source_name", "n" * 101),
    ("video_source_name", " a"),
    ("video_source_name", "a "),
    ("video_source_name", "a/b"),
    ("video_source_name", 5),
    ("access_type", REMOVE),
    ("access_type", "fog"),
    ("type", REMOVE),
    ("type", "ivm"),
    ("type_config", REMOVE),
    ("type_config", ""),
    ("type_config", {"URL_ADDRESS": "rtsp://a.test/b"}),
    ("type_config", "rtsp://a.test/b"),
    ("type_config", "<config><URL_ADDRESS>"),
    ("type_config", xml(URL_ADDRESS="rtsp://x.test/" + "a" * 1000)),
    ("type_config", xml(URL_ADDRESS="")),
    ("type_config", xml(URL_ADDRESS="camera")),
    ("type_config", xml(ADDRESS="rtsp://a.test/b")),
    ("type_config", '<!DOCTYPE a [<!ENTITY e "rtsp://a.test/b">]><config><URL_ADDRESS>&e;</URL_ADDRESS></config>'),
    ("type_config", "<config><URL_ADDRESS>&e;</URL_ADDRESS></config>"),
    ("latitude", "91"),
    ("latitude", "1.123456"),
    ("latitude", 5),
    ("longitude", "181"),
    ("longitude", "abc"),
    ("tag", ["a", "b", "c", "d", "e"]),
    ("tag", ["a" * 11]),
    ("tag", [""]),
    ("tag", "a"),
    ("video_group_ids", "abcd"),
]


@pytest.mark.parametrize(("field", "value"), FAULTS)
def test_a_field_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    """As with tasks."""
    answer = client.call("POST", f"{client.root}/source", changed(SOURCE, field, value))
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010001"), answer.text
    assert answer.json["params"] == [field]
    assert set(answer.json) == KEYS


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("restful", xml(URL="https://a.test/b")),
        ("restful", xml(URL="https://a.test/b", RTSP_URL="/data")),
        ("restful", xml(URL="rtsp://a.test/b", RTSP_URL="data")),
        ("vcn", xml(DATA_SOURCE_ID="1", IP="10.0.0.1", PORT="1", USER_NAME="u", PASSWORD="p")),
        ("vcn", xml(DATA_SOURCE_ID=VCN_DEVICE, IP="10.0.0.1", PORT="70000", USER_NAME="u", PASSWORD="p")),
        ("vcn", xml(DATA_SOURCE_ID=VCN_DEVICE, IP="10.0.0.1", PORT="1", USER_NAME="u")),
        ("camera", xml(NAME="a")),
    ],
)
def test_each_kind_needs_its_leaves(client: Client, kind: str, config: str) -> None:
    """A source that can never be opened is refused at once."""
    answer = client.call("POST", f"{client.root}/source", SOURCE | {"type": kind, "type_config": config})
    assert (answer.status, answer.json["params"]) == (400, ["type_config"])


@pytest.mark.parametrize(
    "config",
    [
        "<type>URL</type><config><URL_ADDRESS>rtsp://a.test/b</URL_ADDRESS></config>",
        "<type_config><url_address>rtsp://a.test/b</url_address></type_config>",
        '<?xml version="1.0" encoding="UTF-8"?>\n<type_config>\n  <url_address> rtsp://a.test/b </url_address>\n</type_config>',
        "<URL_ADDRESS>https://a.test/b?x=1&amp;y=2</URL_ADDRESS>",
    ],
)
def test_both_dialects_are_taken_and_given_back(client: Client, config: str) -> None:
    """The field's description uses one, the examples the other."""
    full = {"latitude": "39.90420", "longitude": "116.40739", "tag": ["\u5317\u95e8", "a-1"]}
    answer = client.call("POST", f"{client.root}/source", SOURCE | full | {"type_config": config})
    assert answer.status == 200, answer.text
    source_id = answer.json["video_source_id"]
    shown = client.call("GET", f"{client.root}/source/sources/{source_id}").json
    assert shown["type_config"] == config
    assert {key: shown[key] for key in full} == full
    assert (shown["video_source_name"], shown["access_type"], shown["type"]) == ("camera 1", "cloud", "url")
    assert shown["status"]["level"] == "2"
    assert isinstance(shown["create_at"], int)


def test_no_secret_of_a_source_comes_back_or_is_stored_in_clear(service: Service, client: Client) -> None:
    """Cameras have passwords, and they stand in their addresses."""
    vcn = xml(DATA_SOURCE_ID=VCN_DEVICE, IP="10.0.0.1", PORT="1", USER_NAME="u", PASSWORD="vcnsecret9")
    url = xml(URL_ADDRESS="rtsp://camuser9:camsecret9@a.test/b")
    for name, kind, config in (("a", "vcn", vcn), ("b", "url", url)):
        body = SOURCE | {"video_source_name": name, "type": kind, "type_config": config}
        source_id = client.call("POST", f"{client.root}/source", body).json["video_source_id"]
        text = client.call("GET", f"{client.root}/source/sources/{source_id}").text
        for secret in ("vcnsecret9", "camsecret9", "camuser9"):
            assert secret not in text
            assert secret.encode() not in service.stored()
        assert "******" in text


def test_a_name_is_taken_once_in_a_project(service: Service, client: Client) -> None:
    """With a code of its own."""
    assert client.call("POST", f"{client.root}/source", SOURCE).status == 200
    answer = client.call("POST", f"{client.root}/source", SOURCE)
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010010")
    other = service.client()
    assert other.call("POST", f"{other.root}/source", SOURCE).status == 200


def test_two_projects_do_not_see_each_others_sources(service: Service, client: Client) -> None:
    """Nor can a task of one use a source of the other."""
    source_id = client.call("POST", f"{client.root}/source", SOURCE).json["video_source_id"]
    other = service.client()
    hidden = other.call("GET", f"{other.root}/source/sources/{source_id}")
    assert (hidden.status, hidden.json["error_code"]) == (400, "VIAS.00010008")
    body = changed(with_input("video_source"), "input.data.0.video_source_id", source_id)
    answer = other.create(body, CLOUD)
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010002")
    assert client.create(body, CLOUD).status == 200


def test_the_quota_of_sources_is_told(tmp_path: Any) -> None:
    """A printed code of seven digits, as published."""
    with serving(tmp_path, quotas=Quotas(200, 1, 20)) as small:
        client = small.client()
        assert client.call("POST", f"{client.root}/source", SOURCE).status == 200
        answer = client.call("POST", f"{client.root}/source", SOURCE | {"video_source_name": "second"})
        assert (answer.status, answer.json["error_code"]) == (400, "VIAS.0010047")


def imported(service: Service, client: Client, text: str) -> ImportReport:
    project = ProjectId(client.account.project_id)
    report: ImportReport = service.run(import_sources(service.db, service.vault, project, text, service.clock))
    return report


@pytest.mark.parametrize("form", ["list", "lines", "answer", "single"])
def test_sources_are_imported_under_their_ids_and_again_without_harm(
    service: Service, client: Client, form: str
) -> None:
    """People who migrate keep their ids; a file may be given twice."""
    names = ["a"] if form == "single" else ["a", "b"]
    entries = [SOURCE | {"video_source_id": f"old-{n}-id", "video_source_name": n, "num_tasks": 3} for n in names]
    texts = {
        "list": json.dumps(entries),
        "lines": "\n".join(json.dumps(entry) for entry in entries) + "\n\n",
        "answer": json.dumps({"video_source_list": entries, "total_number": 2}),
        "single": json.dumps(entries[0]),
    }
    assert imported(service, client, texts[form]) == ImportReport(tuple(names), (), ())
    assert imported(service, client, texts[form]) == ImportReport((), tuple(names), ())
    shown = client.call("GET", f"{client.root}/source/sources/old-a-id").json
    assert (shown["video_source_id"], shown["video_source_name"]) == ("old-a-id", "a")


def test_entries_at_fault_are_refused_by_name_and_the_others_taken(service: Service, client: Client) -> None:
    """One bad line must not hold up a migration."""
    entries = [
        SOURCE | {"video_source_id": "good-1", "video_source_name": "good"},
        SOURCE | {"video_source_id": "bad!", "video_source_name": "bad id"},
        SOURCE | {"video_source_name": "no id"},
        SOURCE | {"video_source_id": "good-2", "video_source_name": "good"},
        SOURCE | {"video_source_id": "good-1", "video_source_name": "other"},
        "text",
    ]
    report = imported(service, client, json.dumps(entries))
    assert report.added == ("good",)
    assert [name for name, _ in report.refused] == ["bad id", "no id", "good", "other", "entry 6"]
    assert all(reason for _, reason in report.refused)
