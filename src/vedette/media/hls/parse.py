"""The text of playlists: what is read of RFC 8216, and of its second edition (draft-pantos-hls-rfc8216bis).

Parsed here, strictly, rather than by the `m3u8` package: bounds, refusals by name and ranges are most of the work.
"""

import math
import re
from urllib.parse import urljoin

from vedette.media.hls.playlist import Key, Map, Master, Media, Segment, Span, Variant
from vedette.model.errors import SourceInvalid, SourceUnsupported

MAX_BYTES = 4 << 20
"""A playlist that is longer is refused."""
MAX_ENTRIES = 50_000
"""Segments or variants of one playlist: a day of recording in segments of two seconds has 43,200."""
_MAX_SECONDS = 3600.0
"""A segment that claims to be longer is refused."""
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",\s]*)')
_AUDIO = ("mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "mp3")


def parse(data: bytes, url: str) -> Media | Master:
    """Return what a playlist says.

    Args:
        url: where it came from, for the addresses in it.

    Raises:
        SourceInvalid: it breaks the rules of playlists.
        SourceUnsupported: it asks for what is not read, such as another encryption.
    """
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise SourceInvalid("the playlist is no text") from None
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise SourceInvalid("this is no playlist")
    if any(line.startswith("#EXT-X-DEFINE") for line in lines):
        raise SourceUnsupported("playlists with variables (EXT-X-DEFINE) are not read")
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return _Masters(url).read(lines)
    return _Medias(url).read(lines)


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def _whole(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise SourceInvalid(f"the playlist gives no number for {what}")
    return int(text)


def _seconds(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MAX_SECONDS:
        raise SourceInvalid(f"the playlist gives no usable duration for {what}")
    return value


def _join(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        raise SourceInvalid("the playlist holds what is no address") from None


class _Masters:
    """Reads a master playlist."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, lines: list[str]) -> Master:
        variants: list[Variant] = []
        told: dict[str, str] | None = None
        for line in lines:
            if line.startswith("#EXT-X-STREAM-INF:"):
                told = _attributes(line.partition(":")[2])
            elif line and not line.startswith("#") and told is not None:
                if len(variants) >= MAX_ENTRIES:
                    raise SourceInvalid(f"the playlist has more than {MAX_ENTRIES} entries")
                variants.append(self._variant(told, line))
                told = None
        return Master(tuple(variants))

    def _variant(self, told: dict[str, str], line: str) -> Variant:
        width, _, height = told.get("RESOLUTION", "0x0").lower().partition("x")
        pixels = _whole(width, "RESOLUTION") * _whole(height, "RESOLUTION")
        codecs = [codec.strip().lower() for codec in told.get("CODECS", "").split(",") if codec.strip()]
        video = bool(pixels) or not codecs or not all(codec.startswith(_AUDIO) for codec in codecs)
        return Variant(_join(self._url, line), _whole(told.get("BANDWIDTH", "0"), "BANDWIDTH"), pixels, video)


class _Medias:
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
        if len(self._segments) >= MAX_ENTRIES:
            raise SourceInvalid(f"the playlist has more than {MAX_ENTRIES} entries")
        url = _join(self._url, line)
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
            begin = _whole(first, "a range")
        elif self._following is not None and self._following[0] == url:
            begin = self._following[1]
        else:
            raise SourceInvalid("the playlist gives a range without its first byte")
        span = Span(begin, _whole(length, "a range"))
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
        self._duration = _seconds(rest.partition(",")[0], "a segment")

    def target_duration(self, rest: str) -> None:
        self._target = _seconds(rest, "EXT-X-TARGETDURATION")

    def media_sequence(self, rest: str) -> None:
        if self._segments:
            raise SourceInvalid("the playlist has its EXT-X-MEDIA-SEQUENCE behind a segment")
        self._first = _whole(rest, "EXT-X-MEDIA-SEQUENCE")

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
        told = _attributes(rest)
        if not told.get("URI"):
            raise SourceInvalid("the playlist has an EXT-X-MAP without an address")
        url, ranged, key = _join(self._url, told["URI"]), told.get("BYTERANGE"), self._key()
        if key is not None and key.vector is None:
            raise SourceInvalid("the playlist has an encrypted EXT-X-MAP without a vector")
        if ranged is not None and "@" not in ranged:
            ranged += "@0"
        span = self._span(ranged, url) if ranged is not None else None
        self._map = Map(url, span, key)

    def take_key(self, rest: str) -> None:
        told = _attributes(rest)
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
            self._keys[form] = Key(_join(self._url, told["URI"]), _vector(told.get("IV")))


def _vector(text: str | None) -> bytes | None:
    if text is None:
        return None
    digits = text[2:]
    if text[:2] not in ("0x", "0X") or not re.fullmatch(r"[0-9A-Fa-f]{1,32}", digits):
        raise SourceInvalid("the playlist gives no vector that can be read")
    return bytes.fromhex(digits.zfill(32))


_TAGS = {
    "#EXTINF": _Medias.extinf,
    "#EXT-X-TARGETDURATION": _Medias.target_duration,
    "#EXT-X-MEDIA-SEQUENCE": _Medias.media_sequence,
    "#EXT-X-ENDLIST": _Medias.end,
    "#EXT-X-PLAYLIST-TYPE": _Medias.type,
    "#EXT-X-BYTERANGE": _Medias.byte_range,
    "#EXT-X-DISCONTINUITY": _Medias.discontinuity,
    "#EXT-X-GAP": _Medias.absent,
    "#EXT-X-MAP": _Medias.take_map,
    "#EXT-X-KEY": _Medias.take_key,
}
"""What has a meaning for us; tags that nobody knows are passed over, as the RFC wants it."""
