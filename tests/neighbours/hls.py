"""HLS as FFmpeg's own muxer writes it, and an HTTP server for the folder it lies in."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np

FPS = 25
_BITS = 12


def picture(index: int, width: int, height: int) -> np.ndarray:
    """A picture that tells its index in the brightness of twelve bars."""
    grey = np.full((height, width), 60, np.uint8)
    for bit in range(_BITS):
        if index >> bit & 1:
            grey[:, bit * width // _BITS : (bit + 1) * width // _BITS] = 190
    return np.dstack([grey, grey, grey])


def index_of(luma: np.ndarray) -> int:
    """Read what `picture` wrote."""
    height, width = luma.shape
    return sum(1 << bit for bit in range(_BITS) if luma[height // 2, bit * width // _BITS + width // (2 * _BITS)] > 120)


def write(
    folder: Path,
    name: str = "index.m3u8",
    *,
    frames: int = 100,
    first: int = 0,
    size: tuple[int, int] = (160, 96),
    codec: str = "libx264",
    seconds: float = 1.0,
    live: threading.Event | None = None,
    **options: str,
) -> Path:
    """Write a playlist and its segments with FFmpeg's hls muxer; return the playlist.

    Args:
        frames: how many; with `live`, at their own pace and until the event is set.
        first: what the first picture tells.
        seconds: length of a segment.
    """
    folder.mkdir(exist_ok=True)
    path = folder / name
    stem = name.partition(".")[0]
    kept = {"hls_time": str(seconds), "hls_list_size": "0", "hls_segment_filename": str(folder / f"{stem}_%03d.ts")}
    if options.get("hls_segment_type") == "fmp4":
        kept |= {"hls_segment_filename": str(folder / f"{stem}_%03d.m4s"), "hls_fmp4_init_filename": f"{stem}_init.mp4"}
    with av.open(str(path), "w", format="hls", options=kept | options) as out:
        coding = {"g": str(int(seconds * FPS)), "bf": "2", "preset": "ultrafast", "sc_threshold": "0"}
        if live is not None:
            coding |= {"tune": "zerolatency", "bf": "0"}
        stream = out.add_stream(codec, rate=FPS, options=coding)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        began = time.monotonic()
        for index in range(frames):
            if live is not None and live.wait(max(0.0, began + index / FPS - time.monotonic())):
                break
            frame = av.VideoFrame.from_ndarray(picture(first + index, *size), format="bgr24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@dataclass
class Folder:
    """What the server has, and how it behaves.

    Attributes:
        root: the files.
        status: a status to answer for a name, as often as the number says.
        cut: bytes after which the transfer of a name breaks, as often as the number says.
        redirect: where a name is redirected to.
        slow: seconds to wait before each piece of 4 KiB.
        ranges: whether it serves ranges.
        asked: how often each name was asked for.
        hang: names that are accepted and never answered.
        empty: segments have no bytes.
        over: ends all waiting.
    """

    root: Path
    status: dict[str, tuple[int, int]] = field(default_factory=dict)
    cut: dict[str, tuple[int, int]] = field(default_factory=dict)
    redirect: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    ranges: bool = True
    asked: Counter[str] = field(default_factory=Counter)
    hang: set[str] = field(default_factory=set)
    empty: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    queries: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    folder: Folder

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        folder = self.folder
        path, _, query = self.path.partition("?")
        name = path.lstrip("/")
        folder.asked[name] += 1
        folder.queries.append(query)
        if name in folder.hang:
            folder.over.wait(20)
            return
        if name in folder.redirect:
            self.send_response(302)
            self.send_header("Location", folder.redirect[name])
            self.end_headers()
            return
        status, times = folder.status.get(name, (0, 0))
        if times > 0:
            folder.status[name] = status, times - 1
            self.send_error(status)
            return
        try:
            body = (folder.root / name).read_bytes()
        except OSError:
            self.send_error(404)
            return
        if folder.empty and name.endswith(".ts"):
            body = b""
        self._answer(name, body)

    def _answer(self, name: str, body: bytes) -> None:
        folder, asked = self.folder, self.headers.get("Range")
        begin = int(asked.removeprefix("bytes=").partition("-")[0]) if asked and folder.ranges else 0
        ranged = bool(asked) and folder.ranges
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        rest = body[begin:]
        size, times = folder.cut.get(name, (0, 0))
        if times > 0:
            folder.cut[name] = size, times - 1
            rest = rest[:size]
        try:
            for at in range(0, len(rest), 4096):
                if folder.slow and folder.over.wait(folder.slow):
                    return
                self.wfile.write(rest[at : at + 4096])
        except OSError:  # the reader has hung up
            return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving(folder: Folder, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve; give the URL of the folder."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    server = _Server((host, port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        folder.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
