"""The bodies about the event center: reviews, rules, subscriptions."""

from collections.abc import Callable
from typing import Any, Final

import camera_park
from bodies import TASK
from fields_looks import ALGORITHMS
from fields_scene import Kind, Row, Rows, Scene
from fields_stage import Stage, store_event

EFFECT: Final = Kind.EFFECT


def _stored(scene: Scene, n: int = 0, **given: Any) -> str:
    """Store an event; return its id."""
    task_id = scene.client.created(TASK | {"name": f"told-{n}"})
    return str(scene.write(lambda conn: store_event(conn, scene.client.account.project_id, task_id, n, **given)))


def _reviewed(scene: Scene, state: str) -> Any:
    event_id = _stored(scene)
    return scene.done("POST", f"{scene.ours}/events/{event_id}/review", {"state": state})["review"]


def _reviewed_together(scene: Scene, state: str) -> Any:
    ids = [_stored(scene, n) for n in range(2)]
    scene.done("POST", f"{scene.ours}/events/review", {"event_ids": ids, "state": state})
    return [one["review"] for one in scene.get(f"{scene.ours}/events")["events"]]


def _left(operation: str, body: dict[str, Any]) -> Any:
    """Return a look at which of two events an operation on many is about."""

    def look(scene: Scene, number: int) -> Any:
        ids = [_stored(scene, n) for n in range(2)]
        scene.done("POST", f"{scene.ours}/events/{operation}", body | {"event_ids": [ids[number]]})
        return [(one["message"]["n"], one["review"]) for one in scene.get(f"{scene.ours}/events")["events"]]

    return look


HOOK: Final = {"name": "desk", "address": "{hook}/one", "headers": {"X-Key": "1"}, "sources": [], "description": "a"}
RULES: Final = {"manual_review": False, "aggregate": True, "window_s": 60}


def _subscribe(scene: Scene, body: dict[str, Any]) -> Any:
    return scene.done("POST", f"{scene.ours}/subscriptions", body)


def _changed(scene: Scene, body: dict[str, Any]) -> Any:
    made = _subscribe(scene, HOOK | {"address": "http://127.0.0.1:9/", "name": "before"})
    return scene.done("PUT", f"{scene.ours}/subscriptions/{made['id']}", body)


def _shown(send: Callable[[Scene, Any], Any], field: str) -> Callable[[Scene, Any], Any]:
    """Return a look at what a subscription says of itself."""

    def look(scene: Scene, value: Any) -> Any:
        send(scene, HOOK | {"address": "http://127.0.0.1:9/"} | {field: value})
        return scene.get(f"{scene.ours}/subscriptions")["subscriptions"][0][field]

    return look


def _called(send: Callable[[Scene, Any], Any], field: str) -> Callable[[Scene, Any], Any]:
    """Return a look at how the receiver is called when a task tells an event."""

    def look(scene: Scene, value: Any) -> Any:
        given = HOOK | {field: value}
        send(scene, given | {"address": given["address"].replace("{hook}", scene.receiver.url)})
        return _told(scene)

    return look


def _told(scene: Scene, source: str | None = None) -> Any:
    center = {"output": {"event_center": True}}
    task_id = (
        camera_park.task(scene.client, source, "tells", **center) if source else scene.client.created(TASK | center)
    )
    stage = Stage(scene.service, scene.client, ALGORITHMS)
    stage.play()
    return stage.deliver(scene.receiver, stage.tell(task_id))


def _of_sources(send: Callable[[Scene, Any], Any]) -> Callable[[Scene, Any], Any]:
    """Return a look at whether an event of a source is told to who asks for another."""

    def look(scene: Scene, name: str) -> Any:
        ids = {one: camera_park.source(scene.client, one) for one in ("north", "south")}
        send(scene, HOOK | {"address": f"{scene.receiver.url}/one", "sources": [ids[name]]})
        return _told(scene, ids["north"])

    return look


def _ruled(field: str) -> Callable[[Scene, Any], Any]:
    """Return a look at two events, the second two seconds after the first: which are told, which are counted."""

    def look(scene: Scene, value: Any) -> Any:
        _subscribe(scene, HOOK | {"address": f"{scene.receiver.url}/one"})
        scene.done("PUT", f"{scene.ours}/event-rules", RULES | {field: value})
        task_id = scene.client.created(TASK | {"output": {"event_center": True}})
        stage = Stage(scene.service, scene.client, ALGORITHMS)
        stage.play()
        told = [stage.tell(task_id, later_ms) for later_ms in (0, 2000)]
        repeats = [one["repeats"] for one in scene.get(f"{scene.ours}/events")["events"]]
        return [stage.deliver(scene.receiver, event_id) for event_id in told], repeats

    return look


def _subscriptions() -> Rows:
    found: Rows = {}
    for name, send in (("CreateSubscription", _subscribe), ("UpdateSubscription", _changed)):
        found |= {
            f"{name}:name": Row(Kind.LABEL, _shown(send, "name"), "desk", "gate"),
            f"{name}:description": Row(Kind.LABEL, _shown(send, "description"), "desk", "gate"),
            f"{name}:address": Row(EFFECT, _called(send, "address"), "{hook}/one", "{hook}/two"),
            f"{name}:headers": Row(EFFECT, _called(send, "headers"), {"X-Key": "1"}, {"X-Key": "2"}),
            f"{name}:sources": Row(EFFECT, _of_sources(send), "north", "south"),
        }
    return found


def rows() -> Rows:
    """Return the rows of all bodies about the event center."""
    return _subscriptions() | {
        "UpdateEventRules:manual_review": Row(EFFECT, _ruled("manual_review"), False, True),
        "UpdateEventRules:aggregate": Row(EFFECT, _ruled("aggregate"), False, True),
        "UpdateEventRules:window_s": Row(EFFECT, _ruled("window_s"), 1, 5),
        "ReviewEvent:state": Row(EFFECT, _reviewed, "approved", "rejected"),
        "ReviewEvents:state": Row(EFFECT, _reviewed_together, "approved", "rejected"),
        "ReviewEvents:event_ids": Row(EFFECT, _left("review", {"state": "approved"}), 0, 1),
        "DeleteEvents:event_ids": Row(EFFECT, _left("delete", {}), 0, 1),
    }
