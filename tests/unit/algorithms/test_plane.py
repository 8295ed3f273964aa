"""The ground as a plane, against a camera whose place is known."""

import json
import math
from typing import Any

import numpy as np
import pytest

from vedette.algorithms.geometry import Points
from vedette.algorithms.plane import Plane
from vedette.model.errors import InvalidParameter

WIDTH, HEIGHT = 1280, 720


def camera(tilt: float, *, high: float = 8.0, focal: float = 1000.0) -> Any:
    """Return what takes (n, 2) metres on the ground (to the right, ahead) to pixels.

    Args:
        tilt: degrees by which it looks down; 90 is straight down.
        high: metres above the ground.
        focal: pixels.
    """
    sine, cosine = math.sin(math.radians(tilt)), math.cos(math.radians(tilt))

    def seen(ground: Any) -> Points:
        across, ahead = np.asarray(ground, np.float64).T
        deep = ahead * cosine + high * sine
        return np.stack(
            [WIDTH / 2 + focal * across / deep, HEIGHT / 2 + focal * (high * cosine - ahead * sine) / deep], 1
        )

    return seen


def by_points(ground: Any, seen: Points) -> str:
    pairs = zip(seen.tolist(), np.asarray(ground, float).tolist(), strict=True)
    return json.dumps({"points": [{"data": pixel, "metres": metre} for pixel, metre in pairs]})


def by_lines(look: Any, pairs: Any, *, size: Any = (WIDTH, HEIGHT)) -> str:
    lines = [
        {"data": look(pair).tolist(), "length": float(np.hypot(*np.subtract(*np.array(pair, float))))} for pair in pairs
    ]
    return json.dumps({"lines": lines} | ({} if size is None else {"size": list(size)}))


def parsed(text: str) -> Plane:
    plane = Plane.parse(text)
    assert plane is not None
    return plane


def apart(plane: Plane, look: Any, pair: Any) -> float:
    one, other = plane.metres(look(pair))
    return float(np.hypot(*(one - other)))


ROAD = [(-4, 12), (4, 12), (4, 40), (-4, 40)]
LINES = [[(-3, 15), (0, 15)], [(-3, 15), (-3, 27)], [(3, 30), (3, 42)], [(0, 20), (3.5, 26)]]
ELSEWHERE = [[(-2, 14), (2, 30)], [(3, 13), (3, 50)], [(-4, 35), (4, 35)]]


@pytest.mark.parametrize("tilt", [12, 25, 45, 80])
def test_four_points_give_the_ground(tilt: float) -> None:
    look = camera(tilt)
    plane = parsed(by_points(ROAD, look(ROAD)))
    assert plane.metres(look([(0, 20), (3, 35)])) == pytest.approx(np.array([(0, 20), (3, 35)]), abs=1e-6)


def test_more_points_even_out_the_hand_that_marked_them() -> None:
    """Each point half a pixel off; twelve miss less than four."""
    look, dice = camera(30), np.random.default_rng(1)
    ground = [(x, y) for x in (-4, 0, 4) for y in (12, 20, 28, 36)]
    shaken = look(ground) + dice.normal(0, 0.5, (12, 2))
    corners = [0, 3, 8, 11]
    many, few = parsed(by_points(ground, shaken)), parsed(by_points([ground[n] for n in corners], shaken[corners]))
    places = np.array([(x, y) for x in (-3, 0, 3) for y in range(14, 36, 2)], float)
    off = [float(np.hypot(*(plane.metres(look(places)) - places).T).mean()) for plane in (many, few)]
    assert off[0] < off[1] < 0.2


@pytest.mark.parametrize("tilt", [12, 25, 45, 80])
def test_lines_of_known_length_give_the_ground(tilt: float) -> None:
    """Lengths elsewhere on the road come out right, along it and across."""
    look = camera(tilt)
    plane = parsed(by_lines(look, LINES))
    for pair in ELSEWHERE:
        truth = float(np.hypot(*np.subtract(*np.array(pair, float))))
        assert apart(plane, look, pair) == pytest.approx(truth, rel=0.01)


