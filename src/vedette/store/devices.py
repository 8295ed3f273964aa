"""End devices of edge nodes, such as cameras; what they are reached by is sealed."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from vedette.model.device import Attribute, Device, address_of
from vedette.model.errors import AlreadyExists, NameTaken, NotFound, SourceRefused
from vedette.model.ids import ProjectId
from vedette.model.source import Address
from vedette.store.tables import devices, insert_new
from vedette.store.text import holds
from vedette.store.vault import Vault


def insert(conn: Connection, vault: Vault, device: Device) -> None:
    """Write a new device.

    Raises:
        AlreadyExists: the project has a device with this id.
        NameTaken: a device of the project has the name.
    """
    if conn.execute(select(devices.c.id).where(*_key(device.project_id, device.id))).first():
        raise AlreadyExists(f"The project has an edge device {device.id} already.", param="id")
    row = {"project_id": device.project_id, "id": device.id, "created_at": device.created_at, **_columns(vault, device)}
    if insert_new(conn, devices, [row]) == 0:
        raise _taken(device.name)


def rewrite(conn: Connection, vault: Vault, device: Device) -> None:
    """Write how a device is now.

    Raises:
        NameTaken: another device of the project has the name.
    """
    others = (devices.c.project_id == device.project_id, devices.c.id != device.id, devices.c.name == device.name)
    if conn.execute(select(devices.c.id).where(*others)).first():
        raise _taken(device.name)
    try:
        conn.execute(update(devices).where(*_key(device.project_id, device.id)).values(_columns(vault, device)))
    except IntegrityError:  # somebody took the name between the look and the update
        raise _taken(device.name) from None


def get(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str, *, hold: bool = False) -> Device:
    """Return a device of the project.

    Args:
        hold: keep others from changing or removing it until the transaction ends.

    Raises:
        NotFound: the project has none with that id.
    """
    wanted = select(devices).where(*_key(project_id, device_id))
    row = conn.execute(wanted.with_for_update() if hold else wanted).first()
    if row is None:
        raise NotFound(f"There is no edge device {device_id}.", param="device_id")
    return _device(vault, row)


def find(
    conn: Connection,
    vault: Vault,
    project_id: ProjectId,
    *,
    name: str = "",
    tags: Mapping[str, str] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Device], int]:
    """Return devices of the project, newest first, and how many match in all.

    Args:
        name: what their names contain, in any case.
        tags: which of them they have, all of these.
    """
    here = [devices.c.project_id == project_id]
    if name:
        here.append(holds(devices.c.name, name))
    here += [_tagged(key, value) for key, value in (tags or {}).items()]
    total = conn.execute(select(func.count()).select_from(devices).where(*here)).scalar_one()
    newest_first = (devices.c.created_at.desc(), devices.c.id)
    rows = conn.execute(select(devices).where(*here).order_by(*newest_first).offset(offset).limit(limit))
    return [_device(vault, row) for row in rows], total


def remove(conn: Connection, project_id: ProjectId, device_id: str) -> None:
    """Remove a device of the project, whoever refers to it.

    Raises:
        NotFound: the project has none with that id.
    """
    if conn.execute(delete(devices).where(*_key(project_id, device_id))).rowcount != 1:
        raise NotFound(f"There is no edge device {device_id}.", param="device_id")


def camera(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str) -> Address:
    """Return what is opened of a camera.

    Raises:
        SourceRefused: the project has no such device, it is no camera, or it says no address.
    """
    row = conn.execute(select(devices).where(*_key(project_id, device_id))).first()
    if row is None:
        raise SourceRefused(f"The project has no edge device {device_id}; register it under edgemgr/devices.")
    return address_of(_device(vault, row))


def _tagged(key: str, value: str) -> ColumnElement[bool]:
    """Return the condition that a device has a tag; exact, where LIKE would fold letters.

    Quotes within keys and values are escaped, so what is looked for stands nowhere else.
    """
    needle = _json({key: value})[1:-1]
    return func.length(func.replace(devices.c.tags, needle, "")) < func.length(devices.c.tags)


def _key(project_id: str, device_id: str) -> tuple[ColumnElement[bool], ...]:
    return devices.c.project_id == project_id, devices.c.id == device_id


def _taken(name: str) -> NameTaken:
    return NameTaken(f"An edge device of this project has the name {name!r}.", param="name")


def _json(tags: Mapping[str, str]) -> str:
    return json.dumps(dict(tags), ensure_ascii=False)


def _columns(vault: Vault, device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "description": device.description,
        "tags": _json(device.tags),
        "attributes": vault.seal(dict(device.attributes)),
        "updated_at": device.updated_at,
    }


def _device(vault: Vault, row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        tags=json.loads(row.tags),
        attributes=vault.unseal(row.attributes, dict[str, Attribute]),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
