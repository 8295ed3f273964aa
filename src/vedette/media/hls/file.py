"""The media of a playlist as one Python file object: what FFmpeg reads from.

MPEG-TS segments are joined, and so are fragments of MP4 behind their EXT-X-MAP. Where the playlist says that what
follows does not fit what came before (EXT-X-DISCONTINUITY, another map, a segment that was missed) the file ends, and
goes on behind `next_part`: it is opened and probed afresh there.
"""

import threading
from collections.abc import Iterable, Iterator

from av.packet import Packet
from av.video.stream import VideoStream

from vedette.media.connection import Timeouts
from vedette.media.hls.fetch import Bytes, Fetcher
from vedette.media.hls.follow import Followed, Follower, read_playlist
from vedette.media.hls.pace import Pace
from vedette.media.hls.parse import MAX_BYTES, parse
from vedette.media.hls.playlist import Map, Master, Media, Segment
from vedette.media.http import Absent, HttpFile
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceTruncated, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

_SIGN = b"#EXTM3U"
_TRIES = 3
"""Times that a segment which the server does not give is asked for."""
_AGAIN_S = 0.2
_BEHIND = 2
"""Segments that wait above which a live source is read faster than it happens."""


def is_playlist(file: HttpFile) -> bool:
    """Return whether a file that was just opened holds a playlist.

    Raises:
        SourceError: nothing comes.
    """
    head = file.peek(len(_SIGN) + 3)
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_SIGN)


