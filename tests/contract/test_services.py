"""Algorithm services: what is listed, what is shown, and how they are deployed."""

import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import jsonschema_rs
import pytest
from bodies import TASK
from service import CLOUD, EDGE, KEYS, Client, Service, serving

from vedette.algorithms.registry import GROUP, Registry
from vedette.auth import passwords
from vedette.model.ids import ProjectId
from vedette.store import deployments
from vedette.telemetry import logs

ALG_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
LISTED = {
    "service_id", "service_name", "alg_id", "alg_status", "alg_class", "alg_version", "function_version", "company",
    "package_id", "package_name", "deploy_type", "request_mode", "tags", "description", "error_msg",
    "missing_models", "can_update", "created_at",
}  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"
INTRUSION = EntryPoint("intrusion", "vedette.algorithms.builtin.intrusion:Intrusion", GROUP)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The door of an installation with one algorithm, so that lists can be told in full."""
    logs.configure("error")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path_factory.mktemp("services"), registry=Registry.load([INTRUSION])) as running:
            yield running


def listed(client: Client, query: str = "") -> list[dict[str, object]]:
    answer = client.call("GET", f"{client.root}/algorithm/services/user{query}")
    assert answer.status == 200, answer.text
    assert answer.json["count"] == len(answer.json["service_list"])
    found: list[dict[str, object]] = answer.json["service_list"]
    return found


def alg_of(client: Client, name: str = CLOUD) -> str:
    return str(next(one["alg_id"] for one in listed(client) if one["service_name"] == name))


def deploy(client: Client, alg_id: str, **given: object) -> object:
    answer = client.call("POST", f"{client.root}/algorithm/{alg_id}/deploy", {"stream_count": 3} | given)
    return answer.json if answer.status == 200 else (answer.json["error_code"], answer.json["params"])


def shown(client: Client, alg_id: str) -> dict[str, object]:
    answer = client.call("GET", f"/vedette/v1/{client.account.project_id}/deployments/{alg_id}")
    assert answer.status == 200, answer.text
    found: dict[str, object] = answer.json
    return found


def test_every_published_service_is_listed_once_with_all_documented_fields(client: Client) -> None:
    """Of a service with several versions the newest is told."""
    rows = listed(client)
    assert [row["service_name"] for row in rows] == [CLOUD, EDGE]
    for row in rows:
        assert set(row) == LISTED
        assert re.fullmatch(ALG_ID, str(row["alg_id"]))
        assert row["alg_version"] == "3.0"
        assert isinstance(row["created_at"], int)
    assert {row["deploy_type"] for row in rows} == {"cloud", "edge"}
    assert {row["alg_status"] for row in rows} == {"service_running"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?name_like=edge", [EDGE]),
        ("?name_like=INTRUSION", [CLOUD, EDGE]),
        ("?name_like=%25", []),
        ("?name_like=入侵", [CLOUD, EDGE]),
        ("?alg_status=service_running", [CLOUD, EDGE]),
        ("?alg_status=service_stopped&alg_status=not_deployed", []),
        ("?alg_status=service_stopped,service_running", [CLOUD, EDGE]),
        ("?is_paged=true&page_size=5&page_num=2", []),
        ("?page_size=5&page_num=2", [CLOUD, EDGE]),
        ("?sort_name=function_version&order_by=asc", [CLOUD, EDGE]),
    ],
)
def test_a_list_is_narrowed_by_what_was_asked(client: Client, query: str, names: list[str]) -> None:
    """Each parameter makes a difference."""
    assert [row["service_name"] for row in listed(client, query.replace("入侵", "%E5%85%A5%E4%BE%B5"))] == names


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("?page_size=4", "page_size"),
        ("?page_size=201", "page_size"),
        ("?page_num=0", "page_num"),
        ("?is_paged=maybe", "is_paged"),
        ("?sort_name=name", "sort_name"),
        ("?order_by=up", "order_by"),
        ("?alg_status=asleep", "alg_status"),
    ],
)
def test_a_query_beyond_the_published_limits_is_refused_by_name(client: Client, query: str, param: str) -> None:
    """A client that is told which parameter is wrong can be corrected."""
    answer = client.call("GET", f"{client.root}/algorithm/services/user{query}")
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [param])


def test_the_detail_tells_how_to_use_a_service(client: Client) -> None:
    """Two schemas in XML, the requests it answers, and pictures that a browser can draw."""
    row = next(one for one in listed(client) if one["service_name"] == CLOUD)
    detail = client.call("GET", f"{client.root}/algorithm/services/{row['service_id']}").json
    assert row.items() <= detail.items()
    assert detail["api"] == CLOUD
    assert detail["alg_versions"] == ["1.0", "1.1", "3.0"]
    assert detail["pool_id"] == "local"
    for picture in ("logo", "diagram"):
        kind, data = detail[picture].split(",")
        assert kind == "data:image/svg+xml;base64"
        assert ET.fromstring(base64.b64decode(data)).tag.endswith("svg")
    constraints = detail["deployment_constraints"]
    assert constraints["input_types"] == ["video_source", "url"]
    assert constraints["output_types"] == ["dis", "event_center", "obs", "webhook"]
    tasks = {param.get("name") for param in ET.fromstring(constraints["task_config"]).iter("param")}
    service = ET.fromstring(constraints["service_config"])
    assert service.find("deployConfig") is not None
    assert tasks == {param.get("name") for param in service.iter("param")} >= {"target_roi"}
    create = detail["service_api_list"][0]
    assert create["request_url"] == f"{client.root}/services/{CLOUD}/tasks"
    assert len(detail["service_api_list"]) == 7


def test_an_edge_service_takes_no_addresses(client: Client) -> None:
    """What is told of inputs is what a create accepts."""
    row = next(one for one in listed(client) if one["service_name"] == EDGE)
    detail = client.call("GET", f"{client.root}/algorithm/services/{row['service_id']}").json
    assert detail["deployment_constraints"]["input_types"] == ["video_source"]


def test_the_service_of_a_task_can_be_looked_up_whatever_its_version(client: Client) -> None:
    """`service_id` of a task's detail is that of its version."""
    task = client.show(client.created(TASK | {"service_version": "1.1"}))
    detail = client.call("GET", f"{client.root}/algorithm/services/{task['service_id']}").json
    assert (detail["alg_version"], detail["alg_id"]) == ("1.1", task["algorithm_publish_id"])
    assert detail["package_id"] == task["package_id"]


