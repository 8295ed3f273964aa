"""Faults of the picture: nothing is told of real clips, and what we spoil on purpose is told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import pytest
from degrade import WAYS, Shot

from conftest import Say
from vedette.algorithms.quality import Judge
from vedette.model.look import Fault
from vedette.testing import write_scene

STEP_US = 200_000
"""Five pictures a second."""
CLEAN, SPOILT = 40, 64
"""Pictures before and after the fault comes."""

RATES = {
    "asl-book.mkv": 30.0,
    "bgs-road_msmpeg4v2.avi": 30.0,
    "bottle-detection.mp4": 29.83,
    "car-detection.mp4": 12.5,
    "cdnet-highway_320x240.mp4": 25.0,
    "counter_mjpeg_480x320.mp4": 24.0,
    "face-demographics-walking_480x270.mp4": 12.0,
    "one-by-one-person-detection.mp4": 10.0,
    "pets09-s2l1_768x576.mp4": 7.0,
    "pinwheel.ts": 25.0,
    "tud-campus_640x480.mp4": 25.0,
    "vtest_480x360.avi": 10.0,
    "vtest_480x360.mp4": 10.0,
    "worker-zone-detection_480x270.mp4": 15.0,
}
"""Pictures a second; the times within some clips cannot be trusted."""
CAMERAS = sorted(set(RATES) - {"counter_mjpeg_480x320.mp4", "pinwheel.ts", "vtest_480x360.avi"})
"""The clips that a camera took, each scene once at its size."""
QUICK = "worker-zone-detection_480x270.mp4"
"""The clip of the ordinary run; all of them are a matter of minutes, and belong to the soak."""

LEAST = {("blue cast", 1): 7, ("blue cast", 2): 3, ("smudge", 1): 4, ("smudge", 2): 3}
"""Clips of 11 of which a fault must be told, where that is fewer than 9: blue is taken up by lawn and wood, and people
who walk before a smudge are not told from it."""


def shots(path: Path, rate: float, most: int | None = None) -> Iterator[Shot]:
    """Yield the pictures of a clip, five a second, at most 480 wide."""
    due, told = 0.0, 0
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index / rate + 1e-9 < due:
                continue
            due += STEP_US / 1e6
            shot = picture.to_ndarray(format="bgr24")
            yield shot
            told += 1
            if told == most:
                return


def to_and_fro(pictures: list[Shot], count: int) -> list[Shot]:
    """Return so many pictures: forward, back, forward."""
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    return [pictures[order[index % len(order)]] for index in range(count)]


def watch(judge: Judge, pictures: Sequence[Shot], first: int = 0) -> set[Fault]:
    """Show pictures to the judge, and return all it ever said."""
    told: set[Fault] = set()
    for index, picture in enumerate(pictures, first):
        judge.see(picture, index * STEP_US)
        told |= set(judge.faults() or ())
    return told


def narrow(picture: Shot) -> Shot:
    height, width = picture.shape[:2]
    return cv2.resize(picture, (480, height * 480 // width), interpolation=cv2.INTER_AREA) if width > 480 else picture


def spoil(clip: list[Shot], way: str, strength: int) -> set[Fault]:
    judge = Judge()
    clean = watch(judge, clip[:CLEAN])
    return clean | watch(judge, WAYS[way][1](clip[CLEAN:], strength), CLEAN)


@pytest.mark.parametrize("name", sorted(RATES))
def test_a_real_clip_shows_no_fault(data: Path, say: Say, name: str) -> None:
    """Operators page on a fault: one that is told of a good picture is worse than one that is missed.

    The drawn `counter` is the exception: it is a dot on black, and black to everybody's measure.
    """
    told = watch(Judge(), list(shots(data / "videos" / name, RATES[name])))
    say(f"{name}: {sorted(told) or 'nothing'} told")
    assert told == ({Fault.BLACK_SCREEN} if name.startswith("counter") else set())


def test_a_scene_of_ours_shows_no_fault(tmp_path: Path) -> None:
    """It has a flickering lamp, a sudden step of the light and people that pass: no camera's fault."""
    write_scene(tmp_path / "scene.mp4", seconds=24)
    assert watch(Judge(), list(shots(tmp_path / "scene.mp4", 25.0))) == set()


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_clear_fault_is_told_and_nothing_else(data: Path, way: str) -> None:
    """What explains another fault is told alone, so that the operator reads the cause."""
    clip = [narrow(shot) for shot in shots(data / "videos" / QUICK, RATES[QUICK], CLEAN + SPOILT)]
    told = spoil(to_and_fro(clip, CLEAN + SPOILT), way, 1)
    assert told == {WAYS[way][0]}


@pytest.mark.soak
@pytest.mark.parametrize("strength", [1, 2])
@pytest.mark.parametrize("way", sorted(WAYS))
def test_how_often_a_fault_is_told(data: Path, say: Say, way: str, strength: int) -> None:
    """The table of docs/reference/accuracy.md: recall and false alarms over every clip a camera took."""
    missed, others = [], []
    for name in CAMERAS:
        clip = [narrow(shot) for shot in shots(data / "videos" / name, RATES[name], CLEAN + SPOILT)]
        told = spoil(to_and_fro(clip, CLEAN + SPOILT), way, strength)
        missed += [name] if WAYS[way][0] not in told else []
        others += [(name, str(fault)) for fault in told - {WAYS[way][0]}]
    say(f"{way}, strength {strength}: {len(CAMERAS) - len(missed)} of {len(CAMERAS)}; missed {missed}, also {others}")
    least = LEAST.get((way, strength), 9)
    assert len(CAMERAS) - len(missed) >= least
    assert len(others) <= 2
