"""Services that need a model nobody has installed: they are listed, say so, and take tasks as soon as there is one."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from batch_scene import Batches, body, group, with_group
from bodies import TASK
from service import CLOUD, Client, Service, serving

from vedette.algorithms.base import ServiceName
from vedette.algorithms.builtin.intrusion import Intrusion
from vedette.algorithms.installed import InstalledRoles
from vedette.algorithms.registry import Registry
from vedette.algorithms.registry import Service as Published
from vedette.auth import passwords
from vedette.control.services import service_id
from vedette.telemetry import logs

FIRE = "c-smoke-and-fire-cloud"
MODEL = """
name = "smoke"
sha256 = "{digits}"
size = 3
licence = "Apache-2.0"
roles = ["smoke_and_fire"]
input = {{ width = 64, height = 64 }}
output = {{ layout = "yolox", threshold = 0.4, labels = ["smoke", "fire"] }}
"""


@dataclass
class House:
    """A door, and the folder of its models."""

    service: Service
    models: Path

    def install(self) -> None:
        self.models.mkdir()
        (self.models / "smoke.toml").write_text(MODEL.format(digits="0" * 64))
        (self.models / "smoke.onnx").write_bytes(b"abc")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The published services, and a folder of models that each test fills for itself."""
    logs.configure("error")
    folder = tmp_path_factory.mktemp("house")
    registry = Registry.load(has_model=InstalledRoles(folder / "models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(folder, registry=registry) as running:
            yield House(running, folder / "models")


@pytest.fixture
def house(service: House) -> Iterator[House]:
    """No model is installed at first."""
    yield service
    shutil.rmtree(service.models, ignore_errors=True)


def row(client: Client, name: str) -> dict[str, Any]:
    rows = client.call("GET", f"{client.root}/algorithm/services/user?name_like={name}").json["service_list"]
    return next(one for one in rows if one["service_name"] == name)


def test_a_service_without_its_model_is_listed_and_says_what_it_lacks(house: House) -> None:
    """A catalogue that left it out would hide that it can be had."""
    client = house.service.client()
    told = row(client, FIRE)
    assert (told["alg_status"], told["missing_models"]) == ("not_deployed", ["smoke_and_fire"])
    assert told["error_msg"] == "It needs a model of the role smoke_and_fire, and none is installed."
    assert client.call("GET", f"{client.root}/algorithm/services/{told['service_id']}").json.items() >= told.items()
    able = row(client, CLOUD)
    assert (able["alg_status"], able["missing_models"], able["error_msg"]) == ("service_running", [], "")


def test_its_tasks_are_refused_with_what_is_missing_until_a_model_is_there(house: House) -> None:
    """A task that could only fail later helps nobody; the day somebody adds a model nothing else need be done."""
    client = house.service.client()
    refused = client.create(TASK, FIRE)
    assert (refused.status, refused.json["error_code"]) == (400, "VIAS.00010002")
    assert refused.json["params"] == ["service_name"]
    assert "smoke_and_fire" in refused.json["detail"]
    assert client.call("GET", f"{client.root}/tasks").json["count"] == 0
    house.install()
    assert client.create(TASK, FIRE).status == 200
    assert row(client, FIRE)["missing_models"] == []


def test_a_task_that_is_there_can_still_be_changed_when_its_model_is_gone(house: House) -> None:
    """Its own state tells of the model; a new name has nothing to do with it."""
    client = house.service.client()
    house.install()
    created = client.create(TASK, FIRE)
    task_id = created.json["tasks"][0]["id"]
    shutil.rmtree(house.models)
    assert client.call("PUT", f"{client.root}/tasks/{task_id}", TASK | {"name": "renamed"}).status == 200


def test_the_models_of_a_service_are_told_role_by_role(house: House) -> None:
    """So that a console can say what to install."""
    client = house.service.client()
    path = f"/vedette/v1/{client.account.project_id}/services/{row(client, FIRE)['service_id']}"
    told = [{"role": "smoke_and_fire", "needed": True, "installed": False}]
    assert client.call("GET", path).json["models"] == told
    house.install()
    assert client.call("GET", path).json["models"] == [told[0] | {"installed": True}]


def test_a_batch_of_it_is_refused_as_a_whole_and_made_when_the_model_is_there(house: House) -> None:
    """What is wrong for all children refuses all of them at once."""
    client = house.service.client()
    batches = Batches(client)
    sent = body(group(with_group(house.service, client, "north", ["cam-1"]))) | {"service_name": FIRE}
    refused = batches.create(sent)
    assert (refused.status, refused.json["error_code"], refused.json["params"]) == (
        400,
        "VIAS.00010002",
        ["service_name"],
    )
    assert batches.listed()["count"] == 0
    house.install()
    made = batches.created(sent)
    assert made["succeed_count"] == 1
    shutil.rmtree(house.models)
    more = body(group(with_group(house.service, client, "south", ["cam-2"])))
    told = batches.update(made["id"], {"batch_input": more["batch_input"]})
    assert told.status == 200, told.text
    assert any("smoke_and_fire" in reason for reason in told.json["error_list"]), told.text


class Better(Intrusion):
    """The next version, which needs a model of its own."""

    manifest = replace(Intrusion.manifest, versions=("4.0",), needs=("better_objects",))


def test_a_task_does_not_go_to_a_version_that_lacks_its_model(tmp_path: Path) -> None:
    """It would stop working; it stays on the version that runs."""
    name = ServiceName(CLOUD, "cloud")
    registry = Registry([Published(name, Intrusion), Published(name, Better)], has_model=lambda role: role == "objects")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path, registry=registry) as running:
            client = running.client()
            task = client.created(TASK)
            path = f"/vedette/v1/{client.account.project_id}/services/{CLOUD}/upgrade"
            refused = client.call("POST", path, {"service_version": "4.0", "task_ids": [task]})
            assert refused.status == 400, refused.text
            assert "better_objects" in refused.json["detail"]
            assert client.show(task)["service_id"] == service_id(CLOUD, "3.0")
