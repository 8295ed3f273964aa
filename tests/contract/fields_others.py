"""The bodies about sources, groups, pools, deployments, orders, terms, quotas and freezes."""

import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

import camera_park
from batch_scene import body as batch_body
from batch_scene import group as batch_group
from bodies import SOURCE, TASK, changed
from fields_looks import fate
from fields_scene import Kind, Row, Rows, Scene, dig, refusal
from service import CLOUD, EDGE, Answer

from vedette.control.expansion import child_id
from vedette.control.nodes import node_id

EFFECT, LABEL = Kind.EFFECT, Kind.LABEL
After = Callable[[Scene, Any], Any]
"""Looks at what a request that was done left behind; it is given the answer."""


def _row(kind: Kind, send: Callable[[Scene, Any], Answer], after: After, one: Any, other: Any) -> Row:
    def look(scene: Scene, value: Any) -> Any:
        answer = send(scene, value)
        return refusal(answer) if answer.status >= 300 else after(scene, answer.json)

    return Row(kind, look, one, other)


def _field(base: Mapping[str, Any], path: str, method: str, where: Callable[[Scene], str]) -> Any:
    """Return how a field is sent in a body that is otherwise in order."""
    return lambda scene, value: scene.client.call(method, where(scene), changed(dict(base), path, value))


def _table(
    name: str,
    base: Mapping[str, Any],
    method: str,
    where: Callable[[Scene], str],
    *rows: tuple[str, Kind, After, Any, Any],
) -> Rows:
    return {
        f"{name}:{path}": _row(kind, _field(base, path, method, where), after, one, other)
        for path, kind, after, one, other in rows
    }


# -- video sources


def _address(n: int) -> str:
    return camera_park.address(f"rtsp://10.0.0.{n}/main")


def _source(path: str) -> After:
    """Look at a place of the only source's detail."""

    def look(scene: Scene, _answer: Any) -> Any:
        [listed] = scene.get(f"{scene.client.root}/source/sources")["video_source_list"]
        return dig(scene.get(f"{scene.client.root}/source/sources/{listed['video_source_id']}"), path)

    return look


def _listed_under(query: str) -> After:
    """Look at how many sources a filter lists."""
    return lambda scene, _: scene.get(f"{scene.client.root}/source/sources?{query}")["total_number"]


def _opened(scene: Scene, _answer: Any) -> Any:
    """Let a task look at the only source, and look at what a worker is given to open."""
    [listed] = scene.get(f"{scene.client.root}/source/sources")["video_source_list"]
    return fate(scene, camera_park.task(scene.client, listed["video_source_id"], "looks"))


def _in_groups(scene: Scene, value: Any) -> Answer:
    ids = {name: camera_park.group(scene.client, name) for name in ("one", "two")}
    return scene.client.call("POST", f"{scene.client.root}/source", SOURCE | {"video_group_ids": [ids[value]]})


def _taken_by_cloud(scene: Scene, answer: Any) -> Any:
    """Look at whether a service in the cloud takes the source."""
    looks = {"type": "video_source", "data": [{"video_source_id": answer["video_source_id"]}]}
    return scene.client.create(TASK | {"input": looks}).status


def _groups_of(scene: Scene, answer: Any) -> Any:
    shown = scene.get(f"{scene.client.root}/source/sources/{answer['video_source_id']}")
    return [one["video_group_name"] for one in shown["video_packages"]]


def _present_source(scene: Scene) -> str:
    return f"{scene.client.root}/source/{camera_park.source(scene.client, 'before', type_config=_address(1))}"


PLACED: Final = SOURCE | {"latitude": "", "longitude": "", "tag": []}
SOURCES: Final = (
    _table(
        "CreateVideoSource", PLACED, "POST", lambda scene: f"{scene.client.root}/source",
        ("video_source_name", LABEL, _source("video_source_name"), "north", "south"),
        ("access_type", EFFECT, _taken_by_cloud, "cloud", "edge"),
        ("type", EFFECT, _listed_under("type=url"), "url", "RTSP_STREAM"),
        ("type_config", EFFECT, _opened, _address(1), _address(2)),
        ("latitude", LABEL, _source("latitude"), "1.5", "2.5"),
        ("longitude", LABEL, _source("longitude"), "1.5", "2.5"),
        ("tag", EFFECT, _listed_under("tag=gate"), ["gate"], ["yard"]),
    )
    | {"CreateVideoSource:video_group_ids": _row(EFFECT, _in_groups, _groups_of, "one", "two")}
    | _table(
        "UpdateVideoSource", {"video_source_name": "", "type_config": _address(1)}, "PUT", _present_source,
        ("video_source_name", LABEL, _source("video_source_name"), "", "south"),
        ("type_config", EFFECT, _opened, _address(1), _address(2)),
        ("latitude", LABEL, _source("latitude"), "1.5", "2.5"),
        ("longitude", LABEL, _source("longitude"), "1.5", "2.5"),
        ("tag", EFFECT, _listed_under("tag=gate"), ["gate"], ["yard"]),
        ("type", EFFECT, _source("type"), "url", "camera"),
        ("access_type", EFFECT, _source("access_type"), "cloud", "edge"),
    )
)  # fmt: skip

