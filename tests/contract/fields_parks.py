"""Projects with something in them, for the rows of lists: each differs in everything that a query asks for."""

import socket
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import camera_park
from batch_scene import body as batch_body
from batch_scene import group
from bodies import TASK
from fields_scene import Scene
from fields_stage import give_up, store_event
from service import CLOUD

from vedette.control.expansion import child_id
from vedette.control.nodes import node_id
from vedette.model.lifecycle import State
from vedette.store.tables import edge_pools

OTHER: Final = "c-counting-3-cloud"


class Park(NamedTuple):
    """A project with something in it; `{name}` in a query stands for one of its ids."""

    scene: Scene
    ids: Mapping[str, str]


def _tick(scene: Scene) -> None:
    scene.service.clock.now += 1


def tasks(scene: Scene) -> dict[str, str]:
    """Twelve tasks of two services, two versions, two sources, two states and a batch."""
    client = scene.client
    ids = {name: camera_park.source(client, name) for name in ("north", "south")}
    ids["group"] = camera_park.group(client, video_source_ids=[ids["north"]])
    for n in range(9):
        ids[f"task-{n}"] = client.created(TASK | {"name": f"task-{n}"})
        ids.setdefault("until", str(scene.service.clock.now + 3))
        _tick(scene)
    ids["since"] = str(scene.service.clock.now)
    client.created(TASK | {"name": "elsewhere"}, OTHER)
    client.created(TASK | {"name": "aged", "service_version": "1.0"})
    camera_park.stand(scene.service, ids["task-3"], State.STOPPED, updated_at=scene.service.clock.now + 5)
    answer = scene.done("POST", f"{client.root}/batch-tasks", batch_body(group(ids["group"]), name="children"))
    ids |= {"batch": answer["id"], "child": child_id(answer["id"], 0)}
    ids["alg"] = client.show(ids["child"])["algorithm_publish_id"]
    ids["part"] = ids["task-5"][3:25]
    return ids


def batches(scene: Scene) -> dict[str, str]:
    """Twelve batches of two services; one of them has two children, one of which is stopped."""
    client = scene.client
    sources = [camera_park.source(client, name) for name in ("north", "south")]
    ids = {
        "one": camera_park.group(client, "one", video_source_ids=sources[:1]),
        "two": camera_park.group(client, "two", video_source_ids=sources),
    }
    for n in range(12):
        service = OTHER if n == 4 else CLOUD
        given = batch_body(group(ids["two" if n == 5 else "one"]), name=f"batch-{n}", service_name=service)
        made = scene.done("POST", f"{client.root}/batch-tasks", given)["id"]
        if n == 5:
            camera_park.stand(scene.service, child_id(made, 0), State.STOPPED)
        _tick(scene)
    return ids


def sources(scene: Scene) -> dict[str, str]:
    """Twelve sources of several kinds; one has a task that runs, one a template, some are in a group."""
    client = scene.client
    ids = {"group": camera_park.group(client, "gates")}
    edge = {"access_type": "edge", "type": "camera", "type_config": camera_park.config(EDGE_CAMERA_ID="c-1")}
    platform = camera_park.address("rtsp://a.test/1") + camera_park.config(PLATFORM_NAME="big")
    further: dict[int, dict[str, Any]] = {
        2: edge, 3: {"tag": ["gate"]}, 4: {"type_config": platform}, 5: {"video_group_ids": [ids["group"]]},
    }  # fmt: skip
    for n in range(12):
        ids[str(n)] = camera_park.source(client, f"camera-{n:02}", **further.get(n, {}))
        _tick(scene)
    for number in range(2):
        camera_park.task(client, ids["6"], f"six-{number}")
    camera_park.seen(scene.service, client, ids["6"])
    camera_park.task(client, ids["7"], "seven", is_saved_as_template=True)
    return ids


