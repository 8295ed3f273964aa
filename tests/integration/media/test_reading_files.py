"""Files on disk: every picture, the right time, the right error."""

import random
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from conftest import MakeClip, Read, scene, trace  # the nearest one
from vedette.media.limits import Limits
from vedette.media.picture import Picture, Resume
from vedette.media.reader import Reader
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceTruncated
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


def test_every_picture_of_a_file_comes_in_order_with_its_time(make_clip: MakeClip, read: Read) -> None:
    """B frames are stored out of order; what is seen is not."""
    with read(make_clip(frames=30)) as reader:
        positions = [one.frame.position for one in reader.pictures()]
    assert [(at.connection, at.index, at.time_us) for at in positions] == [(0, n, n * 40_000) for n in range(30)]
    assert (reader.codec, reader.fps, reader.width, reader.height) == ("h264", 25.0, 160, 96)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("planar.mp4", "libx264", "yuv420p"),
        ("full.mp4", "libx264", "yuvj420p"),
        ("wide.mp4", "libx264", "yuv444p"),
        ("ten.mp4", "libx264", "yuv420p10le"),
        ("grey.mp4", "libx264", "gray"),
        ("odd.mkv", "ffv1", "bgr0"),
        ("packed.avi", "rawvideo", "yuyv422"),
        ("high.mkv", "ffv1", "gray10le"),
    ],
)
def test_luma_is_the_brightness_of_the_picture_in_every_pixel_format(
    make_clip: MakeClip, read: Read, name: str, codec: str, pix_fmt: str
) -> None:
    """Padding at line ends, ten bits, RGB: each is an own way to get a skewed or black picture. 154 is padded."""
    options = {} if codec == "libx264" else {"preset": None, "bf": None, "g": None}
    path = make_clip(name, frames=3, size=(154, 96), codec=codec, pix_fmt=pix_fmt, **options)
    with read(path) as reader:
        pictures = [one.frame for one in reader.pictures()]
    assert len(pictures) == 3
    wanted = scene(2, 154, 96)[:, :, 0].astype(float)
    got = pictures[2].luma.astype(float)
    assert got.shape == (96, 154)
    assert not pictures[2].luma.flags.writeable
    if "j" not in pix_fmt:
        got = (got - 16) * 255 / 219  # limited range, as coded
    assert np.abs(got - wanted).mean() < 8
    bgr = pictures[2].bgr()
    assert bgr.shape == (96, 154, 3)
    assert bgr.dtype == np.uint8
    assert np.abs(bgr.astype(float) - scene(2, 154, 96)).mean() < 12
    assert cv2.imencode(".jpg", bgr)[0]


def test_a_picture_outlives_its_reader(make_clip: MakeClip, read: Read) -> None:
    """The luma is a view of the decoder's memory: it must stay when the connection goes."""
    with read(make_clip(frames=40)) as reader:
        frames = [one.frame for one in reader.pictures()]
        sums = [int(frame.luma.sum()) for frame in frames]
    del reader
    assert [int(frame.luma.sum()) for frame in frames] == sums
    assert frames[0].bgr() is frames[0].bgr()


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.avi"])
def test_a_file_that_lacks_its_end_is_told_after_its_good_pictures(
    make_clip: MakeClip, read: Read, tmp_path: Path, name: str
) -> None:
    """A copy that broke off must not pass for a finished one; what is there is analysed all the same."""
    whole = make_clip(name, frames=75, bf="0", container={"movflags": "faststart"} if name.endswith("mp4") else None)
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with read(whole) as reader:
        everything = trace(reader.pictures())
    got: list[Picture] = []
    with read(cut) as reader, pytest.raises(SourceTruncated, match=r"ended before its end"):
        got.extend(reader.pictures())
    assert 5 < len(got) < len(everything)


def test_a_file_cut_before_its_index_is_truncated_not_merely_unreadable(
    make_clip: MakeClip, read: Read, tmp_path: Path
) -> None:
    """The index of an MP4 stands at its end unless told otherwise."""
    whole = make_clip()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(SourceTruncated):
        read(cut)


def _text(path: Path) -> None:
    path.write_text("this is no video\n" * 400)


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n")


def _noise(path: Path) -> None:
    path.write_bytes(random.Random(3).randbytes(200_000))


def _sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@pytest.mark.parametrize("write", [_text, _playlist, _noise, _sound, lambda path: path.write_bytes(b"")])
def test_what_is_no_video_is_invalid(read: Read, tmp_path: Path, write) -> None:  # noqa: ANN001 - five little writers
    """Whatever its name says. A playlist would have FFmpeg open what it names."""
    path = tmp_path / "clip.mp4"
    write(path)
    with pytest.raises(SourceInvalid) as caught:
        read(path)
    assert not caught.value.transient


def test_absurd_sizes_are_refused_before_anything_is_decoded(make_clip: MakeClip, read: Read) -> None:
    """A small file can ask for gigabytes of pictures."""
    path = make_clip(frames=2, size=(640, 480))
    with pytest.raises(SourceInvalid, match="640x480"):
        read(path, limits=Limits(pixels=640 * 480 - 1))


