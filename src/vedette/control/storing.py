"""Whether what workers hand over can be stored: told in the log, the metrics and `/readyz` while it cannot.

Workers keep what is not stored, and hand it over again; so nothing is lost while they have room, and nobody needs to do
anything but make room.
"""

from collections.abc import Callable
from typing import Final

import structlog

from vedette.model.errors import Unavailable
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

RECENT_S: Final = 10.0
"""A failure counts for so long: workers try again four times a second."""
REMIND_S: Final = 60.0


class Storing:
    """What became of the last attempts.

    Args:
        monotonic: seconds.
    """

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._metrics = metrics
        self._monotonic = monotonic
        self._since: float | None = None
        self._failed_at = 0.0
        self._told_at = 0.0
        self._reason = ""

    def failed(self, what: str, reason: str) -> None:
        """Take note of a failure.

        Args:
            what: `pictures` or `database`.
            reason: a sentence.
        """
        now = self._monotonic()
        self._metrics.storage_failures.labels(what).inc()
        self._metrics.storage_failing.set(1)
        if self._since is None or now - self._told_at >= REMIND_S:
            log.error("events cannot be stored; workers keep them and try again", what=what, reason=reason)
            self._told_at = now
        self._since = now if self._since is None else self._since
        self._failed_at, self._reason = now, reason

    def done(self) -> None:
        """Take note of a success."""
        if self._since is not None:
            log.info("events are stored again", after_s=round(self._monotonic() - self._since, 1))
            self._metrics.storage_failing.set(0)
            self._since = None

    def check(self) -> None:
        """Raise what the last attempt failed of, if that was just now.

        Raises:
            Unavailable: it did.
        """
        if self._since is not None and self._monotonic() - self._failed_at < RECENT_S:
            raise Unavailable(f"Events cannot be stored. {self._reason}")
