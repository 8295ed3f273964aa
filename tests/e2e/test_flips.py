"""Damaged files: whatever the bytes are, the service stays, and each task ends in a documented state with a reason."""

import random
from pathlib import Path

import av
import numpy as np
import pytest

from e2e.service import Service, running, until

FEW, MANY = 50, 1000
TOGETHER = 10
KINDS = {"mp4": "libx264", "ts": "libx264", "mkv": "libvpx", "avi": "mpeg4"}
"""Container -> encoder."""
DONE = ("SUCCEEDED", "FAILED", "START_FAILED")


def _clips(folder: Path) -> dict[str, bytes]:
    dice = np.random.default_rng(5)
    pictures = [dice.integers(0, 255, (96, 128, 3)).astype(np.uint8) // 3 + number for number in range(25)]
    made = {}
    for kind, encoder in KINDS.items():
        path = folder / f"whole.{kind}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(encoder, rate=25, options={"g": "12"})
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            container.mux(stream.encode(None))
        made[kind] = path.read_bytes()
    return made


def _flipped(whole: bytes, dice: random.Random) -> bytes:
    """Return it with a few bytes changed: half of them near the start, where the headers are."""
    damaged = bytearray(whole)
    for _ in range(dice.choice((1, 3, 10, 40))):
        reach = len(damaged) if dice.random() < 0.5 else min(len(damaged), 600)
        damaged[dice.randrange(reach)] = dice.randrange(256)
    return bytes(damaged)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_no_damage_stops_the_service(count: int, tmp_path: Path) -> None:
    """A decoder is a large program in C: what crashes it may cost a worker, and the task that brought it, no more."""
    dice = random.Random(count)  # the same damage every time
    folder = tmp_path / "clips"
    folder.mkdir()
    whole = _clips(folder)
    outcomes: dict[str, int] = {}
    with running(tmp_path / "service", file_roots=str(folder)) as service:
        for start in range(0, count, TOGETHER):
            ids = []
            for number in range(start, min(start + TOGETHER, count)):
                kind = dice.choice(sorted(whole))
                path = folder / f"damaged-{number}.{kind}"
                path.write_bytes(_flipped(whole[kind], dice))
                ids.append(service.create(f"damaged-{number}", path.as_uri()))
            for task_id in ids:
                outcome = _outcome(service, task_id)
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                service.ask("DELETE", f"/v2/{{p}}/tasks/{task_id}")
        good = service.create("good", (folder / "whole.mp4").as_uri())
        service.wait_for(good, "SUCCEEDED", seconds=60)
        assert service.progress(good)["frames"] > 0
    print(outcomes)
    assert outcomes.get("SUCCEEDED", 0) > 0, "none of them could be read: the damage is too great to say anything"


def _outcome(service: Service, task_id: str) -> str:
    state = service.wait_for(task_id, *DONE, seconds=120)
    told = service.task(task_id)
    if state != "SUCCEEDED":
        assert told["error"]["code"].startswith(("VIAS.", "VEDETTE.")), told
        assert len(told["error"]["message"]) > 10, told
    until(service.ready, 5, "the service")
    return state
