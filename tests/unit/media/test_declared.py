"""What the outermost structure of a file says of its missing end."""

import io
import struct

import pytest

from vedette.media.declared import cut_short


class Bytes(io.BytesIO):
    """A file of known size whose seeks cost nothing."""

    cheap_seeks = True

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size: int | None = len(data)


def box(kind: bytes, body: bytes, *, long: bool = False) -> bytes:
    if long:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


MP4 = box(b"ftyp", b"isom" * 3) + box(b"mdat", bytes(500), long=True) + box(b"moov", bytes(100))
AVI = b"RIFF" + struct.pack("<I", 304) + b"AVI " + bytes(300)
MKV = b"\x1a\x45\xdf\xa3\x84abcd" + b"\x18\x53\x80\x67\x01\x00\x00\x00\x00\x00\x01\x00" + bytes(256)
MKV_OPEN = b"\x1a\x45\xdf\xa3\x84abcd" + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(256)


@pytest.mark.parametrize("whole", [MP4, AVI, MKV, MKV_OPEN, AVI + b"odd bytes behind", b"\x47" * 400, b""])
def test_a_whole_file_lacks_nothing(whole: bytes) -> None:
    """Nor does one of a format that declares no length."""
    assert cut_short(Bytes(whole)) is None


@pytest.mark.parametrize("whole", [MP4, AVI, MKV])
@pytest.mark.parametrize("share", [0.99, 0.5, 0.2])
def test_a_cut_file_is_found_out(whole: bytes, share: float) -> None:
    """Wherever it was cut."""
    assert cut_short(Bytes(whole[: int(len(whole) * share)])) is not None


def test_nothing_is_fetched_to_find_out_where_seeks_cost_a_transfer() -> None:
    """From a server without ranges every look would be a download."""
    dear = Bytes(MP4[:300])
    dear.cheap_seeks = False
    assert cut_short(dear) is None
    assert dear.tell() == 0
