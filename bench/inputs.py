"""How soon there are pictures: from connect to the first, against plain PyAV; and from a create to the first analysed."""

import functools
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av

from bench.camera import clip
from bench.footprint import serving
from bench.frame import Row, median, take_turns

ROUNDS = 5
CREATES = 8
_ROOT = Path(__file__).resolve().parent.parent
_PROGRAMS = _ROOT / "bench" / "programs"
_SYSTEM_PYTHON = "/usr/bin/python3"
PROJECT, TOKEN = "0123456789abcdef0123456789abcdef", "a-token-of-the-bench"


def rows() -> list[Row]:
    path = clip("camera-720p", width=1280, height=720, frames=100)
    with _files(path.parent) as files, playing(path) as camera:
        file = f"{files}/{_index_first(path).name}"
        return [
            *_first(camera, "live", "RTSP"),
            *_first(file, "file", "HTTP file"),
            *_created(camera, file),
        ]


def _index_first(path: Path) -> Path:
    """Return the clip with its index at the start: Python's server has no ranges, which PyAV would need."""
    copy = path.with_name(f"{path.stem}-index-first.mp4")
    with av.open(str(path)) as given, av.open(str(copy), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return copy


def _first(url: str, kind: str, shown: str) -> list[Row]:
    """Measure the way from connect to the first picture."""
    floor = f"{shown}: PyAV, the same options" if kind == "live" else f"{shown}: PyAV, defaults"
    programs = {
        f"{shown}: PyAV, defaults": [str(_PROGRAMS / "pyav_first.py"), url, "default"],
        f"{shown}: PyAV, the same options": [str(_PROGRAMS / "pyav_first.py"), url, "same"],
        f"{shown}: Vedette": [str(_PROGRAMS / "vedette_first.py"), url, kind],
    }
    if kind == "file":
        del programs[f"{shown}: PyAV, the same options"]  # there are none
    results = take_turns(programs, rounds=ROUNDS)
    least = median(results[floor], "first_ms")
    note = f"720p H.264, median of {ROUNDS} runs of 3 connections"
    table = []
    for name, runs in results.items():
        value = median(runs, "first_ms")
        against = "" if name == floor else floor
        table.append(Row(name, value, "ms", against, value / least if against else None, note=note))
    return table


def _created(camera: str, file: str) -> list[Row]:
    """Measure the way from a create over REST to the first analysed picture, which makes the task RUNNING."""
    settings = {
        "VEDETTE_GUARD_ALLOW": "127.0.0.0/8",
        "VEDETTE_BOOTSTRAP_PROJECT_ID": PROJECT,
        "VEDETTE_BOOTSTRAP_TOKEN": TOKEN,
    }
    with serving([sys.executable, "-m", "vedette", "serve"], "VEDETTE_PORT", settings) as (_, base):
        cold = _run(base, camera, "cold")
        live = [_run(base, camera, f"live-{number}") for number in range(CREATES)]
        files = [_run(base, file, f"file-{number}") for number in range(CREATES)]
    note = f"median of {CREATES}; the answers to the create and to the polls are in it"
    return [
        Row("create to first analysed picture: RTSP, no worker yet", cold, "ms", note="one run"),
        Row("create to first analysed picture: RTSP", statistics.median(live), "ms", note=note),
        Row("create to first analysed picture: HTTP file", statistics.median(files), "ms", note=note),
    ]


def _run(base: str, url: str, name: str) -> float:
    """Return how many milliseconds pass from the create until the task runs; it is gone afterwards."""
    body = {
        "name": name,
        "input": {"type": "url", "data": [{"url": url}]},
        "output": {"event_center": True},
        "service_version": "3.0",
    }
    began = time.perf_counter()
    created = _call(base, "POST", f"/v2/{PROJECT}/services/c-intrusiondetection-cloud/tasks", body)
    path = f"/v2/{PROJECT}/tasks/{created['tasks'][0]['id']}"
    while (task := _call(base, "GET", path))["state"] in ("PENDING", "STARTING"):
        time.sleep(0.005)
    taken = (time.perf_counter() - began) * 1000
    if task["state"] not in ("RUNNING", "SUCCEEDED"):
        raise SystemExit(f"the task is {task['state']}: {task.get('error')}")
    _call(base, "DELETE", path)
    time.sleep(1.0)  # the connection is closed, and the camera idle again
    return taken


def _call(base: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Auth-Token": TOKEN, "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(base + path, data, headers, method=method), timeout=20
    ) as answer:
        return json.loads(answer.read() or b"{}")


@contextmanager
def playing(path: Path) -> Iterator[str]:
    """Play the clip in a loop over RTSP: GStreamer's server, in a process of its own."""
    script = _ROOT / "tests" / "neighbours" / "rtsp_server.py"
    command = [_SYSTEM_PYTHON, str(script), str(path), "0", "25"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit("the RTSP server did not start: are gir1.2-gst-rtsp-server-1.0 and python3-gi there?")
            threading.Thread(target=lambda: process.stdout and process.stdout.read(), daemon=True).start()
            yield f"rtsp://127.0.0.1:{json.loads(line)['port']}/live"
        finally:
            process.kill()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
