"""The event center and the dead letters: list, show, picture, delete, send again."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf
from vedette.model.errors import InvalidParameter, NotFound
from vedette.model.ids import EventId, TaskId
from vedette.schemas.common import OBJECT_ID, matches
from vedette.schemas.event_info import DeadLetterPage, EventInfo, EventPage, Resent
from vedette.store import events, outbox
from vedette.store.blobs import Blobs
from vedette.store.events import Filter, StoredEvent
from vedette.store.outbox import DeadLetter

PREFIX: Final = "/vedette/v1/{project_id}"
PAGE: Final = 100
"""Entries on a page, unless the caller asks for another number."""
LARGEST_PAGE: Final = 1000
LARGEST: Final = 2**63 - 1
EVENT_ID: Final = r"[0-9a-fA-F-]{36}"
ALLOWED: Final = frozenset({"task_id", "kind", "event_type", "since", "until", "limit", "cursor"})

EventIdInPath = Annotated[str, Path()]


class JpegResponse(Response):
    """A picture."""

    media_type = "image/jpeg"


class EventCenter:
    """The operations on events.

    Args:
        blobs: the pictures.
        wake: tells the dispatcher that the outbox has rows for it.
        kinds: number and name of the events that algorithms tell.
    """

    def __init__(self, blobs: Blobs, wake: Callable[[], None], kinds: Mapping[int, str]) -> None:
        self._blobs = blobs
        self._wake = wake
        self._kinds = kinds

    async def find(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """List events, the newest stored first.

        Tasks with `event_center: true` keep their events here, with the picture, until they are deleted or too old
        (`VEDETTE_EVENT_MAX_AGE_DAYS`, `VEDETTE_EVENT_MAX_COUNT`).
        """
        query = _query(request)
        wanted, limit, before = self._filter(query), _limit(query), _number(query, "cursor")
        count = await parts.db.read(events.count, principal.project_id, wanted)
        page = await parts.db.read(events.find, principal.project_id, wanted, before=before, limit=limit)
        answer: dict[str, Any] = {"count": count, "events": [self._document(principal.project_id, row) for row in page]}
        if len(page) == limit:
            answer["next"] = str(page[-1].seq)
        return JSONResponse(answer)

    async def show(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> JSONResponse:
        """Show one event."""
        event = await parts.db.read(events.get, principal.project_id, _event_id(event_id))
        return JSONResponse(self._document(principal.project_id, event))

    async def picture(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> Response:
        """Return the picture of an event."""
        event = await parts.db.read(events.get, principal.project_id, _event_id(event_id))
        if event.picture is None:
            raise NotFound("The event has no picture.", param="event_id")
        jpeg = await asyncio.to_thread(self._blobs.get, event.picture)
        return JpegResponse(jpeg, headers={"Cache-Control": "private, max-age=86400"})

    async def delete(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> Response:
        """Take an event, and its picture, out of the event center."""
        key = await parts.db.write(events.remove, principal.project_id, _event_id(event_id))
        if key is not None:
            await asyncio.to_thread(self._blobs.delete, key)
        return Response(status_code=204)

    async def dead(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """List deliveries that were given up, the oldest first."""
        query = _query(request)
        limit, after = _limit(query), _number(query, "cursor") or 0
        task_id = _task_id(query)
        count = await parts.db.read(outbox.count_dead, principal.project_id)
        page = await parts.db.read(outbox.dead_letters, principal.project_id, after=after, limit=limit, task_id=task_id)
        answer: dict[str, Any] = {"count": count, "dead_letters": [_letter(row) for row in page]}
        if len(page) == limit:
            answer["next"] = str(page[-1].id)
        return JSONResponse(answer)

    async def resend(self, letter_id: Annotated[str, Path()], principal: Member, parts: PartsOf) -> JSONResponse:
        """Send one dead letter again."""
        if not _digits(letter_id):
            raise NotFound("No dead letter of this project has that id.", param="letter_id")
        await parts.db.write(outbox.resend, principal.project_id, int(letter_id), parts.clock())
        self._wake()
        return JSONResponse({"count": 1})

    async def resend_all(self, principal: Member, parts: PartsOf) -> JSONResponse:
        """Send all dead letters of the project again."""
        count, now_ms = 0, parts.clock()
        while some := await parts.db.write(outbox.resend_all, principal.project_id, now_ms, before_ms=now_ms):
            count += some
        self._wake()
        return JSONResponse({"count": count})

    def _filter(self, query: Mapping[str, str]) -> Filter:
        event_type = _number(query, "event_type")
        if "kind" in query:
            event_type = next((number for number, name in self._kinds.items() if name == query["kind"]), None)
            if event_type is None:
                raise InvalidParameter(f"kind: use one of {', '.join(sorted(self._kinds.values()))}.", param="kind")
        return Filter(_task_id(query), event_type, _number(query, "since"), _number(query, "until"))

    def _document(self, project_id: str, event: StoredEvent) -> dict[str, Any]:
        document: dict[str, Any] = {
            "id": event.id,
            "task_id": event.task_id,
            "run_id": event.run_id,
            "event_type": event.event_type,
            "kind": self._kinds.get(event.event_type, "other"),
            "timestamp": event.timestamp_ms,
            "media_time": event.media_time_us / 1_000_000,
            "message": event.message,
            "deliveries": [
                {"kind": told.kind, "state": told.state, "attempts": told.attempts}
                | ({"last_error": told.last_error} if told.last_error else {})
                for told in event.deliveries
            ],
        }
        if event.picture is not None:
            document["picture"] = f"/vedette/v1/{project_id}/events/{event.id}/picture"
        return document


def make_router(blobs: Blobs, wake: Callable[[], None], kinds: Mapping[int, str]) -> APIRouter:
    """Return the operations on events and dead letters; see `EventCenter`."""
    center = EventCenter(blobs, wake, kinds)
    router = APIRouter(prefix=PREFIX, tags=["Events"])
    for path, method, call, name, answer in (
        ("/events", "GET", center.find, "ListEvents", EventPage),
        ("/events/{event_id}", "GET", center.show, "ShowEvent", EventInfo),
        ("/deliveries/dead", "GET", center.dead, "ListDeadLetters", DeadLetterPage),
        ("/deliveries/dead/retry", "POST", center.resend_all, "RetryDeadLetters", Resent),
        ("/deliveries/dead/{letter_id}/retry", "POST", center.resend, "RetryDeadLetter", Resent),
    ):
        router.add_api_route(path, call, methods=[method], operation_id=name, response_model=answer)
    router.add_api_route(
        "/events/{event_id}/picture",
        center.picture,
        methods=["GET"],
        operation_id="ShowEventPicture",
        response_class=JpegResponse,
    )
    router.add_api_route(
        "/events/{event_id}", center.delete, methods=["DELETE"], operation_id="DeleteEvent", status_code=204
    )
    return router


def _query(request: Request) -> dict[str, str]:
    query = dict(request.query_params)
    for name in query:
        if name not in ALLOWED:
            raise InvalidParameter(
                f"{name[:64]}: there is no such filter; use {', '.join(sorted(ALLOWED))}.", param=name[:64]
            )
    return query


def _event_id(text: str) -> EventId:
    if not matches(EVENT_ID, text):
        raise NotFound("No event of this project has that id.", param="event_id")
    return EventId(text.upper())


def _task_id(query: Mapping[str, str]) -> TaskId | None:
    if "task_id" not in query:
        return None
    if not matches(OBJECT_ID, query["task_id"]):
        raise InvalidParameter(f"task_id: it does not have the form ^{OBJECT_ID}$.", param="task_id")
    return TaskId(query["task_id"])


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST


def _number(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    if not _digits(query[name]):
        raise InvalidParameter(f"{name}: it is no whole number from 0 to {LARGEST}.", param=name)
    return int(query[name])


def _limit(query: Mapping[str, str]) -> int:
    limit = _number(query, "limit")
    if limit is None:
        return PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidParameter(f"limit: it is not between 1 and {LARGEST_PAGE}.", param="limit")
    return limit


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "event_id": letter.event_id,
        "task_id": letter.task_id,
        "kind": letter.kind,
        "attempts": letter.attempts,
        "last_error": letter.last_error or "",
        "created_at": letter.created_at,
        "given_up_at": letter.given_up_at,
    }
