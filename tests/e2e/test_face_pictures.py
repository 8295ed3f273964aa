"""Faces from end to end: each output gets the kinds of picture it names, and the message names the whole picture."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import jsonschema_rs
import numpy as np
import pytest
import urllib3

from e2e.service import PROJECT, TOKEN, Receiver, Service, until
from e2e.test_live_update import delete
from vedette.algorithms.models import ModelStore
from vedette.model.frame import Image

STORES = "/vedette/v1/{p}/object-stores"
SIZE = (480, 640, 3)


@pytest.fixture
def faces(service: Service, data: Path) -> Iterator[None]:
    """The service has a model of faces until the test ends."""
    folder = service.folder / "models"
    name = ModelStore(folder).add(data / "models" / "yunet_n_320_320.onnx").name
    yield
    for ending in (".toml", ".onnx"):
        (folder / f"{name}{ending}").unlink()


@pytest.fixture
def bucket(service: Service, clips: Path) -> Iterator[Path]:
    """A bucket that is a folder, registered until the test ends."""
    place = clips / "of-faces"
    (place / "of-faces").mkdir(parents=True)
    body = {"name": "of-faces", "kind": "folder", "folder": str(place), "buckets": ["of-faces"]}
    status, answer = service.ask("POST", STORES, body)
    assert status == 201, answer
    yield place / "of-faces"
    service.ask("DELETE", f"{STORES}/of-faces")


def shown(jpeg: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def picture(service: Service, event: dict[str, Any], path: str) -> bytes:
    """Return a picture of the event center."""
    url = f"{service.url}/vedette/v1/{PROJECT}/events/{event['id']}/{path}"
    return urllib3.request("GET", url, headers={"X-Auth-Token": TOKEN}).data


def analysed(service: Service, name: str, clip: Path, output: dict[str, Any], **common: Any) -> dict[str, Any]:
    """Return the one event of a task on a clip, when all outputs have it."""
    task = service.create_of(
        "c-face-detection",
        "3.0",
        name,
        clip.as_uri(),
        output=output | {"event_center": True},
        config={"common": common},
    )
    service.wait_for(task, "SUCCEEDED", seconds=60)
    until(lambda: service.progress(task)["pending_deliveries"] == 0, 30, "the last delivery")
    (event,) = service.events(task)
    found = event | {"status": service.task(task)["status"]}
    delete(service, task)
    return found


def test_outputs_get_the_face_the_whole_picture_or_both(
    service: Service, faces: None, bucket: Path, receiver: Receiver, clips: Path, data: Path
) -> None:
    """One woman sits before the camera: one event, whose pictures three outputs want differently."""
    clip = Path(shutil.copy(data / "videos" / "asl-book.mkv", clips / "of-a-face.mkv"))
    outputs = {
        "webhook": receiver.output()["webhook"] | {"data_category": ["FaceImage"]},
        "obs": {"bucket": "of-faces", "path": "gate", "data_category": ["FaceImage", "OriginImage"]},
    }
    event = analysed(service, "a-face", clip, outputs, origin_image_send_sw=1)
    data_of = event["message"]["data"]
    (hook,) = receiver.bodies
    face = base64.b64decode(hook.pop("image_base64"))
    assert hook == event["message"], "no other picture is among it"
    box = data_of["bounding_box"]
    assert box["h"] == pytest.approx(72, abs=8)
    assert shown(face).shape[0] == pytest.approx(1.6 * box["h"], abs=2)
    beside = bucket / "gate" / data_of["origin_image_path"]
    assert shown(beside.read_bytes()).shape == SIZE
    assert beside.with_name(f"{event['id']}.jpg").read_bytes() == face
    assert json.loads((bucket / "gate" / data_of["origin_json_path"]).read_bytes()) == event["message"]
    (entry,) = json.loads(next(bucket.rglob("result.json")).read_bytes())["results"]
    assert entry["origin_picture"] == f"gate/{data_of['origin_image_path']}"
    shown_there = [picture(service, event, path) for path in ("picture", "origin-picture")]
    assert shown_there == [face, beside.read_bytes()]
    schema = service.call("GET", f"/vedette/v1/{{p}}/message-schemas/{event['message']['event_type']}")
    jsonschema_rs.Draft202012Validator(schema).validate(hook | {"image_base64": "", "origin_image_base64": ""})
    assert "data_category" not in (event["status"] or "")


def test_an_output_of_whole_pictures_alone_gets_them_in_the_place_of_the_face(
    service: Service, faces: None, receiver: Receiver, clips: Path, data: Path
) -> None:
    """And without the switch there is none to be sent: the message alone."""
    clip = Path(shutil.copy(data / "videos" / "asl-book.mkv", clips / "of-a-face.mkv"))
    output = {"webhook": receiver.output()["webhook"] | {"data_category": ["OriginImage"]}}
    analysed(service, "whole-pictures", clip, output, origin_image_send_sw=1)
    analysed(service, "no-pictures", clip, output)
    whole, bare = receiver.bodies
    assert shown(base64.b64decode(whole["image_base64"])).shape == SIZE
    assert "origin_image_base64" not in whole
    assert "image_base64" not in bare
    assert "origin_image_path" not in bare["data"]
