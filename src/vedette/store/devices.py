"""End devices of edge nodes, such as cameras; what they are reached by is sealed."""

from typing import Final

from sqlalchemy import Connection, select

from vedette.model.errors import SourceRefused
from vedette.model.ids import ProjectId
from vedette.model.source import Address, Liveness
from vedette.store.tables import devices
from vedette.store.vault import Vault

RTSP: Final = "rtsp"
"""The attribute of a camera that holds its address."""


def camera(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str) -> Address:
    """Return what is opened of a camera.

    Raises:
        SourceRefused: the project has no such device, or it says no address.
    """
    here = (devices.c.project_id == project_id, devices.c.id == device_id)
    row = conn.execute(select(devices.c.attributes).where(*here)).first()
    if row is None:
        raise SourceRefused(f"The project has no edge device {device_id}.")
    url = vault.unseal(row.attributes, dict[str, str]).get(RTSP)
    if not url:
        raise SourceRefused(f"The edge device {device_id} has no attribute {RTSP!r} with its address.")
    return Address(url, Liveness.LIVE)
