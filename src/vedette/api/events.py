"""The event center and the dead letters: list, show, picture, review, delete, send again."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, Parts, PartsOf, received
from vedette.api.described import takes
from vedette.api.event_feed import Feed, add_routes
from vedette.api.event_views import (
    FILTERS,
    PAGED,
    EventViews,
    attempts,
    event_id_of,
    is_number,
    limit_of,
    number_of,
    query_of,
    task_id_of,
)
from vedette.model.errors import NotFound
from vedette.model.ids import EventId
from vedette.model.pictures import Pictures, split
from vedette.model.review import Review
from vedette.schemas.event_info import (
    DeadLetterDetails,
    DeadLetterPage,
    EventInfo,
    EventPage,
    EventResults,
    EventReview,
    EventsDelete,
    EventsReview,
    Resent,
)
from vedette.store import dead_letters, event_changes, events
from vedette.store.blobs import Blobs
from vedette.store.dead_letters import DeadLetter
from vedette.store.identity import Principal

PREFIX: Final = "/vedette/v1/{project_id}"
EXAMPLE_ID: Final = "C8F67CE2-9C2A-81EB-BBF6-0242AC110002"

EventIdInPath = Annotated[str, Path()]


LASTING: Final = {"Cache-Control": "private, max-age=86400"}
"""A picture never changes."""


class JpegResponse(Response):
    """A picture."""

    media_type = "image/jpeg"


class EventCenter:
    """The operations on events.

    Args:
        blobs: the pictures.
        wake: tells the dispatcher that the outbox has rows for it.
        views: how events look.
    """

    def __init__(self, blobs: Blobs, wake: Callable[[], None], views: EventViews) -> None:
        self._blobs = blobs
        self._wake = wake
        self._views = views

    async def find(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """List events, the newest stored first.

        Tasks with `event_center: true` keep their events here, with the picture, until they are deleted or too old
        (`VEDETTE_EVENT_MAX_AGE_DAYS`, `VEDETTE_EVENT_MAX_COUNT`). An event that repeats another is counted in `repeats`
        of that one, and is listed only if it is asked for.
        """
        query = query_of(request, FILTERS | PAGED)
        wanted, limit, before = self._views.wanted(query), limit_of(query), number_of(query, "cursor")
        project = principal.project_id
        count = await parts.db.read(events.count, project, wanted)
        page = await parts.db.read(events.find, project, wanted, before=before, limit=limit)
        answer: dict[str, Any] = {"count": count, "events": [self._views.document(project, row) for row in page]}
        if len(page) == limit:
            answer["next"] = str(page[-1].seq)
        return JSONResponse(answer)

    async def show(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> JSONResponse:
        """Show one event."""
        event = await parts.db.read(events.get, principal.project_id, event_id_of(event_id))
        return JSONResponse(self._views.document(principal.project_id, event))

    async def picture(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> Response:
        """Return the picture of an event; of one about a part of the picture, such as a face, that part."""
        kept = await self._kept(event_id, principal, parts)
        return JpegResponse(kept.cut or kept.whole, headers=LASTING)

    async def origin(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> Response:
        """Return the whole picture of an event, of which `picture` may be a part."""
        kept = await self._kept(event_id, principal, parts)
        if kept.whole is None:
            raise NotFound("The whole picture of the event was not kept.", param="event_id")
        return JpegResponse(kept.whole, headers=LASTING)

    async def _kept(self, event_id: str, principal: Principal, parts: Parts) -> Pictures:
        event = await parts.db.read(events.get, principal.project_id, event_id_of(event_id))
        if event.picture is None:
            raise NotFound("The event has no picture.", param="event_id")
        return split(await asyncio.to_thread(self._blobs.get, event.picture))

    async def review(
        self, event_id: EventIdInPath, request: Request, principal: Member, parts: PartsOf
    ) -> JSONResponse:
        """Approve or reject an event; with manual review, the first approval lets the subscribers be told."""
        body = await received(request, EventReview)
        found = await self._review(parts, principal.project_id, [event_id_of(event_id)], body.state)
        if not all(found):
            raise NotFound("No event of this project has that id.", param="event_id")
        return await self.show(event_id, principal, parts)

    async def review_many(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """Approve or reject up to 1000 events; the answer tells of each what became of it."""
        body = await received(request, EventsReview)
        ids = [event_id_of(text) for text in body.event_ids]
        return _results(ids, await self._review(parts, principal.project_id, ids, body.state))

    async def delete(self, event_id: EventIdInPath, principal: Member, parts: PartsOf) -> Response:
        """Take an event, and its picture, out of the event center; a main event goes with all that repeat it."""
        if not all(await self._remove(parts, principal.project_id, [event_id_of(event_id)])):
            raise NotFound("No event of this project has that id.", param="event_id")
        return Response(status_code=204)

    async def delete_many(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """Take up to 1000 events out of the event center; the answer tells of each what became of it."""
        body = await received(request, EventsDelete)
        ids = [event_id_of(text) for text in body.event_ids]
        return _results(ids, await self._remove(parts, principal.project_id, ids))

    async def dead(self, request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
        """List deliveries that were given up, the oldest first."""
        query = query_of(request, PAGED | {"task_id"})
        limit, after = limit_of(query), number_of(query, "cursor") or 0
        task_id = task_id_of(query)
        count = await parts.db.read(dead_letters.count, principal.project_id)
        page = await parts.db.read(dead_letters.page, principal.project_id, after=after, limit=limit, task_id=task_id)
        answer: dict[str, Any] = {"count": count, "dead_letters": [_letter(row) for row in page]}
        if len(page) == limit:
            answer["next"] = str(page[-1].id)
        return JSONResponse(answer)

    async def letter(self, letter_id: Annotated[str, Path()], principal: Member, parts: PartsOf) -> JSONResponse:
        """Show one delivery that was given up, with its attempts."""
        letter, failed = await parts.db.read(dead_letters.get, principal.project_id, _letter_id(letter_id))
        return JSONResponse(_letter(letter) | {"attempts": attempts(failed)})

    async def resend(self, letter_id: Annotated[str, Path()], principal: Member, parts: PartsOf) -> JSONResponse:
        """Send one dead letter again."""
        await parts.db.write(dead_letters.resend, principal.project_id, _letter_id(letter_id), parts.clock())
        self._wake()
        return JSONResponse({"count": 1})

    async def resend_all(self, principal: Member, parts: PartsOf) -> JSONResponse:
        """Send all dead letters of the project again."""
        count, now_ms = 0, parts.clock()
        while some := await parts.db.write(dead_letters.resend_all, principal.project_id, now_ms, before_ms=now_ms):
            count += some
        self._wake()
        return JSONResponse({"count": count})

    async def _review(self, parts: PartsOf, project_id: Any, ids: list[EventId], state: str) -> list[bool]:
        found = await parts.db.write(event_changes.review, project_id, ids, Review(state), parts.clock())
        self._wake()
        return found

    async def _remove(self, parts: PartsOf, project_id: Any, ids: list[EventId]) -> list[bool]:
        found, pictures = await parts.db.write(event_changes.remove, project_id, ids)
        await asyncio.to_thread(self._blobs.delete, *pictures)
        return found


def make_router(
    blobs: Blobs, wake: Callable[[], None], kinds: Mapping[int, str], feed: Feed | None = None
) -> APIRouter:
    """Return the operations on events and dead letters; see `EventCenter`.

    Args:
        feed: who reads live; somebody has to wake them.
    """
    views = EventViews(kinds)
    center = EventCenter(blobs, wake, views)
    router = APIRouter(prefix=PREFIX, tags=["Events"])
    add_routes(router, views, feed or Feed())
    ids = {"event_ids": [EXAMPLE_ID]}
    for path, method, call, name, answer, body in (
        ("/events", "GET", center.find, "ListEvents", EventPage, None),
        (
            "/events/review", "POST", center.review_many, "ReviewEvents", EventResults,
            takes(EventsReview, ids | {"state": "approved"}),
        ),
        ("/events/delete", "POST", center.delete_many, "DeleteEvents", EventResults, takes(EventsDelete, ids)),
        ("/events/{event_id}", "GET", center.show, "ShowEvent", EventInfo, None),
        (
            "/events/{event_id}/review", "POST", center.review, "ReviewEvent", EventInfo,
            takes(EventReview, {"state": "approved"}),
        ),
        ("/deliveries/dead", "GET", center.dead, "ListDeadLetters", DeadLetterPage, None),
        ("/deliveries/dead/{letter_id}", "GET", center.letter, "ShowDeadLetter", DeadLetterDetails, None),
        ("/deliveries/dead/retry", "POST", center.resend_all, "RetryDeadLetters", Resent, None),
        ("/deliveries/dead/{letter_id}/retry", "POST", center.resend, "RetryDeadLetter", Resent, None),
    ):  # fmt: skip
        router.add_api_route(path, call, methods=[method], operation_id=name, response_model=answer, openapi_extra=body)
    for place, shown, named in (
        ("/events/{event_id}/picture", center.picture, "ShowEventPicture"),
        ("/events/{event_id}/origin-picture", center.origin, "ShowEventOriginPicture"),
    ):
        router.add_api_route(place, shown, methods=["GET"], operation_id=named, response_class=JpegResponse)
    router.add_api_route(
        "/events/{event_id}", center.delete, methods=["DELETE"], operation_id="DeleteEvent", status_code=204
    )
    return router


def _results(ids: list[EventId], found: list[bool]) -> JSONResponse:
    results = [
        {"event_id": event_id, "result": "done" if known else "unknown"}
        for event_id, known in zip(ids, found, strict=True)
    ]
    return JSONResponse({"count": sum(found), "results": results})


def _letter_id(text: str) -> int:
    if not is_number(text):
        raise NotFound("No dead letter of this project has that id.", param="letter_id")
    return int(text)


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
