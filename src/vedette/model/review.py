"""What somebody thinks of an event, and what a project's events go by."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from vedette.model.output import WebhookOutput

WINDOW_S: Final = 60


class Review(StrEnum):
    """Where the review of an event stands; every event begins unreviewed."""

    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class EventRules:
    """What a project's event center does with new events.

    Attributes:
        manual_review: subscribers are told only what somebody has approved.
        aggregate: repetitions follow a main event.
        window_s: how long after a main event its repetitions follow it, by the events' own times.
    """

    manual_review: bool = False
    aggregate: bool = False
    window_s: int = WINDOW_S


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who is told of the events of a project's event center.

    Attributes:
        sources: ids of video sources; empty: all, and inputs that are no registered source too.
        target: the address and its headers.
    """

    id: str
    name: str
    target: WebhookOutput = field(repr=False)
    sources: tuple[str, ...] = ()
    description: str = ""
    created_at: int = 0
    updated_at: int = 0
