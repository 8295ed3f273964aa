"""Did a file end before its own end? What the containers declare, against what is there.

Sources of the formats: ISO/IEC 14496-12 (boxes), Microsoft's AVI RIFF reference, RFC 8794 and 9559 (EBML, Matroska).
"""

from typing import Protocol

from av.video.stream import VideoStream

_BOXES = 64
"""Boxes looked at on the top level of an MP4; a finished file has a handful, a fragmented one is judged by its index."""
_EBML = 0x1A45DFA3
_SEGMENT = 0x18538067


class SizedFile(Protocol):
    """A file object that may know its size, and knows whether a seek costs little."""

    size: int | None
    cheap_seeks: bool

    def seek(self, offset: int, whence: int = 0) -> int: ...
    def read(self, size: int) -> bytes: ...


def lacks(stream: VideoStream, packets: int | None, file: SizedFile | None) -> str | None:
    """Return what a file that was read to its end lacks by its own account, or None.

    Args:
        stream: what was read.
        packets: packets that came, if it was read from its start.
        file: what it was read from.
    """
    entries = stream.index_entries
    name = stream.container.format.name
    if file is not None and file.size is not None and "mp4" in name and len(entries):
        end = max(entry.pos + entry.size for entry in entries)
        return f"its index reaches to byte {end}, it has {file.size}" if end > file.size else None
    if packets is not None and packets < stream.frames and ("mp4" in name or name == "avi"):
        return f"it declares {stream.frames} pictures, {packets} came"
    return cut_short(file) if file is not None else None


def cut_short(file: SizedFile) -> str | None:
    """Return what the outermost structure of a file says of its missing end, or None.

    Moves the file's position; looks at nothing in a file whose seeks cost a transfer.
    """
    if file.size is None or not file.cheap_seeks:
        return None
    file.seek(0)
    head = _take(file, 16)
    if head[:4] == b"RIFF":
        return _judge(8 + int.from_bytes(head[4:8], "little"), file.size)
    if int.from_bytes(head[:4], "big") == _EBML:
        return _judge(_segment_end(file), file.size)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _judge(_boxes_end(file, file.size), file.size)
    return None


def _judge(end: int | None, size: int) -> str | None:
    return f"it declares {end} bytes, it has {size}" if end is not None and end > size else None


def _boxes_end(file: SizedFile, size: int) -> int | None:
    """Return where the last top-level box ends, or where the first one that does not fit would."""
    at = 0
    for _ in range(_BOXES):
        file.seek(at)
        head = _take(file, 16)
        if len(head) < 8:
            return at
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # up to the end, wherever that is
            return size
        if length < 8:  # not a box
            return None
        at += length
        if at >= size:
            return at
    return None


def _segment_end(file: SizedFile) -> int | None:
    """Return where the Matroska segment ends; None where it was written without a length."""
    at = 0
    for _ in range(8):
        file.seek(at)
        head = _take(file, 12)
        if len(head) < 12:
            return None
        id_length = ebml_width(head[0])
        size_length = ebml_width(head[id_length])
        mark = int.from_bytes(head[:id_length], "big")
        length = int.from_bytes(head[id_length : id_length + size_length], "big") & ((1 << 7 * size_length) - 1)
        start = at + id_length + size_length
        if mark == _SEGMENT:
            return None if length == (1 << 7 * size_length) - 1 else start + length
        at = start + length
    return None


def ebml_width(first: int) -> int:
    """Return the length of an EBML number from its first byte: its leading zero bits, and one."""
    return min(9 - first.bit_length(), 8)


def _take(file: SizedFile, count: int) -> bytes:
    """Read exactly `count` bytes, or what there is up to the end."""
    got = b""
    while len(got) < count and (piece := file.read(count - len(got))):
        got += piece
    return got
