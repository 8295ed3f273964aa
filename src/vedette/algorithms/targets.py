"""The targets of a picture: what a task asks for, found, tracked, and what each counts for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import Detector, PlainState
from vedette.algorithms.boxes import distinct
from vedette.algorithms.geometry import Points
from vedette.algorithms.looks import looks
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.algorithms.tracking import Tracker, TrackerSettings
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.event import Box
from vedette.model.frame import Frame


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a service tells apart: classes of a model, put together into categories.

    Attributes:
        captions: the name of each category; a category is an index into them.
        of: the category of a class, by its name; other classes are not looked at.
        unknown: the category of what a detector sees that knows no classes; None: the service needs one that does.
        alike: categories that a model takes for one another: of their boxes on one thing only the best is kept.
    """

    captions: tuple[str, ...]
    of: Mapping[str, int]
    unknown: int | None = None
    alike: frozenset[int] = frozenset()

    def of_labels(self, detector: Detector) -> NDArray[np.int64]:
        """Return (n,) categories of the detector's n classes; -1 for those that are not looked at.

        Raises:
            ModelError: it knows no classes, and the service needs them.
        """
        if detector.knows_classes:
            return np.array([self.of.get(label, -1) for label in detector.labels], np.int64)
        if self.unknown is None:
            raise ModelError("No model is installed that knows what it sees; `vedette models pull` fetches one.")
        return np.full(len(detector.labels), self.unknown, np.int64)

    def sorts(self) -> NDArray[np.int64]:
        """Return for each category what its boxes are compared as: one number for all that are alike."""
        one = min(self.alike, default=0)
        return np.array([one if n in self.alike else n for n in range(len(self.captions))], np.int64)


PERSON, VEHICLE, ANYTHING = 0, 1, 2
"""`category` on the wire."""
USUAL: Final = Kinds(
    ("person", "vehicle", "target"),
    {"person": PERSON, "car": VEHICLE, "bus": VEHICLE, "truck": VEHICLE, "motorcycle": VEHICLE},  # as COCO names them
    unknown=ANYTHING,
)
"""Persons, vehicles and, where nobody knows, whatever moves."""

TRAVELLED: Final = 0.5
"""Where classes are not known, a target counts once it has gone this share of its longer side from where it was first
seen: a lamp that flickers and a tree that sways do not."""
ONE_THING: Final = 0.65
"""Of two vehicle boxes (a car that is also called a truck) that overlap by more only the better is kept."""


@dataclass(frozen=True, slots=True)
class Target:
    """One tracked thing in the picture.

    Attributes:
        score: how sure the detector is, 0..1.
        foot: where it stands, pixels.
        shown: whether it is drawn among all targets.
    """

    track: int
    category: int
    box: Box
    score: float
    foot: tuple[float, float]
    standing: Standing
    shown: bool


