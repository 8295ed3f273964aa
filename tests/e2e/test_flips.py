"""Damaged files: whatever the bytes are, the service stays, and each task ends in a documented state with a reason."""

import json
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from e2e.conftest import LINE
from e2e.service import Service, running, until
from vedette.model.errors import SourceInvalid, SourceLost, SourceRefused, SourceTruncated, WorkerLost

FEW, MANY = 50, 1000
"""Files with flipped bytes; a fifth as many are damaged in other ways besides."""
TOGETHER = 10
KINDS: Final = {
    "h264.mp4": "libx264",
    "h265.mp4": "libx265",
    "h264.ts": "libx264",
    "h264.flv": "libx264",
    "vp8.mkv": "libvpx",
    "vp9.webm": "libvpx-vp9",
    "mpeg4.avi": "mpeg4",
    "mjpeg.avi": "mjpeg",
    "mpeg2.mpg": "mpeg2video",
    "mpeg2.ts": "mpeg2video",
}
"""File -> encoder."""
DONE = ("SUCCEEDED", "FAILED", "START_FAILED")
REASONS: Final = {one.code for one in (SourceInvalid, SourceTruncated, SourceLost, SourceRefused)}
"""What may be wrong with a file. An internal error is none of them, nor is a worker that was lost."""


def _clips(folder: Path) -> dict[str, bytes]:
    dice = np.random.default_rng(5)
    pictures = [dice.integers(0, 255, (96, 128, 3)).astype(np.uint8) // 3 + number for number in range(25)]
    made = {}
    for name, encoder in KINDS.items():
        path = folder / f"whole-{name}"
        with av.open(str(path), "w") as container:
            options = {"g": "12"} | ({"x265-params": "log-level=none"} if encoder == "libx265" else {})
            stream = container.add_stream(encoder, rate=25, options=options)
            stream.width, stream.height = 128, 96
            stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            container.mux(stream.encode(None))
        made[name] = path.read_bytes()
    return made


def _flipped(whole: bytes, dice: random.Random) -> bytes:
    """Return it with a few bytes changed: half of them near the start, where the headers are."""
    damaged = bytearray(whole)
    for _ in range(dice.choice((1, 3, 10, 40))):
        reach = len(damaged) if dice.random() < 0.5 else min(len(damaged), 600)
        damaged[dice.randrange(reach)] = dice.randrange(256)
    return bytes(damaged)


def _cut(whole: bytes, dice: random.Random) -> bytes:
    return whole[: dice.randrange(len(whole))]


def _grown(whole: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(whole))
    return whole[:at] + dice.randbytes(dice.choice((1, 7, 188, 5000))) + whole[at:]


def _shrunk(whole: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(whole))
    return whole[:at] + whole[at + dice.choice((1, 7, 188, 5000)) :]


def _shuffled(whole: bytes, dice: random.Random) -> bytes:
    """Return it with a block of zeros, or of itself, in another place."""
    size, at, whence = 512, dice.randrange(len(whole)), dice.randrange(len(whole))
    block = bytes(size) if dice.random() < 0.5 else whole[whence : whence + size]
    return whole[:at] + block + whole[at + len(block) :]


OTHERS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (_cut, _grown, _shrunk, _shuffled)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_no_damage_stops_the_service(count: int, tmp_path: Path) -> None:
    """A decoder is a large program in C: what crashes it may cost a worker, and the task that brought it, no more."""
    dice = random.Random(count)  # the same damage every time
    folder = tmp_path / "clips"
    folder.mkdir()
    whole = _clips(folder)
    outcomes: Counter[str] = Counter()
    readable: set[str] = set()
    ways = [_flipped] * count + [OTHERS[number % len(OTHERS)] for number in range(count // 5)]
    with running(tmp_path / "service", file_roots=str(folder)) as service:
        for start in range(0, len(ways), TOGETHER):
            tasks: dict[str, str] = {}
            for number, damage in enumerate(ways[start : start + TOGETHER], start):
                name = sorted(whole)[number % len(whole)]
                path = folder / f"{number}-{name}"
                path.write_bytes(damage(whole[name], dice))
                tasks[service.create(f"damaged-{number}", path.as_uri())] = name
            for task_id, name in tasks.items():
                outcome = _outcome(service, task_id)
                outcomes[outcome] += 1
                if outcome == "SUCCEEDED":
                    readable.add(name)
                service.ask("DELETE", f"/v2/{{p}}/tasks/{task_id}")
        crashes = _crashes(service)
        _still_well(service, folder)
    print(dict(outcomes), "crashes of workers:", crashes)
    assert outcomes["SUCCEEDED"] > count // 10, "few of them could be read: the damage is too great to say anything"
    assert count < MANY or readable == set(whole), f"of some kinds none could be read: {set(whole) - readable}"
    assert outcomes[f"FAILED {WorkerLost.code}"] <= crashes, "a worker was lost that had not crashed"


def test_a_crash_costs_the_task_that_brought_it_and_no_other(clip: tuple[str, int], tmp_path: Path) -> None:
    """Whoever reads the file dies of it, as of a fault in a decoder. What runs beside it comes to its end all the same."""
    folder = tmp_path / "clips"
    folder.mkdir()
    source = Path(clip[0].removeprefix("file://"))
    bad, good = (Path(shutil.copy(source, folder / name)) for name in ("bad.mp4", "good.mp4"))
    with running(tmp_path / "service", file_roots=str(folder)) as service:
        beside = service.create("beside", good.as_uri(), target_roi=LINE)
        service.wait_for(beside, "RUNNING")
        fatal = service.create("fatal", bad.as_uri(), target_roi=LINE)
        until(lambda: _crash_who_reads(service, bad) and service.state(fatal) == "FAILED", 150, "the end of its budget")
        error = service.task(fatal)["error"]
        assert error["code"] == WorkerLost.code
        assert "times in a row" in error["message"]
        assert "RECOVERING" in service.path(fatal)
        assert _crashes(service) >= 2
        service.wait_for(beside, "SUCCEEDED", seconds=120)
        assert len(service.events(beside)) == clip[1], "nothing was lost, and nothing told twice"


def _crash_who_reads(service: Service, path: Path) -> bool:
    """End every worker that has a file open as a wrong address would."""
    for pid in service.living_workers():
        try:
            files = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:  # it is ending, or closes one of them at this moment
            continue
        if path in files:
            os.kill(pid, signal.SIGSEGV)
    return True


def _crashes(service: Service) -> int:
    """Return how many workers ended by a signal."""
    ended = [json.loads(line) for line in service.log().splitlines() if '"worker ended"' in line]
    return sum(one["exit_code"] < 0 for one in ended)


def _still_well(service: Service, folder: Path) -> None:
    """Whole files are read as ever, and nothing was told to be our own fault."""
    for name in KINDS:
        good = service.create(f"good-{name.replace('.', '-')}", (folder / f"whole-{name}").as_uri())
        service.wait_for(good, "SUCCEEDED", seconds=60)
        assert service.progress(good)["frames"] > 0
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert not [line for line in lines if line["level"] in ("error", "critical")]


def _outcome(service: Service, task_id: str) -> str:
    """Return the state, and the code of the reason; check that there is one."""
    state = service.wait_for(task_id, *DONE, seconds=120)
    told = service.task(task_id)
    until(service.ready, 5, "the service")
    if state == "SUCCEEDED":
        assert "error" not in told
        assert service.progress(task_id)["frames"] > 0, "a file that gave nothing has not succeeded"
        return state
    assert told["error"]["code"] in REASONS | {WorkerLost.code}, told
    assert len(told["error"]["message"]) > 20, told
    return f"{state} {told['error']['code']}"
