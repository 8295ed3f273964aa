"""When the outbox is to be looked at again."""

from dataclasses import dataclass


@dataclass(slots=True)
class Outlook:
    """What is known of the time of the next look.

    Attributes:
        now: there may be something new.
        at: when the next row falls due, as far as is known; milliseconds since the epoch.
    """

    now: bool = True
    at: int = 0

    def by(self, at_ms: int) -> None:
        """Look at this time at the latest."""
        self.at = min(self.at, at_ms)

    def due(self, now_ms: int) -> bool:
        """Return whether to look now."""
        return self.now or now_ms >= self.at
