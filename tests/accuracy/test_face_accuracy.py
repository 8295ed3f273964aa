"""Faces: what the detector finds in each picture, and what the service tells of a clip."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from clips import Played, frames
from scoring import event_score, read_mot

from conftest import Say
from vedette.algorithms import Detections, Frame, Position
from vedette.algorithms.boxes import overlap
from vedette.algorithms.builtin.face_extraction import FaceData, FaceExtraction, FaceExtractionConfig
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore

CLIPS = {"asl-book": "asl-book.mkv", "face-demographics-walking": "face-demographics-walking_480x270.mp4"}
NONE = ("bottle-detection.mp4", "car-detection.mp4", "vtest_480x360.mp4")


class Faces:
    """A clip with what a model sees in it, each picture looked at once."""

    name, labels, knows_classes = "played", ("face",), True

    def __init__(self, data: Path, folder: Path, clip: str, model: str) -> None:
        store = ModelStore(folder / model)
        store.add(data / "models" / f"{model}.onnx")
        detector = Engine(store).for_stream().detector("faces")
        self.pictures = list(frames(data / "videos" / clip))
        self._seen: dict[Position, Detections] = {frame.position: detector(frame) for frame in self.pictures}

    def __call__(self, frame: Frame) -> Detections:
        return self._seen[frame.position]

    state, restore = Played.state, Played.restore

    def has(self, role: str) -> bool:
        return role == "faces"

    def detector(self, role: str) -> "Faces":
        return self

    def told(self, **common: object) -> list[tuple[int, FaceData]]:
        """Return what the service tells, with the index of the picture."""
        service = FaceExtraction(FaceExtractionConfig.model_validate(common), self)  # type: ignore[arg-type] # no others
        found = [(frame, finding) for frame in self.pictures for finding in service.process(frame)]
        return [(frame.position.index, cast("FaceData", finding.data)) for frame, finding in found]


@pytest.fixture(scope="module", params=["yunet_n_dynamic", "yunet_n_320_320"])
def faces(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Faces]:
    folder = tmp_path_factory.mktemp("faces")
    return {name: Faces(data, folder, clip, request.param) for name, clip in CLIPS.items()}


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_the_faces_of_each_picture_are_found(data: Path, say: Say, faces: dict[str, Faces], name: str) -> None:
    """Boxes at IoU 0.4, as the truth is made of two detectors and good for no more; and the number in each picture."""
    truth, played = read_mot(data / "groundtruth" / f"{name}.faces.txt"), faces[name]
    matched = wanted = found = right = 0
    for frame in played.pictures:
        seen = played(frame)
        sure = seen.where(seen.scores >= 0.5)
        boxes = sure.boxes
        assert sure.points is not None
        assert sure.points.shape == (len(sure), 5, 2)
        inside = (sure.points >= boxes[:, None, :2] - 2) & (sure.points <= boxes[:, None, 2:] + 2)
        assert inside.all(), "eyes, nose and mouth are in the face"
        assert (sure.points[:, 0, 0] < sure.points[:, 1, 0]).all(), "the right eye stands on the left"
        want = truth[frame.position.index][:, 1:5]
        near = overlap(want.astype(np.float64), boxes.astype(np.float64)) >= 0.4
        matched += int(near.any(axis=1).sum())
        wanted, found, right = wanted + len(want), found + len(boxes), right + (len(boxes) == len(want))
    precision, recall = matched / found, matched / wanted
    say(f"{name}: precision {precision:.3f}, recall {recall:.3f}, {right} of {len(played.pictures)} counts right")
    assert min(precision, recall) >= 0.97
    assert right >= 0.95 * len(played.pictures)


@pytest.mark.parametrize(("name", "people"), [("asl-book", 1), ("face-demographics-walking", 2)])
def test_each_person_is_told_once(say: Say, faces: dict[str, Faces], name: str, people: int) -> None:
    """The walking faces are 12 to 24 pixels wide, which the usual smallest size leaves out."""
    told = faces[name].told(detection_min_size=10)
    truth = [("face", 0)] * people
    score = event_score(truth, [("face", index) for index, _ in told], len(faces[name].pictures))
    say(f"{name}: told in {[index for index, _ in told]}; precision {score.precision:.3f}, recall {score.recall:.3f}")
    assert len({data.detection_id for _, data in told}) == people
    assert min(score.precision, score.recall) >= 0.95


def test_sizes_that_are_not_given_follow_the_picture(faces: dict[str, Faces]) -> None:
    """A face of 55 x 72 pixels of 480 rows is as large as one of 124 x 162 of 1080."""
    assert len(faces["asl-book"].told()) == 1
    assert faces["face-demographics-walking"].told() == []


@pytest.mark.soak
@pytest.mark.parametrize("clip", NONE)
def test_where_there_are_no_faces_to_see_none_are_told(data: Path, tmp_path: Path, say: Say, clip: str) -> None:
    """Bottles, cars, and people too far away."""
    told = Faces(data, tmp_path, clip, "yunet_n_dynamic").told(detection_min_size=10)
    say(f"{clip}: {len(told)} faces told")
    assert len(told) <= 1
