"""Every codec of the contract in the containers it is found in, to the exact picture; and what is beyond the limits."""

import re
import struct
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from conftest import MakeClip, Read, scene  # the nearest one
from vedette.media.limits import Limits
from vedette.media.reader import Reader
from vedette.model.errors import SourceInvalid
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

FRAMES = 30
ERROR_S = 10.0
PLAIN = {"preset": None, "bf": None}
CLIPS = [
    *[("libx264", "h264", name, {}) for name in ("clip.mp4", "clip.mkv", "clip.avi", "clip.ts", "clip.flv", "clip.mov", "clip.h264")],
    *[("libx265", "hevc", name, {"x265-params": "log-level=none"}) for name in ("clip.mp4", "clip.mkv", "clip.ts", "clip.hevc")],
    *[("mpeg2video", "mpeg2video", name, {"preset": None}) for name in ("clip.mpg", "clip.ts", "clip.mkv", "clip.mp4", "clip.vob")],
    *[("mpeg4", "mpeg4", name, {"preset": None}) for name in ("clip.mp4", "clip.avi", "clip.mkv", "clip.3gp")],
    *[("libvpx", "vp8", name, PLAIN | {"deadline": "realtime"}) for name in ("clip.webm", "clip.mkv", "clip.ivf")],
    *[("libvpx-vp9", "vp9", name, PLAIN | {"deadline": "realtime", "cpu-used": "8"}) for name in ("clip.webm", "clip.mp4", "clip.ivf")],
    *[("mjpeg", "mjpeg", name, PLAIN | {"g": None}) for name in ("clip.avi", "clip.mp4", "clip.mkv", "clip.mjpeg")],
    *[("libsvtav1", "av1", name, PLAIN | {"preset": "12", "svtav1-params": "lp=1"}) for name in ("clip.mp4", "clip.mkv", "clip.webm", "clip.ivf")],
]  # fmt: skip


@pytest.mark.parametrize(("encoder", "codec", "name", "options"), CLIPS, ids=[f"{one[1]}-{one[2]}" for one in CLIPS])
def test_each_codec_is_decoded_to_the_exact_picture(
    make_clip: MakeClip, read: Read, encoder: str, codec: str, name: str, options: dict[str, str | None]
) -> None:
    """In every container it is usually found in; no picture lost at either end."""
    if encoder not in av.codec.codecs_available:
        pytest.skip(f"FFmpeg was built without {encoder}")
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = make_clip(name, frames=FRAMES, codec=encoder, pix_fmt=pix_fmt, **options)
    with read(path) as reader:
        pictures = list(reader.pictures())
    assert [one.frame.position.index for one in pictures] == list(range(FRAMES))
    assert (reader.codec.removeprefix("lib"), reader.corrupt) in {(codec, 0), ("dav1d", 0)}
    last = pictures[-1].frame.luma.astype(int)
    bar = scene(FRAMES - 1, 160, 96)[:, :, 0].astype(int)
    assert abs(last - bar).mean() < 12, "the last picture is the last picture"


def test_the_sound_of_a_clip_is_not_decoded(tmp_path: Path, read: Read) -> None:
    """Nor even demuxed: a picture count with sound is a picture count without."""
    path = tmp_path / "loud.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "10"})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        sound = out.add_stream("aac", rate=44_100, layout="mono")
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(scene(index, 160, 96), format="bgr24")
            out.mux(video.encode(frame))
            noise = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            noise.sample_rate = 44_100
            noise.planes[0].update(bytes(noise.planes[0].buffer_size))
            out.mux(sound.encode(noise))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    size = sum(packet.size for packet in av.open(str(path)).demux(video=0))
    with read(path) as reader:
        assert len(list(reader.pictures())) == FRAMES
    assert reader.bytes_in == size


def _clips(data: Path) -> dict[str, int]:
    """Return the frame count of each clip, as the README of the data gives it."""
    rows = re.findall(
        r"^\| (\S+\.(?:avi|mp4|mkv|ts)) \| .*? \| ([\d,]+), ", (data / "README.md").read_text(), re.MULTILINE
    )
    return {name: int(count.replace(",", "")) for name, count in rows}


