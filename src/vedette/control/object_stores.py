"""What may be said of a project's object stores, and whether they can be read."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from vedette.media.http import HttpFile
from vedette.media.local import LocalFile
from vedette.media.objects import find
from vedette.media.resolve import pin
from vedette.model.errors import InvalidParameter
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.secrets import unmask_store
from vedette.model.source import Address, Liveness, Lookup, ObjectLookup
from vedette.store import object_stores
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Reach:
    """What this service may read.

    Attributes:
        policy: judges every address.
        file_roots: folders that are open for files.
    """

    policy: GuardPolicy = GuardPolicy()  # noqa: RUF009 - frozen
    file_roots: tuple[Path, ...] = ()


def register(conn: Connection, vault: Vault, reach: Reach, project_id: ProjectId, store: ObjectStore) -> ObjectStore:
    """Write a new store; return it.

    Raises:
        InvalidParameter: its key is masked, its folder is none that may be read, or another has its buckets.
        AlreadyExists: the project has a store with that name.
        QuotaReached: the project has as many stores as it may.
    """
    store = unmask_store(store, None)
    _check_folder(store, reach)
    object_stores.insert(conn, vault, project_id, store)
    return store


def change(
    conn: Connection,
    vault: Vault,
    reach: Reach,
    project_id: ProjectId,
    name: str,
    edit: Callable[[ObjectStore], ObjectStore],
) -> ObjectStore:
    """Write how a store is from now on; return it. What is at work goes on as it began.

    Args:
        edit: returns what shall be stored instead of what is; its key may be masked.

    Raises:
        NotFound: the project has none with that name.
        InvalidParameter: as when it is registered, or the masked key would go elsewhere than before.
    """
    object_stores.hold(conn, project_id)  # two who change it at once do so one after the other
    stored = object_stores.get(conn, vault, project_id, name)
    store = unmask_store(edit(stored), stored)
    _check_folder(store, reach)
    object_stores.rewrite(conn, vault, project_id, store)
    return store


def read_of(
    reach: Reach, store: ObjectStore, bucket: str, path: str, stop: threading.Event | None = None
) -> int | None:
    """Read the beginning of an object; return how many bytes it has, or None where that is not said. Blocks.

    Args:
        stop: ends it early: nobody waits for it any more.

    Raises:
        SourceError: it cannot be read.
    """
    file = _opened(reach, store, bucket, path, stop)
    try:
        file.read(1)
        return file.size
    finally:
        file.close()


def bytes_of(
    reach: Reach, store: ObjectStore, bucket: str, path: str, most: int, stop: threading.Event | None = None
) -> bytes:
    """Return the first bytes of an object. Blocks, and raises what `read_of` raises."""
    file = _opened(reach, store, bucket, path, stop)
    try:
        found = b""
        while len(found) < most and (piece := file.read(most - len(found))):
            found += piece
        return found
    finally:
        file.close()


def _opened(
    reach: Reach, store: ObjectStore, bucket: str, path: str, stop: threading.Event | None
) -> HttpFile | LocalFile:
    stored = ObjectLookup(store, bucket, path)
    address = find(Address("", Liveness.FILE, lookup=Lookup(stored=stored)), stored, reach.policy)
    pinned = pin(address, reach.policy, reach.file_roots)
    if pinned.path is not None:
        return LocalFile(pinned.path)
    return HttpFile(address, policy=reach.policy, stop=stop or threading.Event())


def _check_folder(store: ObjectStore, reach: Reach) -> None:
    if store.kind is not StoreKind.FOLDER:
        return
    try:
        folder = Path(store.folder).resolve()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        raise InvalidParameter("The folder cannot be looked up.", param="folder") from None
    if not any(folder.is_relative_to(root.resolve()) for root in reach.file_roots):
        raise InvalidParameter(
            "The folder lies outside those that are open for files (the operator opens some with VEDETTE_FILE_ROOTS).",
            param="folder",
        )