def test_a_service_nobody_knows_is_not_found(client: Client) -> None:
    """As documented, with 400."""
    answer = client.call("GET", f"{client.root}/algorithm/services/{NOBODY}")
    assert (answer.status, set(answer.json)) == (400, KEYS)
    assert answer.json["error_code"] == "VIAS.00010008"


def test_deploying_is_seen_in_list_detail_and_deployments(client: Client) -> None:
    """What was asked for is what stands there; values of variables are hidden."""
    alg_id = alg_of(client)
    given = {
        "pool_id": "local",
        "deploy_config": {"car_detection_sw": 1, "colour": 2},
        "envs": {"ANALYSIS_FPS": "5", "X": "s3cret"},
    }
    assert deploy(client, alg_id, **given) == {"alg_name": "Intrusion detection"}
    found = shown(client, alg_id)
    assert (found["stream_count"], found["pool_id"], found["in_use"], found["waiting"]) == (3, "local", 0, 0)
    assert found["deploy_config"] == given["deploy_config"]
    assert found["envs"] == {"ANALYSIS_FPS": "******", "X": "******"}
    assert found["warnings"] == [
        "The key 'colour' is not known to intrusion and has no effect.",
        "The environment variable 'X' is not known and has no effect.",
    ]
    everything = client.call("GET", f"/vedette/v1/{client.account.project_id}/deployments").json
    assert everything == {"count": 1, "deployments": [found]}


def test_variables_are_not_written_in_the_clear(client: Client, service: Service) -> None:
    """Whoever copies the file learns nothing."""
    deploy(client, alg_of(client), pool_id="local", envs={"PASSWORD": "unmistakable-secret"})
    assert b"unmistakable-secret" not in service.stored()


def test_deploying_again_changes_what_is_sent_and_leaves_the_rest(client: Client, service: Service) -> None:
    """A masked value that is sent back is no new value."""
    alg_id = alg_of(client)
    deploy(client, alg_id, pool_id="local", deploy_config={"car_detection_sw": 1}, envs={"ANALYSIS_FPS": "5", "A": "a"})
    assert deploy(client, alg_id, stream_count=9, envs={"ANALYSIS_FPS": "******", "B": "b"}) == {
        "alg_name": "Intrusion detection"
    }
    found = shown(client, alg_id)
    assert (found["stream_count"], found["deploy_config"]) == (9, {"car_detection_sw": 1})
    project = ProjectId(client.account.project_id)
    defaults = service.run(service.db.read(deployments.defaults, service.vault, project, alg_id))
    assert defaults == ({"car_detection_sw": 1}, 5.0)
    assert set(found["envs"]) == {"ANALYSIS_FPS", "B"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({}, "VIAS.00010001", "pool_id"),
        ({"pool_id": "local", "stream_count": 0}, "VIAS.00010001", "stream_count"),
        ({"pool_id": "local", "stream_count": 10_001}, "VIAS.00010001", "stream_count"),
        ({"pool_id": "local", "stream_count": "3"}, "VIAS.00010001", "stream_count"),
        ({"pool_id": "no spaces"}, "VIAS.00010001", "pool_id"),
        ({"pool_id": "my-pool"}, "VIAS.00010001", "pool_id"),
        ({"pool_id": "local", "deploy_config": {"car_detection_sw": 7}}, "VIAS.00010001", "car_detection_sw"),
        ({"pool_id": "local", "deploy_config": []}, "VIAS.00010001", "deploy_config"),
        ({"pool_id": "local", "envs": {"ANALYSIS_FPS": "fast"}}, "VIAS.00010001", "envs"),
        ({"pool_id": "local", "envs": {"ANALYSIS_FPS": "nan"}}, "VIAS.00010001", "envs"),
        ({"pool_id": "local", "envs": {"A": 1}}, "VIAS.00010001", "A"),
        ({"pool_id": "local", "envs": {"1 A": "x"}}, "VIAS.00010001", "envs"),
        ({"pool_id": "local", "envs": {"A": "******"}}, "VIAS.00010001", "envs"),
    ],
)
def test_a_bad_deployment_is_refused_by_name(client: Client, given: dict[str, object], code: str, param: str) -> None:
    """And nothing is deployed."""
    alg_id = alg_of(client)
    assert deploy(client, alg_id, **given) == (code, [param])
    assert client.call("GET", f"/vedette/v1/{client.account.project_id}/deployments").json["count"] == 0


