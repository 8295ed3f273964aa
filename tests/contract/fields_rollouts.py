"""The bodies and queries of rollouts."""

from typing import Any, Final

from bodies import TASK
from fields_scene import Kind, Row, Rows, Scene, refusal
from service import CLOUD
from sqlalchemy import Connection, update

from vedette.model.lifecycle import State
from vedette.store import tables

NAMES: Final = ("one", "two", "three")


def _tasks(scene: Scene) -> list[str]:
    """Make three tasks on an old version, at rest."""
    ids = [scene.client.created(TASK | {"name": name, "service_version": "1.0"}) for name in NAMES]

    def rest(conn: Connection) -> None:
        conn.execute(update(tables.tasks).where(tables.tasks.c.id.in_(ids)).values(state=State.STOPPED))

    scene.write(rest)
    return ids


def _asked(scene: Scene, verb: str, body: dict[str, Any]) -> Any:
    answer = scene.client.call("POST", f"{scene.ours}/services/{CLOUD}/{verb}", body)
    return answer.json if answer.status == 201 else refusal(answer)


def _stand(scene: Scene) -> list[tuple[str, str]]:
    """Look at the states and the versions of the tasks; which of them comes first is chance: they are of one moment."""
    listed = scene.get(f"{scene.client.root}/tasks")["tasks"]
    shown = [scene.client.show(task["id"]) for task in listed]
    return sorted((task["state"], task["release_id"]) for task in shown)


def _upgrade(field: str, one: Any, other: Any) -> Row:
    def look(scene: Scene, value: Any) -> Any:
        ids = _tasks(scene)
        if field == "task_ids":
            value = [ids[n] for n in value]
        _asked(scene, "upgrade", {"at_once": 3, field: value})
        return _stand(scene)

    return Row(Kind.EFFECT, look, one, other)


def _rollback(field: str, one: Any, other: Any) -> Row:
    def look(scene: Scene, value: Any) -> Any:
        ids = _tasks(scene)

        def upgraded(conn: Connection) -> None:
            here = tables.tasks.c.id.in_(ids)
            conn.execute(update(tables.tasks).where(here).values(former_version="1.1"))

        scene.write(upgraded)
        if field == "task_ids":
            value = [ids[n] for n in value]
        _asked(scene, "rollback", {"at_once": 3, field: value})
        return _stand(scene)

    return Row(Kind.EFFECT, look, one, other)


def _shown(query: str) -> Any:
    def look(scene: Scene, asked: bool) -> Any:
        _tasks(scene)
        begun = _asked(scene, "upgrade", {})
        tasks = scene.get(f"{scene.ours}/rollouts/{begun['id']}?{query if asked else ''}")["tasks"]
        return [task["outcome"] for task in tasks]

    return Row(Kind.EFFECT, look, one=False, other=True)


def rows() -> Rows:
    """Return the rows of the bodies."""
    return {
        "UpgradeService:version": _upgrade("version", "1.1", "3.0"),
        "UpgradeService:task_ids": _upgrade("task_ids", [0], [1, 2]),
        "UpgradeService:at_once": _upgrade("at_once", 1, 2),
        "RollbackService:task_ids": _rollback("task_ids", [0], [1, 2]),
        "RollbackService:at_once": _rollback("at_once", 1, 2),
    }


def queries() -> Rows:
    """Return the rows of the queries."""
    return {
        "ShowRollout?outcome": _shown("outcome=left"),
        "ShowRollout?offset": _shown("offset=1"),
        "ShowRollout?limit": _shown("limit=2"),
    }
