"""One thing in a known place, written as each layout writes it, must be found there."""

import math
from typing import Any

import numpy as np
import pytest

from vedette.algorithms.layouts import READERS, decode
from vedette.algorithms.layouts.whole import read_classes, read_vectors
from vedette.algorithms.outputs import NEEDS, Kind, Layout, OutputSpec
from vedette.model.detection import Detections

LABELS = ("person", "car", "dog")
GIVEN = (64, 64)
BOX = (16.0, 8.0, 32.0, 40.0)
CENTRE, SIZE = (24.0, 24.0), (16.0, 32.0)
Said = dict[str, np.ndarray]


def read(said: Said, **told: Any) -> Detections:
    spec = OutputSpec.model_validate({"threshold": 0.5, "labels": LABELS, **told})
    return decode(said, spec, GIVEN, (1.0, 1.0), GIVEN)


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def rows(*values: list[float], count: int = 20) -> np.ndarray:
    output = np.zeros((1, count, len(values[0])), np.float32)
    output[0, : len(values)] = values
    return output


def larger(array: np.ndarray) -> np.ndarray:
    return np.pad(array, [(0, 0), *[(0, 1)] * (array.ndim - 1)])


def yolov5() -> tuple[Said, dict[str, Any]]:
    return {"output0": rows([*CENTRE, *SIZE, 0.9, 0.1, 0.9, 0.0])}, {"layout": "yolov5"}


def yolov8() -> tuple[Said, dict[str, Any]]:
    return {"output0": rows([*CENTRE, *SIZE, 0.1, 0.81, 0.0]).transpose(0, 2, 1)}, {"layout": "yolov8"}


def yolov8_turned() -> tuple[Said, dict[str, Any]]:
    return {"output0": rows([*CENTRE, *SIZE, 0.1, 0.81, 0.0])}, {"layout": "yolov8"}


def yolov8_masks() -> tuple[Said, dict[str, Any]]:
    """Models that cut shapes out have a second output, and values at the end of each row that belong to it."""
    values = [*CENTRE, *SIZE, 0.1, 0.81, 0.0, *[7.0] * 32]
    said = {"output0": rows(values).transpose(0, 2, 1), "output1": np.ones((1, 32, 16, 16), np.float32)}
    return said, {"layout": "yolov8", "spare": 32}


def end_to_end() -> tuple[Said, dict[str, Any]]:
    return {"output0": rows([*BOX, 0.81, 1.0])[0]}, {"layout": "end-to-end"}


def end_to_end_yolov7() -> tuple[Said, dict[str, Any]]:
    columns = ["-", "left", "top", "right", "bottom", "class", "score"]
    return {"output": np.array([[0, *BOX, 1.0, 0.81]], np.float32)}, {"layout": "end-to-end", "columns": columns}


def end_to_end_shares() -> tuple[Said, dict[str, Any]]:
    """As SSD in OpenVINO's zoo gives them: (1, 1, n, 7), from 0 to 1, the first class is 1, and -1 ends the list."""
    columns = ["-", "class", "score", "left", "top", "right", "bottom"]
    found = [0, 2.0, 0.81, *(value / 64 for value in BOX)]
    said = {"detection_out": np.array([[[found, [-1, 0, 0, 0, 0, 0, 0]]]], np.float32)}
    return said, {"layout": "end-to-end", "columns": columns, "normalised": True, "first_class": 1}


def end_to_end_centres() -> tuple[Said, dict[str, Any]]:
    columns = ["class", "score", "centre_x", "centre_y", "width", "height"]
    return {"output": np.array([[1.0, 0.81, *CENTRE, *SIZE]], np.float32)}, {"layout": "end-to-end", "columns": columns}


