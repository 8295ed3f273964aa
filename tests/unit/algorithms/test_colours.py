"""Colours as people call them."""

import numpy as np
import pytest

from vedette.algorithms.colours import LOWER, NAMES, UPPER, main_colours, names_of
from vedette.model.frame import Image

# A published colour of this name (CSS Color Module Level 4) and the basic term that most people would give it.
CALLED = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "dimgrey/grey": (105, 105, 105),
    "snow/white": (255, 250, 250),
    "red": (255, 0, 0),
    "maroon/red": (128, 0, 0),
    "crimson/red": (220, 20, 60),
    "firebrick/red": (178, 34, 34),
    "tomato/red": (255, 99, 71),
    "pink": (255, 192, 203),
    "hotpink/pink": (255, 105, 180),
    "salmon/pink": (250, 128, 114),
    "orange": (255, 165, 0),
    "darkorange/orange": (255, 140, 0),
    "saddlebrown/brown": (139, 69, 19),
    "sienna/brown": (160, 82, 45),
    "tan/brown": (210, 180, 140),
    "yellow": (255, 255, 0),
    "gold/yellow": (255, 215, 0),
    "green": (0, 128, 0),
    "lime/green": (0, 255, 0),
    "forestgreen/green": (34, 139, 34),
    "olivedrab/green": (107, 142, 35),
    "blue": (0, 0, 255),
    "navy/blue": (0, 0, 128),
    "skyblue/blue": (135, 206, 235),
    "steelblue/blue": (70, 130, 180),
    "purple": (128, 0, 128),
    "violet/purple": (238, 130, 238),
}


def painted(colour: tuple[int, int, int], size: tuple[int, int] = (60, 40)) -> Image:
    """Return a picture of one colour, given as red, green, blue."""
    return np.full((*size, 3), colour[::-1], np.uint8)


@pytest.mark.parametrize("called", CALLED)
def test_a_colour_is_called_what_people_call_it(called: str) -> None:
    (only,) = main_colours(painted(CALLED[called]), (0, 0, 40, 60))
    assert (only.name, only.share) == (called.rpartition("/")[2], 1.0)


@pytest.mark.parametrize("light", [0.5, 0.65, 1.3])
@pytest.mark.parametrize("called", ["red", "saddlebrown/brown", "green", "blue", "purple", "steelblue/blue"])
def test_half_the_light_leaves_the_hue(called: str, light: float) -> None:
    """A shadow takes light from all three channels. (Yellow turns to olive then, which has another name.)"""
    shaded = np.clip(np.array(CALLED[called]) * light, 0, 255).astype(int)
    (only,) = main_colours(painted(tuple(shaded)), (0, 0, 40, 60))
    assert only.name == called.rpartition("/")[2]


@pytest.mark.parametrize("cast", [(255, 243, 228), (232, 242, 255)])
@pytest.mark.parametrize("level", [90, 130, 240])
def test_evening_and_shade_leave_grey_grey(cast: tuple[int, int, int], level: int) -> None:
    """Warm and bluish light, on what has no colour."""
    seen = tuple(round(level * channel / 255) for channel in cast)
    (only,) = main_colours(painted(seen), (0, 0, 40, 60))
    assert only.name == ("white" if level == 240 else "grey")


def test_the_middle_weighs_most() -> None:
    """A red thing that fills the middle 60 % of its box, on grass: the box has more of the grass."""
    picture = painted((40, 150, 40), (100, 100))
    picture[20:80, 20:80] = (30, 30, 200)
    first, *_ = main_colours(picture, (0, 0, 100, 100))
    assert first.name == "red"


def test_glass_tyres_and_shadow_do_not_make_a_car_black() -> None:
    """Half of a car's box is dark; a black car is dark all over."""
    picture = painted((15, 15, 18), (40, 80))
    picture[8:28, 5:75] = (200, 30, 30)
    first, *_ = main_colours(picture, (0, 0, 80, 40))
    assert first.name == "blue"
    (only,) = main_colours(painted((15, 15, 18), (40, 80)), (0, 0, 80, 40))
    assert only.name == "black"


def test_upper_and_lower_clothes_are_told_apart() -> None:
    picture = painted((224, 172, 105), (100, 40))
    picture[16:53] = (0, 0, 200)
    picture[53:90] = (120, 20, 0)
    assert [main_colours(picture, (0, 0, 40, 100), part)[0].name for part in (UPPER, LOWER)] == ["red", "blue"]


def test_two_colours_are_told_and_small_ones_are_not() -> None:
    picture = painted((230, 230, 230), (40, 40))
    picture[22:] = (200, 30, 30)
    picture[:2] = (30, 200, 30)
    told = main_colours(picture, (0, 0, 40, 40))
    assert [colour.name for colour in told] == ["white", "blue"]
    assert main_colours(picture, (0, 0, 40, 40), most=1) == told[:1]
    assert [colour.name for colour in main_colours(picture, (0, 0, 40, 40), most=3, least=0.6)] == ["white"]


@pytest.mark.parametrize("box", [(-30, -30, 50, 50), (30, 50, 400, 400), (5, 5, 1, 1), (0, 0, 4000, 4000)])
def test_boxes_over_the_edge_and_tiny_ones_have_a_colour(box: tuple[int, int, int, int]) -> None:
    assert main_colours(painted((255, 0, 0)), box)[0].name == "red"


@pytest.mark.parametrize("box", [(-50, 0, 40, 40), (0, 60, 10, 10), (500, 500, 10, 10)])
def test_a_box_outside_the_picture_has_none(box: tuple[int, int, int, int]) -> None:
    assert main_colours(painted((255, 0, 0)), box) == ()


def test_every_colour_there_is_has_a_name() -> None:
    """On a grid over all of them, and each name is used."""
    grid = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3), axis=-1).reshape(-1, 3).astype(np.uint8)
    assert set(names_of(grid).tolist()) == set(range(len(NAMES)))
