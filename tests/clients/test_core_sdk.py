"""The vendor's core, as a generic client, drives every one of the 29 operations, with a key and with a token."""

import importlib
import uuid
from typing import Any

import pytest
from bodies import SOURCE, TASK
from service import CLOUD, Client

SIGNED = ["key", "token"]
OUTPUT = {"event_center": True}


@pytest.fixture(scope="module")
def kit(home: Any) -> Any:
    """The client's module: it imports the SDK, which writes into the home folder."""
    return importlib.import_module("vias_client")


@pytest.fixture(params=SIGNED)
def vias(request: Any, kit: Any, client: Client) -> Any:
    return kit.ViasClient.of(client, token=request.param == "token")


def source(vias: Any, name: str = "camera 1") -> str:
    return str(vias.create_video_source(SOURCE | {"video_source_name": name})["video_source_id"])


def group(vias: Any, *sources: str) -> str:
    body = {"video_group_name": "yard", "access_type": "cloud", "video_source_ids": list(sources)}
    return str(vias.create_video_group(body)["video_group_id"])


def task(vias: Any, **given: Any) -> str:
    return str(vias.create_task(CLOUD, TASK | given)["tasks"][0]["id"])


def test_the_life_of_a_task(vias: Any) -> None:
    """Operations 1 to 6."""
    task_id = task(vias)
    assert (vias.status, vias.show_task_info(task_id)["state"]) == (200, "PENDING")
    listed = vias.list_tasks(task_state="PENDING", task_name="gate", page=1, page_size=5, sort_dir="asc")
    assert (listed["count"], listed["tasks"][0]["id"]) == (1, task_id)
    wanted = {"name": "gate-2", "input": TASK["input"], "output": OUTPUT, "description": "changed"}
    assert vias.update_task(task_id, wanted) == {}
    assert vias.show_task_info(task_id)["name"] == "gate-2"
    assert vias.start_stop_task(task_id, "stop") == {"id": task_id, "status_code": 200, "status_msg": "success"}
    assert vias.show_task_info(task_id)["state"] == "STOPPING"
    vias.delete_task(task_id)
    assert vias.show_task_info(task_id)["state"] == "DELETING"


def test_the_life_of_a_batch(vias: Any) -> None:
    """Operations 7 to 11; every answer has the five counters."""
    sources = [source(vias, f"camera {n}") for n in (1, 2)]
    chosen = [{"video_source_id": source_id} for source_id in sources]
    batch = vias.create_batch_task(
        {
            "name": "night",
            "service_name": CLOUD,
            "service_version": "3.0",
            "batch_input": {
                "video_source_group": [{"video_source_group_id": group(vias, *sources), "video_source_list": chosen}]
            },
            "output": OUTPUT,
        }
    )
    counters = {"total_count", "failed_count", "succeed_count", "id", "error_list"}
    assert (set(batch), batch["total_count"]) == (counters, 2)
    listed = vias.list_batch_tasks(page_num=1, page_size=5, sort_name="created_at", order_by="desc")
    assert listed["batch_task_list"][0]["id"] == batch["id"]
    assert set(vias.update_batch_task(batch["id"], {"description": "changed"})) == counters
    assert set(vias.batch_start_stop_task(batch["id"], "stop")) == counters
    assert set(vias.delete_batch_task(batch["id"])) == counters


def test_the_life_of_a_source(vias: Any) -> None:
    """Operations 12 to 16; `status` repeats in the query, and its values are signed in order."""
    source_id = source(vias)
    assert vias.show_video_source_detail(source_id)["video_source_name"] == "camera 1"
    listed = vias.list_video_sources(status=[9, 2, 1], scope="camera", scope_name="source_name", page_size=5)
    assert [found["video_source_id"] for found in listed["video_source_list"]] == [source_id]
    changes = {"video_source_name": "camera 2", "type_config": SOURCE["type_config"], "tag": ["gate"]}
    assert vias.update_video_source(source_id, changes)["video_source_name"] == "camera 2"
    assert vias.delete_video_source(source_id) is True


def test_the_life_of_a_group(vias: Any) -> None:
    """Operations 17 to 21."""
    source_id = source(vias)
    group_id = group(vias, source_id)
    assert vias.show_video_group_detail(group_id)["num_video_source"] == 1
    listed = vias.list_video_groups(name="yard", is_paged="true", page_num=1, page_size=5)
    assert [found["video_group_id"] for found in listed["video_group_list"]] == [group_id]
    vias.update_video_group(group_id, {"video_source_ids": [source_id], "video_group_name": "court"})
    assert vias.show_video_group_detail(group_id)["video_group_name"] == "court"
    vias.delete_video_group(group_id)
    assert vias.list_video_groups()["video_group_list"] == []


def test_services_and_their_deployment(vias: Any) -> None:
    """Operations 22 to 25."""
    listed = vias.list_user_services(name_like="intrusion", is_paged="true", page_num=1, page_size=5)
    chosen = next(found for found in listed["service_list"] if found["service_name"] == CLOUD)
    detail = vias.show_service_detail(chosen["service_id"])
    assert detail["deployment_constraints"]["task_config"].startswith("<")
    wanted = {"stream_count": 4, "pool_id": "local"}
    assert vias.deploy_algorithm(chosen["alg_id"], wanted)["alg_name"]
    assert vias.stop_deploy_algorithm(chosen["alg_id"])["alg_id"] == chosen["alg_id"]


def test_the_life_of_an_edge_pool(vias: Any) -> None:
    """Operations 26 to 29, with their own statuses."""
    pool_id = vias.create_edge_pool({"name": "pool-one", "nodes": [str(uuid.uuid4())]})["id"]
    assert vias.status == 201
    assert vias.show_edge_pool_info(pool_id)["name"] == "pool-one"
    assert [found["id"] for found in vias.list_edge_pools(name_like="one")["edge_pools"]] == [pool_id]
    vias.delete_edge_pool(pool_id)
    assert (vias.status, vias.list_edge_pools()["edge_pools"]) == (204, [])


def test_refusals_are_the_sdks_exceptions(vias: Any, kit: Any) -> None:
    """4xx and 5xx by their own class, with our code and the id of the request."""
    with pytest.raises(kit.exceptions.ClientRequestException) as refusal:
        vias.show_task_info("0" * 32)
    assert (refusal.value.status_code, refusal.value.error_code) == (400, "VIAS.00010007")
    assert refusal.value.request_id
    task_id = task(vias)
    vias.start_stop_task(task_id, "stop")
    with pytest.raises(kit.exceptions.ServerResponseException) as refusal:
        vias.start_stop_task(task_id, "start")
    assert (refusal.value.status_code, refusal.value.error_code) == (500, "VIAS.00010012")


def test_difficult_queries_are_signed_alike(vias: Any) -> None:
    """Blanks, slashes, signs of the query itself, letters beyond ASCII."""
    name = "a b/c~&=+%\u4e2d"
    vias.list_tasks(task_name=name, camera_name="*'()!", page=1, page_size=5)
    assert vias.status == 200


def test_every_operation_has_a_method(kit: Any) -> None:
    """29 operations are published."""
    inherited = set(vars(kit.core.Client)) | {"call", "of"}
    assert len([name for name in vars(kit.ViasClient) if not name.startswith("_") and name not in inherited]) == 29
