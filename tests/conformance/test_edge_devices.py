"""Edge devices in the store, on every database."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from conformance.ground import MINE, NOW, OTHERS, insert, task
from vedette.control import devices as changes
from vedette.control.devices import Change
from vedette.control.task_rules import input_name
from vedette.model.device import Attribute, Device
from vedette.model.errors import AlreadyExists, IllegalTransition, NameTaken, NotFound
from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, TaskInput, VideoSource
from vedette.model.task import Task
from vedette.store import devices, tasks, video_sources
from vedette.store.db import Database
from vedette.store.vault import Vault

CAMERA = {"iva-device-type": "camera"}


def device(name: str, *, project: ProjectId = MINE, **given: Any) -> Device:
    attributes = {"rtsp": Attribute(f"rtsp://u:p@{name}/1")}
    return replace(Device(f"id-{name}", project, name, "", CAMERA, attributes, NOW, NOW), **given)


async def bring(db: Database, vault: Vault, *new: Device) -> None:
    for one in new:
        await db.write(devices.insert, vault, one)


async def looking(db: Database, vault: Vault, name: str, device_id: str, state: State = State.RUNNING) -> Task:
    """Bring in a task that looks at a device."""
    fresh = task(name, state=state)
    looks = TaskInput(InputType.EDGECAMERA, InputDatum(id=device_id))
    document = replace(fresh.document, input=looks)
    made = replace(fresh, document=document, input_name=input_name(looks))
    await insert(db, vault, made)
    return made


async def test_a_device_comes_back_as_it_was_written(db: Database, vault: Vault) -> None:
    """Its attributes through the vault, whatever the database."""
    tags = CAMERA | {"floor": "1"}
    mine = device("gate", description="north", tags=tags, attributes={"é": Attribute("ü", False, "int")})
    await bring(db, vault, mine, device("gate", project=OTHERS))
    assert await db.read(devices.get, vault, MINE, "id-gate") == mine
    with pytest.raises(NotFound):
        await db.read(devices.get, vault, MINE, "id-yard")


async def test_ids_and_names_are_there_once_in_a_project(db: Database, vault: Vault) -> None:
    """Also when two come at once."""
    await bring(db, vault, device("gate"), device("yard"))
    with pytest.raises(AlreadyExists):
        await bring(db, vault, device("gate"))
    with pytest.raises(NameTaken):
        await bring(db, vault, device("gate", id="another-id"))
    with pytest.raises(NameTaken):
        await db.write(devices.rewrite, vault, replace(device("gate"), name="yard"))
    twins = [device("twin", id=f"twin-{n}") for n in range(4)]
    came = await asyncio.gather(*(bring(db, vault, one) for one in twins), return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["NameTaken"] * 3 + ["NoneType"]


async def test_lists_filter_by_part_of_the_name_and_by_whole_tags(db: Database, vault: Vault) -> None:
    """Letters of names are folded, those of tags are not; a tag's value never matches another tag's."""
    await bring(
        db, vault,
        device("gate-1", created_at=NOW),
        device("gate-2", created_at=NOW + 1, tags={"iva-device-type": "Camera"}),
        device("yard", created_at=NOW + 2, tags=CAMERA | {"a": "b"}),
        device("else", created_at=NOW + 3, tags={"iva-device-type": "x", "b": "camera"}),
        device("theirs", project=OTHERS),
    )  # fmt: skip

    async def listed(**given: Any) -> tuple[list[str], int]:
        found, total = await db.read(devices.find, vault, MINE, **given)
        return [one.name for one in found], total

    assert await listed() == (["else", "yard", "gate-2", "gate-1"], 4)
    assert await listed(name="GATE") == (["gate-2", "gate-1"], 2)
    assert await listed(tags=CAMERA) == (["yard", "gate-1"], 2)
    assert await listed(tags=CAMERA | {"a": "b"}) == (["yard"], 1)
    assert await listed(offset=1, limit=2) == (["yard", "gate-2"], 4)


async def test_what_is_in_use_stays_and_what_is_not_goes(db: Database, vault: Vault) -> None:
    """Tasks in any state, and sources; a task of another kind of input with the same name does not count."""
    await bring(db, vault, device("gate"), device("yard"), device("gate", project=OTHERS))
    await looking(db, vault, "watch", "id-gate", State.STOPPED)
    url = replace(task("named"), input_name="id-yard")
    await insert(db, vault, url)
    source = VideoSource("s1", MINE, "s1", AccessType.EDGE, SourceKind.CAMERA, "<xml/>", {"EDGE_CAMERA_ID": "id-gate"})
    await db.write(video_sources.insert, vault, source)
    with pytest.raises(IllegalTransition, match="1 tasks and 1 video sources refer"):
        await db.write(changes.remove, vault, MINE, "id-gate")
    await db.write(changes.remove, vault, MINE, "id-yard")
    await db.write(changes.remove, vault, OTHERS, "id-gate")
    with pytest.raises(NotFound):
        await db.write(changes.remove, vault, MINE, "id-yard")


async def test_a_change_of_the_address_reopens_what_runs(db: Database, vault: Vault) -> None:
    """And nothing else does; a task that rests stays as it is."""
    await bring(db, vault, device("gate"))
    runs = await looking(db, vault, "runs", "id-gate")
    rests = await looking(db, vault, "rests", "id-gate", State.STOPPED)
    by = Change(MINE, "id-gate", "ada", NOW + 5)
    assert not await db.write(changes.change, vault, by, lambda one: replace(one, description="said"))
    moved = {"rtsp": Attribute("rtsp://u:p@elsewhere/1")}
    assert await db.write(changes.change, vault, by, lambda one: replace(one, attributes=moved))
    found = {one.document.name: one for one in await db.read(tasks.some, vault, [runs.id, rests.id])}
    assert {name: one.state for name, one in found.items()} == {"runs": State.RECOVERING, "rests": State.STOPPED}
    assert found["runs"].version == runs.version + 1
    assert (await db.read(devices.camera, vault, MINE, "id-gate")).url == "rtsp://u:p@elsewhere/1"
    assert (await db.read(devices.get, vault, MINE, "id-gate")).updated_at == NOW + 5