def test_one_line_is_enough_from_straight_above() -> None:
    look = camera(90)
    plane = parsed(by_lines(look, LINES[:1], size=None))
    assert apart(plane, look, [(-1, 0), (2, 4)]) == pytest.approx(5.0)


def test_what_is_above_the_horizon_stands_nowhere() -> None:
    plane = parsed(by_points(ROAD, camera(12)(ROAD)))
    above, below = plane.metres(np.array([[640.0, 20.0], [640.0, 600.0]]))
    assert np.isnan(above).all()
    assert np.isfinite(below).all()


def test_nothing_is_no_plane() -> None:
    assert Plane.parse("") is Plane.parse("  ") is None


def points(*pairs: Any) -> str:
    return json.dumps({"points": [{"data": pixel, "metres": metre} for pixel, metre in pairs]})


SQUARE = [([0, 0], [0, 0]), ([100, 0], [10, 0]), ([100, 100], [10, 10]), ([0, 100], [0, 10])]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[" * 9000, "is not JSON"),
        ("[]", "either `points` or `lines`"),
        ("{}", "either `points` or `lines`"),
        ('{"points": [], "lines": []}', "either `points` or `lines`"),
        ('{"points": 3}', "an array of 4 to 64"),
        (points(*SQUARE[:3]), "an array of 4 to 64"),
        ('{"points": [1, 2, 3, 4]}', "an object in points[0]"),
        (points(*SQUARE[:3], ([0], [0, 10])), "two numbers in points[3].data"),
        (points(*SQUARE[:3], ([0, 100], [0, True])), "points[3].metres"),
        (points(*SQUARE[:3], ([0, 100], [0, 1e9])), "points[3].metres"),
        (points(*[([n, n], [n, 2 * n]) for n in range(5)]), "on one line"),
        (points(*[([5, 5], [1, 1])] * 4), "in one place"),
        (points(SQUARE[0], SQUARE[2], SQUARE[1], (SQUARE[3][0], [4, 3])), "both sides of the horizon"),
        (points(*SQUARE, ([50, 50], [5, 5]), ([50, 0], [9, 9])), "is missed by"),
        ('{"lines": []}', "an array of 1 to 64"),
        ('{"lines": [{"data": [[0, 0], [0, 0]], "length": 3}]}', "two different points in lines[0].data"),
        ('{"lines": [{"data": [[0, 0], [9, 0]], "length": 0}]}', "at least 0.01 m in lines[0].length"),
        ('{"lines": [{"data": [[0, 0], [9, 0]], "length": "3"}]}', "lines[0].length"),
        (by_lines(camera(30), LINES, size=None), "two numbers in size"),
        (by_lines(camera(30), LINES, size=(0, 0)), "the picture's width and height"),
        (
            '{"lines": [{"data": [[0, 0], [100, 0]], "length": 5}, {"data": [[0, 9], [100, 9]], "length": 9}]}',
            "fit no plane",
        ),
        (" " * 40_000 + "{}", "longer than"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        Plane.parse(text)
    assert refused.value.param == "calibration_info"
    assert says in refused.value.message


def test_wild_numbers_are_refused_in_words_or_taken() -> None:
    """Never an exception of the arithmetic."""
    dice = np.random.default_rng(8)
    odd = [0.0, 1.0, -1.0, 1e5, -1e5, 1e-9, 5e-324]

    def number() -> float:
        return float(dice.choice(odd)) if dice.random() < 0.3 else float(dice.uniform(-1e3, 1e3))

    taken = 0
    for n in range(150):
        several = range(int(dice.integers(4, 8)))
        if n % 2:
            text = points(*[([number(), number()], [number(), number()]) for _ in several])
        else:
            lines = [
                {"data": [[number(), number()], [number(), number()]], "length": abs(number()) + 0.01}
                for _ in several[3:]
            ]
            text = json.dumps({"lines": lines, "size": [640, 480]})
        try:
            parsed(text).metres(np.array([[0.0, 0.0], [1e5, -1e5]]))
            taken += 1
        except InvalidParameter:
            pass
    assert taken > 5
