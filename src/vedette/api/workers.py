"""The worker protocol's server end: the only door workers know. MessagePack both ways, one shared key."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from fastapi import APIRouter, Request, Response

from vedette.api.event_limits import within
from vedette.control.orders import Desk
from vedette.control.vcn_sessions import VcnSessions
from vedette.model.errors import Malformed, Unauthorized, Unavailable
from vedette.model.ids import EventId
from vedette.model.stream import AddressQuestion, Ingest, IngestAnswer, Sync
from vedette.store.blobs import Blobs
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
        sessions: VcnSessions,
        on_events: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._blobs = blobs
        self._metrics = metrics
        self._key = key.encode()
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
        try:
            pictures = await asyncio.to_thread(self._keep_pictures, batch)
        except OSError as error:
            raise Unavailable(f"The pictures cannot be stored: {error.strerror}.") from error
        stored = await self._desk.ingest(batch, pictures)
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

    def _keep_pictures(self, batch: Ingest) -> Mapping[EventId, str]:
        events = (event for progress in batch.progress for event in progress.events)
        return {event.id: self._blobs.put(event.picture) for event in events if event.picture is not None}

    async def _read(self, request: Request, kind: type[T]) -> T:
        if not secrets.compare_digest(request.headers.get(KEY_HEADER, "").encode(), self._key):
            raise Unauthorized("This is no worker of this service.")
        try:
            return msgspec.msgpack.decode(await request.body(), type=kind)
        except msgspec.DecodeError as error:
            raise Malformed(f"The message is not to be understood: {error}.") from error


def _packed(message: object) -> Response:
    return Response(msgspec.msgpack.encode(message), media_type="application/msgpack")
