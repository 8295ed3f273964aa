"""What a file declares, against what is put up with: judged before anything of it is decoded.

Sources of the formats: Microsoft's AVI RIFF reference, RFC 8794 and 9559 (EBML, Matroska). MP4 and FLV have no room for
sizes that are absurd; what a codec's own header says is judged by FFmpeg.
"""

from av.container import InputContainer

from vedette.media.declared import ebml_width
from vedette.model.errors import SourceInvalid

HEAD = 16 << 10
"""Bytes at the beginning in which containers tell the size of their pictures."""
_MASTERS = frozenset({0x18538067, 0x1654AE6B, 0xAE, 0xE0})
"""Segment, Tracks, TrackEntry, Video: elements that hold what is looked for."""
_WIDTH, _HEIGHT = 0xB0, 0xBA
_FINISHED = ("mp4", "matroska", "avi", "mxf", "asf")
"""Containers whose header has the duration only when they were written to their end; FLV relayed live may have one."""


def check_declared(container: InputContainer, *, packet_bytes: int, duration_s: float) -> None:
    """Refuse a file that says of itself what no recording is.

    Raises:
        SourceInvalid: it is too long, or its index has a packet that is too large.
    """
    declared_s = (container.duration or 0) / 1_000_000
    if declared_s > duration_s:
        raise SourceInvalid(f"the file says that it lasts {declared_s:.0f} s, more than {duration_s:.0f}")
    for stream in container.streams.video:
        largest = max((abs(entry.size) for entry in stream.index_entries), default=0)  # FFmpeg has 30 bits for it
        if largest > packet_bytes:
            raise SourceInvalid(f"the file says that it has a packet of {largest} bytes, more than {packet_bytes}")


def check_size(width: int, height: int, pixels: int) -> None:
    """Refuse pictures that are too large.

    Args:
        width: of a picture, in pixels.
        height: the same.
        pixels: width times height of the largest.

    Raises:
        SourceInvalid: they are.
    """
    if width * height > pixels:
        raise SourceInvalid(f"pictures of {width}x{height} are larger than this service takes")


def has_end(container: InputContainer) -> bool:
    """Return whether the header tells that there is an end."""
    return bool(container.duration and container.duration > 0) and any(
        name in container.format.name for name in _FINISHED
    )


def check_claimed(head: bytes, pixels: int) -> None:
    """Refuse a container that claims pictures larger than are put up with, whatever its codec says.

    Args:
        head: its first bytes, `HEAD` of them at most.
        pixels: width times height.

    Raises:
        SourceInvalid: it does.
    """
    claims = {b"RIFF": _avi, b"\x1a\x45\xdf\xa3": _matroska}.get(head[:4])
    for width, height in claims(head) if claims else []:
        if width * height > pixels:
            raise SourceInvalid(f"the file says that its pictures are {width}x{height}, larger than this service takes")


def _avi(head: bytes) -> list[tuple[int, int]]:
    """Return the sizes in the main header and in the formats of the video streams."""
    found = [_sized(head, head.find(b"avih") + 8 + 32)]
    at = head.find(b"vids")
    while at >= 0:
        found.append(_sized(head, head.find(b"strf", at) + 8 + 4))
        at = head.find(b"vids", at + 4)
    return found


def _sized(head: bytes, at: int) -> tuple[int, int]:
    """Return the numbers at a place; heights below zero mean pictures upside down."""
    width, height = (int.from_bytes(head[at + by : at + by + 4], "little", signed=True) for by in (0, 4))
    return abs(width), abs(height)


def _matroska(head: bytes) -> list[tuple[int, int]]:
    """Return the sizes of the tracks."""
    numbers: dict[int, list[int]] = {_WIDTH: [], _HEIGHT: []}
    at = 0
    while at < len(head):
        mark_length = ebml_width(head[at])
        mark = int.from_bytes(head[at : at + mark_length], "big")
        at += mark_length
        if at >= len(head):
            break
        size_length = ebml_width(head[at])
        size = int.from_bytes(head[at : at + size_length], "big") & ((1 << 7 * size_length) - 1)
        at += size_length
        if mark in numbers and size <= 8:
            numbers[mark].append(int.from_bytes(head[at : at + size], "big"))
        if mark not in _MASTERS:
            at += size
    return list(zip(numbers[_WIDTH], numbers[_HEIGHT], strict=False))
