"""Face extraction: each person's face is sent once, from a good shot, and again if that is asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType
from numpy.typing import NDArray

from vedette.algorithms.base import Algorithm, Detector, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.face_quality import judge
from vedette.algorithms.keys import RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch, Whole
from vedette.algorithms.tracking import Tracker
from vedette.model.detection import Detections
from vedette.model.event import Box, Drawing, Finding
from vedette.model.frame import Frame, Image
from vedette.model.message import BoundingBox, EventData, Mark, ObjectName, Track
from vedette.model.pictures import ORIGIN

FACE: Final = 65536
USUAL_SIZES: Final = (120.0, 800.0)
MARGIN: Final = 0.3
"""Share of a face's size that its picture shows around it on each side."""
SETTLE_S: Final = 0.5
"""Seconds for which a face that is good enough is only watched, to learn how good its shots are."""
NEARLY: Final = 0.98
"""A shot is taken if it has this share of the best one until then."""
WAIT_S: Final = 1.5
"""Seconds after which any shot is taken that is good enough."""
GONE_S: Final = 1.0
"""Seconds without a face after which its best shot is sent, if none was."""
LONG_S: Final = 10.0
"""Seconds after which a face that has to be sent is sent, though it was never good enough and has not gone."""
SLACK_S: Final = 1e-6
"""Differences of times are not exact; half a second between two pictures is half a second."""


class FaceExtractionConfig(RegionKeys, SizeKeys):
    """The task's `config.common`; all keys as documented."""

    origin_image_send_sw: Switch = key("Send the whole picture too", "原图发送开关", False)
    image_compression_ratio: Whole = key("JPEG quality", "图片压缩率", 90, ge=20, le=100)
    frame_skip_number: Whole = key("Pictures passed over between two that are analysed", "跳帧数", 0, ge=0, le=1000)
    face_first_send_threshold: Number = key("Quality from which a face is sent", "首次发送质量阈值", 0.5, ge=0, le=1)
    face_must_send_sw: Switch = key("Send faces that never were good enough", "必发开关", False)
    face_repeat_send_sw: Switch = key("Send a face again", "重复发送开关", False)
    face_repeat_send_mode: Literal["QUALITY_STEP", "INTERVAL"] = key(
        "When a face is sent again: better by a step, or after an interval", "重复发送模式", "QUALITY_STEP"
    )
    face_repeat_send_step: Number = key(
        "How many times better a face must be to be sent again", "重复发送质量步长", 1.2, ge=1, le=100
    )
    face_repeat_send_interval: Number = key(
        "Time after which a face is sent again", "重复发送间隔", 1.0, unit="seconds", ge=0, le=86_400
    )


class FaceData(EventData, kw_only=True):
    """One shot of a face."""

    node_id: Annotated[Mark, Meta(description="Where it was extracted: the same for all events of a run.")]
    face_id: Annotated[Mark, Meta(description="Of this shot.")]
    detection_id: Annotated[Track, Meta(description="The same for as long as the face is followed.")]
    origin_image_id: Annotated[Mark, Meta(description="Of the whole picture; its faces share it.")] | UnsetType = UNSET
    origin_image_path: (
        Annotated[ObjectName, Meta(description="Where an output to a bucket puts the whole picture, below its `path`.")]
        | UnsetType
    ) = UNSET
    origin_json_path: Annotated[ObjectName, Meta(description="Where it puts this message, likewise.")] | UnsetType = (
        UNSET
    )
    bounding_box: Annotated[BoundingBox, Meta(description="The face in the whole picture.")]


@dataclass(slots=True)
class _Face:
    """One person's face.

    Attributes:
        since: when it was first seen.
        good_since: when it was first good enough, or -1.
        best: quality of its best shot.
        box: of the face, in its best shot.
        shot: its best shot, as long as none was sent and one may have to be; else None.
        seen: when it was last seen.
        count: how often it was sent.
        sent: quality of the best shot that was sent.
        sent_at: when one was last sent.
    """

    since: float
    good_since: float = -1.0
    best: float = -1.0
    box: Box = (0, 0, 0, 0)
    shot: Image | None = None
    seen: float = -1.0
    count: int = 0
    sent: float = 0.0
    sent_at: float = -1.0


