"""Generated scenes of a road on which some cars park, some halt for a moment, and some drive through, by seed."""

import json

import numpy as np
from real_actors import CAR_M, Set

from vedette.testing.script import Point
from vedette.testing.stage import STAYS, Actor, Light, Stage, Stop
from vedette.testing.stage_looks import Figure

SECONDS = 40.0
FPS = 5.0
LIMIT_S = 8.0
"""Stands longer than this are to be told; the scenes have none that are near it."""
LANES_M = (-2.7, 0.0, 2.7)
FAR_M, NEAR_M = 23.0, 7.0
CARS = frozenset({"car"})


def zone(place: Set) -> tuple[Point, ...]:
    """Return the part of the road where nobody may park."""
    corners = ((-4.5, 18.0), (4.5, 18.0), (4.5, 8.6), (-4.5, 8.6))
    return tuple(place.view.pixel(across, away) for across, away in corners)


def roi(place: Set) -> str:
    return json.dumps({"polygons": [{"data": [list(corner) for corner in zone(place)], "name": "road"}]})


def scene(place: Set, seed: int) -> Stage:
    """Return a scene: each lane has a few cars, one after another, and people cross the road."""
    dice = np.random.default_rng([74240, seed])
    actors: list[Actor] = []
    for lane in LANES_M:
        start = float(dice.uniform(2.0, 6.0))
        while start < SECONDS - 12:
            wait = float(
                dice.choice([0.0, dice.uniform(1.5, 4.5), dice.uniform(12, 18), STAYS], p=[0.3, 0.2, 0.3, 0.2])
            )
            car = _car(place, dice, len(actors), lane, wait, start)
            actors.append(car)
            if wait == STAYS:
                break
            start = car.times(place.view)[-1][1] + float(dice.uniform(2.0, 6.0))
    actors += [_walker(place, dice, number, float(dice.uniform(3, SECONDS - 8))) for number in range(2)]
    return Stage(place.picture, place.view, tuple(actors), SECONDS, FPS, seed, light=Light(0.03, 31.0))


def _car(place: Set, dice: np.random.Generator, number: int, lane: float, wait: float, start: float) -> Actor:
    look = place.sprites[int(dice.integers(len(place.sprites)))]
    ways = [Stop(*place.view.pixel(lane, FAR_M))]
    if wait:
        ways.append(Stop(*place.view.pixel(lane, float(dice.uniform(9.5, 13.0))), wait))
    ways.append(Stop(*place.view.pixel(lane, NEAR_M)))
    speed = float(dice.uniform(3.5, 5.5))
    return Actor(f"car {number}", "car", look, tuple(ways), start, speed, CAR_M / look.aspect, 0.3)


def _walker(place: Set, dice: np.random.Generator, number: int, start: float) -> Actor:
    away = float(dice.uniform(8.0, 14.0))
    ways = (Stop(*place.view.pixel(-8.0, away)), Stop(*place.view.pixel(8.0, away)))
    return Actor(f"person {number}", "person", Figure.of(int(dice.integers(1_000_000))), ways, start, 1.6)
