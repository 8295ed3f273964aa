"""Recordings as HTTP Live Streaming, made by FFmpeg's own muxer, behind a real HTTP server."""

import secrets
import threading
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from conftest import LOOPBACK, QUICK
from neighbours.hls import Folder, index_of, serving, write
from vedette.media.picture import Resume
from vedette.media.reader import Reader
from vedette.model.errors import (
    SourceError,
    SourceInvalid,
    SourceLost,
    SourceRefused,
    SourceTruncated,
    SourceUnsupported,
)
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

Open = Callable[..., Reader]


def open_url(url: str, **options: object) -> Reader:
    arguments = {"policy": LOOPBACK, "limits": QUICK} | options
    return Reader(Address(url, Liveness.EITHER), **arguments)  # type: ignore[arg-type]


def told(url: str, **options: object) -> list[int]:
    """Return what the pictures tell, in the order they came."""
    with open_url(url, **options) as reader:
        assert not reader.live
        return [index_of(one.frame.luma) for one in reader.pictures()]


def failure(url: str, **options: object) -> SourceError:
    """Return the error in which a reading ends, and see that some error does."""
    with pytest.raises(SourceError) as caught:
        told(url, **options)
    return caught.value


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hls_segment_type": "fmp4"},
        {"hls_flags": "single_file"},
        {"hls_segment_type": "fmp4", "hls_flags": "single_file"},
        {"hls_playlist_type": "vod"},
        {"codec": "libx265", "hls_segment_type": "fmp4"},
        {"seconds": 0.4},
    ],
    ids=["ts", "fmp4", "ts ranges", "fmp4 ranges", "vod", "h265", "short"],
)
def test_every_picture_of_a_recording_comes_once_and_in_order(tmp_path: Path, options: dict[str, object]) -> None:
    """However it is cut into segments, it is one file."""
    write(tmp_path, frames=110, **options)  # type: ignore[arg-type]
    with serving(Folder(tmp_path)) as url:
        assert told(f"{url}/index.m3u8") == list(range(110))


@pytest.mark.parametrize("ranges", [True, False])
def test_a_transfer_that_breaks_is_taken_up_where_it_broke(tmp_path: Path, ranges: bool) -> None:
    """Each segment is a transfer, and any of them may break."""
    write(tmp_path)
    cut = {"index_001.ts": (2000, 2), "index_003.ts": (100, 1), "index.m3u8": (40, 1)}
    folder = Folder(tmp_path, cut=cut, ranges=ranges)
    with serving(folder) as url:
        assert told(f"{url}/index.m3u8") == list(range(100))
    assert folder.asked["index_001.ts"] == 3


def test_a_segment_that_is_away_for_a_moment_is_asked_for_again(tmp_path: Path) -> None:
    write(tmp_path)
    folder = Folder(tmp_path, status={"index_001.ts": (404, 2), "index_002.ts": (503, 2)})
    with serving(folder) as url:
        assert told(f"{url}/index.m3u8") == list(range(100))


def test_a_recording_without_one_of_its_segments_is_truncated(tmp_path: Path) -> None:
    """What came before is given; that something is missing is said, and is not passed over."""
    write(tmp_path)
    (tmp_path / "index_002.ts").unlink()
    seen: list[int] = []
    truncated = pytest.raises(SourceTruncated, match=r"segment 2 is missing: .* answered 404")
    with serving(Folder(tmp_path)) as url, open_url(f"{url}/index.m3u8") as reader, truncated:
        seen.extend(index_of(one.frame.luma) for one in reader.pictures())
    assert seen == list(range(50))


def test_a_segment_that_is_shorter_than_its_range_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, hls_flags="single_file")
    media = tmp_path / "index_%03d.ts"
    media.write_bytes(media.read_bytes()[:-1000])
    with serving(Folder(path.parent)) as url:
        error = failure(f"{url}/index.m3u8")
    assert isinstance(error, SourceLost)
    assert "segment 3" in error.message


def test_a_server_that_hangs_is_lost_in_time(tmp_path: Path) -> None:
    write(tmp_path)
    folder = Folder(tmp_path, hang={"index_002.ts"})
    with serving(folder) as url:
        error = failure(f"{url}/index.m3u8")
        folder.over.set()
    assert error.transient


def test_a_slow_server_is_waited_for(tmp_path: Path) -> None:
    """Slow is not silent: each piece comes within the time-out."""
    write(tmp_path, frames=50)
    with serving(Folder(tmp_path, slow=0.1)) as url:
        assert told(f"{url}/index.m3u8") == list(range(50))


