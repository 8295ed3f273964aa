"""Clips made on the spot, and readers with short time-outs."""

import threading
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from neighbours.rtsp import RtspServer, absent
from vedette.media.limits import Limits
from vedette.media.picture import Picture
from vedette.media.reader import Reader
from vedette.model.frame import Position
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])
QUICK = Limits(connect_s=0.6, read_s=0.6, picture_s=2.0)

MakeClip = Callable[..., Path]
Read = Callable[..., Reader]


def _given(options: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value is not None}


def scene(index: int, width: int, height: int) -> np.ndarray:
    """A picture that tells its index: a bright bar wanders over a gradient."""
    rows = np.linspace(40, 120, height, dtype=np.uint8)[:, None]
    grey = np.repeat(rows, width, axis=1)
    left = (index * 7) % max(1, width - 12)
    grey[height // 4 : height // 2, left : left + 12] = 230
    return np.dstack([grey, grey, grey])


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Encode a clip: frames, size, codec, container and encoder options as told."""

    def make(name: str = "clip.mp4", *, frames: int = 75, size: tuple[int, int] = (160, 96), codec: str = "libx264", pix_fmt: str = "yuv420p", container: dict[str, str] | None = None, **options: str | None) -> Path:  # fmt: skip
        path = tmp_path / name
        with av.open(str(path), "w", options=container or {}) as out:
            stream = out.add_stream(
                codec, rate=25, options=_given({"g": "10", "bf": "2", "preset": "ultrafast"} | options)
            )
            stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
            stream.codec_context.time_base = Fraction(1, 25)
            for index in range(frames):
                frame = av.VideoFrame.from_ndarray(scene(index, *size), format="bgr24")
                frame.pts = index
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Open a path or URL; files are allowed below the test's own folder."""

    def opened(what: Path | str, *, live: bool = False, **options: object) -> Reader:
        url = what.as_uri() if isinstance(what, Path) else what
        address = Address(url, Liveness.LIVE if live else Liveness.FILE)
        arguments = {"policy": LOOPBACK, "file_roots": (tmp_path,), "limits": QUICK} | options
        return Reader(address, **arguments)  # type: ignore[arg-type]

    return opened


def trace(pictures: Iterator[Picture]) -> list[tuple[Position, int]]:
    """Position and checksum of each picture."""
    return [(one.frame.position, zlib.crc32(one.frame.luma.tobytes())) for one in pictures]


@pytest.fixture
def camera(request: pytest.FixtureRequest, make_clip: MakeClip) -> Iterator[RtspServer]:
    """An RTSP server that loops a clip."""
    if reason := absent():
        root = request.config.pluginmanager.get_plugin(str(request.config.rootpath / "tests" / "conftest.py"))
        root.missing(reason)
    with RtspServer(make_clip("loop.mp4", frames=50, bf="0")) as server:
        yield server


@pytest.fixture
def within() -> Callable[[threading.Event, float], None]:
    """Wait for an event, and fail at the deadline."""

    def wait(event: threading.Event, deadline_s: float) -> None:
        assert event.wait(deadline_s), f"it did not happen within {deadline_s} s"

    return wait
