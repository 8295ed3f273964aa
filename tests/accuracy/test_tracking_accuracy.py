"""The tracker on MOTChallenge's public detections, the same for everybody, and on our own: one setting for all."""

from pathlib import Path

import numpy as np
import pytest
from clips import frames
from scoring import read_mot, truth
from track_scoring import Truth, tracking_score

from conftest import Say
from vedette.algorithms import Detections, Tracker
from vedette.algorithms.engine import Engine
from vedette.algorithms.looks import looks
from vedette.algorithms.models import ModelStore

LABELS = ("person",)
SURE = 15.0
"""The score of these detections that we lay on our threshold."""


def people(found: Detections) -> Detections:
    """Return the persons alone."""
    chosen = found.where(found.classes == found.labels.index("person"))
    return Detections.of(chosen.boxes, chosen.scores, np.zeros(len(chosen), np.int64), LABELS)


def track(data: Path, clip: str, fps: float, size: tuple[int, int]) -> Truth:
    rows = read_mot(data / "groundtruth" / f"{clip}.det.txt")
    tracker, told = Tracker(LABELS), {}
    for frame in range(max(rows) + 1):
        seen = rows.get(frame, np.zeros((0, 6)))
        scores = np.clip(seen[:, 5] / (2 * SURE), 0, 1).astype(np.float32)
        found = Detections.of(seen[:, 1:5].astype(np.float32), scores, np.zeros(len(seen), np.int64), LABELS)
        now = tracker.update(found, frame / fps, size).told
        told[frame] = now.track_ids, now.boxes.astype(np.float64)
    return told


@pytest.mark.parametrize(
    ("clip", "fps", "size", "mota", "idf1"),
    [("pets09-s2l1", 7.0, (768, 576), 0.83, 0.78), ("tud-campus", 25.0, (640, 480), 0.627, 0.686)],
)
def test_tracks_hold_on_public_detections(
    data: Path, say: Say, clip: str, fps: float, size: tuple[int, int], mota: float, idf1: float
) -> None:
    """On TUD-Campus nobody who leaves these boxes as they are can pass MOTA 0.454: 230 of the 322 fit a person.

    What lifts it above that are smoothed boxes, and that somebody hidden for a moment is taken to go on.
    """
    score = tracking_score(truth(data / "groundtruth" / f"{clip}.gt.txt"), track(data, clip, fps, size))
    say(f"{clip}: {score}")
    assert score.mota >= mota
    assert score.idf1 >= idf1


def test_people_found_by_our_own_model_are_followed(data: Path, say: Say, tmp_path: Path) -> None:
    """Detector, colours and tracker together, as a service has them, on the first 300 frames of PETS.

    A blue sign post is found as a person in nearly every frame. It has never moved and is never believed much.
    """
    store = ModelStore(tmp_path)
    store.add(data / "models" / "yolox_nano.onnx")
    detector, tracker, told = Engine(store).for_stream().detector("objects"), Tracker(LABELS), {}
    for frame in frames(data / "videos" / "pets09-s2l1_768x576.mp4", most=300):
        found, index = people(detector(frame)), frame.position.index
        now = tracker.update(found, index / 7, (frame.width, frame.height), looks(frame.bgr(), found.boxes)).told
        told[index] = now.track_ids, now.boxes.astype(np.float64)
    true = truth(data / "groundtruth" / "pets09-s2l1.gt.txt")
    score = tracking_score({frame: true[frame] for frame in told}, told)
    say(f"first 300 frames of PETS: {score}")
    assert score.mota >= 0.77
    assert score.idf1 >= 0.77