def test_an_edge_algorithm_is_deployed_on_a_pool_of_the_project(client: Client) -> None:
    """Of this project alone; `local` is everybody's."""
    alg_id = alg_of(client, EDGE)
    assert deploy(client, alg_id, pool_id="no-such-pool") == ("VIAS.00010002", ["pool_id"])
    made = client.call("POST", f"{client.root}/edge-pools", {"name": "yard", "nodes": ["node-1"]})
    assert made.status == 201, made.text
    assert deploy(client, alg_id, pool_id=made.json["id"]) == {"alg_name": "Intrusion detection"}
    row = next(one for one in listed(client) if one["service_name"] == EDGE)
    detail = client.call("GET", f"{client.root}/algorithm/services/{row['service_id']}").json
    assert detail["pool_id"] == made.json["id"]
    assert deploy(client, alg_of(client), pool_id=made.json["id"]) == ("VIAS.00010001", ["pool_id"])


def test_stopping_is_seen_and_can_be_undone(client: Client, service: Service) -> None:
    """Also of a service that was never deployed."""
    alg_id = alg_of(client)
    before = len(service.wakes)
    answer = client.call("PUT", f"{client.root}/algorithm/{alg_id}/deploy/stop")
    assert (answer.status, answer.json) == (200, {"alg_id": alg_id})
    assert len(service.wakes) > before
    assert [one["service_name"] for one in listed(client, "?alg_status=service_stopped")] == [CLOUD]
    assert deploy(client, alg_id) == {"alg_name": "Intrusion detection"}
    assert listed(client, "?alg_status=service_stopped") == []


@pytest.mark.parametrize(("method", "path"), [("POST", "deploy"), ("PUT", "deploy/stop")])
def test_an_algorithm_nobody_knows_is_not_found(client: Client, method: str, path: str) -> None:
    """As documented, with 400."""
    given = {"stream_count": 1, "pool_id": "local"} if method == "POST" else None
    answer = client.call(method, f"{client.root}/algorithm/{NOBODY}/{path}", given)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010008", ["alg_id"])


def test_a_deployment_is_of_its_project_alone(client: Client, service: Service) -> None:
    """The same algorithm stands otherwise elsewhere."""
    alg_id = alg_of(client)
    deploy(client, alg_id, pool_id="local")
    other = service.client()
    answer = other.call("GET", f"/vedette/v1/{other.account.project_id}/deployments/{alg_id}")
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010008")
    assert other.call("GET", f"/vedette/v1/{other.account.project_id}/deployments").json["count"] == 0


def test_the_parameters_of_a_service_are_a_json_schema_that_takes_what_a_create_takes(client: Client) -> None:
    """A console makes its form of it, and a program checks what it sends; numbers may come as text."""
    row = next(one for one in listed(client) if one["service_name"] == CLOUD)
    path = f"/vedette/v1/{client.account.project_id}/services/{row['service_id']}"
    told = client.call("GET", path).json
    assert (told["service_id"], told["service_name"], told["service_version"]) == (row["service_id"], CLOUD, "3.0")
    assert told["models"] == [{"role": "objects", "needed": False, "installed": True}]
    schema = told["task_schema"]
    jsonschema_rs.meta.validate(schema)
    checks = jsonschema_rs.Draft202012Validator(schema)
    good = {"person_detection_sw": "1", "image_compression_ratio": "80", "alert_time_threshold": 2.5, "more": []}
    assert checks.is_valid(good)
    for key, value in {"person_detection_sw": 2, "image_compression_ratio": 101, "target_roi": {}}.items():
        assert not checks.is_valid({key: value}), key
    detail = client.call("GET", f"{client.root}/algorithm/services/{row['service_id']}").json
    named = {
        param.get("name") for param in ET.fromstring(detail["deployment_constraints"]["task_config"]).iter("param")
    }
    assert named == set(schema["properties"])
    assert client.call("GET", path.replace(str(row["service_id"]), NOBODY)).json["error_code"] == "VIAS.00010008"
