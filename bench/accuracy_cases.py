"""The clips and the truth of the group `accuracy`. A service is measured by adding an `EventCase` to `EVENTS`."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Event = tuple[str, int]
"""What it is, in words that hold for truth and told alike, and the frame from 0."""
Told = Sequence[tuple[int, int, Mapping[str, Any]]]
"""Frame from 0, event type and data of each message."""

YOLOX, YUNET, FASTESTDET = "yolox_nano.onnx", "yunet_n_dynamic.onnx", "fastestdet.onnx"


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip with human tracks.

    Attributes:
        fps: pictures a second, as its publisher states.
        people: whose tracks, a file of `groundtruth`.
        scale: pixels of the clip per pixel of the tracks.
    """

    file: str
    fps: float
    people: str
    size: tuple[int, int]
    scale: float = 1.0


PETS = Clip("pets09-s2l1_768x576.mp4", 7.0, "pets09-s2l1", (768, 576))
VTEST = Clip("vtest_480x360.mp4", 10.0, "pets09-s2l1", (480, 360), 0.625)
TUD = Clip("tud-campus_640x480.mp4", 25.0, "tud-campus", (640, 480))


@dataclass(frozen=True, slots=True)
class TrackCase:
    """MOTA and IDF1 to reach; `None`: nothing is asked.

    Attributes:
        most: pictures of the clip that are looked at; None: all.
    """

    clip: Clip
    targets: tuple[float, float] | None
    most: int | None = None


AP = ((PETS, YOLOX, 0.89), (VTEST, YOLOX, None), (TUD, YOLOX, None), (VTEST, FASTESTDET, None))
"""Clip, model, and the average precision to reach."""
PUBLIC = (TrackCase(TUD, (0.627, 0.686)), TrackCase(PETS, (0.630, 0.509)))
"""On the detections that MOTChallenge publishes."""
OWN = (TrackCase(PETS, (0.681, 0.791), most=300), TrackCase(PETS, None), TrackCase(TUD, None), TrackCase(VTEST, None))
"""On detections of our own, with yolox-nano."""


@dataclass(frozen=True, slots=True)
class EventCase:
    """A service on a clip, and what it should tell.

    Attributes:
        name: of the row.
        service: published name.
        clip: file below `videos`.
        common: `config.common`.
        wanted: from the content of `events.json` to the true events.
        read: from what was told to events in the same words.
        tolerance: frames by which they may differ.
        target: F1 to reach; None: nothing is asked.
        period: seconds a picture; 0: the clip's own times.
    """

    name: str
    service: str
    clip: str
    common: Mapping[str, Any]
    wanted: Callable[[Mapping[str, Any]], Iterable[Event]]
    read: Callable[[Told], Iterable[Event]]
    tolerance: int
    target: float | None = 0.95
    models: tuple[str, ...] = (YOLOX,)
    period: float = 0.0


INTRUSION = "c-intrusiondetection-cloud"
WAYS = ("left_to_right", "right_to_left")


def upright(x: float, size: tuple[int, int]) -> dict[str, Any]:
    """Return the configuration for one line from top to bottom at a share `x` of the width."""
    sides = {"side1_name": "left", "side2_name": "right"}
    data = [[x * size[0], 0], [x * size[0], size[1]]]
    return {"target_roi": json.dumps({"lines": [{"data": data, "properties": sides}]})}


def crossings(told: Told) -> list[Event]:
    entries = [(frame, one) for frame, _, data in told for one in data["event_set"]]
    return [(f"{one['start_position']}_to_{one['end_position']}", frame) for frame, one in entries]


def entered(told: Told) -> list[Event]:
    return [("in", frame) for frame, _, _ in told]


def _line(clip: str, key: str, x: float, size: tuple[int, int], tolerance: int) -> EventCase:
    def wanted(facts: Mapping[str, Any]) -> list[Event]:
        line = facts[key][f"line_x{x:.2f}"]
        return [(way, frame - 1) for way in WAYS for frame, _ in line[f"{way}_events_frame1_id"]]

    name = f"line crossing, {clip.partition('.')[0]}, x = {x:.2f}"
    return EventCase(name, INTRUSION, clip, upright(x, size), wanted, crossings, tolerance, 0.92)


_SQUARE, _CAMPUS = "vtest_480x360 and pets09-s2l1_768x576", "tud-campus_640x480"
_VISITS = "one-by-one-person-detection"


def _visits(facts: Mapping[str, Any]) -> list[Event]:
    return [("in", first) for first, _ in facts[_VISITS]["visits_frame0"]]


def _faces(clip: str, key: str, frames: int) -> EventCase:
    """Return the case that each person before the camera is told once; the walking faces are 12 to 24 pixels wide."""

    def wanted(facts: Mapping[str, Any]) -> list[Event]:
        return [("face", 0)] * int(facts[key]["faces_in_every_frame"])

    def read(told: Told) -> list[Event]:
        return [("face", frame) for frame, _, _ in told]

    name, common = f"faces, {key.partition('_')[0]}: each person once", {"detection_min_size": 10}
    return EventCase(name, "c-face-detection", clip, common, wanted, read, frames, models=(YUNET,))


_WALKING = "face-demographics-walking_480x270"

EVENTS: list[EventCase] = [
    *(_line(VTEST.file, _SQUARE, x, VTEST.size, 10) for x in (0.3, 0.4)),
    *(_line(PETS.file, _SQUARE, x, PETS.size, 10) for x in (0.3, 0.4)),
    _line(TUD.file, _CAMPUS, 0.4, TUD.size, 12),
    EventCase("presence, one-by-one: somebody comes", INTRUSION, f"{_VISITS}.mp4", {}, _visits, entered, 15),
    _faces("asl-book.mkv", "asl-book", 109),
    _faces(f"{_WALKING}.mp4", _WALKING, 35),
]
