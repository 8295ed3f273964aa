"""Deployments and orders with the real service; its cameras are away, which holds a stream as well as any."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from e2e.service import PROJECT, Service, running, until

CLOUD = "c-intrusiondetection-cloud"
RUNS = {"STARTING", "ABNORMAL"}


def created(service: Service, name: str, camera: int, **given: Any) -> str:
    """Make a task on a camera that is not there."""
    body = {
        "name": name,
        "service_version": "3.0",
        "input": {"type": "url", "data": [{"url": f"rtsp://127.0.0.1:9/{camera}"}]},
        "output": {"event_center": True},
        **given,
    }
    answer = service.call("POST", f"/v2/{{p}}/services/{CLOUD}/tasks", body)
    return str(answer["tasks"][0]["id"])


def seen(service: Service, task_id: str) -> tuple[str, str]:
    task = service.call("GET", f"/v2/{{p}}/tasks/{task_id}")
    return task["state"], task.get("status", "")


def is_in(service: Service, task_id: str, *states: str) -> bool:
    return seen(service, task_id)[0] in states


def operator(service: Service, line: str) -> str:
    """Type a command beside the running service."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
    environment["VEDETTE_DATA_DIR"] = str(service.folder)
    command = [sys.executable, "-m", "vedette", *line.split()]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_deployment_allows_what_it_was_deployed_for(tmp_path: Path) -> None:
    """One task runs, the other waits and says why; more capacity lets it run, and stopping the service stops both."""
    with running(tmp_path) as service:
        services = service.call("GET", f"/v2/{{p}}/algorithm/services/user?name_like={CLOUD}")["service_list"]
        algorithm = f"/v2/{{p}}/algorithm/{services[0]['alg_id']}/deploy"
        service.call("POST", algorithm, {"stream_count": 1, "pool_id": "local"})
        first, second = created(service, "first", 1), created(service, "second", 2)
        until(lambda: is_in(service, first, *RUNS), 20, "the first task")
        until(lambda: "it has 1 stream" in seen(service, second)[1], 10, "the reason")
        assert seen(service, second)[0] == "PENDING"

        service.call("POST", algorithm, {"stream_count": 2})
        until(lambda: is_in(service, second, *RUNS), 10, "the second task")

        service.call("PUT", f"{algorithm}/stop")
        both = (first, second)
        until(lambda: all(is_in(service, task_id, "STOPPED") for task_id in both), 10, "the stop")
        assert all("Its service was stopped" in seen(service, task_id)[1] for task_id in both)


def test_an_order_that_the_operator_lets_end_freezes_its_task_and_a_new_end_thaws_it(tmp_path: Path) -> None:
    """Registered on the command line, changed over REST, both beside the running service."""
    with running(tmp_path) as service:
        assert operator(service, f"order add --streams 1 --id order-1 --project {PROJECT}") == "order-1\n"
        assert "demands an order" in operator(service, f"service terms {CLOUD} --commercial")
        status, refusal = service.ask("POST", f"/v2/{{p}}/services/{CLOUD}/tasks", {
            "name": "none", "service_version": "3.0", "output": {"event_center": True},
            "input": {"type": "url", "data": [{"url": "rtsp://127.0.0.1:9/1"}]},
        })  # fmt: skip
        assert (status, refusal["params"]) == (400, ["resource_order_id"])
        task_id = created(service, "gate", 1, resource_order_id="order-1")
        until(lambda: is_in(service, task_id, *RUNS), 20, "the task")

        order = "/vedette/v1/{p}/resource-orders/order-1"
        service.call("PUT", order, {"stream_quota": 1, "expires_at": round(time.time() * 1000) + 500})
        until(lambda: is_in(service, task_id, "FROZEN"), 15, "the frost")
        assert "the resource order order-1 has expired" in seen(service, task_id)[1]
        status, refusal = service.ask("PUT", f"/v2/{{p}}/tasks/{task_id}/action/start")
        assert (status, refusal["error_code"]) == (500, "VIAS.00010012")

        service.call("PUT", order, {"stream_quota": 1})
        until(lambda: is_in(service, task_id, *RUNS), 15, "the thaw")