def test_reading_goes_on_behind_the_last_picture_after_a_crash(tmp_path: Path) -> None:
    """The rest is the same, picture by picture, as if nothing had happened."""
    write(tmp_path)
    with serving(Folder(tmp_path)) as url:
        with open_url(f"{url}/index.m3u8") as reader:
            whole = [
                (one.frame.position, zlib.crc32(one.frame.luma.tobytes()), one.mark()) for one in reader.pictures()
            ]
        position, _, mark = whole[40]
        with open_url(f"{url}/index.m3u8", start=Resume(position, mark)) as reader:
            rest = [(one.frame.position, zlib.crc32(one.frame.luma.tobytes())) for one in reader.pictures()]
    assert rest == [(place, sum_) for place, sum_, _ in whole[41:]]


def joined(folder: Path, first: Path, second: Path, *, name: str = "both.m3u8") -> None:
    """Write a playlist of two others, with a discontinuity between them."""
    lines = [line for line in first.read_text().splitlines() if line != "#EXT-X-ENDLIST"]
    more = second.read_text().splitlines()
    begin = next(n for n, line in enumerate(more) if line.startswith(("#EXT-X-MAP", "#EXTINF")))
    (folder / name).write_text("\n".join([*lines, "#EXT-X-DISCONTINUITY", *more[begin:]]) + "\n")


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
@pytest.mark.parametrize("other", [{}, {"size": (320, 192)}, {"codec": "libx265"}, {"codec": "mpeg2video"}])
def test_behind_a_discontinuity_it_goes_on_without_a_gap(tmp_path: Path, kind: str, other: dict[str, object]) -> None:
    """Times, sizes and codecs may change there; no picture is lost, none comes twice, time never steps back."""
    if kind == "fmp4" and other.get("codec") == "mpeg2video":
        kind = "mpegts"
    first = write(tmp_path, "a.m3u8", frames=60, hls_segment_type=kind)
    second = write(tmp_path, "b.m3u8", frames=65, first=60, hls_segment_type=kind, **other)  # type: ignore[arg-type]
    joined(tmp_path, first, second)
    with serving(Folder(tmp_path)) as url, open_url(f"{url}/both.m3u8") as reader:
        seen = [one.frame for one in reader.pictures()]
    assert [index_of(one.luma) for one in seen] == list(range(125))
    assert [one.position.index for one in seen] == list(range(125))
    steps = {b.position.time_us - a.position.time_us for a, b in pairwise(seen)}
    assert steps == {40_000}


def encrypt(folder: Path, *, vector: bytes | None, at: int = 0) -> None:
    """Encrypt the segments of a playlist from one on, as RFC 8216 has it."""
    (folder / "key.bin").write_bytes(key := secrets.token_bytes(16))
    lines, number = [], 0
    stated = f",IV=0x{vector.hex()}" if vector else ""
    for line in (folder / "index.m3u8").read_text().splitlines():
        if line.startswith("#EXTINF") and number == at:
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="key.bin?user=me"{stated}')
        if line and not line.startswith("#"):
            if number >= at:
                pad = padding.PKCS7(128).padder()
                cipher = Cipher(AES128(key), CBC(vector or number.to_bytes(16, "big"))).encryptor()
                plain = pad.update((folder / line).read_bytes()) + pad.finalize()
                (folder / line).write_bytes(cipher.update(plain) + cipher.finalize())
            number += 1
        lines.append(line)
    (folder / "index.m3u8").write_text("\n".join(lines))


@pytest.mark.parametrize("vector", [None, bytes(range(16))], ids=["by number", "given"])
def test_encrypted_segments_are_decrypted(tmp_path: Path, vector: bytes | None) -> None:
    write(tmp_path)
    encrypt(tmp_path, vector=vector, at=1)
    folder = Folder(tmp_path, cut={"index_002.ts": (1001, 1)})
    with serving(folder) as url:
        assert told(f"{url}/index.m3u8") == list(range(100))
    assert folder.asked["key.bin"] == 1
    assert "user=me" in folder.queries


def test_segments_that_ffmpeg_encrypted_are_decrypted(tmp_path: Path) -> None:
    """Not only what we encrypted ourselves."""
    (tmp_path / "key.bin").write_bytes(secrets.token_bytes(16))
    (tmp_path / "key.info").write_text(f"key.bin\n{tmp_path / 'key.bin'}\n")
    path = write(tmp_path, hls_key_info_file=str(tmp_path / "key.info"))
    assert "METHOD=AES-128" in path.read_text()
    with serving(Folder(tmp_path)) as url:
        assert told(f"{url}/index.m3u8") == list(range(100))


