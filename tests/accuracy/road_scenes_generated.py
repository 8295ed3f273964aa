"""Generated scenes of roads on which most drive as they should, and some the wrong way, by seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from real_actors import CAR_M, Set

from vedette.testing.script import Point
from vedette.testing.stage import Actor, Light, Stage, Stop
from vedette.testing.stage_looks import Car, Figure
from vedette.testing.stage_places import road

SECONDS = 40.0
FPS = 10.0
LEAST_S = 1.0
"""Driving the wrong way for longer is to be told."""
CARS = frozenset({"car"})
Dice = np.random.Generator


@dataclass(frozen=True)
class Lane:
    """A part of the road.

    Attributes:
        zone: its corners, pixels.
        allowed: the direction in which one drives there, in the picture.
    """

    zone: tuple[Point, ...]
    allowed: tuple[float, float]

    @property
    def line(self) -> list[list[float]]:
        """The direction as a line through the middle."""
        x = sum(corner[0] for corner in self.zone) / len(self.zone)
        y = sum(corner[1] for corner in self.zone) / len(self.zone)
        return [
            [x - 20 * self.allowed[0], y - 20 * self.allowed[1]],
            [x + 20 * self.allowed[0], y + 20 * self.allowed[1]],
        ]


@dataclass(frozen=True)
class Scene:
    """A stage with its lanes."""

    stage: Stage
    lanes: tuple[Lane, ...]

    @property
    def roi(self) -> str:
        """Lanes and directions as `target_roi`."""
        polygons = [
            {"data": [list(corner) for corner in lane.zone], "name": f"{n}"} for n, lane in enumerate(self.lanes)
        ]
        return json.dumps({"polygons": polygons, "lines": [{"data": lane.line} for lane in self.lanes]})


def street(seed: int) -> Scene:
    """Return a drawn street with two lanes across the picture, to the left and to the right."""
    dice = np.random.default_rng([75009, seed])
    picture, view = road(seed)
    height, width = picture.shape[:2]
    rows = {-1.0: 0.6 * height, 1.0: 0.78 * height}
    bands = {-1.0: (0.5 * height, 0.69 * height), 1.0: (0.7 * height, 0.88 * height)}
    lanes = tuple(
        Lane(((0, top), (width, top), (width, bottom), (0, bottom)), (way, 0.0)) for way, (top, bottom) in bands.items()
    )
    actors: list[Actor] = []
    for way, row in rows.items():

        def drive(wrong: bool, *stops: Stop, way: float = way, row: float = row) -> tuple[Stop, ...]:
            ends = [Stop(-0.2 * width, row), Stop(1.2 * width, row)]
            ends = ends if (way > 0) is not wrong else ends[::-1]
            return (ends[0], *stops, ends[1])

        def halt(wait: float, way: float = way, row: float = row) -> tuple[Stop, ...]:
            x = float(dice.uniform(0.4, 0.6)) * width
            return Stop(x, row, wait), Stop(x - way * 12, row, 0.6)  # sets back by a third of its length

        actors += _traffic(dice, len(actors), drive, halt, lambda: (Car(_paint(dice)), 1.5))
    for number in range(2):
        x = float(dice.uniform(0.2, 0.8)) * width
        ways = (Stop(x, 0.95 * height), Stop(x + 30, 0.46 * height))
        actors.append(_walker(dice, number, ways))
    return Scene(Stage(picture, view, tuple(actors), SECONDS, FPS, seed, light=Light(0.03, 31.0)), lanes)


def motorway(place: Set, seed: int) -> Scene:
    """Return the real motorway with real cars: everybody comes down the picture."""
    dice = np.random.default_rng([75010, seed])
    view = place.view
    corners = ((-4.8, 24.0), (4.8, 24.0), (4.8, 7.5), (-4.8, 7.5))
    lane = Lane(tuple(view.pixel(*corner) for corner in corners), (0.0, 1.0))
    actors: list[Actor] = []
    for across in (-2.7, 0.4, 3.0):

        def drive(wrong: bool, *stops: Stop, across: float = across) -> tuple[Stop, ...]:
            ends = [Stop(*view.pixel(across, 27.0)), Stop(*view.pixel(across, 6.4))]
            ends = ends[::-1] if wrong else ends
            return (ends[0], *stops, ends[1])

        def halt(wait: float, across: float = across) -> tuple[Stop, ...]:
            away = float(dice.uniform(10.0, 13.0))
            return Stop(*view.pixel(across, away), wait), Stop(*view.pixel(across, away + 0.6), 0.6)

        def look() -> tuple[Any, float]:
            sprite = place.sprites[int(dice.integers(len(place.sprites)))]
            return sprite, CAR_M / sprite.aspect

        actors += _traffic(dice, len(actors), drive, halt, look)
    return Scene(Stage(place.picture, view, tuple(actors), SECONDS, FPS, seed, light=Light(0.03, 31.0)), (lane,))


def _traffic(
    dice: Dice,
    number: int,
    drive: Callable[..., tuple[Stop, ...]],
    halt: Callable[[float], tuple[Stop, ...]],
    look: Callable[[], tuple[Any, float]],
) -> list[Actor]:
    """Return those who drive on one lane, one after another: most as they should, some after a halt, some not."""
    cars: list[Actor] = []
    start = float(dice.uniform(2.5, 8.0))
    while start < SECONDS - 9:
        what = str(dice.choice(["right", "halt", "wrong"], p=[0.5, 0.15, 0.35]))
        stops = halt(float(dice.uniform(1, 4))) if what == "halt" else ()
        shape, tall = look()
        cars.append(
            Actor(
                f"car {number + len(cars)} ({what})",
                "car",
                shape,
                drive(what == "wrong", *stops),
                start,
                float(dice.uniform(3.5, 7.0)),
                tall,
                0.3,
            )
        )
        start += float(dice.uniform(8.0, 13.0))
    return cars


def _walker(dice: Dice, number: int, ways: tuple[Stop, ...]) -> Actor:
    look = Figure.of(int(dice.integers(1_000_000)))
    return Actor(f"person {number}", "person", look, ways, float(dice.uniform(3, SECONDS - 8)), 1.6)


def _paint(dice: Dice) -> tuple[int, int, int]:
    colours = ((60, 40, 170), (140, 60, 30), (40, 40, 42), (215, 215, 215), (60, 110, 60))
    return colours[int(dice.integers(len(colours)))]
