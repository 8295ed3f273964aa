"""The object stores of projects; their keys are sealed."""

from sqlalchemy import Connection, select

from vedette.model.errors import SourceRefused
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore
from vedette.store.tables import object_stores
from vedette.store.vault import Vault


def all_of(conn: Connection, vault: Vault, project_id: ProjectId) -> list[ObjectStore]:
    """Return the stores of a project, by name."""
    rows = conn.execute(
        select(object_stores.c.config).where(object_stores.c.project_id == project_id).order_by(object_stores.c.name)
    )
    return [vault.unseal(row.config, ObjectStore) for row in rows]


def with_bucket(conn: Connection, vault: Vault, project_id: ProjectId, bucket: str) -> ObjectStore:
    """Return the store that a bucket is in: the one that names it, else the one that names none.

    Raises:
        SourceRefused: the project has no such store.
    """
    stores = all_of(conn, vault, project_id)
    for store in stores:
        if bucket in store.buckets:
            return store
    for store in stores:
        if not store.buckets:
            return store
    raise SourceRefused(f"The project has no object store with the bucket {bucket!r}.")
