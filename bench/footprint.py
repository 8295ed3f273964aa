"""What an idle service holds in memory, and what the default installation takes on the disk."""

import importlib.metadata
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.frame import Row

IDLE_TARGET_MB = 150.0
DISK_TARGET_MB = 600.0
ROUNDS = 3
_ROOT = Path(__file__).resolve().parent.parent
_BARE = "bare FastAPI on uvicorn, one route"
_ENGINES = "av, numpy, onnxruntime and opencv alone"


def rows() -> list[Row]:
    bare, ours = [], []
    for _ in range(ROUNDS):
        with serving([sys.executable, str(_ROOT / "bench" / "programs" / "bare_fastapi.py")], "PORT") as (pid, _):
            bare.append(_pss_mb(pid))
        with serving([sys.executable, "-m", "vedette", "serve"], "VEDETTE_PORT") as (pid, _):
            ours.append(_pss_mb(pid))
    floor, idle = sorted(bare)[ROUNDS // 2], sorted(ours)[ROUNDS // 2]
    engines = sum(_disk_mb(name) for name in ("av", "numpy", "onnxruntime", "opencv-python-headless"))
    disk = sum(_disk_mb(name) for name in _locked())
    how = f"PSS of the process tree, median of {ROUNDS} starts"
    return [
        Row(_BARE, floor, "MB", note=how),
        Row("Vedette, idle", idle, "MB", _BARE, idle / floor, f"< {IDLE_TARGET_MB:g} MB", idle < IDLE_TARGET_MB, how),
        Row(_ENGINES, engines, "MB", note="files of the packages, without bytecode"),
        Row(
            "default installation",
            disk,
            "MB",
            _ENGINES,
            disk / engines,
            f"< {DISK_TARGET_MB:g} MB",
            disk < DISK_TARGET_MB,
            "files of all packages of requirements/runtime.txt, without pip and bytecode",
        ),
    ]


def _locked() -> list[str]:
    lock = (_ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    return [name for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE) if _installed(name)]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False  # locked for another platform
    return True


def _disk_mb(name: str) -> float:
    files = importlib.metadata.distribution(name).files or []
    paths = [Path(str(file.locate())) for file in files if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 2**20


@contextmanager
def serving(command: list[str], port_name: str, settings: Mapping[str, str] | None = None) -> Iterator[tuple[int, str]]:
    """Run a server on a free port; give its process id and its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        environment |= {port_name: str(port), "VEDETTE_DATA_DIR": folder, **(settings or {})}
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, cwd=folder) as process:
            try:
                _wait_for(f"http://127.0.0.1:{port}/healthz", process)
                yield process.pid, f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def _pss_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return own + sum(_pss_mb(int(child)) for child in children)