def test_a_damaged_packet_costs_itself_and_not_the_file(make_clip: MakeClip, read: Read, tmp_path: Path) -> None:
    """Bits rot; the rest is still worth an analysis."""
    whole = bytearray(make_clip(codec="mjpeg", pix_fmt="yuvj420p", name="clip.avi", preset=None, bf=None).read_bytes())
    at = whole.index(b"\xff\xd8", len(whole) // 2)
    end = whole.index(b"\xff\xd9", at)
    whole[at:end] = bytes(end - at)
    path = tmp_path / "rotten.avi"
    path.write_bytes(whole)
    with read(path) as reader:
        count = len(trace(reader.pictures()))
    assert count == 74
    assert reader.corrupt == 1


def test_a_file_of_which_nothing_decodes_is_invalid(make_clip: MakeClip, read: Read, tmp_path: Path) -> None:
    """To end such a run as succeeded, with no picture analysed, would be a lie."""
    whole = bytearray(make_clip("clip.mp4", container={"movflags": "faststart"}).read_bytes())
    at = whole.index(b"mdat") + 4
    whole[at:] = bytes(len(whole) - at)
    path = tmp_path / "zeros.mp4"
    path.write_bytes(whole)
    with pytest.raises(SourceInvalid), read(path) as reader:
        trace(reader.pictures())


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.avi", "clip.ts"])
def test_a_resumed_file_gives_what_an_undisturbed_run_would_have_given(
    make_clip: MakeClip, read: Read, name: str
) -> None:
    """Event ids hang on positions: after a crash the same pictures must have the same ones."""
    path = make_clip(name, frames=60, bf="0" if name.endswith("avi") else "2")
    _resumes_exactly(lambda **options: read(path, **options), cuts=6)


def _resumes_exactly(read, *, cuts: int) -> int:  # noqa: ANN001 - a reader with its path bound
    with read() as reader:
        whole, marks = [], []
        for one in reader.pictures():
            whole.append(trace(iter([one]))[0])
            marks.append(reader.seek_mark())
    dice = random.Random(len(whole))
    saved = 0
    for cut in [0, len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(cuts))]:
        for seek in {marks[cut], None}:
            with read(start=Resume(whole[cut][0], seek)) as reader:
                assert trace(reader.pictures()) == whole[cut + 1 :], f"cut at {cut} with {seek!r}"
            saved += seek is not None and reader.decoded < len(whole)
    return saved


@pytest.mark.parametrize(
    ("clip", "seeks"),
    [
        ("vtest_480x360.avi", False),
        ("vtest_480x360.mp4", True),
        ("pinwheel.ts", False),
        ("car-detection.mp4", True),
        ("bgs-road_msmpeg4v2.avi", True),
        ("asl-book.mkv", False),
        ("counter_mjpeg_480x320.mp4", True),
    ],
)
def test_real_clips_resume_exactly(data: Path, clip: str, seeks: bool) -> None:
    """With the traps of real files: times that jump, one key frame, a start at an hour, an old codec."""
    videos = data / "videos"
    address = Address((videos / clip).as_uri(), Liveness.FILE)

    def read(**options: object) -> Reader:
        return Reader(address, policy=GuardPolicy(), file_roots=(videos,), **options)  # type: ignore[arg-type]

    assert (_resumes_exactly(read, cuts=2) > 0) == seeks, "a seek saves decoding where, and only where, it is sure"


def test_times_start_at_zero_and_never_step_back(data: Path) -> None:
    """One clip's stamps jump back and forth, the other's begin at an hour."""
    for clip, last_us in (("vtest_480x360.avi", 79_400_000), ("pinwheel.ts", 9_960_000)):
        address = Address((data / "videos" / clip).as_uri(), Liveness.FILE)
        with Reader(address, policy=GuardPolicy(), file_roots=(data / "videos",)) as reader:
            times = [one.frame.position.time_us for one in reader.pictures()]
        assert times[0] == 0
        assert times == sorted(times)
        assert abs(times[-1] - last_us) < 500_000


def test_a_mark_of_another_file_is_found_out(make_clip: MakeClip, read: Read) -> None:
    """The file was replaced between: what is seen at the mark is not what was seen, so it is decoded from the start."""
    path = make_clip("one.mp4")
    other = make_clip("two.mp4", crf="45")
    with read(path) as reader:
        pictures = [(one.frame.position, one.mark()) for one in reader.pictures()]
    position, mark = pictures[50]
    assert mark is not None
    with read(other, start=Resume(position, mark)) as reader:
        assert [one.frame.position.index for one in reader.pictures()] == list(range(51, 75))
    assert reader.decoded > 75


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hostname", "file:///nowhere/clip.mp4", "{root}/../outside.mp4", "{root}/%2e%2e/outside.mp4", "{root}/link.mp4", "{root}", "{root}/none.mp4", "file://host{root}/clip.mp4", "file:clip.mp4"],
)  # fmt: skip
def test_files_are_read_below_an_allowed_root_only(tmp_path: Path, url: str) -> None:
    """A file address is a door into the machine: `..`, its coded form and links must not lead out."""
    root = tmp_path / "open"
    root.mkdir()
    (tmp_path / "outside.mp4").write_bytes(b"secret")
    (root / "clip.mp4").write_bytes(b"x")
    (root / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    text = url.format(root=root if url.startswith("file:") else root.as_uri())
    with pytest.raises(SourceRefused) as caught:
        Reader(Address(text, Liveness.FILE), policy=GuardPolicy(), file_roots=(root,))
    assert isinstance(caught.value, SourceError)
