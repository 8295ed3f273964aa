"""Writes each event into a bucket: its picture, then its message, under names that are the event's own.

A repeat writes the same bytes under the same names, so that however often an event is sent, it is there once. The
picture comes first: whoever finds a message finds its picture too.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from vedette.delivery import folders
from vedette.delivery.refusals import Place
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.uploads import Uploads
from vedette.model.errors import SinkBusy, SinkRefused, SourceRefused, Unavailable
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import ObsOutput

KNOWN_S: Final = 5.0
"""How long a store is remembered; a change of its keys takes effect after that, or when it refuses."""
MOST_KNOWN: Final = 1000
FOLDER_THREADS: Final = 4
"""Objects that are written to folders at the same time, in threads of their own: a mount may hang."""

Find = Callable[[ProjectId, str], Awaitable[ObjectStore]]
"""Gives the store of a project that a bucket is in; raises SourceRefused where there is none."""


class ObjectSink:
    """Sends deliveries to object stores.

    Args:
        uploads: writes to stores behind http(s).
        find: gives the store of a bucket.
        file_roots: folders that are open for files.
        monotonic: seconds.
    """

    def __init__(
        self,
        uploads: Uploads,
        find: Find,
        file_roots: tuple[Path, ...] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uploads, self._find, self._roots, self._monotonic = uploads, find, file_roots, monotonic
        self._known: dict[tuple[ProjectId, str], tuple[float, ObjectStore]] = {}
        self._threads = ThreadPoolExecutor(FOLDER_THREADS, "folders")

    async def send(self, delivery: Delivery) -> None:
        """Write the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, ObsOutput):
            raise SinkRefused("Only buckets can be written to.")
        name = stem(target.path, delivery)
        if {".", ".."} & set(name.split("/")):
            raise SinkRefused("The path of output.obs cannot have the steps `.` or `..`.")
        try:
            store = await self._store(delivery.project_id, target.bucket)
            if delivery.picture is not None:
                await self._put(Place(store, target.bucket, f"{name}.jpg"), delivery.picture, "image/jpeg")
            await self._put(Place(store, target.bucket, f"{name}.json"), encode(delivery.message), "application/json")
        except SinkRefused:
            self._known.pop((delivery.project_id, target.bucket), None)  # another try sees what was changed
            raise

    async def _put(self, place: Place, body: bytes, content_type: str) -> None:
        if place.store.kind is StoreKind.FOLDER:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, folders.write, place, self._roots, body)
        else:
            await self._uploads.put(place, body, content_type)

    async def _store(self, project_id: ProjectId, bucket: str) -> ObjectStore:
        now, key = self._monotonic(), (project_id, bucket)
        known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        try:
            store = await self._find(project_id, bucket)
        except SourceRefused as error:
            raise SinkRefused(
                f"{error.message} Register one (POST /vedette/v1/{project_id}/object-stores), and send this again."
            ) from error
        except Unavailable as error:
            raise SinkBusy("The object stores cannot be looked up now.") from error
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = (now + KNOWN_S, store)
        return store


def stem(path: str, delivery: Delivery) -> str:
    """Return the name of an event's objects without their endings: `<path>/<task_id>/<yyyymmdd>/<message_id>`.

    The day is that of the event, in UTC.
    """
    day = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC)
    below = path.strip("/")
    name = f"{delivery.task_id}/{day:%Y%m%d}/{delivery.event_id}"
    return f"{below}/{name}" if below else name


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is written: the same bytes whenever it is sent."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
