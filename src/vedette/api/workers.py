"""The worker protocol's server end: the only door workers know. MessagePack both ways, one shared key."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from fastapi import APIRouter, Request, Response

from vedette.api.event_limits import within
from vedette.control.orders import Desk
from vedette.control.storing import Storing
from vedette.control.vcn_sessions import VcnSessions
from vedette.model.errors import Malformed, Unauthorized, Unavailable
from vedette.model.ids import EventId
from vedette.model.stream import AddressQuestion, Ingest, IngestAnswer, Sync
from vedette.store.blobs import Blobs
from vedette.store.ingest import Stored
from vedette.telemetry.metrics import Metrics

T = TypeVar("T")

PREFIX = "/vedette/worker/v1"
KEY_HEADER = "X-Vedette-Worker-Key"


class WorkerDoor:
    """Takes what workers say to the desk, and what they ask to those who know."""

    def __init__(
        self,
        desk: Desk,
        blobs: Blobs,
        metrics: Metrics,
        key: str,
        *,
        storing: Storing,
        sessions: VcnSessions,
        on_events: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._blobs = blobs
        self._metrics = metrics
        self._key = key.encode()
        self._storing = storing
        self._sessions = sessions
        self._on_events = on_events
        self.router = APIRouter(prefix=PREFIX, include_in_schema=False)
        self.router.add_api_route("/sync", self.sync, methods=["POST"])
        self.router.add_api_route("/ingest", self.ingest, methods=["POST"])
        self.router.add_api_route("/address", self.address, methods=["POST"])

    async def sync(self, request: Request) -> Response:
        """Take a report, answer with orders."""
        return _packed(await self._desk.sync(await self._read(request, Sync)))

    async def ingest(self, request: Request) -> Response:
        """Store events with their pictures; a picture is on the disk before the row that points to it."""
        batch = within(
            await self._read(request, Ingest), lambda reason: self._metrics.events_refused.labels(reason).inc()
        )
        if not await self._desk.holds(batch):
            return _packed(IngestAnswer(accepted=False, stored=0))
        stored = await self._store(batch)
        if stored.unwanted:
            await asyncio.to_thread(self._blobs.delete, *stored.unwanted)
        self._metrics.events_stored.inc(stored.new)
        self._metrics.events_repeated.inc(stored.known)
        if stored.new:
            self._on_events()
        return _packed(IngestAnswer(accepted=stored.accepted, stored=stored.new))

    async def address(self, request: Request) -> Response:
        """Answer with the address of a camera whose sessions are held here."""
        return _packed(await self._sessions.address(await self._read(request, AddressQuestion)))

    async def _store(self, batch: Ingest) -> Stored:
        """Store a batch, or nothing of it: the worker hands it over again, and its pictures would be there twice."""
        try:
            pictures = await asyncio.to_thread(self._keep_pictures, batch)
        except OSError as error:
            reason = f"The pictures cannot be stored: {error.strerror}."
            self._storing.failed("pictures", reason)
            raise Unavailable(reason) from error
        try:
            stored = await self._desk.ingest(batch, pictures)
        except Unavailable as error:
            self._storing.failed("database", error.message)
            if error.undone:
                await asyncio.to_thread(self._blobs.delete, *pictures.values())
            raise
        self._storing.done()
        return stored

    def _keep_pictures(self, batch: Ingest) -> Mapping[EventId, str]:
        kept: dict[EventId, str] = {}
        try:
            for event in (event for progress in batch.progress for event in progress.events):
                if event.picture is not None:
                    kept[event.id] = self._blobs.put(event.picture)
        except OSError:
            self._blobs.delete(*kept.values())
            raise
        return kept

    async def _read(self, request: Request, kind: type[T]) -> T:
        if not secrets.compare_digest(request.headers.get(KEY_HEADER, "").encode(), self._key):
            raise Unauthorized("This is no worker of this service.")
        try:
            return msgspec.msgpack.decode(await request.body(), type=kind)
        except msgspec.DecodeError as error:
            raise Malformed(f"The message is not to be understood: {error}.") from error


def _packed(message: object) -> Response:
    return Response(msgspec.msgpack.encode(message), media_type="application/msgpack")
