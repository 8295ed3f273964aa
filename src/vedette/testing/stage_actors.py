"""Who is on a stage, where they go, and how the light falls."""

import math
from dataclasses import dataclass

from vedette.testing.stage_looks import Look, Pose
from vedette.testing.stage_view import Place, View

STAYS = math.inf
"""To wait at a stop until the scene is over."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A point of a path, in pixels, and the seconds to wait there."""

    x: float
    y: float
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something on the stage; it is gone when its last wait is over.

    Attributes:
        name: unique on the stage.
        kind: what a detector would call it, such as `person`, `car` or `suitcase`.
        stops: its path; between stops it goes straight.
        start: when it comes, seconds.
        speed: metres a second.
        tall_m: its height, metres.
        shadow: how dark its shadow is, 0..1.
    """

    name: str
    kind: str
    look: Look
    stops: tuple[Stop, ...]
    start: float = 0.0
    speed: float = 1.4
    tall_m: float = 1.75
    shadow: float = 0.35

    def times(self, view: View) -> list[tuple[float, float]]:
        """Return when it comes to each stop and when it leaves it, seconds."""
        spans: list[tuple[float, float]] = []
        now = self.start
        for index, stop in enumerate(self.stops):
            if index:
                now += math.dist(on_ground(view, self.stops[index - 1]), on_ground(view, stop)) / self.speed
            spans.append((now, now + stop.wait))
            now += stop.wait
        return spans


@dataclass(frozen=True, slots=True)
class Placed:
    """An actor at one moment.

    Attributes:
        box: left, top, right, bottom in pixels; may reach out of the picture.
        foot: where it stands, pixels.
        ground: where it stands, metres.
        heading: where it goes, as a direction of length 1 in the picture; (0, 0) while it waits.
    """

    actor: Actor
    box: tuple[float, float, float, float]
    foot: Place
    ground: Place
    pose: Pose
    heading: Place


@dataclass(frozen=True, slots=True)
class Light:
    """How the light changes.

    Attributes:
        drift: share by which it rises and falls slowly.
        period: of the drift, seconds.
        steps: (second, factor): sudden changes.
    """

    drift: float = 0.03
    period: float = 40.0
    steps: tuple[tuple[float, float], ...] = ()

    def at(self, time: float) -> float:
        """Return the factor on the luma."""
        gain = 1 + self.drift * math.sin(math.tau * time / self.period)
        for when, factor in self.steps:
            gain *= factor if time >= when else 1.0
        return gain


def on_ground(view: View, stop: Stop) -> Place:
    """Return where a stop is, in metres."""
    return view.metres(stop.x, stop.y)


def unit(across: float, down: float) -> Place:
    """Return a direction at length 1; nothing stays nothing."""
    length = math.hypot(across, down)
    return (across / length, down / length) if length else (0.0, 0.0)
