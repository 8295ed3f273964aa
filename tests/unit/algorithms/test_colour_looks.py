"""How things look, in numbers."""

import numpy as np

from vedette.algorithms.looks import looks


def picture() -> np.ndarray:
    image = np.full((120, 200, 3), 90, np.uint8)
    image[20:60, 20:50], image[60:100, 20:50] = (30, 30, 200), (40, 40, 40)  # red above, dark below
    image[20:60, 120:150], image[60:100, 120:150] = (200, 60, 30), (40, 40, 40)
    image[50:70, 80:90], image[70:90, 80:90] = (30, 30, 200), (40, 40, 40)  # the first one, further away
    return image


def test_the_same_clothes_are_alike_at_any_size_and_others_are_not() -> None:
    boxes = np.array([[20, 20, 50, 100], [120, 20, 150, 100], [80, 50, 90, 90]], np.float32)
    alike = looks(picture(), boxes) @ looks(picture(), boxes).T
    np.testing.assert_allclose(np.diag(alike), 1.0, rtol=1e-5)
    assert alike[0, 2] > 0.95
    assert alike[0, 1] < 0.85


def test_no_boxes_and_boxes_over_the_edge_have_looks_too() -> None:
    assert looks(picture(), np.zeros((0, 4), np.float32)).shape == (0, 72)
    outside = looks(picture(), np.array([[-40, -40, 10, 10], [190, 100, 260, 190], [5, 5, 5, 5]], np.float32))
    np.testing.assert_allclose(np.linalg.norm(outside, axis=1), 1.0, rtol=1e-5)


def test_brighter_light_changes_less_than_other_clothes() -> None:
    """The sun comes out: brightness moves by a bin, the colours stay."""
    boxes = np.array([[20, 20, 50, 100], [120, 20, 150, 100]], np.float32)
    brighter = np.clip(picture().astype(np.int64) * 1.1, 0, 255).astype(np.uint8)
    before, after = looks(picture(), boxes), looks(brighter, boxes)
    assert before[0] @ after[0] > before[0] @ before[1]