# -- video groups


def _group(path: str) -> After:
    """Look at a place of the only group's detail."""

    def look(scene: Scene, _answer: Any) -> Any:
        [listed] = scene.get(f"{scene.client.root}/video-group/groups")["video_group_list"]
        return dig(scene.get(f"{scene.client.root}/video-group/{listed['video_group_id']}"), path)

    return look


def _takes_cloud_sources(scene: Scene, answer: Any) -> Any:
    sent = SOURCE | {"video_group_ids": [answer["video_group_id"]]}
    return scene.client.call("POST", f"{scene.client.root}/source", sent).status


def _with_members(*, update: bool) -> Callable[[Scene, Any], Answer]:
    def send(scene: Scene, wanted: Any) -> Answer:
        ids = {name: camera_park.source(scene.client, name) for name in ("north", "south")}
        body: dict[str, Any] = {"video_group_name": "gates", "video_source_ids": [ids[name] for name in wanted]}
        if not update:
            return scene.client.call("POST", f"{scene.client.root}/video-group", body | {"access_type": "cloud"})
        return scene.client.call("PUT", f"{scene.client.root}/video-group/{camera_park.group(scene.client)}", body)

    return send


def _children_of_a_batch(scene: Scene, _answer: Any) -> Any:
    """Look at what a batch over the whole group looks at."""
    [listed] = scene.get(f"{scene.client.root}/video-group/groups")["video_group_list"]
    sent = batch_body(batch_group(listed["video_group_id"]))
    made = scene.done("POST", f"{scene.client.root}/batch-tasks", sent)
    children = [scene.client.show(child_id(made["id"], n)) for n in range(made["succeed_count"])]
    return sorted(one["video_source_name"] for one in children)


def _update_group(field: str) -> Callable[[Scene, Any], Answer]:
    def send(scene: Scene, value: Any) -> Answer:
        body = {"video_source_ids": [camera_park.source(scene.client)], field: value}
        return scene.client.call("PUT", f"{scene.client.root}/video-group/{camera_park.group(scene.client)}", body)

    return send


GROUPS: Final = (
    _table(
        "CreateVideoGroup", {"video_group_name": "gates", "access_type": "cloud"}, "POST",
        lambda scene: f"{scene.client.root}/video-group",
        ("video_group_name", LABEL, _group("video_group_name"), "north", "south"),
        ("access_type", EFFECT, _takes_cloud_sources, "cloud", "edge"),
        ("description", LABEL, _group("description"), "north", "south"),
    )
    | {
        f"{name}:video_source_ids": _row(
            EFFECT, _with_members(update=name == "UpdateVideoGroup"), _children_of_a_batch, ["north"], ["north", "south"]
        )
        for name in ("CreateVideoGroup", "UpdateVideoGroup")
    }
    | {
        f"UpdateVideoGroup:{field}": _row(LABEL, _update_group(field), _group(field), "north", "south")
        for field in ("video_group_name", "description")
    }
)  # fmt: skip

# -- edge pools


def _pool(path: str) -> After:
    return lambda scene, answer: dig(scene.get(f"{scene.client.root}/edge-pools/{answer['id']}"), path)


POOL: Final = {"name": "yard-pool", "nodes": ["node-1"]}
POOLS: Final = _table(
    "CreateEdgePool", POOL, "POST", lambda scene: f"{scene.client.root}/edge-pools",
    ("name", LABEL, _pool("name"), "yard-pool", "gate-pool"),
    ("nodes", EFFECT, _pool("state"), ["nobody"], [node_id(socket.gethostname())]),
    ("description", LABEL, _pool("description"), "two boxes", "three boxes"),
    ("ief_service_instance_id", LABEL, _pool("ief_service_instance_id"), "one", "two"),
)  # fmt: skip

# -- deployments


def _alg_id(scene: Scene, service: str) -> str:
    listed = scene.get(f"{scene.client.root}/algorithm/services/user")["service_list"]
    return str(next(one["alg_id"] for one in listed if one["service_name"] == service))


def _deploy_path(scene: Scene, service: str = CLOUD) -> str:
    return f"{scene.client.root}/algorithm/{_alg_id(scene, service)}/deploy"


def _second_task(scene: Scene, _answer: Any) -> Any:
    """Look at the second of two tasks: it may wait for the first."""
    scene.client.created(TASK | {"name": "first"})
    scene.service.clock.now += 1000
    return fate(scene, scene.client.created(TASK | {"name": "second"}))


def _deploy_on(scene: Scene, named: Any) -> Answer:
    pool = scene.done("POST", f"{scene.client.root}/edge-pools", POOL)["id"]
    sent = {"stream_count": 2, "pool_id": {"pool": pool}.get(named, named)}
    return scene.client.call("POST", _deploy_path(scene, EDGE), sent)


