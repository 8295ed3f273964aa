"""The object stores of projects; their keys are sealed."""

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete, select, update

from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, QuotaReached, SourceRefused
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore
from vedette.store.tables import insert_new, object_stores, projects
from vedette.store.vault import Vault

MOST: Final = 100
"""Stores of one project."""


def all_of(conn: Connection, vault: Vault, project_id: ProjectId) -> list[ObjectStore]:
    """Return the stores of a project, by name."""
    rows = conn.execute(
        select(object_stores.c.config).where(object_stores.c.project_id == project_id).order_by(object_stores.c.name)
    )
    return [vault.unseal(row.config, ObjectStore) for row in rows]


def get(conn: Connection, vault: Vault, project_id: ProjectId, name: str) -> ObjectStore:
    """Return a store of the project.

    Raises:
        NotFound: the project has none with that name.
    """
    here = (object_stores.c.project_id == project_id, object_stores.c.name == name)
    row = conn.execute(select(object_stores.c.config).where(*here)).first()
    if row is None:
        raise NotFound(f"There is no object store {name}.", param="store_name")
    return vault.unseal(row.config, ObjectStore)


def hold(conn: Connection, project_id: ProjectId) -> None:
    """Keep others from changing the project's stores until the transaction ends."""
    conn.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())


def insert(conn: Connection, vault: Vault, project_id: ProjectId, store: ObjectStore) -> None:
    """Write a new store.

    Raises:
        AlreadyExists: the project has a store with that name.
        InvalidParameter: another store has one of its buckets, or all the others, already.
        QuotaReached: the project has as many stores as it may.
    """
    hold(conn, project_id)
    stores = all_of(conn, vault, project_id)
    if any(other.name == store.name for other in stores):
        raise AlreadyExists(f"There is an object store {store.name} already.", param="name")
    if len(stores) >= MOST:
        raise QuotaReached(f"The project has {MOST} object stores, and cannot have more.")
    _check_buckets(store, stores)
    key = {"project_id": project_id, "name": store.name, "created_at": store.created_at}
    insert_new(conn, object_stores, [key | _columns(vault, store)])


def rewrite(conn: Connection, vault: Vault, project_id: ProjectId, store: ObjectStore) -> None:
    """Write how a store is now.

    Raises:
        InvalidParameter: another store has one of its buckets, or all the others, already.
    """
    hold(conn, project_id)
    _check_buckets(store, all_of(conn, vault, project_id))
    here = (object_stores.c.project_id == project_id, object_stores.c.name == store.name)
    conn.execute(update(object_stores).where(*here).values(_columns(vault, store)))


def remove(conn: Connection, project_id: ProjectId, name: str) -> None:
    """Forget a store.

    Raises:
        NotFound: the project has none with that name.
    """
    here = (object_stores.c.project_id == project_id, object_stores.c.name == name)
    if conn.execute(delete(object_stores).where(*here)).rowcount == 0:
        raise NotFound(f"There is no object store {name}.", param="store_name")


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
    raise SourceRefused(
        f"The project has no object store with the bucket {bucket!r}; an admin of the project registers one: "
        "POST /vedette/v1/{project_id}/object-stores."
    )


def _check_buckets(store: ObjectStore, stores: Iterable[ObjectStore]) -> None:
    """Check that it stays clear which store a bucket is in."""
    for other in stores:
        if other.name == store.name:
            continue
        if not other.buckets and not store.buckets:
            raise InvalidParameter(
                f"The object store {other.name} has all buckets that no store names: name those of this one.",
                param="buckets",
            )
        if shared := set(other.buckets) & set(store.buckets):
            raise InvalidParameter(
                f"The object store {other.name} has the bucket {min(shared)} already.", param="buckets"
            )


def _columns(vault: Vault, store: ObjectStore) -> dict[str, object]:
    return {
        "kind": store.kind,
        "buckets": json.dumps(store.buckets),
        "config": vault.seal(store),
        "updated_at": store.updated_at,
    }
