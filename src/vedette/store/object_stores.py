"""The object stores of projects; their keys are sealed."""

from typing import Final

from sqlalchemy import Connection

from vedette.model.errors import SourceRefused
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore
from vedette.store.register import Register
from vedette.store.tables import object_stores
from vedette.store.vault import Vault

MOST: Final = 100
"""Stores of one project."""

_register = Register(
    object_stores, ObjectStore, "object store", "store_name", "buckets", lambda store: store.buckets, MOST
)

all_of, get, hold = _register.all_of, _register.get, _register.hold
insert, rewrite, remove = _register.insert, _register.rewrite, _register.remove


def with_bucket(conn: Connection, vault: Vault, project_id: ProjectId, bucket: str) -> ObjectStore:
    """Return the store that a bucket is in: the one that names it, else the one that names none.

    Raises:
        SourceRefused: the project has no such store.
    """
    found = _register.serving(conn, vault, project_id, bucket)
    if found is None:
        raise SourceRefused(
            f"The project has no object store with the bucket {bucket!r}; an admin of the project registers one: "
            "POST /vedette/v1/{project_id}/object-stores."
        )
    return found
