"""Which segment comes next: of a recording each, of a live playlist those that are added to it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from vedette.media.hls.fetch import Fetcher, whole
from vedette.media.hls.parse import MAX_BYTES, parse
from vedette.media.hls.playlist import Master, Media, Segment
from vedette.media.http import HttpFile
from vedette.model.errors import SourceError, SourceInvalid, SourceLost

STALE_TARGETS = 3.0
"""A live playlist is lost when nothing was added for so many target durations."""
_STALE_LEAST_S = 2.0
_ASK_AGAIN_S = 1.0
"""The longest wait after a playlist could not be fetched. After a target duration of that, it is lost."""
_BACK = 3
"""A playlist that is so many segments older than one seen before is an old copy; an older one has begun anew."""


@dataclass(slots=True)
class Followed:
    """How far a playlist was followed; outlives the connection, so that the next one repeats nothing.

    Attributes:
        next: the sequence number that follows the last segment taken, or None before the first.
        at: when that was taken, monotonic.
    """

    next: int | None = None
    at: float = 0.0


class Follower:
    """Gives segments in order.

    A live playlist is taken up at its last segment: its pictures are as new as the playlist has them. RFC 8216 (6.3.3)
    advises to begin three target durations earlier, so that a viewer never sees playback stall; an analysis that waits
    for the next segment does no harm.

    Attributes:
        media: the playlist as it was last.
        missed_s: seconds of media in segments that were there and could not be had.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        media: Media,
        *,
        live: bool,
        followed: Followed,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.media, self.missed_s = media, 0.0
        self._fetcher, self._url, self._live, self._followed = fetcher, url, live, followed
        self._stop, self._clock = stop, clock
        self._asked = self._grew = self._good = clock()
        self._changed = True  # with the last answer
        self._breaks = False  # the next segment does not go on where the last one ended
        if not live:
            followed.next = media.first
        elif followed.next is None:
            followed.next, followed.at = self._edge(), clock()
        elif media.ended and followed.next >= media.end:
            followed.next = self._edge()  # there is nothing new, and never will be: show that it ended

    @property
    def ahead(self) -> int:
        """Return how many segments wait to be taken."""
        return max(0, self.media.end - (self._followed.next or 0))

    def take(self) -> Segment | None:
        """Return the next segment, waiting for it; None behind the last one.

        Raises:
            SourceLost: nothing was added for long, or the reading was stopped.
            SourceError: the playlist broke.
        """
        while True:
            if segment := self._waiting():
                self._followed.next, self._followed.at = segment.sequence + 1, self._clock()
                if not segment.gap:
                    breaks, self._breaks = self._breaks or segment.breaks, False
                    return replace(segment, breaks=breaks)
                self.miss(segment.seconds)
            elif self.media.ended:
                return None
            else:
                self._reload()

    def put_back(self, segment: Segment) -> None:
        """Take a segment later that cannot be had now."""
        self._followed.next = segment.sequence

    def miss(self, seconds: float) -> None:
        """Count media that did not come.

        Raises:
            SourceLost: none has come for long.
        """
        self.missed_s += seconds
        self._breaks = True
        if self._live and self._clock() - self._good > self._patience():
            raise SourceLost("the segments that the playlist names have been missing for long")

    def good(self) -> None:
        """Note that a segment came."""
        self._good = self._clock()

    def _edge(self) -> int:
        """Return where a live playlist is taken up; the whole of it if it was never live."""
        media = self.media
        recorded = media.ended and media.first == 0 and not media.event and self._followed.next is None
        return media.first if recorded else max(media.first, media.end - 1)

    def _waiting(self) -> Segment | None:
        media, following = self.media, self._followed.next or 0
        if following < media.first:  # fell out of the window
            if not self._live:
                raise SourceInvalid("the playlist has dropped segments before they were read")
            newest = self._edge()
            usual_s = sum(one.seconds for one in media.segments) / max(1, len(media.segments))
            self.miss(min((newest - following) * usual_s, self._clock() - self._followed.at))
            following = newest
        elif following > media.end + _BACK and self._live:
            following, self._breaks = self._edge(), True
        at = following - media.first
        return media.segments[at] if 0 <= at < len(media.segments) else None

    def _patience(self) -> float:
        return max(STALE_TARGETS * self.media.target_s, _STALE_LEAST_S)

    def _reload(self) -> None:
        """Wait as long as RFC 8216 (6.3.4) wants, and ask for the playlist again."""
        pause = self.media.target_s if self._changed else self.media.target_s / 2
        self._wait(self._asked + pause)
        failing_since = 0.0
        while True:
            self._asked = self._clock()
            try:
                data, _ = read_playlist(self._fetcher.open(self._url, MAX_BYTES))
                found = parse(data, self._url)
            except SourceError as error:
                failing_since = failing_since or self._asked
                if self._clock() - failing_since > max(self.media.target_s, _STALE_LEAST_S):
                    raise error from None
            else:
                break
            self._wait(self._clock() + min(pause, _ASK_AGAIN_S))
        if isinstance(found, Master):
            raise SourceInvalid("the list of segments has become a list of renditions")
        self._changed = (found.first, found.end, found.ended) != (self.media.first, self.media.end, self.media.ended)
        self.media = found
        if self._changed:
            self._grew = self._asked
        elif self._clock() - self._grew > self._patience():
            raise SourceLost(f"nothing was added to the playlist for {self._clock() - self._grew:.0f} s")

    def _wait(self, until: float) -> None:
        if self._stop.wait(max(0.0, until - self._clock())):
            raise SourceLost("reading was stopped")


def read_playlist(file: HttpFile) -> tuple[bytes, str]:
    """Return a playlist, and the address that its own addresses are relative to; closes the file."""
    try:
        return whole(file, MAX_BYTES), file.url
    finally:
        file.close()
