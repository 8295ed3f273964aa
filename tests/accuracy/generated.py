"""Generated scenes whose script is the truth: people who come, linger and go, and things that they leave or take along."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.model.frame import Image
from vedette.testing.script import Point
from vedette.testing.stage import STAYS, Actor, Light, Stage, Stop
from vedette.testing.stage_looks import Bag, Crate, Figure, Look
from vedette.testing.stage_view import View

SETTLE_S = 3.0
"""Nobody comes before this: a camera is switched on before there is something to see."""
THINGS = frozenset({"suitcase"})
PEOPLE = frozenset({"person"})


@dataclass(frozen=True)
class Place:
    """Where scenes are played.

    Attributes:
        rows: the uppermost and the lowest row, as shares of the height, where people walk.
        looks: how people look; none: they are drawn.
        fps: pictures a second.
    """

    picture: Image
    view: View
    rows: tuple[float, float]
    looks: tuple[Look, ...] = ()
    fps: float = 10.0


def zone(place: Place) -> tuple[Point, ...]:
    """Return the marked zone: the middle of the ground, and a little more above and below, so that nobody walks on its edge."""
    height, width = place.picture.shape[:2]
    top, bottom = (place.rows[0] - 0.03) * height, (place.rows[1] + 0.03) * height
    return ((0.3 * width, top), (0.7 * width, top), (0.74 * width, bottom), (0.26 * width, bottom))


def roi(corners: Sequence[Point]) -> str:
    """Return a zone as `target_roi`."""
    return json.dumps({"polygons": [{"data": [list(corner) for corner in corners], "name": "zone"}]})


class Director:
    """Writes scripts. The same seed writes the same."""

    def __init__(self, place: Place, seed: int, seconds: float) -> None:
        self._place, self._seed, self._seconds = place, seed, seconds
        self._dice = np.random.default_rng([20261124, seed])
        self._actors: list[Actor] = []

    def stage(self, light: Light | None = None) -> Stage:
        """Return the scene so far."""
        place, actors = self._place, tuple(self._actors)
        light = light or Light(0.03, 31.0)
        return Stage(place.picture, place.view, actors, self._seconds, place.fps, self._seed, light=light)

    def row(self, low: float = 0.1, high: float = 0.9) -> float:
        """Return a row of the ground."""
        top, bottom = self._place.rows
        share = float(self._dice.uniform(low, high))
        return self._place.picture.shape[0] * (top + share * (bottom - top))

    def column(self, left: float, right: float) -> float:
        """Return a column between two shares of the width."""
        return self._place.picture.shape[1] * float(self._dice.uniform(left, right))

    def look(self) -> Look:
        """Return how somebody looks."""
        if self._place.looks:
            return self._place.looks[int(self._dice.integers(len(self._place.looks)))]
        return Figure.of(int(self._dice.integers(1_000_000)))

    def walk(self, start: float, *stops: Stop, y: float) -> Actor:
        """Let somebody come from one side, stop here and there, and leave on the other."""
        width = self._place.picture.shape[1]
        turns = bool(stops) and not 0 <= stops[-1].x <= width
        ways = [Stop(-0.08 * width, y), *stops, *([] if turns else [Stop(1.08 * width, y)])]
        if self._dice.random() < 0.5 and not stops:
            ways.reverse()
        actor = Actor(
            f"person {len(self._actors)}",
            "person",
            self.look(),
            tuple(ways),
            start,
            float(self._dice.uniform(1.2, 1.7)),
            float(self._dice.uniform(1.65, 1.85)),
        )
        self._actors.append(actor)
        return actor

    def pause(self, start: float, seconds: float, slot: int) -> Actor:
        """Let somebody stand for a while in one of four slots of the zone, the farther ones first."""
        left, low = (0.34, 0.54)[slot % 2], (0.15, 0.6)[slot // 2]
        y = self.row(low, low + 0.25)
        return self.walk(start, Stop(self.column(left, left + 0.12), y, seconds), y=y)

    def leave_behind(self, start: float, slot: int, stays_s: float = STAYS, halt_s: float = 1.5) -> None:
        """Let somebody put a thing down in the zone, and go; the thing is gone after `stays_s`."""
        carrier = self.pause(start, halt_s, slot)
        stop = carrier.stops[1]
        put = carrier.times(self._place.view)[1][0] + 0.5
        self.thing(put, stop.x + (8 if self._dice.random() < 0.5 else -8), stop.y + 3, stays_s)

    def thing(self, start: float, x: float, y: float, stays_s: float = STAYS, kind: str = "suitcase") -> None:
        """Put a thing down."""
        colours = ((40, 40, 140), (120, 70, 30), (30, 30, 32), (60, 110, 60), (200, 200, 205))
        colour = colours[int(self._dice.integers(len(colours)))]
        look: Look = Bag(colour) if self._dice.random() < 0.6 else Crate()
        self._actors.append(
            Actor(
                f"thing {len(self._actors)}",
                kind,
                look,
                (Stop(x, y, stays_s),),
                start,
                1.0,
                float(self._dice.uniform(0.5, 0.75)),
                0.25,
            )
        )

    def abandoned(self) -> Stage:
        """Return a scene in which things are left behind, taken along again, and carried off; people stand and pass."""
        slots = [int(slot) for slot in self._dice.permutation(4)]
        self.leave_behind(SETTLE_S, slots[0])
        chance = self._dice.random(3)
        self.leave_behind(
            float(self._dice.uniform(9, 13)), slots[1], STAYS if chance[0] < 0.5 else float(self._dice.uniform(3, 7))
        )
        if chance[1] < 0.6:
            self.pause(float(self._dice.uniform(8, 12)), float(self._dice.uniform(5, 14)), slots[2])
        if chance[2] < 0.4:  # was there from the first, and is carried away: no thing that was put down
            x = self.column((0.34, 0.54)[slots[3] % 2], (0.46, 0.66)[slots[3] % 2])
            low = (0.15, 0.6)[slots[3] // 2]
            self.thing(0.0, x, self.row(low, low + 0.25), float(self._dice.uniform(8, 20)), "fixture")
        for _ in range(3):
            self.walk(float(self._dice.uniform(3, 26)), y=self.row())
        return self.stage()

    def visitors(self) -> Stage:
        """Return a scene in which people cross the zone, linger in it, stop there for a moment, or turn round before it."""
        width = self._place.picture.shape[1]
        lanes = self._dice.permutation(5) / 5
        start = SETTLE_S
        for number, plan in enumerate(self._dice.permutation(("cross", "linger", "cross", "halt", "turn"))):
            y = self.row(lanes[number], lanes[number] + 0.1)
            if plan == "turn":
                away = Stop(-0.08 * width, y)
                self.walk(start, Stop(self.column(0.12, 0.18), y, 1.0), away, y=y)
            elif plan == "cross":
                self.walk(start, y=y)
            else:
                seconds = self._dice.uniform(9, 12) if plan == "linger" else self._dice.uniform(0.5, 1.5)
                self.walk(start, Stop(self.column(0.42, 0.58), y, float(seconds)), y=y)
            start += float(self._dice.uniform(2.5, 4.0))
        return self.stage()
