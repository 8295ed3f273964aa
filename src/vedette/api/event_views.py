"""How events are asked for and shown, in lists, in the export and in the live feed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from fastapi import Request

from vedette.model.clip import span
from vedette.model.errors import InvalidParameter, NotFound
from vedette.model.ids import EventId, TaskId
from vedette.model.review import Review
from vedette.schemas.common import OBJECT_ID, matches
from vedette.schemas.event_info import EVENT_ID
from vedette.store.delivery_attempts import Attempt
from vedette.store.events import Filter, StoredEvent

T = TypeVar("T")

PAGE: Final = 100
"""Entries on a page, unless the caller asks for another number."""
LARGEST_PAGE: Final = 1000
LARGEST: Final = 2**63 - 1
PAGED: Final = frozenset({"limit", "cursor"})
SEEN: Final = frozenset({"task_id", "video_source_id", "kind", "event_type", "followers"})
"""What is known of an event when it is stored."""
FILTERS: Final = SEEN | {"since", "until", "review", "main_id"}
_TRUTH: Final = {"true": True, "false": False}


class EventViews:
    """How events look.

    Args:
        kinds: number and name of the events that algorithms tell.
    """

    def __init__(self, kinds: Mapping[int, str]) -> None:
        self._kinds = kinds

    def wanted(self, query: Mapping[str, str]) -> Filter:
        """Return which events a query asks for.

        Raises:
            InvalidParameter: a filter makes no sense.
        """
        event_type = number_of(query, "event_type")
        if "kind" in query:
            event_type = next((number for number, name in self._kinds.items() if name == query["kind"]), None)
            if event_type is None:
                raise InvalidParameter(f"kind: use one of {', '.join(sorted(self._kinds.values()))}.", param="kind")
        return Filter(
            task_id_of(query),
            event_type,
            number_of(query, "since"),
            number_of(query, "until"),
            _object_id(query, "video_source_id"),
            _one_of(query, "review", {state.value: state for state in Review}),
            _main_id(query),
            bool(_one_of(query, "followers", _TRUTH)),
        )

    def document(self, project_id: str, event: StoredEvent) -> dict[str, Any]:
        """Return the document of an event; what it has not is left out."""
        document: dict[str, Any] = {
            "id": event.id,
            "task_id": event.task_id,
            "run_id": event.run_id,
            "number": event.number,
            "event_type": event.event_type,
            "kind": self._kinds.get(event.event_type, "other"),
            "timestamp": event.timestamp_ms,
            "media_time": event.media_time_us / 1_000_000,
            "review": event.review.value,
            "repeats": event.repeats,
            "message": event.message,
            "deliveries": [
                {"kind": told.kind, "state": told.state, "attempts": told.attempts}
                | ({"last_error": told.last_error} if told.last_error else {})
                | ({"subscription_id": told.subscription_id} if told.subscription_id else {})
                | ({"failed": attempts(told.failed)} if told.failed else {})
                for told in event.deliveries
            ],
        }
        if event.watched is not None:
            begin, end = span(event.media_time_us)
            document["clip"] = {
                "input": event.watched, "frame": event.frame, "begin": begin / 1_000_000, "end": end / 1_000_000
            }  # fmt: skip
        if event.video_source_id is not None:
            document["video_source_id"] = event.video_source_id
        if event.main_id is not None:
            document["main_id"] = event.main_id
        if event.picture is not None:
            document["picture"] = f"/vedette/v1/{project_id}/events/{event.id}/picture"
        return document


def attempts(failed: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return the documents of attempts that failed."""
    return [{"at": one.at, "number": one.number, "reason": one.reason} for one in failed]


def query_of(request: Request, allowed: frozenset[str]) -> dict[str, str]:
    """Return the query of a request.

    Raises:
        InvalidParameter: it holds what is no filter.
    """
    query = dict(request.query_params)
    for name in query:
        if name not in allowed:
            raise InvalidParameter(
                f"{name[:64]}: there is no such filter; use {', '.join(sorted(allowed))}.", param=name[:64]
            )
    return query


def event_id_of(text: str) -> EventId:
    """Return the event's id of a path.

    Raises:
        NotFound: no event can have it.
    """
    if not matches(EVENT_ID, text):
        raise NotFound("No event of this project has that id.", param="event_id")
    return EventId(text.upper())


def task_id_of(query: Mapping[str, str]) -> TaskId | None:
    """Return the task that is asked for.

    Raises:
        InvalidParameter: no task can have the id.
    """
    found = _object_id(query, "task_id")
    return None if found is None else TaskId(found)


def is_number(text: str) -> bool:
    """Return whether a text is a whole number that a database can hold."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST


def number_of(query: Mapping[str, str], name: str) -> int | None:
    """Return a number of the query.

    Raises:
        InvalidParameter: it is none.
    """
    if name not in query:
        return None
    if not is_number(query[name]):
        raise InvalidParameter(f"{name}: it is no whole number from 0 to {LARGEST}.", param=name)
    return int(query[name])


def limit_of(query: Mapping[str, str]) -> int:
    """Return how many entries a page is to have.

    Raises:
        InvalidParameter: it is no number, or out of bounds.
    """
    limit = number_of(query, "limit")
    if limit is None:
        return PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidParameter(f"limit: it is not between 1 and {LARGEST_PAGE}.", param="limit")
    return limit


def _object_id(query: Mapping[str, str], name: str) -> str | None:
    if name not in query:
        return None
    if not matches(OBJECT_ID, query[name]):
        raise InvalidParameter(f"{name}: it does not have the form ^{OBJECT_ID}$.", param=name)
    return query[name]


def _main_id(query: Mapping[str, str]) -> EventId | None:
    if "main_id" not in query:
        return None
    if not matches(EVENT_ID, query["main_id"]):
        raise InvalidParameter(f"main_id: it does not have the form ^{EVENT_ID}$.", param="main_id")
    return EventId(query["main_id"].upper())


def _one_of(query: Mapping[str, str], name: str, words: Mapping[str, T]) -> T | None:
    if name not in query:
        return None
    if query[name] not in words:
        raise InvalidParameter(f"{name}: use one of {', '.join(words)}.", param=name)
    return words[query[name]]
