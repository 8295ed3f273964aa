"""The demonstration against the real service."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from vedette import demo

SERVE = [sys.executable, "-m", "vedette", "serve"]
LAST = re.compile(r"demo: (\d+) events delivered, 0 lost, (\d+) frames analysed")


def test_the_generated_scene_is_seen_as_scripted_and_nothing_is_lost(tmp_path: Path) -> None:
    """What a newcomer sees first; 0 only if nothing was missed, false or lost."""
    run = subprocess.run(
        [sys.executable, "-m", "vedette", "demo", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, run.stdout + run.stderr
    found = LAST.fullmatch(lines[-1])
    assert found is not None
    assert int(found[1]) > 3
    assert int(found[2]) > 300
    assert any(re.fullmatch(r"script: \d+ entries expected, 0 missed, 0 false", line) for line in lines)
    pictures = sorted((tmp_path / "out").glob("event-*.jpg"))
    assert len(pictures) == int(found[1])
    assert all(picture.read_bytes()[:2] == b"\xff\xd8" for picture in pictures)


def test_a_video_with_a_difficult_name_can_be_shown(data: Path, tmp_path: Path) -> None:
    """A space, Chinese, a quote: the address is encoded, and the service reads the file."""
    clip = tmp_path / "门口 camera's 1.mp4"
    shutil.copyfile(data / "videos" / "one-by-one-person-detection.mp4", clip)
    assert demo.run(str(clip), tmp_path / "out", SERVE) == 0


def test_a_service_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    """And no traceback."""
    command = [sys.executable, "-c", "print('no room at the inn'); raise SystemExit(3)"]
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"no video")
    assert demo.run(str(clip), tmp_path / "out", command) == 1
    assert "no room at the inn" in (tmp_path / "out" / "service.log").read_text()


def test_a_file_that_is_no_video_is_told_with_the_tasks_error(tmp_path: Path) -> None:
    """The task fails, and the demonstration says why instead of waiting for ever."""
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"this is no video at all" * 100)
    assert demo.run(str(clip), tmp_path / "out", SERVE) == 1


def test_the_service_does_not_outlive_a_demonstration_that_is_terminated(data: Path, tmp_path: Path) -> None:
    """SIGTERM in mid-run: the task is stopped, the summary printed, and the child process ended."""
    out = tmp_path / "out"
    clip = data / "videos" / "cdnet-highway_320x240.mp4"
    command = [sys.executable, "-u", "-m", "vedette", "demo", "--video", str(clip), "--out", str(out)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "task" in line and "created" in line:
                process.send_signal(signal.SIGTERM)
    url = next(part.rstrip(";") for line in lines for part in line.split() if part.startswith("http://127.0.0.1:"))
    assert lines[-1].startswith("demo: ")
    assert "service ended" in (out / "service.log").read_text()
    assert _nobody_listens(int(url.rpartition(":")[2]))


def _nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
