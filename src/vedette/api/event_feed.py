"""Events as they are stored, and all of them at once: server-sent events, and an export in JSON lines.

Nobody has a queue: every reader is given a page of the store after the other, from where they were. So a slow one holds
one page in memory and misses nothing, and one that comes back goes on behind the last event it saw.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vedette.api.deps import Member, Parts, PartsOf
from vedette.api.event_views import FILTERS, SEEN, EventViews, is_number, query_of
from vedette.model.errors import InvalidParameter, Unavailable
from vedette.model.ids import ProjectId
from vedette.store import events
from vedette.store.events import Filter

PAGE: Final = 100
"""Events that are read at once."""
READERS: Final = 64
"""Readers of live feeds at the same time."""
HEARTBEAT_S: Final = 15.0
"""So often something is sent, that both ends know that the other is there."""
LIFE_S: Final = 900.0
"""A feed ends after this time, and who reads it comes back: tokens are looked at again."""
RETRY_MS: Final = 1000
"""How soon a reader is to come back."""
LAST: Final = "Last-Event-ID"


class Feed:
    """Who reads live feeds: they are woken when events are stored, and sent away when the service ends."""

    def __init__(self, readers: int = READERS, heartbeat_s: float = HEARTBEAT_S, life_s: float = LIFE_S) -> None:
        self.heartbeat_s, self.life_s = heartbeat_s, life_s
        self.closed = False
        self._most = readers
        self._readers: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Say that events were stored."""
        for awake in self._readers:
            awake.set()

    def close(self) -> None:
        """Let all readers go."""
        self.closed = True
        self.wake()

    def enter(self) -> asyncio.Event:
        """Return what wakes one more reader.

        Raises:
            Unavailable: there are as many as there can be, or the service ends.
        """
        if self.closed:
            raise Unavailable("The service is ending.")
        if len(self._readers) >= self._most:
            raise Unavailable(f"There are {self._most} readers of live feeds already.")
        awake = asyncio.Event()
        self._readers.add(awake)
        return awake

    def leave(self, awake: asyncio.Event) -> None:
        """Forget a reader."""
        self._readers.discard(awake)


class EventStream(StreamingResponse):
    """A live feed.

    Args:
        left: called when nobody reads any more.
    """

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], left: Callable[[], None]) -> None:
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and tell when that has ended, however it did."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


class JsonLines(StreamingResponse):
    """Documents, one in a line."""

    media_type = "application/x-ndjson"


class EventFeed:
    """The operations that go through the store event by event.

    Args:
        views: how events look.
        feed: who reads live.
    """

    def __init__(self, views: EventViews, feed: Feed) -> None:
        self._views = views
        self._feed = feed

    async def stream(self, request: Request, principal: Member, parts: PartsOf) -> EventStream:
        """Send events as they are stored, as server-sent events.

        Each has its place in the store as `id`; with `Last-Event-ID` a reader goes on behind it, without it behind what
        is stored now. A comment comes every 15 seconds; after 15 minutes the feed ends, and is to be asked for again.
        """
        wanted = self._views.wanted(query_of(request, SEEN))
        after = _last(request)
        if after is None:
            after = await parts.db.read(events.newest, principal.project_id)
        awake = self._feed.enter()
        content = self._live(parts, principal.project_id, wanted, after, awake)
        return EventStream(content, lambda: self._feed.leave(awake))

    async def export(self, request: Request, principal: Member, parts: PartsOf) -> JsonLines:
        """Send all events that a filter asks for as JSON lines, in the order in which they were stored.

        What is stored later than the request is not in it.
        """
        wanted = self._views.wanted(query_of(request, FILTERS))
        upto = await parts.db.read(events.newest, principal.project_id)
        content = self._lines(parts, principal.project_id, wanted, upto)
        return JsonLines(content, headers={"Content-Disposition": 'attachment; filename="events.jsonl"'})

    async def _live(
        self, parts: Parts, project_id: ProjectId, wanted: Filter, after: int, awake: asyncio.Event
    ) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        end = clock() + self._feed.life_s
        yield f"retry: {RETRY_MS}\n\n".encode()
        while not self._feed.closed and clock() < end:
            awake.clear()
            page, after = await parts.db.read(events.step, project_id, wanted, after, PAGE)
            for event in page:
                text = json.dumps(self._views.document(project_id, event), ensure_ascii=False)
                yield f"id: {event.seq}\nevent: event\ndata: {text}\n\n".encode()
            if len(page) < PAGE:
                try:
                    await asyncio.wait_for(awake.wait(), min(self._feed.heartbeat_s, max(0.0, end - clock())))
                except TimeoutError:
                    yield b": all is well\n\n"

    async def _lines(self, parts: Parts, project_id: ProjectId, wanted: Filter, upto: int) -> AsyncIterator[bytes]:
        after, full = 0, True
        while full:
            page = await parts.db.read(events.following, project_id, wanted, after=after, upto=upto, limit=PAGE)
            documents: list[Any] = [self._views.document(project_id, event) for event in page]
            yield "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents).encode()
            after, full = (page[-1].seq, True) if len(page) == PAGE else (after, False)


def add_routes(router: APIRouter, views: EventViews, feed: Feed) -> None:
    """Add the operations to a router; before those with an id in the same place."""
    center = EventFeed(views, feed)
    for path, call, name, kind in (
        ("/events/stream", center.stream, "StreamEvents", EventStream),
        ("/events/export", center.export, "ExportEvents", JsonLines),
    ):
        router.add_api_route(path, call, methods=["GET"], operation_id=name, response_class=kind, status_code=200)


def _last(request: Request) -> int | None:
    text = request.headers.get(LAST)
    if text is None:
        return None
    if not is_number(text):
        raise InvalidParameter(f"{LAST} is none that this feed has given.", param=LAST)
    return int(text)
