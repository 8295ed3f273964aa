"""A cut-out of a picture, and the picture it is from, as one JPEG file.

The file is a cut-out in the first place; what shows JPEG shows that. An index in it (Multi-Picture Format, CIPA
DC-007-2009) says that it is one, and where the whole picture begins, if that was kept too. So a picture with its
cut-out is stored, counted, and removed as any other.
"""

import struct
from typing import Final, NamedTuple

ORIGIN: Final = ".origin.jpg"
"""How the names of whole pictures end in a bucket; that of the cut-out ends as that of any picture, `.jpg`."""
START: Final = b"\xff\xd8"
_JFIF: Final = 0xE0
_APP2: Final = 0xE2
_MARK: Final = b"MPF\0"
_ORDER: Final = b"MM\0*"
"""Big-endian TIFF, to which the offsets of the index refer."""
_BEGIN: Final = len(_ORDER) + 4 + 2 + 3 * 12 + 4
"""Of the list of pictures: after the header, and a directory of three tags."""
_VERSION, _COUNT, _LIST = 0xB000, 0xB001, 0xB002
_FIRST: Final = 0x2003_0000
"""Attributes of the picture that represents the file, of a baseline primary image."""
_ENTRY: Final = struct.Struct(">IIIHH")


class Pictures(NamedTuple):
    """What a stored file holds.

    Attributes:
        cut: the cut-out; None where the file is a whole picture and nothing more.
        whole: the whole picture; None if only the cut-out was kept.
    """

    cut: bytes | None
    whole: bytes | None


def join(cut: bytes, whole: bytes | None) -> bytes:
    """Return one file of a cut-out and the picture it is from, both JPEG."""
    at = _after_jfif(cut)
    count = 1 if whole is None else 2
    size = len(cut) + 4 + len(_MARK) + _BEGIN + _ENTRY.size * count
    tiff_at = at + 4 + len(_MARK)
    entries = [(_FIRST, size, 0, 0, 0)]
    if whole is not None:
        entries.append((0, len(whole), size - tiff_at, 0, 0))
    tags = (
        struct.pack(">HHI4s", _VERSION, 7, 4, b"0100")
        + struct.pack(">HHII", _COUNT, 4, 1, count)
        + struct.pack(">HHII", _LIST, 7, _ENTRY.size * count, _BEGIN)
    )
    index = _MARK + _ORDER + struct.pack(">IH", 8, 3) + tags + struct.pack(">I", 0)
    index += b"".join(_ENTRY.pack(*entry) for entry in entries)
    segment = struct.pack(">BBH", 0xFF, _APP2, len(index) + 2) + index
    return cut[:at] + segment + cut[at:] + (whole or b"")


def split(file: bytes) -> Pictures:
    """Return what a file holds: the very bytes that `join` was given, or all of it as a whole picture."""
    at = _after_jfif(file)
    tiff_at = at + 4 + len(_MARK)
    head = file[at : tiff_at + _BEGIN]
    if head[:2] != bytes((0xFF, _APP2)) or head[4 : 4 + len(_MARK) + len(_ORDER)] != _MARK + _ORDER:
        return Pictures(None, file)
    try:
        length = struct.unpack_from(">H", file, at + 2)[0]
        count = (length - 2 - len(_MARK) - _BEGIN) // _ENTRY.size
        entries = [_ENTRY.unpack_from(file, tiff_at + _BEGIN + n * _ENTRY.size) for n in range(count)]
    except struct.error:
        return Pictures(None, file)
    if count not in {1, 2} or entries[0][0] != _FIRST or entries[0][1] > len(file):
        return Pictures(None, file)
    cut = file[:at] + file[at + 2 + length : entries[0][1]]
    if count == 1:
        return Pictures(cut, None)
    begin = tiff_at + entries[1][2]
    return Pictures(cut, file[begin : begin + entries[1][1]])


def _after_jfif(jpeg: bytes) -> int:
    """Return where the index stands: after the segment that has to come first."""
    at = len(START)
    if len(jpeg) >= at + 4 and jpeg[at] == 0xFF and jpeg[at + 1] == _JFIF:
        at += 2 + int(struct.unpack_from(">H", jpeg, at + 2)[0])
    return at