def anchors_square() -> tuple[Said, dict[str, Any]]:
    """Stride 16, cell (1, 1), second anchor of 16 x 16: centre 24 = (1 + 0.5) x 16; size (2 s)^2 x 16."""
    parts = {f"p{stride}": np.full((1, 2, 64 // stride, 64 // stride, 8), -9.0, np.float32) for stride in (8, 16)}
    raw = [0.0, 0.0, 0.0, logit(math.sqrt(2) / 2), 9.0, -9.0, logit(0.81), -9.0]
    parts["p16"][0, 1, 1, 1] = raw
    sizes = [[[8, 8], [10, 20]], [[30, 30], [16, 16]]]
    return parts, {"layout": "anchors", "strides": [8, 16], "anchors": sizes}


def anchors_last() -> tuple[Said, dict[str, Any]]:
    """TensorFlow's order."""
    said, told = anchors_square()
    return {name: output.transpose(0, 2, 3, 1, 4) for name, output in said.items()}, told


def anchors_exp() -> tuple[Said, dict[str, Any]]:
    """Planes instead of rows, and one class of several by softmax, as version 2 has them."""
    output = np.full((1, 16, 4, 4), -9.0, np.float32)
    output[0, 8:, 1, 1] = [0.0, 0.0, 0.0, math.log(2), 9.0, 0.0, math.log(0.81 / 0.095), 0.0]
    told = {"layout": "anchors", "strides": [16], "anchors": [[[5, 5], [16, 16]]], "step": "exp"}
    return {"grid": output}, {**told, "activation": "softmax"}


def ssd() -> tuple[Said, dict[str, Any]]:
    boxes, scores = np.zeros((1, 9, 4), np.float32), np.zeros((1, 9, 4), np.float32)
    boxes[0, 3], scores[0, :, 0], scores[0, 3] = np.array(BOX) / 64, 1.0, [0.1, 0.05, 0.81, 0.04]
    return {"scores": scores, "boxes": boxes}, {"layout": "ssd", "outputs": ["boxes", "scores"]}


def detections_of_tensorflow() -> tuple[Said, dict[str, Any]]:
    left, top, right, bottom = (value / 64 for value in BOX)
    boxes = np.zeros((1, 100, 4), np.float32)
    boxes[0, 0] = [top, left, bottom, right]
    kinds, scores = np.ones((1, 100), np.float32), np.full((1, 100), 0.9, np.float32)
    kinds[0, 0], scores[0, 0] = 2.0, 0.81
    said = {"boxes": boxes, "classes": kinds, "scores": scores, "count": np.array([1.0], np.float32)}
    return said, {"layout": "detections", "boxes": "yxyx", "normalised": True, "first_class": 1}


def detections_of_torchvision() -> tuple[Said, dict[str, Any]]:
    said = {"boxes": np.array([BOX], np.float32), "labels": np.array([2]), "scores": np.array([0.81], np.float32)}
    return said, {"layout": "detections", "first_class": 1}


def distances() -> tuple[Said, dict[str, Any]]:
    """From the corner of cell (3, 3) of stride 8, which is (24, 24): 1, 2, 1 and 2 cells to the sides."""
    strides = (8, 16)
    output = np.zeros((1, 64 + 16, 3 + 32), np.float32)
    row = output[0, 3 * 8 + 3]
    row[:3] = [0.1, 0.81, 0.0]
    for side, reach in enumerate((1, 2, 1, 2)):
        row[3 + side * 8 + reach] = 60.0
    return {"output": output}, {"layout": "distances", "strides": strides}


def distances_apart() -> tuple[Said, dict[str, Any]]:
    """Numbers instead of distributions, from the middle of the cells, in two outputs, planes first."""
    scores, sides = np.full((1, 3, 16), -9.0, np.float32), np.zeros((1, 4, 16), np.float32)
    scores[0, 1, 5], sides[0, :, 5] = logit(0.81), [0.5, 1.0, 0.5, 1.0]
    told = {"layout": "distances", "strides": [16], "bins": 1, "shift": 0.5, "activation": "sigmoid"}
    return {"scores": scores, "sides": sides}, told


def distances_of_strides() -> tuple[Said, dict[str, Any]]:
    """An output for each stride and kind, as NanoDet was exported first; cell (3, 3) of stride 8, from its middle."""
    said = {f"cls_{stride}": np.zeros((1, (64 // stride) ** 2, 3), np.float32) for stride in (8, 16)}
    said |= {f"dis_{stride}": np.zeros((1, (64 // stride) ** 2, 16), np.float32) for stride in (8, 16)}
    said["cls_8"][0, 3 * 8 + 3] = [0.1, 0.81, 0.0]
    shares = np.full((4, 4), -60.0, np.float32)
    for side, reach in enumerate((1.5, 2.5, 0.5, 1.5)):
        shares[side, int(reach) : int(reach) + 2] = 0.0
    said["dis_8"][0, 3 * 8 + 3] = shares.ravel()
    return said, {"layout": "distances", "strides": (8, 16), "bins": 4, "shift": 0.5}


def heatmap() -> tuple[Said, dict[str, Any]]:
    """Cell (6, 5) of stride 4, shifted by (0, 1); its weaker neighbour is no peak."""
    heat = np.full((1, 3, 16, 16), -9.0, np.float32)
    heat[0, 1, 5, 6], heat[0, 1, 5, 7] = logit(0.81), logit(0.8)
    extent, shift = np.zeros((1, 2, 16, 16), np.float32), np.zeros((1, 2, 16, 16), np.float32)
    extent[0, :, 5, 6], shift[0, :, 5, 6] = [4, 8], [0, 1]
    return {"heat": heat, "size": extent, "shift": shift}, {"layout": "heatmap"}


def detr() -> tuple[Said, dict[str, Any]]:
    scores, boxes = np.zeros((1, 10, 4), np.float32), np.full((1, 10, 4), 0.5, np.float32)
    scores[0, :, 3] = 9.0
    scores[0, 4] = np.log([0.05, 0.81, 0.04, 0.10])
    boxes[0, 4] = np.array([*CENTRE, *SIZE]) / 64
    return {"logits": scores, "pred_boxes": boxes}, {"layout": "detr"}


def detr_sigmoid() -> tuple[Said, dict[str, Any]]:
    scores, boxes = np.full((1, 10, 3), -9.0, np.float32), np.full((1, 10, 4), 0.5, np.float32)
    scores[0, 4, 1], boxes[0, 4] = logit(0.81), np.array([*CENTRE, *SIZE]) / 64
    told = {"layout": "detr", "activation": "sigmoid", "background": "none", "outputs": ["logits", "boxes"]}
    return {"boxes": boxes, "logits": scores}, told


FAMILIES = [
    yolov5, yolov8, yolov8_turned, yolov8_masks, end_to_end, end_to_end_yolov7, end_to_end_shares, end_to_end_centres,
    anchors_square, anchors_last, anchors_exp, ssd, detections_of_tensorflow, detections_of_torchvision, distances, distances_apart, distances_of_strides,
    heatmap, detr, detr_sigmoid,
]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_thing_is_found_where_it_is(family: Any) -> None:
    said, told = family()
    said = {name: said[name] for name in told.get("outputs", said)}
    found = read(said, **told)
    assert len(found) == 1
    assert [label for _, _, label, _ in found.rows()] == ["car"]
    assert found.boxes[0] == pytest.approx(BOX, abs=0.02)
    assert found.scores[0] == pytest.approx(0.81, abs=0.01)


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_of_another_shape_are_refused_and_nonsense_sees_nothing(family: Any) -> None:
    """Either way the worker lives on."""
    said, told = family()
    said = {name: said[name] for name in told.get("outputs", said)}
    for harm in (larger, lambda array: array[None, None, ..., None], np.ravel):
        with pytest.raises(ValueError, match="fit"):
            read({name: harm(array) for name, array in said.items()}, **told)
    for value in (np.nan, np.inf, -np.inf):
        nonsense = {name: np.full(array.shape, value, np.float32) for name, array in said.items()}
        with np.errstate(all="ignore"):
            found = read(nonsense, **told)
        assert np.isfinite(found.boxes).all()


def test_marks_of_each_thing_stand_after_its_classes() -> None:
    marks = [20.0, 12.0, 0.9, 28.0, 12.0, 0.8]
    found = read({"out": rows([*CENTRE, *SIZE, 0.0, 0.81, 0.0, *marks])}, layout="yolov8", points=2)
    assert found.points is not None
    assert found.points[0].tolist() == [[20.0, 12.0], [28.0, 12.0]]


def test_what_the_model_has_chosen_is_not_chosen_again() -> None:
    """Two boxes over one another stay where the layout says that the model has done it, unless `overlap` is told."""
    both = {"output": np.array([[*BOX, 0.9, 1.0], [*BOX, 0.8, 1.0]], np.float32)}
    assert len(read(both, layout="end-to-end")) == 2
    assert len(read(both, layout="end-to-end", overlap=0.5)) == 1


def test_a_picture_in_the_middle_of_the_input_gives_boxes_of_the_picture() -> None:
    spec = OutputSpec.model_validate({"layout": "end-to-end", "threshold": 0.5, "labels": LABELS})
    found = decode({"o": np.array([[*BOX, 0.9, 1.0]], np.float32)}, spec, GIVEN, (0.5, 0.5), (128, 96), (0.0, 8.0))
    assert found.boxes[0].tolist() == [32.0, 0.0, 64.0, 64.0]


def test_classes_and_vectors_are_read_row_by_row() -> None:
    spec = OutputSpec.model_validate({"layout": "classes", "labels": LABELS})
    scores = read_classes({"prob": np.log(np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], np.float32))}, spec, 2)
    assert scores == pytest.approx(np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]), abs=1e-6)
    vectors = read_vectors({"v": np.array([[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0]], np.float32).reshape(3, 2, 1, 1)}, 3)
    assert vectors.tolist() == [pytest.approx([0.6, 0.8]), [0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(ValueError, match="labels"):
        read_classes({"prob": np.zeros((2, 4), np.float32)}, spec, 2)
    with pytest.raises(ValueError, match="row for each"):
        read_vectors({"v": np.zeros((1, 4, 4), np.float32)}, 2)
    with pytest.raises(ValueError, match="row for each"):
        read_vectors({"v": np.zeros((0, 4), np.float32)}, 0)


def test_every_layout_has_a_reader_and_says_what_it_needs() -> None:
    assert set(NEEDS) == set(Layout)
    assert set(READERS) == {layout for layout in Layout if layout.kind is Kind.DETECTOR}
