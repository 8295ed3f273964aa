"""A stage whose script is the truth: actors on a still picture, each with a path, at any moment where the script has them.

Pictures come as frames, with no codec in between, or as a clip. The same stage gives the same pictures. What a service
should tell is computed from the script alone (`stage_truth`), so that no rule of the product judges itself.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from vedette.model.detection import Detections
from vedette.model.frame import Frame, Image, Position
from vedette.testing.stage_actors import STAYS, Actor, Light, Placed, Stop, on_ground, unit
from vedette.testing.stage_looks import Pose
from vedette.testing.stage_view import Place, View
from vedette.testing.walkers import draw_shadow

__all__ = ["STAYS", "Actor", "Light", "Placed", "Stage", "Stop"]

HIDDEN = 0.7
"""Share of a box from which on it cannot be seen behind what stands nearer."""


@dataclass(frozen=True)
class Stage:
    """A scene.

    Attributes:
        picture: (height, width, 3) uint8, the empty stage, blue first; sides must be even.
        view: from the ground to the picture.
        actors: who comes.
        seconds: length.
        fps: pictures a second.
        seed: of the noise.
        noise: its standard deviation, grey levels.
    """

    picture: Image
    view: View
    actors: Sequence[Actor]
    seconds: float
    fps: float = 10.0
    seed: int = 0
    noise: float = 2.0
    light: Light = field(default_factory=Light)

    def __post_init__(self) -> None:
        if self.picture.shape[0] % 2 or self.picture.shape[1] % 2:
            raise ValueError("the sides of a stage must be even")
        if len({actor.name for actor in self.actors}) < len(self.actors):
            raise ValueError("two actors have one name")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.picture.shape[1], self.picture.shape[0]

    @property
    def moments(self) -> list[float]:
        """The times of its pictures, seconds."""
        return [index / self.fps for index in range(round(self.seconds * self.fps))]

    @cached_property
    def times(self) -> dict[str, list[tuple[float, float]]]:
        """When each actor comes to each of its stops and leaves it."""
        return {actor.name: actor.times(self.view) for actor in self.actors}

    def placed(self, actor: Actor, time: float) -> Placed | None:
        """Return where an actor is, or None while it is not there."""
        spans = self.times[actor.name]
        if not spans[0][0] <= time <= spans[-1][1]:
            return None
        walked, before = 0.0, on_ground(self.view, actor.stops[0])
        for index, (stop, (comes, leaves)) in enumerate(zip(actor.stops, spans, strict=True)):
            here = on_ground(self.view, stop)
            if time < comes:
                left = spans[index - 1][1]
                part = (time - left) / (comes - left)
                spot = before[0] + part * (here[0] - before[0]), before[1] + part * (here[1] - before[1])
                past = actor.stops[index - 1]
                heading = unit(stop.x - past.x, stop.y - past.y)
                return self._as_seen(actor, spot, walked + math.dist(before, spot), heading, moving=True)
            walked += math.dist(before, here)
            before = here
            if time <= leaves:
                break
        past, now = actor.stops[max(0, index - 1)], actor.stops[index]
        return self._as_seen(actor, before, walked, unit(now.x - past.x, now.y - past.y), moving=False)

    def _as_seen(self, actor: Actor, spot: Place, walked: float, heading: Place, *, moving: bool) -> Placed:
        x, y = self.view.pixel(*spot)
        tall = actor.tall_m * self.view.scale(y)
        half = actor.look.aspect * tall / 2
        facing = math.copysign(1.0, heading[0]) if heading[0] else 0.0
        # what stands still keeps its side; a figure stands with its legs together
        pose = Pose(walked, facing if moving or actor.kind != "person" else 0.0)
        return Placed(actor, (x - half, y - tall, x + half, y), (x, y), spot, pose, heading if moving else (0.0, 0.0))

    def at(self, time: float) -> list[Placed]:
        """Return who is there, the farthest first."""
        here = [place for actor in self.actors if (place := self.placed(actor, time))]
        return sorted(here, key=lambda place: place.foot[1])

    def seen(self, time: float, labels: tuple[str, ...] = ("person", "car")) -> Detections:
        """Return what a perfect detector sees: a box for each actor of these kinds that is not hidden or out of sight."""
        width, height = self.size
        here = self.at(time)
        boxes = np.array([place.box for place in here], np.float32).reshape(-1, 4)
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        rows = [
            row
            for row, place in enumerate(here)
            if place.actor.kind in labels and area[row] >= 16 and _hidden(boxes, area, row) < HIDDEN
        ]
        kinds = np.array([labels.index(here[row].actor.kind) for row in rows], np.int64)
        return Detections.of(boxes[rows], np.full(len(rows), 0.9, np.float32), kinds, labels)

    def compose(self, time: float) -> Image:
        """Return the scene of a moment without noise and light: (height, width, 3), blue first."""
        picture = self.picture.copy()
        here = self.at(time)
        for place in here:
            if place.actor.shadow:
                tall = place.box[3] - place.box[1]
                wide = max(tall, (place.box[2] - place.box[0]) * 1.2)
                draw_shadow(picture, *place.foot, wide, place.actor.shadow)
        for place in here:
            place.actor.look.draw(picture, *place.foot, place.box[3] - place.box[1], place.pose)
        return picture

    def frames(self) -> Iterator[Frame]:
        """Yield its pictures; luma in the range of video, as a decoder gives it."""
        height = self.picture.shape[0]
        for index, time in enumerate(self.moments):
            planes = self._planes(time, index)
            yield Frame(Position(0, index, round(time * 1e6)), planes[:height], partial(_colours, planes))

    def write(self, path: Path) -> None:
        """Write it as H.264 in MP4, a key picture every two seconds."""
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("h264", rate=round(self.fps))
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = self.size
            stream.pix_fmt, stream.gop_size = "yuv420p", round(2 * self.fps)
            stream.options = {"preset": "superfast", "crf": "24", "bf": "0"}
            for index, time in enumerate(self.moments):
                frame = av.VideoFrame.from_ndarray(self._planes(time, index), format="yuv420p")
                frame.pts = index
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def _planes(self, time: float, index: int) -> Image:
        """Return luma, and below it the colours, as I420 has them."""
        planes = cv2.cvtColor(self.compose(time), cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
        luma = planes[: self.picture.shape[0]]
        cv2.convertScaleAbs(luma, luma, self.light.at(time), 0)
        if self.noise:
            down, right = (index * 37 + self.seed) % 61, (index * 23 + 7 * self.seed) % 59  # other noise each time
            grain = self._grain[down : down + luma.shape[0], right : right + luma.shape[1]]
            luma[:] = np.clip(luma.astype(np.int16) + grain, 0, 255).astype(np.uint8)
        return planes

    @cached_property
    def _grain(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        """One noisy plate; each picture takes another piece of it."""
        height, width = self.picture.shape[:2]
        plate = np.random.default_rng(self.seed).normal(0, self.noise, (height + 64, width + 64))
        return np.rint(plate).astype(np.int16)


def _hidden(
    boxes: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    area: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    row: int,
) -> float:
    """Return the greatest share of a box that one nearer box covers."""
    nearer = boxes[row + 1 :]
    if not len(nearer):
        return 0.0
    left_top = np.maximum(nearer[:, :2], boxes[row, :2])
    right_bottom = np.minimum(nearer[:, 2:], boxes[row, 2:])
    return float(np.prod(np.clip(right_bottom - left_top, 0, None), axis=1).max() / area[row])


def _colours(planes: Image) -> Image:
    return cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)
