"""Writes each event into a bucket: its picture, then its message, under names that are the event's own; then the run's.

A repeat writes the same bytes under the same names, so that however often an event is sent, it is there once. The
picture comes first: whoever finds a message finds its picture too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from vedette.delivery import folders
from vedette.delivery.bodies import Body
from vedette.delivery.refusals import Place
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.object_names import encode, stem
from vedette.delivery.sinks.result_file import ResultFiles, name_of
from vedette.delivery.uploads import Uploads
from vedette.model.errors import SinkBusy, SinkRefused, SourceRefused, Unavailable
from vedette.model.ids import ProjectId
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import RESULT, ObsOutput
from vedette.model.pictures import ORIGIN

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
        results: makes the file of a whole run, for outputs of tasks.
        monotonic: seconds.
    """

    def __init__(
        self,
        uploads: Uploads,
        find: Find,
        file_roots: tuple[Path, ...] = (),
        *,
        results: ResultFiles | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._results = results
        self._uploads, self._find, self._roots, self._monotonic = uploads, find, file_roots, monotonic
        self._known: dict[tuple[ProjectId, str], tuple[float, ObjectStore]] = {}
        self._threads = ThreadPoolExecutor(FOLDER_THREADS, "folders")

    async def send(self, delivery: Delivery) -> None:
        """Write the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, ObsOutput):
            raise SinkRefused("Only buckets can be written to.")
        if {".", ".."} & set(target.path.split("/")):
            raise SinkRefused("The path of output.obs cannot have the steps `.` or `..`.")
        try:
            store = await self._store(delivery.project_id, target.bucket)
            if delivery.event_type == RESULT:
                await self._put_result(store, delivery, target)
            else:
                await self._put_event(store, delivery, target)
        except SinkRefused:
            self._known.pop((delivery.project_id, target.bucket), None)  # another try sees what was changed
            raise

    async def _put_event(self, store: ObjectStore, delivery: Delivery, target: ObsOutput) -> None:
        name = stem(target.path, delivery)
        if delivery.picture is not None:
            await self._put(Place(store, target.bucket, f"{name}.jpg"), delivery.picture, "image/jpeg")
        if delivery.origin is not None:
            await self._put(Place(store, target.bucket, f"{name}{ORIGIN}"), delivery.origin, "image/jpeg")
        await self._put(Place(store, target.bucket, f"{name}.json"), encode(delivery.message), "application/json")

    async def _put_result(self, store: ObjectStore, delivery: Delivery, target: ObsOutput) -> None:
        if self._results is None:
            raise SinkRefused("The results of runs are not written here.")
        with await self._results.make(delivery, target) as body:
            await self._put(Place(store, target.bucket, name_of(target, delivery)), body, "application/json")

    async def _put(self, place: Place, body: Body, content_type: str) -> None:
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
