"""How often a source that failed is tried again, and how soon."""

from collections.abc import Callable
from typing import Final

from vedette.media.backoff import Backoff
from vedette.model.errors import SourceError, SourceRefused

FILE_TRIES: Final = 5
"""Transient errors of a file in a row, before its first picture, after which it is given up: some ten seconds."""
BEGUN_TRIES: Final = 10
"""The same once it has given pictures: about a minute, so that a server can be started anew in the middle."""
FILE_CEILING_S: Final = 15.0
"""The longest wait before a file is tried again; it has no more than its few tries."""
REFUSED_CEILING_S: Final = 5.0
"""The longest wait before a live source that has been seen is asked again after it refused, or gave no video."""
LOGIN_CEILING_S: Final = 30.0
"""The longest wait where it refused the name or the password: cameras lock accounts for wrong ones."""
_STEADY_S: Final = 5.0
"""A live connection that held this long was a good one: the next loss is tried again soon."""


class Patience:
    """What one source is given.

    Attributes:
        seen: it has given pictures: a live one may stay away for as long as it likes.
    """

    def __init__(self, backoff: Backoff, *, seen: bool, clock: Callable[[], float]) -> None:
        self.seen = seen
        self._backoff, self._clock = backoff, clock
        self._began = clock()

    def begin(self) -> None:
        """Note that a connection is tried."""
        self._began = self._clock()

    def reset(self) -> None:
        """Forget the tries that failed."""
        self._backoff.reset()

    def wait_s(self, error: SourceError, *, live: bool, progress: bool) -> float | None:
        """Return how long to wait before the next try, in seconds; None where it is not worth one.

        Args:
            error: what the last try ended in.
            live: the source has no end.
            progress: the last try gave pictures.
        """
        if progress and (not live or self._clock() - self._began > _STEADY_S):
            self.reset()
        if self.is_final(error, live=live):
            return None
        if not live and self._backoff.tries >= (BEGUN_TRIES if self.seen else FILE_TRIES):
            return None
        return self._backoff.next(_ceiling_s(error, live=live))

    def is_final(self, error: SourceError, *, live: bool) -> bool:
        """Return whether no try at all cures an error; what has been seen of a live source is never the end of it."""
        return not (error.transient or (live and self.seen))


def _ceiling_s(error: SourceError, *, live: bool) -> float | None:
    """Return the longest wait for what went wrong; None for the usual one."""
    if not live:
        return FILE_CEILING_S
    if error.transient:
        return None
    return LOGIN_CEILING_S if isinstance(error, SourceRefused) and error.login else REFUSED_CEILING_S
