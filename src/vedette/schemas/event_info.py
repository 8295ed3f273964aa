"""The documents of the event center, and the answers on a task's progress."""

from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.review import Review
from vedette.schemas.common import Unique, Wire, of_form, one_of

EVENT_ID: Final = r"[0-9a-fA-F-]{36}"
MOST_AT_ONCE: Final = 1000


class FailedAttempt(Wire):
    """An attempt of a delivery that failed."""

    at: int
    """When it ended, in milliseconds since the epoch."""
    number: int
    """Which one it was, from 1, and anew after a dead letter was sent again."""
    reason: str
    """How it ended."""


class Delivery(Wire):
    """How an event's delivery to one destination stands."""

    kind: str
    """Kind of destination."""
    state: str
    """`due`, `done` or `dead`."""
    attempts: int
    """How often it was tried."""
    last_error: str = ""
    """Why the last try failed; left out if none did."""
    subscription_id: str = ""
    """The subscription it is made for; left out if it is an output of the task."""
    failed: Annotated[list[FailedAttempt], Field(default_factory=list)]
    """The last attempts that failed, up to 30, the first one first; left out if there are none, and in lists."""


class EventClip(Wire):
    """Where in which video an event can be seen again."""

    input: dict[str, Any]
    """What the task looked at then: `type` and, by the type, `url` (without user, password and query), `bucket` and `path`,
    `video_source_id`, `device_id` or `id`."""
    frame: int
    """Index of the picture since the stream was opened."""
    begin: float
    """Five seconds before the event, in seconds from the start of the stream, or its start."""
    end: float
    """Five seconds after the event."""


class EventInfo(Wire):
    """One event."""

    id: str
    """Its id, the `message_id` that webhooks got."""
    task_id: str
    """The task that saw it."""
    run_id: str
    """The run of the task."""
    number: int
    """Its number among the events of its task, from 1; 0 if it is from a release that did not count."""
    event_type: int
    """The number of its kind."""
    kind: str
    """Its name, `other` if no algorithm here knows the number."""
    timestamp: int
    """When it happened, in milliseconds since the epoch."""
    media_time: float
    """Seconds from the start of the stream."""
    review: str
    """`unreviewed`, `approved` or `rejected`."""
    repeats: int
    """How many events repeat this one."""
    message: dict[str, Any]
    """What webhooks get, less the picture."""
    deliveries: list[Delivery]
    """How its deliveries stand."""
    clip: EventClip | None = None
    """Where it can be seen again; left out for events of earlier releases."""
    video_source_id: str = ""
    """The video source of the task; left out if its input is none."""
    main_id: str = ""
    """The event that this one repeats; left out if it repeats none."""
    picture: str = ""
    """Path of its picture; left out if it has none."""


class EventPage(Wire):
    """A page of events, the newest stored first."""

    count: int
    """How many there are on all pages."""
    events: list[EventInfo]
    """Those of this page."""
    next: str = ""
    """The `cursor` of the next page; left out on the last."""


class EventReview(Wire):
    """What somebody thinks of an event."""

    state: Annotated[str, one_of((Review.APPROVED.value, Review.REJECTED.value))]
    """`approved` or `rejected`."""


class EventsDelete(Wire):
    """Which events are meant."""

    event_ids: Annotated[list[Annotated[str, of_form(EVENT_ID)]], Field(min_length=1, max_length=MOST_AT_ONCE), Unique]
    """Ids of events."""


class EventsReview(EventsDelete):
    """What somebody thinks of some events."""

    state: Annotated[str, one_of((Review.APPROVED.value, Review.REJECTED.value))]
    """`approved` or `rejected`."""


class EventResult(Wire):
    """What became of one event."""

    event_id: str
    """Its id."""
    result: str
    """`done`, or `unknown` if the event center has none with this id."""


class EventResults(Wire):
    """What became of each event."""

    count: int
    """How many of them were there."""
    results: list[EventResult]
    """What became of each, in the order of the request."""


class DeadLetterInfo(Wire):
    """A delivery that was given up."""

    id: str
    """Its id."""
    event_id: str
    """The event."""
    task_id: str
    """The task."""
    kind: str
    """Kind of destination."""
    attempts: int
    """How often it was tried."""
    last_error: str
    """Why the last try failed."""
    created_at: int
    """When the event was taken, in milliseconds since the epoch."""
    given_up_at: int | None
    """When it was given up, in milliseconds since the epoch."""


class DeadLetterDetails(Wire):
    """A delivery that was given up, with its attempts."""

    id: str
    """Its id."""
    event_id: str
    """The event."""
    task_id: str
    """The task."""
    kind: str
    """Kind of destination."""
    attempts: list[FailedAttempt]
    """The last attempts, up to 30, the first one first; also those before it was sent again."""
    last_error: str
    """Why it was given up."""
    created_at: int
    """When the event was taken, in milliseconds since the epoch."""
    given_up_at: int | None
    """When it was given up, in milliseconds since the epoch."""


class DeadLetterPage(Wire):
    """A page of deliveries that were given up, the oldest first."""

    count: int
    """How many there are on all pages."""
    dead_letters: list[DeadLetterInfo]
    """Those of this page."""
    next: str = ""
    """The `cursor` of the next page; left out on the last."""


class Resent(Wire):
    """How many deliveries are tried again."""

    count: int
    """Their number."""


class Progress(Wire):
    """How far a task's present or last run has come."""

    state: str
    """State of the task."""
    run_id: str | None
    """The run, `null` before the first."""
    run_started_at: int | None
    """When it began, in milliseconds since the epoch."""
    frames: int
    """Pictures that were analysed in this run."""
    events: int
    """Events of the task that are kept."""
    pending_deliveries: int
    """Deliveries that are still to be made."""
    delivered: int
    """Deliveries that were made."""
    dead_letters: int
    """Deliveries that were given up."""


class Move(Wire):
    """A change of a task's state."""

    at: int
    """When, in milliseconds since the epoch."""
    before: Annotated[str | None, Field(alias="from")]
    """The state before, `null` at the creation."""
    to: str
    """The state after."""
    cause: str
    """Why."""
    actor: str
    """Who asked for it, or which part of the service saw it."""


class History(Wire):
    """Every change of a task's state, the oldest first."""

    count: int
    """How many there are."""
    moves: list[Move]
    """The changes."""
