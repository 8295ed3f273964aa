"""A secret that the calls of a project's webhooks are signed with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """A secret, as one is shown: without itself.

    Attributes:
        created_at: milliseconds since the epoch, as is `expires_at`.
        expires_at: when it stops to hold; None: when it is removed.
    """

    id: str
    created_at: int
    expires_at: int | None = None
