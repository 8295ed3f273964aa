import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.algorithms import Line, Polygon, Roi
from vedette.model.errors import InvalidParameter

COORDINATE = st.floats(-2000, 2000, allow_nan=False).map(lambda value: round(value, 3))


@pytest.mark.parametrize("text", ["", "  ", "{}", '{"lines":[],"polygons":[]}', '{"lines":null}'])
def test_an_empty_roi_means_the_whole_picture(text: str) -> None:
    assert Roi.parse(text).is_whole


def test_lines_and_polygons_keep_their_names_and_sides() -> None:
    """The names are echoed in events."""
    roi = Roi.parse(
        json.dumps(
            {
                "lines": [{"data": [[0, 0], [10, 20.5]], "name": "gate", "properties": {"side1_name": "street"}}],
                "polygons": [{"data": [[0, 0], [10, 0], [10, 10]], "name": "yard", "properties": {}}],
            }
        )
    )
    assert roi.lines == (Line((0, 0), (10, 20.5), "gate", "street", "side2"),)
    assert roi.polygons == (Polygon(((0, 0), (10, 0), (10, 10)), "yard"),)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        "1",
        "[" * 20_000,
        " " * 40_000 + "{}",
        '{"lines":{}}',
        '{"lines":[1]}',
        '{"lines":[{}]}',
        '{"lines":[{"data":[[0,0]]}]}',
        '{"lines":[{"data":[[0,0],[0,0]]}]}',
        '{"lines":[{"data":[[0,0],[1,1],[2,2]]}]}',
        '{"lines":[{"data":[[0,0],[1,true]]}]}',
        '{"lines":[{"data":[[0,0],[1,"2"]]}]}',
        '{"lines":[{"data":[[0,0],[1,NaN]]}]}',
        '{"lines":[{"data":[[0,0],[1,1e300]]}]}',
        '{"lines":[{"data":[[0,0],[1,1]],"name":5}]}',
        '{"lines":[{"data":[[0,0],[1,1]],"properties":[1]}]}',
        '{"polygons":[{"data":[[0,0],[1,1]]}]}',
        '{"polygons":[{"data":[[0,0],[1,1],[2,2]]}]}',
        '{"polygons":[{"data":[[0,0],[10,10],[10,0],[0,10]]}]}',
    ],
)
def test_a_malformed_roi_is_refused_by_name(text: str) -> None:
    """The caller must learn which field is wrong, in one sentence."""
    with pytest.raises(InvalidParameter) as caught:
        Roi.parse(text)
    assert caught.value.param == "target_roi"
    assert caught.value.message.startswith("target_roi ")
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    ("start", "end", "side1"),
    [
        ((50, 0), (50, 100), (10, 50)),
        ((50, 100), (50, 0), (10, 50)),
        ((0, 0), (100, 100), (10, 50)),
        ((100, 100), (0, 0), (10, 50)),
        ((100, 0), (0, 100), (10, 10)),
        ((0, 50), (100, 50), (50, 10)),
        ((100, 50), (0, 50), (50, 10)),
    ],
)
def test_side1_is_left_of_a_line_or_above_a_level_one(start: tuple, end: tuple, side1: tuple) -> None:
    """Whichever way it was drawn."""
    assert Line(start, end).signed(np.array([side1], float))[0] > 0


@given(COORDINATE, COORDINATE, COORDINATE, COORDINATE, COORDINATE, COORDINATE)
def test_the_distance_from_a_line_is_the_euclidean_one(
    x1: float, y1: float, x2: float, y2: float, x: float, y: float
) -> None:
    length = float(np.hypot(x2 - x1, y2 - y1))
    if length < 1e-2:
        return
    signed = Line((x1, y1), (x2, y2)).signed(np.array([[x, y]]))[0]
    assert abs(signed) == pytest.approx(abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length, rel=1e-6, abs=1e-5)


def test_points_are_inside_or_outside_a_dented_polygon() -> None:
    dented = Polygon(((0, 0), (100, 0), (100, 100), (50, 30), (0, 100)))
    points = np.array([[50.0, 20], [50, 60], [10, 80], [-5, 50], [50, 25]])
    assert dented.contains(points).tolist() == [True, False, True, False, True]
    assert dented.signed(points)[3] == pytest.approx(-5)
    assert dented.signed(points)[0] == pytest.approx(10)  # the dent's own corner is nearest


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=8, unique=True), COORDINATE, COORDINATE)
def test_inside_and_the_sign_of_the_depth_agree(corners: list[tuple[float, float]], x: float, y: float) -> None:
    polygon = Polygon(tuple(corners))
    point = np.array([[x, y]])
    depth = polygon.signed(point)[0]
    assert depth == 0 or (depth > 0) == polygon.contains(point)[0]