def test_all_real_clips_are_decoded_to_the_exact_count(data: Path) -> None:
    """With the traps of real files: sound, times that jump, one key frame, a start at an hour, an old codec."""
    counts = _clips(data)
    assert set(counts) == {path.name for path in (data / "videos").iterdir()}
    found = {}
    for name in counts:
        address = Address((data / "videos" / name).as_uri(), Liveness.FILE)
        with Reader(address, policy=GuardPolicy(), file_roots=(data / "videos",)) as reader:
            found[name] = sum(1 for _ in reader.pictures())
    assert found == counts


def test_pictures_of_4096_by_2160_are_taken_and_larger_ones_not(make_clip: MakeClip, read: Read) -> None:
    """The largest size of the contract."""
    with read(make_clip("large.mp4", frames=2, size=(4096, 2160), crf="45")) as reader:
        assert [one.frame.luma.shape for one in reader.pictures()] == [(2160, 4096)] * 2
    with pytest.raises(SourceInvalid):
        read(make_clip("larger.mp4", frames=2, size=(4096, 2176), crf="45"))


def _matroska_size(path: Path) -> Path:
    """Write the largest numbers that width and height of the track have room for."""
    body = path.read_bytes()
    told = b"\xb0\x82" + struct.pack(">H", 320) + b"\xba\x82" + struct.pack(">H", 272)
    assert told in body
    path.write_bytes(body.replace(told, b"\xb0\x82\xff\xff\xba\x82\xff\xff"))
    return path


def _avi_size(path: Path, width: int, height: int) -> Path:
    body = bytearray(path.read_bytes())
    at = body.index(b"strf") + 8
    body[at + 4 : at + 12] = struct.pack("<ii", width, height)
    main = body.index(b"avih") + 8
    body[main + 32 : main + 40] = struct.pack("<ii", width, height)
    path.write_bytes(body)
    return path


def _jpeg_size(path: Path) -> Path:
    body = bytearray(path.read_bytes())
    at = -1
    while (at := body.find(b"\xff\xc0\x00\x11", at + 1)) >= 0:
        body[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    path.write_bytes(body)
    return path


def _ten_days(path: Path) -> Path:
    """Write two pictures, ten days apart."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        packets = []
        for index in range(2):
            frame = av.VideoFrame.from_ndarray(scene(index, 160, 96), format="bgr24")
            frame.pts = index
            packets += stream.encode(frame)
        packets += stream.encode(None)
        packets[-1].pts = packets[-1].dts = 10 * 86_400 * 25
        out.mux(packets)
    return path


def _large_packet(path: Path) -> Path:
    body = bytearray(path.read_bytes())
    at = body.index(b"stsz") + 4 + 12
    body[at : at + 4] = struct.pack(">I", 1 << 29)
    path.write_bytes(body)
    return path


JPEG = {"codec": "mjpeg", "pix_fmt": "yuvj420p", "preset": None, "g": None, "bf": None}
CLAIMS: dict[str, Callable[[MakeClip, Path], Path]] = {
    "avi of 100,000 x 100,000": lambda make, _: _avi_size(make("clip.avi"), 100_000, 100_000),
    "avi of 100,000 x -100,000": lambda make, _: _avi_size(make("clip.avi"), 100_000, -100_000),
    "matroska of 65,535 x 65,535": lambda make, _: _matroska_size(make("clip.mkv", size=(320, 272))),
    "pictures that say 65,000 x 65,000": lambda make, _: _jpeg_size(make("clip.avi", **JPEG)),
    "matroska of ten days": lambda _, folder: _ten_days(folder / "long.mkv"),
    "a packet of half a gigabyte": lambda make, _: _large_packet(make()),
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_a_file_that_claims_the_absurd_is_refused_soon(
    make_clip: MakeClip, read: Read, tmp_path: Path, claim: Callable[[MakeClip, Path], Path]
) -> None:
    """Before anything of that size is allocated or decoded, whatever its codec says."""
    path = claim(make_clip, tmp_path)
    began = time.monotonic()
    with pytest.raises(SourceInvalid) as caught, read(path) as reader:
        list(reader.pictures())
    assert time.monotonic() - began < ERROR_S
    assert not caught.value.transient


def test_a_packet_beyond_the_limit_is_not_given_to_the_decoder(make_clip: MakeClip, read: Read) -> None:
    """In containers that have no index, it is known only when it comes."""
    path = make_clip("clip.mkv", codec="rawvideo", preset=None, g=None, bf=None)
    with pytest.raises(SourceInvalid, match="packet of"), read(path, limits=Limits(packet_bytes=1000)) as reader:
        list(reader.pictures())
    assert reader.decoded == 0
