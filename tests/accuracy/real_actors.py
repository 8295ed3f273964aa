"""Empty places and sprites out of the clips, for stages that look real: made when a test asks, kept nowhere."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from clips import frames
from numpy.typing import NDArray
from scoring import truth

from vedette.model.frame import Image
from vedette.testing.stage_looks import Sprite
from vedette.testing.stage_sprites import cut_out, empty_place
from vedette.testing.stage_view import Street

Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Set:
    """An empty place, how it is seen, and who may walk or drive there."""

    picture: Image
    view: Street
    sprites: tuple[Sprite, ...]


def campus(data: Path) -> Set:
    """Return the campus road of PETS, 768x576, and people who walk on it, cut out where human tracks have them alone."""
    people = truth(data / "groundtruth" / "pets09-s2l1.gt.txt")
    shown = [frame.bgr() for frame in frames(data / "videos" / "pets09-s2l1_768x576.mp4", 420)]
    empty = empty_place(shown[::7])
    everybody = np.concatenate([boxes for _, boxes in people.values()])
    high, low = everybody[:, 3] - everybody[:, 1], everybody[:, 3]
    slope, offset = np.polyfit(low, high, 1)  # a person is so many pixels tall with feet at this row
    camera_m = 1.75 / slope
    view = Street(float(-offset / slope), float(camera_m), 800.0, 384.0)
    return Set(empty, view, tuple(_walkers(people, shown, empty)))


def _walkers(people: dict[int, tuple[NDArray[np.int64], Boxes]], shown: list[Image], empty: Image) -> list[Sprite]:
    """Return a walking sprite of each person who is alone for nine pictures on end, at their largest."""
    found: list[tuple[float, int, Sprite]] = []
    for person in sorted({int(one) for ids, _ in people.values() for one in ids}):
        best: tuple[float, Sprite] | None = None
        for first in range(0, len(shown) - 9, 3):
            boxes = [_alone(people, frame, person) for frame in range(first, first + 9)]
            if any(box is None for box in boxes):
                continue
            known = np.array(boxes)
            tall = float(np.median(known[:, 3] - known[:, 1]))
            across = known[-1, 0] - known[0, 0]
            if abs(across) < 0.45 * tall or (best is not None and best[0] >= tall):
                continue
            cut = [cut_out(shown[first + n], empty, _wider(box)) for n, box in enumerate(known)]
            whole = [one for one in cut if one is not None and one.shape[0] > 0.85 * tall]
            if len(whole) == len(known):
                best = tall, Sprite(tuple(whole), 0.2, float(np.sign(across)))
        if best is not None:
            found.append((-best[0], person, best[1]))
    return [sprite for _, _, sprite in sorted(found, key=lambda one: one[:2])]


def _alone(people: dict[int, tuple[NDArray[np.int64], Boxes]], frame: int, person: int) -> Boxes | None:
    ids, boxes = people[frame]
    mine = np.flatnonzero(ids == person)
    if not len(mine):
        return None
    box = boxes[mine[0]]
    if box[0] < 4 or box[1] < 4 or box[2] > 764 or box[3] > 572:
        return None
    others = np.delete(boxes, mine[0], axis=0)
    near = (
        (others[:, 0] < box[2] + 12)
        & (others[:, 2] > box[0] - 12)
        & (others[:, 1] < box[3] + 12)
        & (others[:, 3] > box[1] - 8)
    )
    return None if near.any() else box


def _wider(box: Boxes) -> tuple[float, float, float, float]:
    return float(box[0]) - 8, float(box[1]) - 4, float(box[2]) + 8, float(box[3]) + 3


CAR_M = 1.8
"""Width of a car: an actor with a sprite of `motorway` is `CAR_M / sprite.aspect` metres tall."""


def motorway(data: Path) -> Set:
    """Return the motorway of CDnet, 320x240, and cars seen from the front, which come down the picture."""
    blobs = truth(data / "groundtruth" / "cdnet-highway.boxes.txt")
    shown = [frame.bgr() for frame in frames(data / "videos" / "cdnet-highway_320x240.mp4", 1000)]
    empty = empty_place(shown[::9])
    rows = [(frame, box) for frame, (_, boxes) in blobs.items() if frame < len(shown) for box in boxes if _is_car(box)]
    low, wide = np.array([[box[3], box[2] - box[0]] for _, box in rows]).T
    slope, offset = np.polyfit(low, wide, 1)
    view = Street(float(-offset / slope), float(CAR_M / slope), 350.0, 160.0)
    sprites: list[Sprite] = []
    last = -100
    for frame, box in rows:
        if frame - last < 12 or not 110 <= box[3] <= 200:  # each car once, and not a far one
            continue
        cut = cut_out(shown[frame], empty, _wider(box))
        if cut is not None and cut.shape[0] > 35:
            sprites.append(Sprite((cut,)))
            last = frame
    return Set(empty, view, tuple(sprites))


def _is_car(box: Boxes) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return bool(0.75 < wide / high < 1.3 and box[0] > 3 and box[2] < 270 and 60 < box[3] < 232)
