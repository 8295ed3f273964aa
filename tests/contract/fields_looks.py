"""How a task is sent in each operation that takes a document of one, and what can be seen of it afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import camera_park
from batch_scene import body as batch_body
from batch_scene import group
from bodies import INPUTS, TASK, changed
from fields_scene import Scene, dig, many_services, refusal
from fields_stage import Stage
from service import CLOUD, EDGE, Answer

from vedette.control.expansion import child_id
from vedette.control.services import algorithm_ids

ALGORITHMS: Final = algorithm_ids(many_services())
HOOK: Final = {"webhook": {"url": "{hook}/one", "headers": {"X-Key": "k"}}}
OLD: Final = {key: TASK[key] for key in ("name", "service_version", "input")} | {"output": HOOK}
"""A body in the older dialect, once it has a telling field."""
EDGE_INPUTS: Final = {"edgecamera", "vcn"}


class Made(NamedTuple):
    """What a request was answered with, and the task it is about; None if it was refused."""

    answer: Answer
    task_id: str | None


Send = Callable[[Scene, dict[str, Any], str], Made]


@dataclass(frozen=True)
class Carrier:
    """An operation that takes the document of a task.

    Attributes:
        name: its operationId.
        base: a body that is in order.
        send: sends a body for a service.
    """

    name: str
    base: Mapping[str, Any]
    send: Send

    def sent(self, scene: Scene, around: Mapping[str, Any], path: str, value: Any) -> Made:
        """Send the body with something around the field, and the field set to a value."""
        body = changed(dict(self.base) | dict(around), path, value)
        kind = dig(body, "input.type")
        return self.send(scene, filled(scene, body), EDGE if kind in EDGE_INPUTS else CLOUD)


def filled(scene: Scene, body: Any) -> Any:
    """Return a body with the address of the receiver in it."""
    return json.loads(json.dumps(body).replace("{hook}", scene.receiver.url))


def _made(answer: Answer, task_id: str | None = None) -> Made:
    if answer.status >= 300:
        return Made(answer, None)
    if task_id is None:
        listed = answer.json["tasks"] if isinstance(answer.json, dict) else answer.json
        task_id = str(listed[0]["id"])
    return Made(answer, task_id)


def _create(scene: Scene, body: dict[str, Any], service: str) -> Made:
    return _made(scene.client.create(body, service))


def _create_v1(scene: Scene, body: dict[str, Any], service: str) -> Made:
    path = f"/v1/{scene.client.account.project_id}/infer/services/{service}/tasks"
    return _made(scene.client.call("POST", path, body))


def _present(service: str) -> dict[str, Any]:
    return {"input": INPUTS["restful"]} if service == EDGE else {}


def _update(scene: Scene, body: dict[str, Any], service: str) -> Made:
    task_id = scene.client.created(TASK | _present(service) | {"name": "before"}, service)
    return _made(scene.client.call("PUT", f"{scene.client.root}/tasks/{task_id}", body), task_id)


def _update_vas(scene: Scene, body: dict[str, Any], service: str) -> Made:
    before = filled(scene, OLD | _present(service) | {"name": "before", "edge_pool_id": "a" * 32})
    task_id = scene.client.create(before | {"resource_order_id": "order-0"}, service).json[0]["id"]
    path = f"{scene.client.root}/services/{service}/tasks/{task_id}"
    return _made(scene.client.call("PUT", path, body), task_id)


def batch_ground(scene: Scene, *names: str) -> tuple[str, list[str]]:
    """Make a group of sources; return its id and theirs."""
    sources = [camera_park.source(scene.client, name) for name in names or ("gate",)]
    return camera_park.group(scene.client, video_source_ids=sources), sources


def _create_batch(scene: Scene, body: dict[str, Any], _service: str) -> Made:
    group_id, _ = batch_ground(scene)
    body |= {"batch_input": {"video_source_group": [group(group_id)]}}
    answer = scene.client.call("POST", f"{scene.client.root}/batch-tasks", body)
    return _made(answer, child_id(answer.json["id"], 0) if answer.status == 200 else None)


def _update_batch(scene: Scene, body: dict[str, Any], _service: str) -> Made:
    group_id, _ = batch_ground(scene)
    before = batch_body(group(group_id), name="before")
    batch_id = scene.done("POST", f"{scene.client.root}/batch-tasks", before)["id"]
    answer = scene.client.call("PUT", f"{scene.client.root}/batch-tasks/{batch_id}", body)
    return _made(answer, child_id(batch_id, 0))


_BATCH: Final = {key: value for key, value in batch_body().items() if key != "batch_input"}
_CHANGE: Final = {key: TASK[key] for key in ("name", "input", "output")}
CREATES: Final = (Carrier("CreateTask", TASK, _create), Carrier("CreateTaskV1", TASK, _create_v1))
OLD_CREATES: Final = tuple(
    Carrier(one.name, OLD | {"service_config": {"common": {}}}, one.send) for one in CREATES
)  # the same operations, told apart by the body
UPDATE: Final = Carrier("UpdateTask", _CHANGE, _update)
OLD_UPDATE: Final = Carrier("VasUpdateTask", {}, _update_vas)
BATCH_CREATE: Final = Carrier("CreateBatchTask", _BATCH, _create_batch)
BATCH_UPDATE: Final = Carrier("UpdateBatchTask", {}, _update_batch)

# -- what can be seen

Look = Callable[[Scene, str], Any]


def detail(path: str) -> Look:
    """Look at a place of the task's detail."""
    return lambda scene, task_id: dig(scene.client.show(task_id), path)


def fate(scene: Scene, task_id: str) -> Any:
    """Let the loops go, and look at what became of the task, and at what a worker was given for it."""
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    shown = scene.client.show(task_id)
    return {name: shown.get(name) for name in ("state", "status", "error")} | {"handed": stage.handed(task_id)}


def received(scene: Scene, task_id: str) -> Any:
    """Let the task tell an event, and look at what was called because of it."""
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    return stage.deliver(scene.receiver, stage.tell(task_id))


def appended(scene: Scene, task_id: str) -> Any:
    """Let the task tell an event, and look at how many records are in which data streams of the project."""
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    stage.deliver(scene.receiver, stage.tell(task_id))
    root = scene.client.root
    names = scene.get(f"{root}/streams")["stream_names"]
    ranges = [scene.get(f"{root}/streams/{name}")["partitions"][0]["sequence_number_range"] for name in names]
    return dict(zip(names, ranges, strict=True))


def shelved(scene: Scene, task_id: str) -> Any:
    """Let the task tell an event, and look at which folders of which buckets were written to."""
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    stage.deliver(scene.receiver, stage.tell(task_id))
    return [(bucket, name.partition(f"/{task_id}/")[0]) for bucket, name in stage.shelf.taken]


def in_event_center(scene: Scene, task_id: str) -> Any:
    """Let the task tell an event, and look into the event center."""
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    stage.tell(task_id)
    return scene.get(f"{scene.ours}/events")["count"]


def templates(scene: Scene, _task_id: str) -> Any:
    """Look at the templates of the project."""
    found = scene.get(f"{scene.ours}/templates")["templates"]
    return [(one["name"], one["serviceConfig"]) for one in found]


def looking(carrier: Carrier, path: str, look: Look, around: Mapping[str, Any]) -> Callable[[Scene, Any], Any]:
    """Return a row's look: send the field, then look; a refusal is what can be seen, too."""

    def act(scene: Scene, value: Any) -> Any:
        made = carrier.sent(scene, around, path, value)
        return refusal(made.answer) if made.task_id is None or made.answer.status >= 300 else look(scene, made.task_id)

    return act
