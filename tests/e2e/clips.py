"""Clips for tests of the whole service, painted by ourselves."""

from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FPS = 640, 360, 25
CROSSING_S = 6
LINE_X = 320


def crossings(path: Path, seconds: int) -> int:
    """Write a clip in which a figure crosses the middle every six seconds, from alternate sides; return how often."""
    dice = np.random.default_rng(7)
    still = np.kron(dice.integers(70, 180, (HEIGHT // 4, WIDTH // 4)), np.ones((4, 4))).astype(np.uint8)
    coat = dice.integers(10, 60, (110, 44)).astype(np.uint8)
    noise = dice.integers(0, 5, (16, HEIGHT, WIDTH)).astype(np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "24", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes[1:]:
            plane.update(bytes([128]) * plane.buffer_size)
        for number in range(seconds * FPS):
            at, turn = divmod(number / FPS, CROSSING_S)[::-1]
            picture = still + noise[number % 16]
            if 0.6 <= at <= 4.8:
                way = (at - 0.6) / 4.2 * (WIDTH + 44) - 44
                left = round(way if turn % 2 == 0 else WIDTH - 44 - way)
                seen = slice(max(0, left), max(0, min(WIDTH, left + 44)))
                cut = slice(seen.start - left, seen.stop - left)
                picture[150:260, seen] = coat[:, cut] + noise[number % 16][:110, seen]
            frame.planes[0].update(np.ascontiguousarray(picture).tobytes())
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return seconds // CROSSING_S


def path_of(clip: tuple[str, int]) -> Path:
    """Return where the clip of the tests lies."""
    return Path(clip[0].removeprefix("file://"))


def small(path: Path, seconds: int, fps: int) -> None:
    """Write a clip that costs next to nothing to read: a grey picture of 160 by 120 that grows lighter and darker."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": str(fps)})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(seconds * fps):
            picture = np.full((120, 160, 3), 60 + 40 * (number % 4), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