class Targets:
    """Finds and follows what a task asks for.

    Attributes:
        followed: what is followed in the picture that was looked at last, with track ids.

    Args:
        detector: the eyes.
        kinds: what is told apart.
        asked: categories that count; None: all of them.

    Raises:
        ModelError: the detector knows no classes, and they are needed.
    """

    def __init__(self, detector: Detector, kinds: Kinds = USUAL, asked: frozenset[int] | None = None) -> None:
        self._detector = detector
        self._captions, self._sorts = kinds.captions, kinds.sorts()
        self._asked = frozenset(range(len(kinds.captions))) if asked is None else asked
        self._categories = kinds.of_labels(detector)
        # what merely moves has to travel before it counts, so its track may begin on less
        how = TrackerSettings() if detector.knows_classes else TrackerSettings(newborn=0.5)
        self._tracker = Tracker(kinds.captions, how)
        self.followed = Detections.none(kinds.captions)
        self._births: dict[int, list[float]] = {}
        self._roamed: set[int] = set()

    @property
    def alive(self) -> frozenset[int]:
        """The tracks that may still be seen again."""
        return self._tracker.alive

    def look(self, frame: Frame, least: float = 0.0, most: float = np.inf) -> list[Target]:
        """Return the targets of the next picture.

        Args:
            frame: the picture.
            least: smallest longer side of a box that counts, pixels.
            most: greatest one.
        """
        found = self._relevant(self._detector(frame))
        # what merely moves is a blot of any shape: its colours would say nothing
        colours = looks(frame.bgr(), found.boxes) if self._detector.knows_classes else None
        tracked = self._tracker.update(found, frame.time, (frame.width, frame.height), colours)
        self.followed = tracked.told
        alive = self._tracker.alive
        self._births = {track: place for track, place in self._births.items() if track in alive}
        self._roamed &= alive
        targets = []
        for row, foot in enumerate(tracked.seen.feet.tolist()):
            track, box = int(tracked.seen.track_ids[row]), tracked.seen.boxes[row]
            category = int(tracked.seen.classes[row])
            longer = float(max(box[2] - box[0], box[3] - box[1]))
            self._births.setdefault(track, [(float(box[0]) + float(box[2])) / 2, (float(box[1]) + float(box[3])) / 2])
            sure = bool(tracked.confirmed[row]) and self._has_roamed(track, box, longer)
            wanted = category in self._asked and least <= longer <= most
            standing = Standing.UNSURE if not sure else Standing.COUNTED if wanted else Standing.IGNORED
            shown = sure and category in self._asked
            score = float(tracked.seen.scores[row])
            targets.append(Target(track, category, _whole_box(box), score, (foot[0], foot[1]), standing, shown))
        return targets

    def _relevant(self, found: Detections) -> Detections:
        categories = self._categories[found.classes] if len(found) else np.zeros(0, np.int64)
        chosen = np.flatnonzero(categories >= 0)
        kinds = categories[chosen]
        kept = distinct(found.boxes[chosen], found.scores[chosen], self._sorts[kinds], ONE_THING)
        return Detections.of(found.boxes[chosen][kept], found.scores[chosen][kept], kinds[kept], self._captions)

    def _has_roamed(self, track: int, box: NDArray[np.float32], longer: float) -> bool:
        if self._detector.knows_classes or track in self._roamed:
            return True
        x, y = self._births[track]
        gone = float(np.hypot((box[0] + box[2]) / 2 - x, (box[1] + box[3]) / 2 - y))
        if gone < TRAVELLED * longer:
            return False
        self._roamed.add(track)
        return True

    def succeed(self, former: Self) -> bool:
        """Take the place of another on the same stream, eyes and tracks as they are; return False for other eyes."""
        if former._detector.name != self._detector.name:
            return False
        self._detector, self._tracker = former._detector, former._tracker
        self._births, self._roamed = former._births, former._roamed
        return True

    def state(self) -> PlainState:
        """Return all it remembers, the detector's memory included."""
        return {
            "detector": self._detector.state(),
            "tracker": self._tracker.state(),
            "births": {str(track): place for track, place in self._births.items()},
            "roamed": sorted(self._roamed),
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._detector.restore(state["detector"])
        self._tracker.restore(state["tracker"])
        self._births = {int(track): list(place) for track, place in state["births"].items()}
        self._roamed = set(state["roamed"])


class Following:
    """What an algorithm is, beside an algorithm, that follows targets."""

    _targets: Targets

    def followed(self) -> Detections | None:
        """Return the targets with their tracks, in the picture that was looked at last."""
        return self._targets.followed


def columns(targets: Sequence[Target]) -> tuple[Ids, Points, list[Standing]]:
    """Return targets as rules take them: (n,) tracks, (n, 2) feet in pixels, and what each counts for."""
    ids = np.array([target.track for target in targets], np.int64)
    feet = np.array([target.foot for target in targets], np.float64).reshape(-1, 2)
    return ids, feet, [target.standing for target in targets]


def _whole_box(box: NDArray[np.float32]) -> Box:
    left, top = round(float(box[0])), round(float(box[1]))
    return left, top, max(1, round(float(box[2])) - left), max(1, round(float(box[3])) - top)