class FaceExtraction(Algorithm[FaceExtractionConfig]):
    """Sends faces."""

    manifest = Manifest(
        name="face-extraction",
        services=(
            ServiceName("c-face-detection", "cloud"),
            ServiceName("c-face-detection-cloud", "cloud"),
            ServiceName("c-face-detection-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Face extraction",
        title_cn="人脸提取",
        config=FaceExtractionConfig,
        roles=("faces",),
        needs=("faces",),
        events=(EventKind(FACE, "face", FaceData, cuts=True),),
        description=(
            "Each person's face is sent once, from a good shot, and again if that is asked for. Sizes that a task does "
            "not give follow the picture's height; 120 and 800 are meant for 1080 rows. The names that end in -cloud "
            "and -edge are ours."
        ),
        tags=("face", "person"),
    )

    def __init__(self, config: FaceExtractionConfig, models: Models) -> None:
        self._config = config
        self._detector: Detector = models.detector("faces")
        self._tracker = Tracker(("face",))
        self._roi = config.roi()
        self._faces: dict[int, _Face] = {}
        self._skip = 0

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the faces of the picture, and send what is due."""
        if self._skip > 0:
            self._skip -= 1
            return []
        self._skip = self._config.frame_skip_number
        found = self._detector(frame)
        faces = Detections.of(found.boxes, found.scores, np.zeros(len(found), np.int64), ("face",), found.points)
        tracked = self._tracker.update(faces, frame.time)
        findings: list[Finding] = []
        for row in np.flatnonzero(tracked.confirmed & self._counts(tracked.seen, frame.height)).tolist():
            findings += self._look(frame, tracked.seen, row)
        return findings + list(self._leave(frame))

    def finish(self, last: Frame) -> Iterable[Finding]:
        """Send the best shots of the faces that were not sent yet: no better ones will come."""
        waiting = [(track, face) for track, face in self._faces.items() if face.shot is not None]
        return [self._remembered(track, face, last) for track, face in waiting]

    def _counts(self, seen: Detections, height: int) -> NDArray[np.bool_]:
        """Return (n,) whether each face has a size that is asked for and its middle in a region."""
        least, most = self._config.sizes(height, USUAL_SIZES)
        size = np.maximum(seen.boxes[:, 2] - seen.boxes[:, 0], seen.boxes[:, 3] - seen.boxes[:, 1])
        inside: NDArray[np.bool_] = np.full(len(seen), not self._roi.polygons)
        middle = (seen.boxes[:, :2] + seen.boxes[:, 2:]).astype(np.float64) / 2
        for polygon in self._roi.polygons if len(seen) else ():
            inside |= polygon.signed(middle) >= 0
        inside &= (size >= least) & (size <= most)
        return inside

    def _look(self, frame: Frame, seen: Detections, row: int) -> Iterator[Finding]:
        """Judge a face in this picture; yield the finding if it is to be sent now."""
        box, config = seen.boxes[row], self._config
        face = self._faces.setdefault(int(seen.track_ids[row]), _Face(frame.time))
        face.seen = frame.time
        marks = None if seen.points is None else seen.points[row]
        quality, place = judge(frame.luma, box, marks, float(seen.scores[row])).total, _whole_box(box)
        good = quality >= config.face_first_send_threshold
        if good and face.good_since < 0:
            face.good_since = frame.time
        if quality > face.best:
            face.best, face.box = quality, place
            if face.count == 0 and (face.good_since >= 0 or config.face_must_send_sw):
                face.shot = _cut(frame.bgr(), _around(place))
        due = (
            self._is_first(face, quality, frame.time) if face.count == 0 else self._is_again(face, quality, frame.time)
        )
        if due and good:
            drawing = Drawing(
                quality=config.image_compression_ratio, crop=_around(place), origin=config.origin_image_send_sw
            )
            yield self._finding(int(seen.track_ids[row]), face, quality, place, drawing, frame)
        elif due:
            yield self._remembered(int(seen.track_ids[row]), face, frame)

    def _is_first(self, face: _Face, quality: float, time: float) -> bool:
        if face.good_since < 0:
            return False
        watched = time - face.good_since + SLACK_S
        return watched >= WAIT_S or (watched >= SETTLE_S and quality >= NEARLY * face.best)

    def _is_again(self, face: _Face, quality: float, time: float) -> bool:
        config = self._config
        if not config.face_repeat_send_sw or quality < config.face_first_send_threshold:
            return False
        if config.face_repeat_send_mode == "QUALITY_STEP":
            return quality >= face.sent * config.face_repeat_send_step
        return time - face.sent_at + SLACK_S >= config.face_repeat_send_interval

    def _leave(self, frame: Frame) -> Iterator[Finding]:
        """Send the best shots of faces that have gone, or have waited for long; forget those that will not return."""
        for track, face in self._faces.items():
            gone = frame.time - face.seen + SLACK_S >= GONE_S
            long = self._config.face_must_send_sw and frame.time - face.since + SLACK_S >= LONG_S
            if face.shot is not None and (gone or long):
                yield self._remembered(track, face, frame)
        alive = self._tracker.alive
        self._faces = {track: face for track, face in self._faces.items() if track in alive}

    def _remembered(self, track: int, face: _Face, frame: Frame) -> Finding:
        """Return the finding of the best shot until now; the whole picture of it is not there any more."""
        drawing = Drawing(quality=self._config.image_compression_ratio, image=face.shot)
        return self._finding(track, face, face.best, face.box, drawing, frame)

    def _finding(self, track: int, face: _Face, quality: float, box: Box, drawing: Drawing, frame: Frame) -> Finding:
        face.count += 1
        face.sent, face.sent_at, face.shot = max(face.sent, quality), frame.time, None
        left, top, width, height = box
        position = frame.position
        whole = drawing.origin
        told = FaceData(
            node_id=Mark("node"),
            face_id=Mark("face", track, face.count),
            detection_id=Track(track),
            origin_image_id=Mark("picture", position.connection, position.index) if whole else UNSET,
            origin_image_path=ObjectName(ORIGIN) if whole else UNSET,
            origin_json_path=ObjectName(".json") if whole else UNSET,
            bounding_box=BoundingBox(x=left, y=top, w=width, h=height),
        )
        return Finding(FACE, f"track:{track}:{face.count}", told, drawing)

    def state(self) -> PlainState:
        """Return all it remembers, the best shots of faces that were not sent yet among it."""
        return {
            "detector": self._detector.state(),
            "tracker": self._tracker.state(),
            "faces": {
                str(track): [getattr(face, name) for name in _Face.__slots__] for track, face in self._faces.items()
            },
            "skip": self._skip,
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._detector.restore(state["detector"])
        self._tracker.restore(state["tracker"])
        faces = {int(track): _Face(*known) for track, known in state["faces"].items()}
        for face in faces.values():
            left, top, width, height = face.box
            face.box = left, top, width, height
        self._faces = faces
        self._skip = state["skip"]


def _whole_box(box: NDArray[np.float32]) -> Box:
    left, top, right, bottom = (round(float(value)) for value in box)
    return left, top, max(0, right - left), max(0, bottom - top)


def _around(box: Box) -> Box:
    """Return the face with what is around it: hair, ears and chin."""
    left, top, width, height = box
    across, down = round(width * MARGIN), round(height * MARGIN)
    return left - across, top - down, width + 2 * across, height + 2 * down


def _cut(picture: Image, box: Box) -> Image | None:
    """Return a copy of a part of the picture; None if it lies outside."""
    left, top, width, height = box
    part = picture[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    return part.copy() if part.size else None
