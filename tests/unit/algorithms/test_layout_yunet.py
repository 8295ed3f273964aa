"""YuNet's twelve outputs."""

import math

import numpy as np
import pytest

from vedette.algorithms.layouts import BELIEVED, decode
from vedette.algorithms.layouts.yunet import MARKS
from vedette.algorithms.manifests import catalogue

SPEC = next(entry.manifest for entry in catalogue() if entry.manifest.name == "yunet-320").output
WIDTHS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 2 * MARKS}


def outputs() -> dict[str, np.ndarray]:
    """What the model says of an empty picture of 320 x 320."""
    return {
        f"{kind}_{stride}": np.zeros((1, (320 // stride) ** 2, width), np.float32)
        for kind, width in WIDTHS.items()
        for stride in (8, 16, 32)
    }


def test_a_cell_becomes_a_face_with_five_marks_in_pixels_of_the_picture() -> None:
    """Row 4, column 6 of stride 16, in a picture twice as large as the input."""
    said, cell = outputs(), 4 * 20 + 6
    said["cls_16"][0, cell], said["obj_16"][0, cell] = 0.81, 1.0
    said["bbox_16"][0, cell] = [0.5, 0.25, math.log(2), math.log(3)]
    said["kps_16"][0, cell] = [-0.5, -0.5, 1.0, -0.5, 0.25, 0.25, -0.25, 1.0, 0.75, 1.0]
    found = decode(said, SPEC, (320, 320), (0.5, 0.5), (640, 640))
    x, y = 6.5 * 32, 4.25 * 32
    assert found.boxes == pytest.approx(np.array([[x - 32, y - 48, x + 32, y + 48]]), rel=1e-5)
    assert found.scores[0] == pytest.approx(BELIEVED + (0.9 - 0.7) * 0.5 / 0.3, rel=1e-5)
    assert [label for _, _, label, _ in found.rows()] == ["face"]
    assert found.points is not None
    assert found.points.shape == (1, MARKS, 2)
    assert found.points[0, 0] == pytest.approx([5.5 * 32, 3.5 * 32])
    assert found.points[0, 4] == pytest.approx([6.75 * 32, 5.0 * 32])


def test_marks_go_with_their_face_when_the_weaker_one_goes() -> None:
    said = outputs()
    for cell, sure, mark in ((30, 0.8, 0.1), (31, 1.0, 0.2), (900, 0.9, 0.3)):
        said["cls_8"][0, cell] = said["obj_8"][0, cell] = sure
        said["bbox_8"][0, cell] = [0, 0, math.log(6), math.log(6)]
        said["kps_8"][0, cell] = mark
    found = decode(said, SPEC, (320, 320), (1, 1), (320, 320))
    assert found.points is not None
    assert found.points[:, 0, 0].tolist() == pytest.approx([(31 + 0.2) * 8, (20 + 0.3) * 8])


def test_nothing_seen_has_marks_of_nothing() -> None:
    found = decode(outputs(), SPEC, (320, 320), (1, 1), (320, 320))
    assert len(found) == 0
    assert found.points is not None
    assert found.points.shape == (0, MARKS, 2)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("kps_8", (1, 1600, 8)), ("cls_32", (1, 99, 1)), ("bbox_16", (400, 4)), ("obj_8", (2, 1600, 1))],
)
def test_an_output_of_another_shape_does_not_pass_for_faces(name: str, shape: tuple[int, ...]) -> None:
    said = outputs() | {name: np.zeros(shape, np.float32)}
    with pytest.raises(ValueError, match="fit the layout"):
        decode(said, SPEC, (320, 320), (1, 1), (320, 320))


def test_a_missing_output_is_said() -> None:
    said = outputs()
    del said["kps_32"]
    with pytest.raises(ValueError, match="11 outputs"):
        decode(said, SPEC, (320, 320), (1, 1), (320, 320))