class HlsFile:
    """The joined segments of one playlist; not thread-safe, read once from front to back.

    Attributes:
        size: None: not known.
        failure: the error that ended reading.
        live: the playlist has no end yet.
        finished: its end was reached; a live one may end, too: the event is over.
    """

    name = "<hls>"
    size: int | None = None
    cheap_seeks = False

    def __init__(
        self,
        file: HttpFile,
        address: Address,
        *,
        policy: GuardPolicy,
        stop: threading.Event,
        timeouts: Timeouts,
        pixels: int,
        followed: Followed | None = None,
    ) -> None:
        """Read the playlist, and the one of the best rendition.

        Args:
            file: the playlist that was asked for; is closed.
            pixels: larger pictures are not wanted.
            followed: how far an earlier connection came.

        Raises:
            SourceError: of the kind that fits.
        """
        self.failure: SourceError | None = None
        self.finished = False
        self._stop = stop
        self._fetcher = Fetcher(address, policy=policy, stop=stop, timeouts=timeouts)
        media, url = self._choose(file, pixels)
        self.live = address.liveness is Liveness.LIVE or (address.liveness is Liveness.EITHER and not media.ended)
        follower = Follower(self._fetcher, url, media, live=self.live, followed=followed or Followed(), stop=stop)
        self._follower = follower
        self._pace = Pace(lambda: follower.ahead > _BEHIND, stop)  # knows no more than it needs: not this file
        self._source: Bytes | None = None
        self._rest = b""  # given by the source, and not wanted yet
        self._segment: Segment | None = None  # that is being read
        self._pending: Segment | None = None  # begins the next part
        self._empty = True  # nothing of the segment has come
        self._given = 0  # bytes of this part
        self._missing = 0
        self._map: Map | None = None

    @property
    def missing(self) -> int:
        """Return how many pictures were in segments that could not be had, as far as can be told."""
        self._missing = max(self._missing, round(self._follower.missed_s / self._pace.step_s))
        return self._missing

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise OSError(f"a playlist is read from front to back, not from {offset}, {whence}")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end of a part, and none after a failure that lasts.

        Raises:
            SourceLost: a live playlist stopped growing, or its server went away.
            SourceUnreachable: likewise.
        """
        if self.failure is not None:
            return b""
        try:
            if not self._rest:
                self._rest = self._more(size)
        except SourceError as error:
            self.failure = error
            if error.transient:
                raise
            return b""  # so that FFmpeg gives what it still holds; whoever reads looks at `failure` then
        piece, self._rest = self._rest[:size], self._rest[size:]
        self._given += len(piece)
        return piece

    def next_part(self) -> bool:
        """Go on to what follows the end of a part; return whether anything does."""
        if self._pending is None:
            return False
        self._given, self._map = 0, None
        return True

    def packets(self, packets: "Iterable[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
        """Yield packets that were read from here: of a live source as slowly as it happens."""
        return self._pace.through(packets) if self.live else iter(packets)

    def close(self) -> None:
        """Hang up, and forget the failure: its traceback knows who reads, and the two would keep each other."""
        self.failure = None
        self._source, self._rest = None, b""
        self._fetcher.close()

    def _choose(self, file: HttpFile, pixels: int) -> tuple[Media, str]:
        """Return the list of segments, and where it is."""
        data, url = read_playlist(file)
        found = parse(data, url)
        if isinstance(found, Master):
            found, url = self._rendition(found, pixels)
        if not found.segments and found.ended:
            raise SourceInvalid("the playlist is empty")
        return found, url

    def _rendition(self, master: Master, pixels: int) -> tuple[Media, str]:
        variants = master.best(pixels)[:_TRIES]
        for variant in variants:
            try:
                data, url = read_playlist(self._fetcher.open(variant.url, MAX_BYTES))
            except (SourceUnreachable, SourceLost):  # the next one may be at another server
                if variant is variants[-1]:
                    raise
                continue
            found = parse(data, url)
            if isinstance(found, Master):
                raise SourceInvalid("the playlist names a list of renditions as one of its renditions")
            return found, url
        raise SourceInvalid("the playlist is empty")

    def _more(self, size: int) -> bytes:
        """Return the next bytes of this part."""
        while True:
            if self._source is not None:
                if piece := self._piece(self._source, size):
                    self._follower.good()
                    self._empty = False
                    return piece
                if self._empty and self._segment is not None:
                    self._follower.miss(self._segment.seconds)
                self._source = self._segment = None
            segment = self._pending or self._follower.take()
            if segment is None:
                self.finished = True
                return b""
            if self._given and (segment.breaks or segment.map != self._map):
                self._pending = segment
                return b""
            self._pending = None
            if head := self._begin(segment):
                return head

    def _piece(self, source: Bytes, size: int) -> bytes:
        try:
            return source.read(size)
        except SourceError as error:
            if not self.live or self._stop.is_set():
                raise self._of_segment(error) from None
            self._fetcher.close()
            if not self._empty and self._segment is not None:
                self._follower.miss(self._segment.seconds)  # as if none of it had come
            return b""

    def _begin(self, segment: Segment) -> bytes:
        """Open a segment; return what stands before it."""
        self._segment = segment
        for attempt in range(_TRIES):
            try:
                head = self._fetcher.map(segment.map) if segment.map and segment.map != self._map else b""
                self._source = self._fetcher.segment(segment)
            except SourceError as error:
                again = isinstance(error, Absent) or (isinstance(error, SourceUnreachable) and not self.live)
                if not again or attempt == _TRIES - 1:
                    return self._without(segment, error)
                if self._stop.wait(_AGAIN_S * 2**attempt):
                    raise SourceLost("reading was stopped") from None
            else:
                break
        self._map, self._empty = segment.map, True
        return head

    def _without(self, segment: Segment, error: SourceError) -> bytes:
        """Do without a segment that is not there, if that is possible; it is not in a recording."""
        if not isinstance(error, Absent):
            if self.live and error.transient:
                self._follower.put_back(segment)
            raise self._of_segment(error) from None
        if not self.live:
            said = f"segment {segment.sequence} is missing: {error.message}"
            raise SourceTruncated(f"the recording is not whole: {said}") from None
        self._follower.miss(segment.seconds)
        return b""

    def _of_segment(self, error: SourceError) -> SourceError:
        if self._segment is None:
            return error
        return type(error)(f"segment {self._segment.sequence} of the playlist: {error.message}")
