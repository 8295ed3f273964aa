"""A small clip that has an event in nearly every picture: a figure walks to and fro over a screen full of lines."""

import json
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 320, 180
RATE = 25
STEP = 4
"""Pixels from picture to picture."""
FIGURE = (56, 24)
"""Height and width."""
PAUSE = 15
"""Pictures between two walks."""
LINES = 40
_WALK = (WIDTH + FIGURE[1]) // STEP


def roi() -> str:
    """Return the lines, as the task's `target_roi`."""
    places = np.linspace(24, WIDTH - 24, LINES).round().astype(int).tolist()
    return json.dumps({"lines": [{"data": [[x, 0], [x, HEIGHT]]} for x in places]})


def write(path: Path, walks: int) -> None:
    """Write the clip; each walk crosses every line once."""
    dice = np.random.default_rng(11)
    still = np.kron(dice.integers(70, 180, (HEIGHT // 4, WIDTH // 4)), np.ones((4, 4))).astype(np.uint8)
    coat = dice.integers(10, 60, FIGURE).astype(np.uint8)
    noise = dice.integers(0, 5, (16, HEIGHT, WIDTH)).astype(np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "24", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes[1:]:
            plane.update(bytes([128]) * plane.buffer_size)
        for number in range(PAUSE + walks * (_WALK + PAUSE)):
            picture = still + noise[number % 16]
            walk, at = divmod(number - PAUSE, _WALK + PAUSE)
            if number >= PAUSE and at < _WALK:
                _draw(picture, coat + noise[number % 16][: FIGURE[0], : FIGURE[1]], at, back=walk % 2 == 1)
            frame.planes[0].update(np.ascontiguousarray(picture).tobytes())
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _draw(picture: np.ndarray, coat: np.ndarray, at: int, *, back: bool) -> None:
    left = WIDTH - (at + 1) * STEP if back else (at + 1) * STEP - FIGURE[1]
    seen = slice(max(0, left), max(0, min(WIDTH, left + FIGURE[1])))
    picture[80 : 80 + FIGURE[0], seen] = coat[:, seen.start - left : seen.stop - left]
