"""Boxes by the many."""

import numpy as np

from vedette.algorithms.boxes import agreed, distinct
from vedette.algorithms.tracks import apart, covered, inside


def test_boxes_that_mean_the_same_thing_give_their_mean() -> None:
    """Weighed by score and overlap; another class and another place have no say."""
    boxes = np.array([[0, 0, 100, 100], [0, 10, 100, 100], [0, 0, 100, 98], [300, 0, 400, 100]], np.float32)
    scores, classes = np.array([0.8, 0.8, 0.9, 0.5], np.float32), np.array([0, 0, 1, 0])
    kept = distinct(boxes, scores, classes, 0.5)
    found = agreed(boxes, scores, classes, kept, 0.65)
    assert kept.tolist() == [2, 0, 3]
    np.testing.assert_allclose(found[0], boxes[2], atol=1e-3)
    np.testing.assert_allclose(found[2], boxes[3], atol=1e-3)
    assert 4 < found[1, 1] < 5, "nearer to the one whose overlap is 1"


def test_who_stands_before_somebody_covers_them_and_who_stands_behind_does_not() -> None:
    near, far = np.array([[0.0, 0.0, 20.0, 100.0]]), np.array([[10.0, 0.0, 30.0, 80.0]])
    assert covered(far, near)[0, 0] == 0.5
    assert covered(near, far)[0, 0] == 0.0


def test_what_is_in_the_picture_and_what_stands_apart() -> None:
    boxes = np.array([[-10.0, 0.0, 10.0, 10.0], [40.0, 40.0, 60.0, 60.0], [42.0, 40.0, 62.0, 60.0]])
    assert inside(boxes, (100, 100)).tolist() == [0.5, 1.0, 1.0]
    assert apart(boxes, 0.3).tolist() == [True, False, False]
    assert apart(boxes[:0], 0.3).tolist() == []
