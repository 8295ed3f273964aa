"""An RTMP server: nginx with its RTMP module, and a camera that publishes to it."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import av

_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def absent() -> str | None:
    """Return why there can be no RTMP server on this machine, or None if there can."""
    if _program() and _MODULE.exists():
        return None
    return "Debian's nginx-light and libnginx-mod-rtmp are not installed"


class RtmpServer:
    """Relays what is published under `url`; may be used as a context."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._folder = Path(tempfile.mkdtemp())
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/camera"

    def publish(self, clip: Path) -> None:
        """Send a clip at its own pace, until it ends or the server is stopped."""
        threading.Thread(target=self._publish, args=(clip,), daemon=True).start()

    def __enter__(self) -> Self:
        settings = self._folder / "nginx.conf"
        settings.write_text(
            f"load_module {_MODULE};\ndaemon off;\nmaster_process off;\npid {self._folder}/pid;\n"
            f"error_log {self._folder}/log;\nevents {{}}\n"
            f"rtmp {{ server {{ listen 127.0.0.1:{self.port}; application live {{ live on; }} }} }}\n"
        )
        quiet = subprocess.DEVNULL
        command = [str(_program()), "-c", str(settings), "-e", f"{self._folder}/log"]
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert time.monotonic() < deadline, "nginx does not listen"
                threading.Event().wait(0.05)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _publish(self, clip: Path) -> None:
        try:
            with av.open(str(clip)) as source, av.open(self.url, "w", format="flv") as out:
                stream = source.streams.video[0]
                target = out.add_stream_from_template(stream)
                began = time.monotonic()
                for packet in source.demux(stream):
                    if packet.dts is None or packet.time_base is None:
                        continue
                    ahead = float(packet.dts * packet.time_base) - (time.monotonic() - began)
                    if self._over.wait(max(0.0, ahead)):
                        return
                    packet.stream = target
                    out.mux(packet)
        except av.FFmpegError:
            return  # the server went away


def _program() -> str | None:
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
