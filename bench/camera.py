"""A clip like a fixed camera's: a textured background that stands still, sensor noise, a few things that move."""

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Texture at four scales, as walls, leaves and ground have it; (height, width) float32, 30..200."""
    total = np.zeros((height, width), np.float32)
    for scale, weight in ((120, 45.0), (40, 20.0), (10, 12.0), (3, 8.0)):
        coarse = rng.standard_normal((height // scale + 2, width // scale + 2)).astype(np.float32)
        total += weight * np.kron(coarse, np.ones((scale, scale), np.float32))[:height, :width]
    return np.clip(110 + total, 30, 200)


def make(path: Path, *, width: int = 1920, height: int = 1080, frames: int = 250, seed: int = 7) -> None:
    """Write the clip: H.264, 25 pictures a second, a key picture every 50, no B frames, about 4 Mbit/s at 1080p."""
    rng = np.random.default_rng(seed)
    still = background(rng, height, width)
    noise = [rng.normal(0, 2.0, (height, width)).astype(np.float32) for _ in range(4)]
    things = [(rng.integers(60, 200, (height // 5, width // 24)).astype(np.float32), rng.random(2)) for _ in range(3)]
    chroma = np.full((height // 2, width), 128, np.uint8)
    chroma[: height // 4, ::2] = 118
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "g": "50", "bf": "0", "b": "4M", "maxrate": "5M", "bufsize": "5M"}
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for index in range(frames):
            shift = tuple(int(step) for step in rng.integers(0, 64, 2))
            picture = still + np.roll(noise[index % 4], shift, (0, 1))
            for number, (sprite, start) in enumerate(things):
                top = int(start[0] * (height - sprite.shape[0]))
                left = int(start[1] * width + index * (4 + 2 * number)) % (width - sprite.shape[1])
                picture[top : top + sprite.shape[0], left : left + sprite.shape[1]] = sprite
            planes = np.vstack([np.clip(picture, 16, 235).astype(np.uint8), chroma])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def clip(name: str, **options: int) -> Path:
    """Return the clip, made at the first call and kept in the system's folder for temporary files."""
    folder = Path(tempfile.gettempdir()) / "vedette-bench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.mp4"
    if not path.exists():
        half = path.with_suffix(".part.mp4")
        make(half, **options)
        half.rename(path)
    return path
