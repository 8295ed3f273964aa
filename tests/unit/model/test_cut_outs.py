"""A cut-out and its whole picture in one file."""

import cv2
import numpy as np
import pytest

from vedette.model.pictures import Pictures, join, split


def jpeg(seed: int, size: tuple[int, int] = (40, 60)) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def bare(picture: bytes) -> bytes:
    """The same without the segment of JFIF, as some cameras write them."""
    length = int.from_bytes(picture[4:6], "big")
    return picture[:2] + picture[4 + length :]


@pytest.mark.parametrize("cut", [jpeg(1), bare(jpeg(1))])
@pytest.mark.parametrize("whole", [None, jpeg(2, (400, 600)), bare(jpeg(2))])
def test_what_was_joined_comes_out_byte_for_byte(cut: bytes, whole: bytes | None) -> None:
    assert split(join(cut, whole)) == Pictures(cut, whole)


@pytest.mark.parametrize("file", [jpeg(1), bare(jpeg(1)), b"", b"\xff\xd8", b"no picture", b"\xff\xd8\xff\xe0"])
def test_any_other_file_is_a_whole_picture(file: bytes) -> None:
    """Plugins and older events have those."""
    assert split(file) == Pictures(None, file)


def test_a_reader_that_knows_nothing_of_it_shows_the_cut_out() -> None:
    """Browsers, and the event center."""
    shown = cv2.imdecode(np.frombuffer(join(jpeg(1), jpeg(2, (400, 600))), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (40, 60, 3)


@pytest.mark.parametrize("length", range(30, 110, 5))
def test_a_file_that_breaks_off_does_no_harm(length: int) -> None:
    """A disk may lose the end of a file; the index must not lead anywhere else."""
    file = join(jpeg(1), jpeg(2))
    assert split(file[:length]).whole in {None, file[:length]}


def test_the_index_is_the_one_of_the_standard() -> None:
    """Read as CIPA DC-007 has it: offsets from the byte order mark, big-endian."""
    cut, whole = jpeg(1), jpeg(2)
    file = join(cut, whole)
    at = file.index(b"MPF\0MM\0*") + 4

    def number(offset: int, length: int = 4) -> int:
        return int.from_bytes(file[at + offset : at + offset + length], "big")

    assert (number(4), number(8, 2)) == (8, 3)
    tags = {number(10 + 12 * n, 2): number(10 + 12 * n + 8) for n in range(3)}
    assert tags == {0xB000: int.from_bytes(b"0100", "big"), 0xB001: 2, 0xB002: 50}
    assert (number(50 + 4), number(50 + 8)) == (len(file) - len(whole), 0)
    assert file[at + number(66 + 8) :] == whole
    assert number(66 + 4) == len(whole)
