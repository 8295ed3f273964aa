"""Pictures that change their size in mid-stream: the algorithms go on, and this is what becomes of what they knew."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from vedette.algorithms import Models
from vedette.algorithms.builtin.intrusion import Intrusion, IntrusionConfig, IntrusionData
from vedette.algorithms.motion import MotionDetector
from vedette.model.frame import Frame, Image
from vedette.testing import frame_of

PLACE = np.kron(np.random.default_rng(1).normal(110, 10, (45, 80)), np.ones((8, 8))).clip(20, 235)
SIZES = [(1280, 720), (320, 180), (480, 360), (360, 640)]


def film(begin_s: float, seconds: float, size: tuple[int, int], *, walks: bool) -> Iterator[Frame]:
    """A still place that a block crosses at 100 pixels of 640 a second, at another size."""
    dice = np.random.default_rng(2)
    for index in range(round(seconds * 10)):
        picture = PLACE + dice.normal(0, 2.0, PLACE.shape)
        if walks:
            left = int(10 * index)
            picture[150:250, left : left + 40] = 30
        luma: Image = cv2.resize(picture.clip(0, 255).astype(np.uint8), size)
        yield frame_of(luma, begin_s + index / 10, index=round(begin_s * 10) + index)


class Moving(Models):
    """Models that are none: what moves is found."""

    def __init__(self) -> None:
        self.motion = MotionDetector()

    def has(self, role: str) -> bool:
        return role == "objects"

    def detector(self, role: str) -> MotionDetector:
        return self.motion


@pytest.mark.parametrize("size", SIZES)
def test_motion_is_found_at_the_new_size_after_a_few_pictures_of_it(size: tuple[int, int]) -> None:
    """A background of the same shape when scaled down is kept; another one is learnt anew, in about a second."""
    detector = MotionDetector()
    for frame in film(0, 5, (640, 360), walks=False):
        detector(frame)
    for frame in film(5, 4, size, walks=False):
        assert len(detector(frame).boxes) == 0, "the same place at another size is no motion"
    found = [detector(frame) for frame in film(9, 4, size, walks=True)]
    seen = [one.boxes for one in found if len(one.boxes)]
    assert len(seen) > 25
    tall = size[1] * 100 / 360
    assert all(0.5 * tall < boxes[0][3] - boxes[0][1] < 1.6 * tall for boxes in seen[5:20]), "in pixels of the new size"


@pytest.mark.parametrize("size", SIZES)
def test_intrusion_goes_on_and_the_whole_picture_is_that_of_the_new_size(size: tuple[int, int]) -> None:
    """Without a region the whole picture counts: it grows and shrinks with the picture."""
    algorithm = Intrusion(IntrusionConfig(), Moving())
    before = [finding for frame in film(0, 5, (640, 360), walks=False) for finding in algorithm.process(frame)]
    between = [finding for frame in film(5, 4, size, walks=False) for finding in algorithm.process(frame)]
    after = [finding for frame in film(9, 4, size, walks=True) for finding in algorithm.process(frame)]
    assert (before, between) == ([], [])
    assert len(after) >= 1
    assert isinstance(after[0].data, IntrusionData)
    box = after[0].data.event_set[0].bounding_box
    assert box.x + box.w <= size[0]
    assert box.y + box.h <= size[1]
    Intrusion(IntrusionConfig(), Moving()).restore(algorithm.state())


def test_someone_in_the_picture_when_the_size_changes_is_followed_anew() -> None:
    """Tracks are in pixels, and lose what jumps: it is told at most once more, and nothing breaks."""
    algorithm = Intrusion(IntrusionConfig(), Moving())
    for frame in film(0, 5, (640, 360), walks=False):
        assert not list(algorithm.process(frame))
    first = [finding for frame in film(5, 3, (640, 360), walks=True) for finding in algorithm.process(frame)]
    second = [finding for frame in film(8, 3, (1280, 720), walks=True) for finding in algorithm.process(frame)]
    assert len(first) == 1
    assert len(second) <= 2
