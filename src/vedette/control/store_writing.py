"""Whether a store can be written: a small object of its own name is put there, read back, and taken away again."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Final

from vedette.control.object_stores import Reach, bytes_of
from vedette.delivery import folders
from vedette.delivery.guard import guarded_session
from vedette.delivery.refusals import Place
from vedette.delivery.uploads import Uploads
from vedette.model.errors import SinkError, SinkRefused, VedetteError
from vedette.model.ids import new_hex
from vedette.model.objects import ObjectStore, StoreKind

TIMEOUT_S: Final = 15.0
"""For each of the three steps."""
BODY: Final = b"Vedette wrote this to see whether it can, and removes it at once.\n"


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it.

    Attributes:
        name: of the object.
        writable: it could be written.
        readable: it was read back as it was written.
        removed: it is gone again.
        failure: why one of them is not so; the first one.
    """

    name: str
    writable: bool = False
    readable: bool = False
    removed: bool = False
    failure: VedetteError | None = None


async def write_of(
    reach: Reach, store: ObjectStore, bucket: str, folder: str, stop: threading.Event | None = None
) -> Written:
    """Try to write below a folder of a bucket.

    Args:
        stop: ends the reading early: nobody waits for it any more.
    """
    below = folder.strip("/")
    name = f"vedette-check-{new_hex()}.txt"
    place = Place(store, bucket, f"{below}/{name}" if below else name)
    async with guarded_session(reach.policy) as session:
        uploads = Uploads(session, timeout_s=TIMEOUT_S)
        try:
            await _put(reach, uploads, place)
        except SinkError as failure:
            return Written(place.key, failure=failure)
        unread = await _unread(reach, place, stop)
        try:
            await _remove(reach, uploads, place)
        except SinkError as failure:
            return Written(place.key, writable=True, readable=unread is None, failure=unread or failure)
    return Written(place.key, writable=True, readable=unread is None, removed=True, failure=unread)


async def _put(reach: Reach, uploads: Uploads, place: Place) -> None:
    if {".", ".."} & set(place.key.split("/")):
        raise SinkRefused("The path cannot have the steps `.` or `..`.")
    if place.store.kind is StoreKind.FOLDER:
        await asyncio.to_thread(folders.write, place, reach.file_roots, BODY)
    else:
        await uploads.put(place, BODY, "text/plain")


async def _unread(reach: Reach, place: Place, stop: threading.Event | None) -> VedetteError | None:
    """Return why the object cannot be read as it was written."""
    try:
        found = await asyncio.to_thread(bytes_of, reach, place.store, place.bucket, place.key, len(BODY) + 1, stop)
    except VedetteError as failure:
        return failure
    return None if found == BODY else SinkRefused(f"The object {place.key!r} is not read as it was written.")


async def _remove(reach: Reach, uploads: Uploads, place: Place) -> None:
    if place.store.kind is StoreKind.FOLDER:
        await asyncio.to_thread(folders.remove, place, reach.file_roots)
    else:
        await uploads.remove(place)
