"""The tutorial, typed as it stands."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from absence import missing
from vedette.testing import write_scene

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "first-task.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
WAIT = """
for _ in $(seq 120); do
    STATE=$(ask "$VEDETTE/v2/$PROJECT/tasks/$TASK" | field '["state"]')
    case $STATE in SUCCEEDED|*FAILED) break;; esac
    sleep 0.5
done
test "$STATE" = SUCCEEDED
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder such as the reader has: the environment, and a clip with people in it."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "videos").mkdir()
    write_scene(tmp_path / "videos" / "clip.mp4", seconds=12)
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The service as the page starts it, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
    start = next(block for block in BLOCKS if "vedette serve" in block).replace(
        ".venv/bin/vedette", "exec .venv/bin/vedette"
    )
    with (folder / "log").open("w") as log:
        service = subprocess.Popen(
            ["bash", "-ec", start], cwd=folder, env=bare | {"VEDETTE_PORT": str(port)}, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz", service, folder / "log")
            yield url
        finally:
            service.terminate()
            service.wait(30)


def _wait(url: str, service: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and service.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # somebody else's process: there is nothing to wait on but its answer
    pytest.fail(f"the service did not come up:\n{log.read_text()}")


def test_the_tutorial_leads_to_a_picture(folder: Path, address: str) -> None:
    """A newcomer types it word for word; a step that fails is where they leave."""
    if shutil.which("curl") is None:
        missing("curl is not installed")
    first = next(number for number, block in enumerate(BLOCKS) if "TOKEN=" in block)
    after = next(number for number, block in enumerate(BLOCKS) if "TASK=" in block)
    script = "\n".join(["set -e", *BLOCKS[first : after + 1], WAIT, *BLOCKS[after + 1 :]])
    script = script.replace("http://127.0.0.1:8090", address)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + (folder / "log").read_text()
    assert "error_code" not in done.stdout
    assert (folder / "event.jpg").read_bytes().startswith(b"\xff\xd8")