def groups(scene: Scene) -> dict[str, str]:
    """Twelve groups; one has a source that is online and batch tasks, one cameras of an edge, one was changed last."""
    client = scene.client
    on = camera_park.source(client, "on")
    camera_park.seen(scene.service, client, on)
    camera = camera_park.source(
        client, "camera", access_type="edge", type="camera", type_config=camera_park.config(EDGE_CAMERA_ID="c-1")
    )
    further: dict[int, dict[str, Any]] = {
        2: {"video_source_ids": [on]}, 3: {"access_type": "edge", "video_source_ids": [camera]},
    }  # fmt: skip
    ids = {}
    for n in range(12):
        ids[str(n)] = camera_park.group(client, f"group-{n:02}", **further.get(n, {}))
        _tick(scene)
    scene.done("POST", f"{client.root}/batch-tasks", batch_body(group(ids["2"])))
    _tick(scene)
    scene.done("PUT", f"{client.root}/video-group/{ids['4']}", {"video_source_ids": [on]})
    return ids


def services(scene: Scene) -> dict[str, str]:
    """The twelve there are; one is stopped."""
    listed = scene.get(f"{scene.client.root}/algorithm/services/user")["service_list"]
    alg_id = next(one["alg_id"] for one in listed if one["service_name"] == OTHER)
    scene.done("PUT", f"{scene.client.root}/algorithm/{alg_id}/deploy/stop")
    return {}


def pools(scene: Scene) -> dict[str, str]:
    """Twelve pools; the node of one reports, and one was changed last."""
    node = node_id(socket.gethostname())
    for n in range(12):
        given = {"name": f"pool-{n:02}", "nodes": [node if n == 3 else "nobody"]}
        scene.done("POST", f"{scene.client.root}/edge-pools", given)
        _tick(scene)
    scene.write(_touch_pool, scene.client.account.project_id)
    return {}


def _touch_pool(conn: Any, project_id: str) -> None:
    """Let a pool be changed last: no operation of the API changes one, so it is done here."""
    here = (edge_pools.c.project_id == project_id, edge_pools.c.name == "pool-05")
    conn.execute(edge_pools.update().where(*here).values(updated_at=2**45))


def devices(scene: Scene) -> dict[str, str]:
    """Twelve edge devices; one of them is a camera."""
    for n in range(12):
        tags = [{"key": "iva-device-type", "value": "camera" if n == 3 else "sensor"}]
        device = {"name": f"device-{n:02}", "tags": tags}
        scene.done("POST", f"{scene.client.root}/edgemgr/devices", {"device": device})
        _tick(scene)
    return {}


def templates(scene: Scene) -> dict[str, str]:
    """Three templates of two services; one is of a source."""
    ids = {"north": camera_park.source(scene.client, "north")}
    camera_park.task(scene.client, ids["north"], "of-north", is_saved_as_template=True)
    for name, service in (("plain", CLOUD), ("counted", OTHER)):
        scene.client.created(TASK | {"name": name, "is_saved_as_template": True}, service)
    return ids


def events(scene: Scene) -> dict[str, str]:
    """Six events of two tasks and two types, and one that repeats the first; deliveries of five were given up."""
    ids = {name: scene.client.created(TASK | {"name": name}) for name in ("one", "two")}
    project = scene.client.account.project_id
    for n in range(6):
        task_id = ids["two" if n == 4 else "one"]
        given: dict[str, Any] = {"event_type": 196610} if n == 2 else {}
        given |= {1: {"video_source_id": "north"}, 3: {"review": "approved"}}.get(n, {})
        event_id = scene.write(lambda conn, n=n, t=task_id, g=given: store_event(conn, project, t, n, **g))
        if n:
            scene.write(give_up, project, task_id, event_id)
        ids.setdefault("main", event_id)
    scene.write(lambda conn: store_event(conn, project, ids["one"], 9, main_id=ids["main"]))
    ids["next"] = scene.get(f"{scene.ours}/events?limit=2")["next"]
    ids["letter"] = scene.get(f"{scene.ours}/deliveries/dead?limit=2")["next"]
    return ids


_PARKS: dict[tuple[int, Any], Park] = {}


def park(scene: Scene, fill: Callable[[Scene], dict[str, str]]) -> Park:
    """Return the project that was filled like this, filled once for all rows: reading changes nothing."""
    key = (id(scene.service), fill)
    if key not in _PARKS:
        _PARKS[key] = Park(scene, fill(scene))
    return _PARKS[key]
