"""The tracker on MOTChallenge's public detections: the same for everybody, so no detector helps or spoils."""

from pathlib import Path

import numpy as np
import pytest
from scoring import read_mot, truth
from track_scoring import TrackingScore, tracking_score

from conftest import Say
from vedette.algorithms import Detections, Tracker

LABELS = ("person",)
SURE = 15.0
"""The score of these detections that we lay on our threshold."""


def track(data: Path, clip: str, fps: float) -> TrackingScore:
    people = truth(data / "groundtruth" / f"{clip}.gt.txt")
    rows = read_mot(data / "groundtruth" / f"{clip}.det.txt")
    tracker, told = Tracker(LABELS), {}
    for frame in range(max(people) + 1):
        seen = rows.get(frame, np.zeros((0, 6)))
        scores = np.clip(seen[:, 5] / (2 * SURE), 0, 1).astype(np.float32)
        found = Detections.of(seen[:, 1:5].astype(np.float32), scores, np.zeros(len(seen), np.int64), LABELS)
        tracked = tracker.update(found, frame / fps)
        sure = tracked.confirmed
        told[frame] = (tracked.seen.track_ids[sure], tracked.seen.boxes[sure].astype(np.float64))
    return tracking_score(people, told)


@pytest.mark.parametrize(
    ("clip", "fps", "mota", "idf1"), [("pets09-s2l1", 7.0, 0.79, 0.62), ("tud-campus", 25.0, 0.53, 0.65)]
)
def test_tracks_hold_on_public_detections(
    data: Path, say: Say, clip: str, fps: float, mota: float, idf1: float
) -> None:
    """One setting for both, the one that runs in the service.

    On TUD-Campus no tracker that leaves these boxes as they are can pass MOTA 0.454: 230 of the 322 fit a person.
    """
    score = track(data, clip, fps)
    say(
        f"{clip}: MOTA {score.mota:.3f}, IDF1 {score.idf1:.3f}, "
        f"{score.misses} misses, {score.false} false, {score.switches} switches"
    )
    assert score.mota >= mota
    assert score.idf1 >= idf1
