"""The bodies about the event center: reviews, rules, subscriptions."""

from typing import Any, Final

from bodies import TASK
from fields_scene import Kind, Row, Rows, Scene
from fields_stage import store_event

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


def rows() -> Rows:
    """Return the rows of all bodies about the event center."""
    return {
        "ReviewEvent:state": Row(EFFECT, _reviewed, "approved", "rejected"),
        "ReviewEvents:state": Row(EFFECT, _reviewed_together, "approved", "rejected"),
        "ReviewEvents:event_ids": Row(EFFECT, _left("review", {"state": "approved"}), 0, 1),
        "DeleteEvents:event_ids": Row(EFFECT, _left("delete", {}), 0, 1),
    }
