"""The bodies about object stores."""

from collections.abc import Callable
from typing import Any, Final

from bodies import INPUTS, TASK, changed
from fields_looks import fate
from fields_scene import Kind, Row, Rows, Scene, refusal
from service import CLOUD, Answer

EFFECT: Final = Kind.EFFECT
STORE: Final = {
    "name": "archive",
    "kind": "s3",
    "endpoint": "http://127.0.0.1:9",
    "access_key": "reader",
    "secret_key": "a2V5",
    "buckets": [INPUTS["obs"]["data"][0]["bucket"]],
}
FOLDER: Final = {"name": "archive", "kind": "folder", "buckets": STORE["buckets"]}
Send = Callable[[Scene, dict[str, Any]], Answer]


def _stores(scene: Scene) -> str:
    return f"{scene.ours}/object-stores"


def _create(scene: Scene, body: dict[str, Any]) -> Answer:
    return scene.client.call("POST", _stores(scene), body)


def _update(scene: Scene, body: dict[str, Any]) -> Answer:
    scene.done("POST", _stores(scene), STORE | {"endpoint": "http://127.0.0.2"})
    return scene.client.call("PUT", f"{_stores(scene)}/archive", {k: v for k, v in body.items() if k != "name"})


def _opened(send: Send, base: dict[str, Any], field: str) -> Callable[[Scene, Any], Any]:
    """Return a look at what a worker is given to open of a task that reads from the store."""

    def look(scene: Scene, value: Any) -> Any:
        given = str(scene.service.file.parent / "open" / value) if field == "folder" else value
        answer = send(scene, changed(base, field, given))
        if answer.status >= 300:
            return refusal(answer)
        return fate(scene, scene.client.created(TASK | {"name": "looks", "input": INPUTS["obs"]}, CLOUD))

    return look


def _name(scene: Scene, value: str) -> Any:
    scene.done("POST", _stores(scene), STORE | {"name": value})
    return [one["name"] for one in scene.get(_stores(scene))["object_stores"]]


def _checked(field: str) -> Callable[[Scene, Any], Any]:
    """Return a look at what a check tells of a folder with one object."""

    def look(scene: Scene, value: object) -> Any:
        folder = scene.service.file.parent / "open" / "checked"
        (folder / "clips").mkdir(parents=True, exist_ok=True)
        (folder / "clips" / "gate.mp4").write_bytes(b"0123456789")
        scene.done("POST", _stores(scene), FOLDER | {"folder": str(folder)})
        asked = {"bucket": "clips", "path": "gate.mp4"} | {field: value}
        return scene.done("POST", f"{_stores(scene)}/archive/check", asked)["readable"]

    return look


VALUES: Final[tuple[tuple[str, dict[str, Any], Any, Any], ...]] = (
    ("kind", STORE, "s3", "azure"),
    ("endpoint", STORE, "http://127.0.0.1:9", "http://127.0.0.1:8"),
    ("region", STORE, "eu-1", "eu-2"),
    ("access_key", STORE, "reader", "writer"),
    ("secret_key", STORE, "a2V5", "a2V6"),
    ("path_style", STORE | {"endpoint": "http://store.example"}, True, False),
    ("tls_verify", STORE, True, False),
    ("folder", FOLDER, "one", "two"),
    ("buckets", STORE, STORE["buckets"], ["others"]),
)


def rows() -> Rows:
    """Return the rows of all bodies about object stores."""
    found = {
        f"{operation}:{field}": Row(EFFECT, _opened(send, base, field), one, other)
        for operation, send in (("CreateObjectStore", _create), ("UpdateObjectStore", _update))
        for field, base, one, other in VALUES
    }
    return found | {
        "CreateObjectStore:name": Row(EFFECT, _name, "archive", "cellar"),
        "CheckObjectStore:bucket": Row(EFFECT, _checked("bucket"), "clips", "others"),
        "CheckObjectStore:path": Row(EFFECT, _checked("path"), "gate.mp4", "yard.mp4"),
        "CheckObjectStore:write": Row(EFFECT, _checked("write"), False, True),
    }
