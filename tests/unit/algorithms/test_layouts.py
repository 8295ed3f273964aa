import math

import numpy as np
import pytest

from vedette.algorithms import distinct, overlap
from vedette.algorithms.layouts import BELIEVED, calibrated, decode
from vedette.algorithms.manifests import catalogue, parse
from vedette.algorithms.outputs import Kind
from vedette.model.detection import Detections
from vedette.model.errors import ModelError

KNOWN = {entry.manifest.name: entry.manifest for entry in catalogue()}


def read(output: np.ndarray, name: str, scale: tuple[float, float], size: tuple[int, int]) -> Detections:
    manifest = KNOWN[name]
    given = (manifest.input.width, manifest.input.height)
    return decode({"output": output}, manifest.output, given, scale, size)


def yolox(rows: dict[int, list[float]]) -> np.ndarray:
    output = np.zeros((1, 3549, 85), np.float32)
    for row, values in rows.items():
        output[0, row, : len(values)] = values
    return output


def test_a_yolox_row_becomes_a_box_in_pixels_of_the_picture() -> None:
    """Cell (row 2, column 3) of stride 16, centre 2.5 and 1.5 cells off, 4 by 8 cells large, in a picture twice as
    large as the input."""
    cell = 52 * 52 + 2 * 26 + 3
    row = [2.5, 1.5, math.log(4), math.log(8), 0.9, 0.0, 0.0, 0.8]
    found = read(yolox({cell: row}), "yolox-nano", (0.5, 0.5), (832, 832))
    centre, size = np.array([5.5 * 16, 3.5 * 16]) * 2, np.array([4 * 16, 8 * 16]) * 2
    expected = np.concatenate([np.maximum(centre - size / 2, 0), centre + size / 2])
    assert found.boxes == pytest.approx(expected[None], rel=1e-5)
    assert [label for _, _, label, _ in found.rows()] == ["car"]
    assert found.scores[0] == pytest.approx(BELIEVED + (0.72 - 0.4) * 0.5 / 0.6, rel=1e-5)


def test_of_two_boxes_of_a_class_the_weaker_goes_and_other_classes_stay() -> None:
    size = [math.log(4), math.log(8)]
    rows = {100: [0, 0, *size, 0.9, 0.9], 101: [-1, 0, *size, 0.8, 0.9], 102: [-2, 0, *size, 0.8, 0.0, 0.9]}
    found = read(yolox(rows), "yolox-nano", (1, 1), (416, 416))
    assert [label for _, _, label, _ in found.rows()] == ["person", "bicycle"]


def test_a_fastestdet_cell_becomes_a_box() -> None:
    output = np.zeros((1, 85, 22, 22), np.float32)
    output[0, :8, 10, 5] = [0.9, math.atanh(0.5), 0.0, 0.0, math.log(1 / 3), 0.0, 0.0, 0.9]
    found = read(output, "fastestdet", (352 / 640, 352 / 360), (640, 360))
    centre = np.array([5.5 / 22 * 640, 10 / 22 * 360])
    size = np.array([0.5 * 640, 0.25 * 360])
    assert found.boxes == pytest.approx(
        np.concatenate([np.maximum(centre - size / 2, 0), centre + size / 2])[None], rel=1e-4
    )
    assert [label for _, _, label, _ in found.rows()] == ["car"]


@pytest.mark.parametrize("shape", [(1, 10, 85), (1, 3549, 80)])
def test_an_output_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        read(np.zeros(shape, np.float32), "yolox-nano", (1, 1), (416, 416))


def test_a_manifest_with_too_few_labels_is_told_what_its_layout_has() -> None:
    """Who writes one sees what they have to change."""
    with pytest.raises(ValueError, match="which has 85 planes of 484 cells with these strides and labels"):
        read(np.zeros((1, 8, 22, 22), np.float32), "fastestdet", (1, 1), (352, 352))


def test_an_output_of_nonsense_gives_no_box_that_is_not_finite() -> None:
    output = np.full((1, 3549, 85), np.nan, np.float32)
    assert len(read(output, "yolox-nano", (1, 1), (416, 416))) == 0


def test_the_common_scale_keeps_the_order_and_lays_the_threshold_on_one_half() -> None:
    """So no algorithm has to know the model."""
    raw = np.linspace(0, 1, 101, dtype=np.float32)
    scale = calibrated(raw, 0.65)
    assert np.all(np.diff(scale) > 0)
    assert (scale[0], scale[65], scale[100]) == pytest.approx((0.0, BELIEVED, 1.0), abs=1e-6)


def test_overlap_and_suppression_of_nothing_are_nothing() -> None:
    none = np.zeros((0, 4))
    assert overlap(none, np.ones((3, 4))).shape == (0, 3)
    assert distinct(none, np.zeros(0), np.zeros(0, np.int64), 0.5).tolist() == []


def test_every_model_of_the_catalogue_says_where_it_comes_from_and_under_which_licence() -> None:
    assert set(KNOWN) >= {"yolox-nano", "fastestdet"}
    for manifest in KNOWN.values():
        assert manifest.origin.startswith("https://")
        assert manifest.licence in {"Apache-2.0", "BSD-3-Clause", "MIT"}
        if manifest.kind is Kind.EMBEDDER:
            continue
        count = 80 if "objects" in manifest.roles else len(manifest.output.labels)
        assert len(set(manifest.output.labels)) == len(manifest.output.labels) == count


@pytest.mark.parametrize("text", ["", "name = ", 'name = "x"', 'name = "../x"\nsha256 = "0"'])
def test_a_manifest_that_is_none_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(ModelError, match=r"broken\.toml"):
        parse(text, "broken.toml")
