"""The text of a list of segments (RFC 8216, 4.3.2 and 4.3.3)."""

from vedette.media.hls.playlist import Key, Map, Media, Segment, Span
from vedette.media.hls.values import address, attributes, check_entries, seconds, vector, whole_number
from vedette.model.errors import SourceInvalid, SourceUnsupported


class SegmentList:
    """Reads a media playlist; holds what applies to the segments that follow."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._segments: list[Segment] = []
        self._first = 0
        self._target: float | None = None
        self._ended = self._event = False
        self._keys: dict[str, Key | str] = {}  # by format; the name of a method that is not read instead of a key
        self._map: Map | None = None
        self._following: tuple[str, int] | None = None  # resource, and the byte behind the last range of it
        self._next()

    def _next(self) -> None:
        """Forget what applies to one segment only."""
        self._duration: float | None = None
        self._range: str | None = None
        self._breaks = self._gap = False

    def read(self, lines: list[str]) -> Media:
        """Return what it says.

        Raises:
            SourceInvalid: it breaks the rules of playlists.
            SourceUnsupported: segments are encrypted in a way that is not read.
        """
        for line in lines:
            name, _, rest = line.partition(":")
            if tag := _TAGS.get(name):
                tag(self, rest)
            elif line and not line.startswith("#"):
                self._segment(line)
        if self._target is None:
            raise SourceInvalid("the playlist lacks its EXT-X-TARGETDURATION")
        return Media(max(self._target, 0.1), tuple(self._segments), self._ended, self._first, self._event)

    def _segment(self, line: str) -> None:
        if self._duration is None:
            raise SourceInvalid("the playlist has a segment without a duration")
        check_entries(len(self._segments))
        url = address(self._url, line)
        span = self._span(self._range, url) if self._range is not None else None
        number = self._first + len(self._segments)
        self._segments.append(
            Segment(number, url, self._duration, span, self._key(), self._map, self._breaks, self._gap)
        )
        self._next()

    def _span(self, text: str, url: str) -> Span:
        """Return the range `length[@first]`; without a first byte it follows the range before."""
        length, at, first = text.partition("@")
        if at:
            begin = whole_number(first, "a range")
        elif self._following is not None and self._following[0] == url:
            begin = self._following[1]
        else:
            raise SourceInvalid("the playlist gives a range without its first byte")
        span = Span(begin, whole_number(length, "a range"))
        self._following = (url, span.first + span.length)
        return span

    def _key(self) -> Key | None:
        """Return the key that applies.

        Raises:
            SourceUnsupported: there is none that is read.
        """
        if not self._keys:
            return None
        for key in self._keys.values():
            if isinstance(key, Key):
                return key
        raise SourceUnsupported(f"segments encrypted by {' or '.join(map(str, self._keys.values()))} are not read")

    # -- tags

    def extinf(self, rest: str) -> None:
        self._duration = seconds(rest.partition(",")[0], "a segment")

    def target_duration(self, rest: str) -> None:
        self._target = seconds(rest, "EXT-X-TARGETDURATION")

    def media_sequence(self, rest: str) -> None:
        if self._segments:
            raise SourceInvalid("the playlist has its EXT-X-MEDIA-SEQUENCE behind a segment")
        self._first = whole_number(rest, "EXT-X-MEDIA-SEQUENCE")

    def end(self, _rest: str) -> None:
        self._ended = True

    def type(self, rest: str) -> None:
        self._event = rest.strip() == "EVENT"

    def byte_range(self, rest: str) -> None:
        self._range = rest.strip()

    def discontinuity(self, _rest: str) -> None:
        self._breaks = True

    def absent(self, _rest: str) -> None:
        self._gap = True

    def take_map(self, rest: str) -> None:
        told = attributes(rest)
        if not told.get("URI"):
            raise SourceInvalid("the playlist has an EXT-X-MAP without an address")
        url, ranged, key = address(self._url, told["URI"]), told.get("BYTERANGE"), self._key()
        if key is not None and key.vector is None:
            raise SourceInvalid("the playlist has an encrypted EXT-X-MAP without a vector")
        if ranged is not None and "@" not in ranged:
            ranged += "@0"
        span = self._span(ranged, url) if ranged is not None else None
        self._map = Map(url, span, key)

    def take_key(self, rest: str) -> None:
        told = attributes(rest)
        method, form = told.get("METHOD", ""), told.get("KEYFORMAT", "identity")
        if method == "NONE":
            self._keys.clear()
        elif method != "AES-128":
            self._keys[form] = method[:32] or "no method"
        elif form != "identity":
            self._keys[form] = f"AES-128 with keys of the form {form[:64]!r}"
        elif not told.get("URI"):
            raise SourceInvalid("the playlist has an EXT-X-KEY without an address")
        else:
            self._keys[form] = Key(address(self._url, told["URI"]), vector(told.get("IV")))


_TAGS = {
    "#EXTINF": SegmentList.extinf,
    "#EXT-X-TARGETDURATION": SegmentList.target_duration,
    "#EXT-X-MEDIA-SEQUENCE": SegmentList.media_sequence,
    "#EXT-X-ENDLIST": SegmentList.end,
    "#EXT-X-PLAYLIST-TYPE": SegmentList.type,
    "#EXT-X-BYTERANGE": SegmentList.byte_range,
    "#EXT-X-DISCONTINUITY": SegmentList.discontinuity,
    "#EXT-X-GAP": SegmentList.absent,
    "#EXT-X-MAP": SegmentList.take_map,
    "#EXT-X-KEY": SegmentList.take_key,
}
"""What has a meaning for us; tags that nobody knows are passed over, as the RFC wants it."""
