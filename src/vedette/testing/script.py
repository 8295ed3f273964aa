"""What happens in an invented scene, and how well somebody saw it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

EARLY_S = 0.6
LATE_S = 2.5
"""An entry is seen if it is told no earlier and no later than this; a detector needs a few pictures to be sure."""
NEAR_PX = 110.0
"""And if the told box stands no farther than this from where the figure then is: about a figure's height."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure steps into the zone.

    Attributes:
        time: seconds from the first picture.
        figure: its name.
        path: where its feet are from then on, as (seconds, x, y), ten a second.
    """

    time: float
    figure: str
    path: tuple[tuple[float, float, float], ...]

    def feet(self, time: float) -> Point:
        """Return where the figure stands at about this time."""
        _, x, y = min(self.path, key=lambda step: abs(step[0] - time))
        return x, y


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a service told: a time and a box (left, top, width, height)."""

    time: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the told events agree with the script."""

    expected: int
    missed: tuple[Entry, ...]
    false: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class SceneScript:
    """The script of a scene.

    Attributes:
        seed: the same seed makes the same scene.
        seconds: length.
        fps: pictures a second.
        zone: corners of the marked zone, pixels.
        entries: all steps into the zone, in order of time.
        figures: how many figures walk about.
        light_step_s: when the light changes suddenly.
    """

    seed: int
    seconds: float
    fps: int
    width: int
    height: int
    zone: tuple[Point, ...]
    entries: tuple[Entry, ...]
    figures: int
    light_step_s: float

    @property
    def target_roi(self) -> str:
        """The zone as the value of `config.common.target_roi`: a JSON string."""
        corners = [[round(x), round(y)] for x, y in self.zone]
        return json.dumps({"polygons": [{"data": corners, "name": "zone"}], "lines": []})

    def judge(self, sightings: Sequence[Sighting]) -> Verdict:
        """Match what was told with what happened, one to one, the earliest first.

        A sighting fits an entry if it comes `EARLY_S` before to `LATE_S` after it and stands `NEAR_PX` from the figure at most.
        """
        waiting = list(self.entries)
        false: list[Sighting] = []
        for sighting in sorted(sightings, key=lambda told: told.time):
            fitting = [entry for entry in waiting if _fits(entry, sighting)]
            if fitting:
                waiting.remove(fitting[0])
            else:
                false.append(sighting)
        return Verdict(len(self.entries), tuple(waiting), tuple(false))


def _fits(entry: Entry, sighting: Sighting) -> bool:
    if not -EARLY_S <= sighting.time - entry.time <= LATE_S:
        return False
    left, top, width, height = sighting.box
    x, y = entry.feet(sighting.time)
    return abs(left + width / 2 - x) <= NEAR_PX and abs(top + height - y) <= NEAR_PX


def inside(zone: Sequence[Point], x: float, y: float) -> bool:
    """Tell whether a point lies in a polygon (even-odd rule)."""
    odd = False
    for (x1, y1), (x2, y2) in zip(zone, (*zone[1:], zone[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd
