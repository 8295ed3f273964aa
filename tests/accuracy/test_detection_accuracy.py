"""The detector against the human boxes."""

from pathlib import Path

import numpy as np
import pytest
from clips import Sessions
from scoring import average_precision, precision_recall, truth

from conftest import Say


@pytest.mark.parametrize(
    ("clip", "boxes", "scale", "least"),
    [
        ("vtest_480x360.mp4", "pets09-s2l1", 0.625, (0.885, 0.77, 0.89)),
        ("tud-campus_640x480.mp4", "tud-campus", 1.0, (0.74, 0.74, 0.75)),
    ],
)
def test_persons_are_found(
    sessions: Sessions, data: Path, say: Say, clip: str, boxes: str, scale: float, least: tuple[float, float, float]
) -> None:
    """The figures others measured with this very model: AP 0.888 and 0.746, precision and recall 0.78/0.90, 0.76/0.76.

    A fault in the preparation of the picture, or in the reading of the output, costs several points at once.
    """
    played, people = sessions.play(clip), truth(data / "groundtruth" / f"{boxes}.gt.txt", scale)
    person = played.labels.index("person")
    seen = [
        (position.index, found.boxes[chosen].astype(np.float64), found.scores[chosen])
        for position, found in played.pictures
        for chosen in [found.classes == person]
        if position.index in people
    ]
    ap = average_precision(people, seen)
    precision, recall = precision_recall(people, seen, 0.5)
    say(f"{clip}: AP at IoU 0.5 {ap:.3f}, precision {precision:.3f}, recall {recall:.3f} at the model's threshold")
    assert ap >= least[0]
    assert precision >= least[1]
    assert recall >= least[2]