def test_a_wrong_key_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    encrypt(tmp_path, vector=None)
    (tmp_path / "key.bin").write_bytes(b"x" * 16)
    with serving(Folder(tmp_path)) as url:
        assert isinstance(failure(f"{url}/index.m3u8"), SourceInvalid)
    (tmp_path / "key.bin").write_bytes(b"<html>no key</html>")
    with serving(Folder(tmp_path)) as url:
        assert "19 bytes instead of 16" in failure(f"{url}/index.m3u8").message


def test_another_encryption_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF', 1))
    with serving(Folder(tmp_path)) as url:
        error = failure(f"{url}/index.m3u8")
    assert isinstance(error, SourceUnsupported)
    assert "SAMPLE-AES" in error.message


def test_the_best_rendition_within_the_limits_is_read(tmp_path: Path) -> None:
    """The largest may be too large for this service."""
    write(tmp_path, "small.m3u8", frames=50)
    write(tmp_path, "large.m3u8", frames=50, size=(320, 192))
    (tmp_path / "master.m3u8").write_text(
        "#EXTM3U\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=9000x5000,CODECS="avc1.64001f,mp4a.40.2"\nhuge.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=8000000,CODECS="mp4a.40.2"\nsound.m3u8\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x96\nsmall.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=700000,RESOLUTION=320x192\nlarge.m3u8?token=a,b\n"
    )
    folder = Folder(tmp_path)
    with serving(folder) as url:
        with open_url(f"{url}/master.m3u8") as reader:
            assert (reader.width, reader.height) == (320, 192)
            assert len(list(reader.pictures())) == 50
        assert "token=a,b" in folder.queries
        with open_url(f"{url}/master.m3u8", limits=type(QUICK)(pixels=20_000)) as reader:
            assert (reader.width, reader.height) == (160, 96)


def test_addresses_are_relative_to_where_a_redirect_led(tmp_path: Path) -> None:
    """The playlist is found at last in another folder."""
    write(tmp_path / "deep", frames=50)
    with serving(Folder(tmp_path, redirect={"index.m3u8": "/deep/index.m3u8"})) as url:
        assert told(f"{url}/index.m3u8") == list(range(50))


FORBIDDEN = ["http://169.254.169.254/latest/meta-data", "http://127.0.0.2:{port}/trap", "file:///etc/hostname", "/hop"]


@pytest.mark.parametrize("where", FORBIDDEN)
@pytest.mark.parametrize("what", ["segment", "key", "map", "variant", "playlist"])
def test_what_a_playlist_points_to_is_judged(tmp_path: Path, what: str, where: str) -> None:
    """A playlist is somebody else's text; it must not open what the service itself may reach."""
    write(tmp_path, frames=50)
    trap = Folder(tmp_path)
    exempt = GuardPolicy.parse("lan", ["127.0.0.1"])
    with serving(trap, host="127.0.0.2") as there:
        port = there.rpartition(":")[2]
        target = where.format(port=port)
        text = (tmp_path / "index.m3u8").read_text()
        if what == "segment":
            text = text.replace("index_001.ts", target)
        elif what == "key":
            text = text.replace("#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF', 1)
        elif what == "map":
            text = text.replace("#EXTINF", f'#EXT-X-MAP:URI="{target}"\n#EXTINF', 1)
        elif what == "variant":
            text = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=160x96\n{target}\n"
        (tmp_path / "index.m3u8").write_text(text)
        inner = f"http://127.0.0.2:{port}/trap"
        redirect = {"hop": inner} | ({"index.m3u8": target} if what == "playlist" else {})
        with serving(Folder(tmp_path, redirect=redirect)) as url:
            error = failure(f"{url}/index.m3u8", policy=exempt)
    assert isinstance(error, SourceRefused)
    assert not trap.asked


def test_a_stop_ends_the_reading_soon(tmp_path: Path) -> None:
    write(tmp_path)
    stop = threading.Event()
    with serving(Folder(tmp_path)) as url, open_url(f"{url}/index.m3u8", stop=stop) as reader:
        for one in reader.pictures():
            if one.frame.position.index == 10:
                stop.set()
    assert reader.decoded < 100
