"""A real RTSP server on loopback, for tests: GStreamer's, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Self

PYTHON = "/usr/bin/python3"
"""GStreamer's bindings belong to the system's Python."""
_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def absent() -> str | None:
    """Return why there can be no RTSP server on this machine, or None if there can."""
    if not Path(PYTHON).exists():
        return f"no {PYTHON} to run GStreamer's RTSP server"
    probe = subprocess.run([PYTHON, "-c", _PROBE], capture_output=True, check=False)
    return None if probe.returncode == 0 else "Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed"


class RtspServer:
    """Loops an H.264 clip (in MP4) under `url`, in its own process; can be killed, and started again on its port."""

    def __init__(self, clip: Path, fps: int = 25, cameras: int = 1, *, udp: bool = False) -> None:
        self.clip, self.fps, self.cameras, self.udp = clip, fps, cameras, udp
        self.port = _free_port()
        self._process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self._events: list[str] = []
        self._watched: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    @property
    def urls(self) -> list[str]:
        """Return the addresses of all its cameras."""
        return [f"{self.url}{number or ''}" for number in range(self.cameras)]

    def start(self, deadline_s: float = 20.0) -> None:
        """Start, and wait until it listens."""
        before = self._count("ready")
        command = [PYTHON, str(_SCRIPT), str(self.clip), str(self.port), str(self.fps), str(self.cameras)]
        command += ["udp"] if self.udp else []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        if not self.wait_for("ready", before + 1, deadline_s):
            self.kill()
            raise RuntimeError("the RTSP server did not start")

    def wait_for(self, event: str, count: int, deadline_s: float = 10.0) -> bool:
        """Return whether the event has happened `count` times before the deadline."""
        with self._changed:
            return self._changed.wait_for(lambda: self._events.count(event) >= count, deadline_s)

    @property
    def connections(self) -> int:
        """Connections it has seen since it was made."""
        return self._count("connected")

    @property
    def open(self) -> int:
        """Connections that were made since it was started last, and have not been closed."""
        with self._changed:
            since = len(self._events) - self._events[::-1].index("ready")
            return self._events[since:].count("connected") - self._events[since:].count("closed")

    @property
    def playing(self) -> int:
        """Streams it has begun to play since it was made."""
        return self._count("playing")

    def watchers(self) -> dict[str, int]:
        """Return by how many connections each of its cameras is played now, those that are."""
        with self._changed:
            return {path: count for path, count in self._watched.items() if count > 0}

    @property
    def present(self) -> int:
        """Connections it has now."""
        return self._count("connected") - self._count("closed")

    @property
    def pid(self) -> int:
        """Return its process."""
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """Stop it as a pulled cable does: the connections stay, nothing comes."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """End it with no word to its clients."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    stop = kill

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _count(self, event: str) -> int:
        with self._changed:
            return self._events.count(event)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said = json.loads(line)
                with self._changed:
                    self._events.append(said["event"])
                    if said["event"] == "ready":
                        self._watched.clear()
                    elif "path" in said:
                        self._watched[said["path"]] += 1 if said["event"] == "playing" else -1
                    self._changed.notify_all()
        except ValueError:  # closed while reading
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
