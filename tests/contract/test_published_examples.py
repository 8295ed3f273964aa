"""Bodies and queries as the published pages have them, for each of the 29 operations, accepted in the documented shape.

They are written from the field tables: every documented field is in one of them, also those that the examples alone name.
"""

import re
from typing import Any

import pytest
from bodies import INPUTS, SOURCE
from camera_park import config, group, source
from service import CLOUD, EDGE, Answer, Client

EXTRA = {"manufacturer": "VIAS", "priority": "low", "event_type": 0, "steal": 0}
"""Fields that only examples have: passed over, as every field that is not documented."""
HOOK = {"webhook": {"url": "http://test", "headers": {"a": "b"}}}
NIGHTS = {
    "type": "weekly",
    "timezone": "+08:00",
    "days_of_week": [1, 2, 3, 4, 5, 6, 7],
    "periods": [
        [],
        [],
        [],
        [],
        [{"begin_at": "22:15:00", "end_at": "23:59:00"}],
        [{"begin_at": "00:00:00", "end_at": "23:59:00"}],
        [{"begin_at": "22:15:00", "end_at": "23:59:00"}],
    ],
}
ROI = '{"polygons":[{"data":[[0,0],[1919,0],[1919,1079]],"name":"area"}]}'
COUNTERS = {"total_count", "failed_count", "succeed_count", "id", "error_list"}


