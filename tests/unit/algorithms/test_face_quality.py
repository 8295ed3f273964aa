"""What makes a good shot of a face."""

import cv2
import numpy as np
import pytest
from faces import NOISE, Face, marks

from vedette.algorithms.face_quality import FaceQuality, frontalness, judge, sharpness, size_quality
from vedette.model.frame import Image

LUMA = NOISE[:, :, 1]
BOX = np.array([530, 230, 670, 370], np.float32)


def of(face: Face) -> np.ndarray:
    return np.array(marks(face), np.float32)


def drawn(blur: float, size: int = 96) -> Image:
    """Rings that are blurred by so many pixels."""
    rows, columns = np.mgrid[:size, :size]
    rings = (128 + 90 * np.sign(np.hypot(rows - size / 2, columns - size / 2) % 24 - 12)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(rings, (0, 0), blur) if blur else rings, np.uint8)


def test_a_large_sharp_face_that_looks_at_the_camera_is_a_good_shot() -> None:
    quality = judge(LUMA, BOX, of(Face()), 0.9)
    assert quality == FaceQuality(size=1.0, sharpness=1.0, frontal=pytest.approx(1.0, abs=0.01), light=1.0, score=0.9)
    assert quality.total == pytest.approx(0.9**0.15, abs=0.01)


def test_each_thing_alone_makes_a_worse_shot() -> None:
    """Weaker, smaller, turned aside, in the dark, unsharp."""
    best = judge(LUMA, BOX, of(Face()), 0.9).total
    small = np.array([590, 290, 610, 310], np.float32)
    worse = (
        judge(LUMA, BOX, of(Face()), 0.5),
        judge(LUMA, small, of(Face(side=20)), 0.9),
        judge(LUMA, BOX, of(Face(turned=0.5)), 0.9),
        judge((LUMA // 6).astype(np.uint8), BOX, of(Face()), 0.9),
        judge(np.tile(np.linspace(60, 200, 1280), (720, 1)).astype(np.uint8), BOX, of(Face()), 0.9),
    )
    assert [quality.total < 0.95 * best for quality in worse] == [True] * 5
    assert min(quality.total for quality in worse) > 0


def test_turning_aside_and_nodding_make_it_worse_step_by_step() -> None:
    aside = [frontalness(of(Face(turned=turned))) for turned in (0.0, 0.3, 0.6, 0.9, 1.2)]
    assert aside == sorted(aside, reverse=True)
    assert (aside[0], aside[-1]) == (pytest.approx(1.0, abs=0.02), 0.0)
    level, nodding, raised = of(Face()), of(Face()), of(Face())
    nodding[2, 1] += 20
    raised[2, 1] -= 20
    assert max(frontalness(nodding), frontalness(raised)) < 0.8 * frontalness(level)


def test_a_tilted_head_shows_as_much() -> None:
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    face = of(Face(turned=0.3))
    assert frontalness(face @ turn) == pytest.approx(frontalness(face), abs=1e-5)


def test_eyes_that_stand_close_together_are_those_of_a_profile() -> None:
    face = of(Face())
    face[[0, 3], 0] += 20
    face[[1, 4], 0] -= 20
    assert frontalness(face) < 0.6
    face[:, 0] = 600
    assert frontalness(face) == 0.0


def test_blur_makes_it_worse_step_by_step() -> None:
    found = [sharpness(drawn(blur)) for blur in (0.0, 1.5, 4.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] + 0.2
    assert sharpness(np.full((60, 60), 90, np.uint8)) == 0.0
    assert sharpness(np.full((4, 60), 90, np.uint8)) == 0.0


def test_each_doubling_of_a_size_counts_the_same_up_to_what_is_enough() -> None:
    steps = np.diff([size_quality(side) for side in (14, 28, 56, 112, 224)])
    assert steps[:3] == pytest.approx([steps[0]] * 3)
    assert steps[3] == 0.0
    assert size_quality(5) == 0.0


@pytest.mark.parametrize("box", [(-40, -40, -10, -10), (2000, 10, 2100, 90), (100, 100, 100, 100)])
def test_a_face_outside_of_the_picture_is_none(box: tuple[int, int, int, int]) -> None:
    """Tracks run out of the picture."""
    assert judge(LUMA, np.array(box, np.float32), None, 0.9).total < 0.1


def test_without_marks_nothing_is_said_of_where_it_looks() -> None:
    """Other detectors of faces give boxes alone."""
    assert judge(LUMA, BOX, None, 0.9).frontal == 0.5
