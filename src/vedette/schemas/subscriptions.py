"""The documents of a project's event rules and subscriptions: an addition of ours."""

from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.output import WebhookOutput
from vedette.model.review import WINDOW_S, EventRules, Subscription
from vedette.schemas.common import CallbackUrl, Description, Headers, ObjectId, Text, Truth, Unique, Wire
from vedette.schemas.masking import hide_values, shown_url

LONGEST_WINDOW_S: Final = 86_400
MOST_SOURCES: Final = 1000


class EventRulesBody(Wire):
    """What the event center does with events that are stored from now on."""

    manual_review: Truth
    """Whether subscribers are told only what somebody has approved; what is rejected they are never told."""
    aggregate: Truth
    """Whether repetitions follow a main event: they are counted with it, and subscribers are not told of them."""
    window_s: Annotated[int, Field(ge=1, le=LONGEST_WINDOW_S)] = WINDOW_S
    """How many seconds after a main event its repetitions follow it, by the events' own times."""

    def rules(self) -> EventRules:
        """Return the rules that are meant."""
        return EventRules(self.manual_review, self.aggregate, self.window_s)


class EventRulesInfo(Wire):
    """What the event center does with new events."""

    manual_review: bool
    """Whether subscribers are told only what somebody has approved."""
    aggregate: bool
    """Whether repetitions follow a main event."""
    window_s: int
    """How many seconds after a main event its repetitions follow it."""


class SubscriptionBody(Wire):
    """The body that says what a subscription is, all of it."""

    name: Annotated[Text, Field(min_length=1, max_length=128)]
    """Its name, once in a project."""
    address: CallbackUrl
    """The http or https address that each event is sent to."""
    headers: Annotated[Headers, Field(min_length=1, repr=False)]
    """Headers of each call, 1 to 10. Their values are kept sealed and shown as `******`."""
    sources: Annotated[list[ObjectId], Field(max_length=MOST_SOURCES), Unique] | None = None
    """Ids of video sources whose events are sent; absent or empty: the events of all tasks."""
    description: Description | None = None
    """What it is for."""

    def subscription(self, subscription_id: str, created_at: int, updated_at: int) -> Subscription:
        """Return the subscription that is meant."""
        target = WebhookOutput(self.address, dict(self.headers))
        sources, words = tuple(self.sources or ()), self.description or ""
        return Subscription(subscription_id, self.name, target, sources, words, created_at, updated_at)


class SubscriptionInfo(Wire):
    """A subscription."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    description: str
    """What it is for."""
    address: str
    """Where events are sent, with `******` for user and password."""
    headers: dict[str, str]
    """Names of the headers; each value is `******`."""
    sources: list[str]
    """Ids of video sources; empty: all."""
    source_count: int
    """How many video sources it is about."""
    delivered_count: int
    """How many events were delivered and acknowledged."""
    pending_count: int
    """How many are still to be delivered."""
    dead_count: int
    """How many deliveries were given up, and can be sent again."""
    created_at: int
    """When it was made, in milliseconds since the epoch."""
    updated_at: int
    """When it was changed last, in milliseconds since the epoch."""


class SubscriptionList(Wire):
    """The answer to a list of subscriptions."""

    count: int
    """How many there are."""
    subscriptions: list[SubscriptionInfo]
    """The subscriptions, the oldest first."""


def rules_info(rules: EventRules) -> dict[str, Any]:
    """Return the document of a project's rules."""
    return {"manual_review": rules.manual_review, "aggregate": rules.aggregate, "window_s": rules.window_s}


def subscription_info(subscription: Subscription, counts: dict[str, int]) -> dict[str, Any]:
    """Return the document of a subscription, its secrets hidden.

    Args:
        counts: the fields that end with `_count`.
    """
    return {
        "id": subscription.id,
        "name": subscription.name,
        "description": subscription.description,
        "address": shown_url(subscription.target.url),
        "headers": hide_values(subscription.target.headers),
        "sources": list(subscription.sources),
        **counts,
        "created_at": subscription.created_at,
        "updated_at": subscription.updated_at,
    }
