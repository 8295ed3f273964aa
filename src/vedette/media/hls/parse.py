"""The text of playlists: what is read of RFC 8216, and of its second edition (draft-pantos-hls-rfc8216bis).

Parsed here, strictly, rather than by the `m3u8` package: bounds, refusals by name and ranges are most of the work.
"""

from vedette.media.hls.playlist import Master, Media
from vedette.media.hls.renditions import read_master
from vedette.media.hls.segments import SegmentList
from vedette.model.errors import SourceInvalid, SourceUnsupported

MAX_BYTES = 4 << 20
"""A playlist that is longer is refused."""


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
        return read_master(lines, url)
    return SegmentList(url).read(lines)
