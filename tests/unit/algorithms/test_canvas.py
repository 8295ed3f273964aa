"""What a model is given of a picture."""

from typing import Any

import numpy as np
import pytest

from vedette.algorithms.inference.canvas import Canvas
from vedette.algorithms.inference.crops import cut
from vedette.algorithms.inputs import InputSpec

FLOAT = np.dtype(np.float32)


def canvas(element: np.dtype[Any] = FLOAT, most: int = 1, **told: Any) -> Canvas:
    return Canvas(InputSpec.model_validate({"width": 64, "height": 32, **told}), element, most)


def halves(width: int, height: int) -> np.ndarray:
    """Blue 10, green 20, red 30 on the left half; twice that on the right."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = (10, 20, 30)
    picture[:, width // 2 :] *= 2
    return picture


@pytest.mark.parametrize(
    ("fit", "size", "covered", "scale", "offset"),
    [
        ("top-left", (64, 64), (slice(0, 32), slice(0, 32)), (0.5, 0.5), (0, 0)),
        ("centre", (64, 64), (slice(0, 32), slice(16, 48)), (0.5, 0.5), (16, 0)),
        ("stretch", (64, 64), (slice(0, 32), slice(0, 64)), (1.0, 0.5), (0, 0)),
        ("cover", (64, 64), (slice(0, 32), slice(0, 64)), (1.0, 1.0), (0, -16)),
        ("centre", (256, 64), (slice(8, 24), slice(0, 64)), (0.25, 0.25), (0, 8)),
    ],
)
def test_a_picture_lies_where_its_fit_says(
    fit: str, size: tuple[int, int], covered: tuple[slice, slice], scale: tuple[float, float], offset: tuple[int, int]
) -> None:
    under_test = canvas(fit=fit, fill=200)
    place = under_test.lay(halves(*size))
    assert (place.given, place.scale, place.offset) == ((64, 32), pytest.approx(scale), pytest.approx(offset))
    blue = under_test.pixels[0, 0]
    assert set(np.unique(blue[covered])) <= set(range(10, 21)), "the picture, and nothing else"
    blue[covered] = 200
    assert (blue == 200).all(), "around it the fill"


def test_the_place_takes_a_point_of_the_picture_to_its_pixel() -> None:
    """Boxes go the way back."""
    for fit in ("top-left", "centre", "stretch", "cover"):
        picture = np.zeros((96, 128, 3), np.uint8)
        picture[40:48, 60:68] = 255
        under_test = canvas(fit=fit, fill=0)
        place = under_test.lay(picture)
        rows, columns = np.nonzero(under_test.pixels[0, 0] > 127)
        middle = columns.mean() + 0.5, rows.mean() + 0.5
        expected = 64 * place.scale[0] + place.offset[0], 44 * place.scale[1] + place.offset[1]
        assert middle == pytest.approx(expected, abs=0.6)


def test_what_the_picture_before_covered_is_filled_again() -> None:
    under_test = canvas(fit="centre", fill=7)
    under_test.lay(np.full((32, 64, 3), 255, np.uint8))
    under_test.lay(np.full((64, 64, 3), 100, np.uint8))
    assert set(np.unique(under_test.pixels)) == {7.0, 100.0}


def test_values_are_scaled_and_normalised_plane_by_plane_in_the_order_of_the_colours() -> None:
    told = {"scale": 0.1, "mean": [1, 2, 3], "deviation": [2, 4, 5], "fit": "stretch"}
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:] = (10, 20, 30)
    for colour, expected in (("bgr", [0.0, 0.0, 0.0]), ("rgb", [1.0, 0.0, -0.4])):
        under_test = canvas(colour=colour, **told)
        under_test.lay(picture)
        assert under_test.pixels[0, :, 5, 5].tolist() == pytest.approx(expected, abs=1e-6)
        turned = canvas(colour=colour, order="nhwc", **told)
        turned.lay(picture)
        assert turned.pixels.shape == (1, 32, 64, 3)
        assert turned.pixels[0, 5, 5].tolist() == pytest.approx(expected, abs=1e-6)


def test_one_plane_is_brightness() -> None:
    under_test = canvas(colour="grey", fit="stretch")
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:] = (0, 0, 100)
    under_test.lay(picture)
    assert under_test.pixels.shape == (1, 1, 32, 64)
    assert under_test.pixels[0, 0, 3, 3] == pytest.approx(29.9, abs=0.6)


@pytest.mark.parametrize("element", ["float16", "uint8"])
def test_the_numbers_have_the_type_that_the_model_takes(element: str) -> None:
    under_test = canvas(np.dtype(element), fit="stretch")
    under_test.lay(np.full((8, 8, 3), 77, np.uint8))
    assert under_test.pixels.dtype == np.dtype(element)
    assert (under_test.pixels == 77).all()


def test_a_size_that_follows_the_picture_is_no_larger_than_needed() -> None:
    """A wide picture costs half of what a square one costs."""
    under_test = canvas(width=64, height=64, multiple=16, fill=0)
    assert under_test.lay(np.zeros((36, 64, 3), np.uint8)).given == (64, 48)
    assert under_test.pixels.shape == (1, 3, 48, 64)
    assert under_test.lay(np.zeros((64, 64, 3), np.uint8)).given == (64, 64)
    assert under_test.lay(np.zeros((720, 1280, 3), np.uint8)).given == (64, 48)


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    under_test = canvas(most=3, fit="stretch")
    for row, value in enumerate((10, 20, 30)):
        under_test.lay(np.full((8, 8, 3), value, np.uint8), row)
    assert [set(np.unique(rows)) for rows in under_test.pixels] == [{10.0}, {20.0}, {30.0}]


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ([2, 3, 6, 8], (5, 4, 3)),
        ([2.5, 3.5, 5.5, 7.5], (5, 4, 3)),
        ([-5, -5, 4, 4], (4, 4, 3)),
        ([18, 8, 40, 40], (2, 2, 3)),
        ([5, 5, 5, 5], (1, 1, 3)),
        ([100, 100, 120, 120], (1, 1, 3)),
        ([8, 8, 2, 2], (1, 1, 3)),
    ],
)
def test_a_cut_out_is_never_empty(box: list[float], shape: tuple[int, ...]) -> None:
    """A tracker foretells boxes that leave the picture."""
    assert cut(np.zeros((10, 20, 3), np.uint8), np.array(box, np.float32)).shape == shape