def ok(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.text
    return answer.json


def call(client: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    return ok(client.call(method, client.root + path, body), status)


def task(client: Client, **given: Any) -> dict[str, Any]:
    """Return the first example of the page: a registered source, a webhook."""
    looks = {"type": "video_source", "data": [{"video_source_id": source(client)}]}
    return {"name": "task-1", "service_version": "3.0", "input": looks, "output": HOOK, **given}


@pytest.mark.parametrize("kind", sorted(INPUTS))
def test_create_task_with_each_input(client: Client, kind: str) -> None:
    """1: the documented fields of each kind of input, with every field of the body."""
    first = task(client)
    whole = first | {
        "input": first["input"] if kind == "video_source" else INPUTS[kind],
        "description": "an example",
        "schedule": NIGHTS,
        "config": {"common": {"target_roi": ROI}},
        "is_saved_as_template": False,
        **EXTRA,
    }
    answer = client.create(whole, EDGE if kind in {"edgecamera", "vcn"} else CLOUD)
    assert re.fullmatch("[0-9a-f]{32}", ok(answer)["tasks"][0]["id"])


@pytest.mark.parametrize(
    "output",
    [
        HOOK,
        {"obs": {"bucket": "results", "path": "output/", "data_category": ["FaceImage", "OriginImage"]}},
        {"obs": {"bucket": "results", "path": "output"}},
        {"dis": {"stream_name": "dis-1", "data_category": []}},
        {"event_center": 1},
    ],
    ids=["webhook", "folder", "obs", "dis", "event_center"],
)
def test_create_task_with_each_output(client: Client, output: dict[str, Any]) -> None:
    """1: one channel is enough."""
    client.created(task(client, output=output))


def test_create_task_with_several_inputs(client: Client) -> None:
    """1: up to 50 entries, told apart by their index."""
    looks = {"type": "url", "data": [{"url": f"https://video.test/{n}.mp4", "index": n} for n in range(50)]}
    assert len(ok(client.create(task(client, input=looks)))["tasks"]) == 50


def test_the_life_of_a_task(client: Client) -> None:
    """2 to 6."""
    body = task(client)
    task_id = client.created(body)
    required = {
        "company", "created_at", "creator", "id", "input", "name", "output", "project_id", "service_id", "state",
        "updated_at", "video_source_name",
    }  # fmt: skip
    assert required <= set(client.show(task_id))
    query = "source_data_type=async_task&title=In&camera_name=camera&task_state=PENDING&task_name=task&page_size=5"
    listed = call(client, "GET", f"/tasks?{query}&page=1&sort_dir=desc")
    assert set(listed) == {"count", "page", "page_size", "tasks"}
    entry = {
        "algorithm_publish_id", "created_at", "id", "name", "service_id", "state", "title", "type", "video_source_name",
    }  # fmt: skip
    assert entry <= set(call(client, "GET", "/tasks")["tasks"][0])
    for state in ("SCHEDULING", "LACK_OF_RESOURCES"):
        call(client, "GET", f"/tasks?task_state={state}")
    changed = body | {"description": "an example, changed", "schedule": NIGHTS, "config": {"common": {}}} | EXTRA
    assert call(client, "PUT", f"/tasks/{task_id}", changed) == {}
    done = {"id": task_id, "status_code": 200, "status_msg": "success"}
    assert call(client, "PUT", f"/tasks/{task_id}/action/stop") == done
    assert call(client, "DELETE", f"/tasks/{task_id}") == {}


def test_the_life_of_a_batch(client: Client) -> None:
    """7 to 11."""
    source_id = source(client)
    chosen = [{"video_source_id": source_id, "target_roi": ROI}]
    group_id = group(client, video_source_ids=[source_id])
    body = {
        "name": "batch-1",
        "description": "an example",
        "batch_input": {"video_source_group": [{"video_source_group_id": group_id, "video_source_list": chosen}]},
        "output": HOOK,
        "service_name": CLOUD,
        "service_version": "3.0",
        "config": {"common": {}},
        "schedule": NIGHTS,
        "is_saved_as_template": False,
        **EXTRA,
    }
    made = call(client, "POST", "/batch-tasks", body)
    assert (set(made), made["total_count"]) == (COUNTERS, 1)
    query = "is_paged=true&page_size=10&page_num=1&order_by=desc&sort_name=task_count&type_like=batch_task_name"
    listed = call(client, "GET", f"/batch-tasks?{query}&name_like=batch&video_group={group_id}")
    assert set(listed) == {"count", "batch_task_list"}
    for state in ("pending", "stopped_no_service", "scheduling", "lack_of_resources"):
        call(client, "GET", f"/batch-tasks?task_state={state}")
    assert set(call(client, "PUT", f"/batch-tasks/{made['id']}", {"description": "changed"} | EXTRA)) == COUNTERS
    for command in ("stop", "start"):
        assert set(call(client, "PUT", f"/batch-tasks/{made['id']}/action/{command}")) == COUNTERS
    assert set(call(client, "DELETE", f"/batch-tasks/{made['id']}")) == COUNTERS


@pytest.mark.parametrize(
    ("kind", "access", "leaves"),
    [
        ("url", "cloud", {"URL_ADDRESS": "rtsp://192.0.2.1/main"}),
        ("url", "cloud", {"url_address": "rtsp://192.0.2.1/main"}),
        ("restful", "edge", {"HTTP_CHECK": "false", "URL": "https://cameras.test/a", "RTSP_URL": "data/url"}),
        ("camera", "edge", {"EDGE_CAMERA_ID": "007cdafc-6000-47ce-b0e3-870b4a0db65e"}),
        (
            "vcn",
            "edge",
            {
                "DATA_SOURCE_ID": "21356478954612546874#gdhjkiushdgdksjhslmhscjsckjhdbnk",
                "STREAM_TYPE": "1",
                "IP": "192.0.2.2",
                "PORT": "18531",
                "USER_NAME": "u",
                "PASSWORD": "p",
            },
        ),
        ("obs", "cloud", {"BUCKET": "aicam", "PATH": "input/test.mp4"}),
    ],
    ids=["url", "url in lower case", "restful", "camera", "vcn", "obs"],
)
def test_create_video_source_of_each_kind(client: Client, kind: str, access: str, leaves: dict[str, str]) -> None:
    """12: in both dialects of the configuration."""
    body = {
        "video_source_name": "north gate (1)",
        "access_type": access,
        "type": kind,
        "type_config": f"<type>{kind.upper()}</type>{config(**leaves)}",
        "latitude": "30.5",
        "longitude": "114.3",
        "tag": ["gate"],
        "video_group_ids": [group(client, access_type=access)],
    }
    assert set(call(client, "POST", "/source", body)) == {"video_source_id"}


def test_the_life_of_a_source(client: Client) -> None:
    """13 to 16."""
    source_id = source(client)
    changed = {
        "video_source_name": "",
        "type_config": SOURCE["type_config"],
        "latitude": "",
        "longitude": "",
        "tag": [],
    }
    assert call(client, "PUT", f"/source/{source_id}", changed)["video_source_name"] == "camera 1"
    detail = call(client, "GET", f"/source/sources/{source_id}")
    assert {"video_source_name", "access_type", "type", "type_config", "status", "create_at"} <= set(detail)
    query = "scope=cam&scope_name=source_name&status=1&status=2&status=9&type=url&type=ivm&access_type=cloud"
    rest = "sort_name=num_task&order_by=asc&is_paged=true&page_size=5&page_num=1"
    listed = call(client, "GET", f"/source/sources?{query}&{rest}")
    assert set(listed) == {"video_source_number", "total_number", "quota_number", "video_source_list"}
    assert call(client, "DELETE", f"/source/{source_id}") is True


def test_the_life_of_a_group(client: Client) -> None:
    """17 to 21."""
    source_id = source(client)
    body = {
        "video_group_name": "yard",
        "access_type": "cloud",
        "description": "an example",
        "video_source_ids": [source_id],
    }
    group_id = call(client, "POST", "/video-group", body)["video_group_id"]
    changed = {"video_group_name": "court", "description": "", "video_source_ids": [source_id]}
    call(client, "PUT", f"/video-group/{group_id}", changed)
    assert {"video_group_id", "video_group_name", "num_video_source", "group_status", "create_at"} <= set(
        call(client, "GET", f"/video-group/{group_id}")
    )
    query = "sort_name=modify_at&order_by=desc&is_paged=true&page_size=5&page_num=1&name=c&access_type=cloud&type=url"
    listed = call(client, "GET", f"/video-group/groups?{query}&has_task=false&status=2")
    assert set(listed) == {"video_group_number", "total_number", "quota_number", "video_group_list"}
    call(client, "DELETE", f"/video-group/{group_id}")


def test_services_and_their_deployment(client: Client) -> None:
    """22 to 25."""
    query = "name_like=intrusion&is_paged=true&page_size=5&page_num=1&order_by=asc&sort_name=created_at"
    listed = call(client, "GET", f"/algorithm/services/user?{query}&alg_status=service_running&alg_status=not_deployed")
    assert set(listed) == {"count", "total", "service_list"}
    known = next(found for found in listed["service_list"] if found["service_name"] == CLOUD)
    detail = call(client, "GET", f"/algorithm/services/{known['service_id']}")
    assert {"api", "pool_id", "alg_versions", "service_api_list", "deployment_constraints"} <= set(detail)
    body = {"stream_count": 10_000, "pool_id": "local", "deploy_config": {}, "envs": {"A": "a"}}
    assert set(call(client, "POST", f"/algorithm/{known['alg_id']}/deploy", body)) == {"alg_name"}
    assert call(client, "PUT", f"/algorithm/{known['alg_id']}/deploy/stop") == {"alg_id": known["alg_id"]}


@pytest.mark.parametrize("name", ["ief_service_instance_id", "iefServiceInstanceId"])
def test_the_life_of_an_edge_pool(client: Client, name: str) -> None:
    """26 to 29; the example spells one field otherwise than the table."""
    nodes = ["007cdafc-6000-47ce-b0e3-870b4a0db65e"]
    body = {"name": "pool-one", "nodes": nodes, "description": "an example", name: "instance-1"}
    pool_id = call(client, "POST", "/edge-pools", body, 201)["id"]
    query = "is_paged=true&page_size=100&page_num=1&name_like=pool&order_by=asc&sort_name=updated_at&state=Abnormal"
    assert set(call(client, "GET", f"/edge-pools?{query}")) == {"count", "edge_pools"}
    assert {"id", "name", "nodes", "state", "created_at"} <= set(call(client, "GET", f"/edge-pools/{pool_id}"))
    assert client.call("DELETE", f"{client.root}/edge-pools/{pool_id}").status == 204
