"""The text of a list of renditions (RFC 8216, 4.3.4)."""

from vedette.media.hls.playlist import Master, Variant
from vedette.media.hls.values import address, attributes, check_entries, whole_number

_AUDIO = ("mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "mp3")
"""How the names of codecs begin that are no video."""


def read_master(lines: list[str], url: str) -> Master:
    """Return what a list of renditions says.

    Args:
        lines: of its text.
        url: where it came from, for the addresses in it.

    Raises:
        SourceInvalid: it breaks the rules of playlists.
    """
    variants: list[Variant] = []
    told: dict[str, str] | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            told = attributes(line.partition(":")[2])
        elif line and not line.startswith("#") and told is not None:
            check_entries(len(variants))
            variants.append(_variant(told, address(url, line)))
            told = None
    return Master(tuple(variants))


def _variant(told: dict[str, str], url: str) -> Variant:
    width, _, height = told.get("RESOLUTION", "0x0").lower().partition("x")
    pixels = whole_number(width, "RESOLUTION") * whole_number(height, "RESOLUTION")
    codecs = [codec.strip().lower() for codec in told.get("CODECS", "").split(",") if codec.strip()]
    video = bool(pixels) or not codecs or not all(codec.startswith(_AUDIO) for codec in codecs)
    return Variant(url, whole_number(told.get("BANDWIDTH", "0"), "BANDWIDTH"), pixels, video)
