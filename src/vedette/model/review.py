"""What somebody thinks of an event."""

from enum import StrEnum


class Review(StrEnum):
    """Where the review of an event stands; every event begins unreviewed."""

    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    REJECTED = "rejected"