def _pool_is_held(scene: Scene, _answer: Any) -> Any:
    """Look at whether the pool can be removed: not while something is deployed on it."""
    [pool] = scene.get(f"{scene.client.root}/edge-pools")["edge_pools"]
    return scene.client.call("DELETE", f"{scene.client.root}/edge-pools/{pool['id']}").status


DEPLOY: Final = _table(
    "DeployAlgorithm", {"stream_count": 2, "pool_id": "local"}, "POST", _deploy_path,
    ("stream_count", EFFECT, _second_task, 1, 2),
    ("deploy_config", EFFECT, _second_task, {"image_compression_ratio": 50}, {"image_compression_ratio": 60}),
    ("envs", EFFECT, _second_task, {"ANALYSIS_FPS": "5"}, {"ANALYSIS_FPS": "6"}),
) | {"DeployAlgorithm:pool_id": _row(EFFECT, _deploy_on, _pool_is_held, "local", "pool")}  # fmt: skip

# -- orders, terms, quotas


def _orders(scene: Scene) -> str:
    return f"{scene.ours}/resource-orders"


def _present_order(scene: Scene) -> str:
    return f"{_orders(scene)}/{scene.done('POST', _orders(scene), {'id': 'order-1', 'stream_quota': 5})['id']}"


def _second_under_order(scene: Scene, _answer: Any) -> Any:
    """Look at the second of two tasks under order-1: it may be refused, or wait for the first."""
    made = [scene.client.create(TASK | {"name": name, "resource_order_id": "order-1"}) for name in ("one", "two")]
    return refusal(made[1]) if made[1].status != 200 else _second(scene, made)


def _second(scene: Scene, made: list[Answer]) -> Any:
    """Look at both tasks: which of two of the same moment is first does not matter."""
    ids = [str(answer.json["tasks"][0]["id"]) for answer in made]
    return sorted(str(fate(scene, task_id)["status"]) for task_id in ids)


SOON: Final = 1_713_859_200_000 + 400 * 86_400_000
ORDER: Final = {"id": "order-1", "stream_quota": 5}
TERMS: Final = (
    ("stream_quota", EFFECT, _second_under_order, 1, 2),
    ("service_name", EFFECT, _second_under_order, CLOUD, EDGE),
    ("expires_at", EFFECT, _second_under_order, 1, SOON),
)


def _demands(scene: Scene, value: Any) -> Answer:
    return scene.client.call("PUT", f"{scene.ours}/services/c-counting-9-cloud/terms", {"commercial": value})


def _refuses_without(scene: Scene, _answer: Any) -> Any:
    """Look at whether a task without an order is refused; the service is everybody's, so leave it as it was."""
    status = scene.client.create(TASK, "c-counting-9-cloud").status
    assert _demands(scene, False).status == 200
    return status


def _second_source(scene: Scene, _answer: Any) -> Any:
    """Look at whether there is room for a second source."""
    camera_park.source(scene.client, "one")
    return scene.client.call("POST", f"{scene.client.root}/source", SOURCE | {"video_source_name": "two"}).status


def _second_group(scene: Scene, _answer: Any) -> Any:
    """Look at whether there is room for a second group."""
    camera_park.group(scene.client, "one")
    sent = {"video_group_name": "two", "access_type": "cloud"}
    return scene.client.call("POST", f"{scene.client.root}/video-group", sent).status


def _room_for_two(scene: Scene, _answer: Any) -> Any:
    """Look at whether there is room for a second task."""
    scene.client.created(TASK | {"name": "one"})
    return scene.client.create(TASK | {"name": "two"}).status


def _frozen_task(scene: Scene) -> str:
    return f"{scene.ours}/tasks/{scene.client.created(TASK)}/freeze"


FREEZES: Final = _table(
    "FreezeTask", {}, "PUT", _frozen_task,
    ("reason", LABEL, lambda _scene, answer: answer["causes"][0]["status"], "one", "another"),
) | _table(
    "FreezeProject", {}, "PUT", lambda scene: f"{scene.ours}/freeze",
    ("reason", LABEL, lambda scene, _answer: scene.client.create(TASK).json["detail"], "one", "another"),
)  # fmt: skip

SALES: Final = (
    _table(
        "CreateResourceOrder", ORDER, "POST", _orders, *TERMS,
        ("id", EFFECT, _second_under_order, "order-1", "order-2"),
    )
    | _table("UpdateResourceOrder", {"stream_quota": 5}, "PUT", _present_order, *TERMS)
    | {"UpdateServiceTerms:commercial": _row(EFFECT, _demands, _refuses_without, False, True)}
    | _table(
        "UpdateQuotas", {}, "PUT", lambda scene: f"{scene.ours}/quotas",
        ("tasks", EFFECT, _room_for_two, 1, 2),
        ("sources", EFFECT, _second_source, 1, 2),
        ("groups", EFFECT, _second_group, 1, 2),
    )
)  # fmt: skip


def rows() -> Rows:
    """Return the rows of all bodies that are no documents of tasks."""
    return SOURCES | GROUPS | POOLS | DEPLOY | SALES | FREEZES
