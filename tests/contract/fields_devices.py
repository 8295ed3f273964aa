"""The bodies about edge devices, and about the search for cameras; the list's queries stand with the others."""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from bodies import TASK, changed
from fields_looks import fate
from fields_scene import Kind, Row, Rows, Scene, dig, refusal
from service import EDGE, Answer

from neighbours.onvif import OnvifCamera, Stream

EFFECT, LABEL = Kind.EFFECT, Kind.LABEL
Look = Callable[[Scene, Any], Any]

CAMERA: Final = {"key": "iva-device-type", "value": "camera"}
ADDRESS: Final = {"rtsp": {"value": "rtsp://10.0.0.1/main", "optional": True, "metadata": {"type": "string"}}}
DEVICE: Final = {"name": "gate", "description": "", "attributes": ADDRESS, "tags": [CAMERA]}
OTHER: Final = {"rtsp": {"value": "rtsp://10.0.0.2/main"}}
FIRST, SECOND = "1398f13d-f24d-4de4-8cd3-5905db1d6d9f", "2398f13d-f24d-4de4-8cd3-5905db1d6d9f"


def _opened(scene: Scene, device: Any) -> Any:
    """Let a task look at the device, and look at what a worker is given to open."""
    looks = {"type": "edgecamera", "data": [{"id": device["id"]}]}
    seen = fate(scene, scene.client.created(TASK | {"name": "looks", "input": looks}, EDGE))
    return {name: str(found).replace(device["id"], "its id") for name, found in seen.items()}


def _shown(path: str) -> Look:
    return lambda scene, device: dig(scene.get(f"{scene.client.root}/edgemgr/devices/{device['id']}")["device"], path)


def _is_camera(scene: Scene, _device: Any) -> Any:
    """Look at how many cameras the list has."""
    return scene.get(f"{scene.client.root}/edgemgr/devices?tags=iva-device-type.camera")["count"]


def _create(scene: Scene, body: Any) -> Answer:
    return scene.client.call("POST", f"{scene.client.root}/edgemgr/devices", body)


def _update(scene: Scene, body: Any) -> Answer:
    made = scene.done("POST", f"{scene.client.root}/edgemgr/devices", {"device": DEVICE | {"name": "before"}})
    return scene.client.call("PUT", f"{scene.client.root}/edgemgr/devices/{made['device']['id']}", body)


def _row(kind: Kind, send: Callable[[Scene, Any], Answer], path: str, look: Look, one: Any, other: Any) -> Row:
    def act(scene: Scene, value: Any) -> Any:
        answer = send(scene, changed({"device": DEVICE}, path, value))
        return refusal(answer) if answer.status >= 300 else look(scene, answer.json["device"])

    return Row(kind, act, one, other)


BOTH: Final[Mapping[str, tuple[str, Kind, Look, Any, Any]]] = {
    "device": ("device", EFFECT, _opened, DEVICE, DEVICE | {"attributes": OTHER}),
    "device.name": ("device.name", LABEL, _shown("name"), "gate", "yard"),
    "device.description": ("device.description", LABEL, _shown("description"), "north", "south"),
    "device.attributes": ("device.attributes", EFFECT, _opened, ADDRESS, OTHER),
    "device.attributes.value": (
        "device.attributes.rtsp.value", EFFECT, _opened, "rtsp://10.0.0.1/main", "rtsp://10.0.0.2/main",
    ),
    "device.attributes.optional": (
        "device.attributes.rtsp.optional", LABEL, _shown("attributes.rtsp.optional"), True, False,
    ),
    "device.attributes.metadata": (
        "device.attributes.rtsp.metadata", LABEL, _shown("attributes.rtsp.metadata"), {"type": "string"}, {"type": "int"},
    ),
    "device.attributes.metadata.type": (
        "device.attributes.rtsp.metadata.type", LABEL, _shown("attributes.rtsp.metadata.type"), "string", "int",
    ),
    "device.tags": ("device.tags", EFFECT, _is_camera, [CAMERA], []),
    "device.tags.key": ("device.tags.0.key", EFFECT, _is_camera, "iva-device-type", "floor"),
    "device.tags.value": ("device.tags.0.value", EFFECT, _is_camera, "camera", "sensor"),
}  # fmt: skip
CREATE_ONLY: Final[Mapping[str, tuple[str, Kind, Look, Any, Any]]] = {
    "device.id": ("device.id", EFFECT, _shown("id"), FIRST, SECOND),
    "device.connection_type": ("device.connection_type", EFFECT, _shown("connection_type"), "edge", "cloud"),
    "device.access_protocol": ("device.access_protocol", EFFECT, _shown("access_protocol"), "userdefine", "modbus"),
}

# -- the search

STREAMS: Final = {"p-1": Stream("main", "rtsp://127.0.0.1:8554/main")}
LOGIN: Final = {"username": "ada", "password": "s3cret & more"}


def _found(field: str) -> Look:
    """Return a look at what a camera of the test's own tells."""

    def look(scene: Scene, value: Any) -> Any:
        with OnvifCamera(STREAMS) as camera:
            body = {"address": camera.url} | LOGIN | {field: value if field != "address" else value or camera.url}
            answer = scene.client.call("POST", f"{scene.ours}/devices/discover", body)
        if answer.status >= 300:
            return refusal(answer)
        return [(one.get("profiles"), one.get("error", {}).get("code")) for one in answer.json["devices"]]

    return look


def _waited(scene: Scene, seconds: float) -> bool:
    """Return whether a search among nobody took long."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        began = time.monotonic()
        body = {"address": f"127.0.0.1:{silent.getsockname()[1]}", "seconds": seconds}
        scene.done("POST", f"{scene.ours}/devices/discover", body)
    return time.monotonic() - began >= 1


def rows() -> Rows:
    """Return the rows of all bodies about devices."""
    found = {
        f"CreateDevice:{name}": _row(row[1], _create, row[0], *row[2:]) for name, row in (BOTH | CREATE_ONLY).items()
    }
    found |= {f"UpdateDevice:{name}": _row(row[1], _update, row[0], *row[2:]) for name, row in BOTH.items()}
    return found | {
        "DiscoverDevices:address": Row(EFFECT, _found("address"), "", "http://169.254.169.254/onvif"),
        "DiscoverDevices:username": Row(EFFECT, _found("username"), "ada", "eve"),
        "DiscoverDevices:password": Row(EFFECT, _found("password"), LOGIN["password"], "guessed"),
        "DiscoverDevices:seconds": Row(EFFECT, _waited, 0.1, 1.1),
    }
