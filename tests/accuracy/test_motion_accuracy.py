"""The motion detector on real clips. Figures are floors a little below what was measured; the docs name the measured ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import frames

from vedette.algorithms.motion import MotionDetector
from vedette.model.detection import Detections

Seen = list[Detections]


def truth(data: Path, clip: str) -> Any:
    return json.loads((data / "groundtruth" / "events.json").read_text())[clip]


def watch(path: Path, most: int | None = None) -> Seen:
    detector = MotionDetector()
    return [detector(frame) for frame in frames(path, most)]


def large(found: Detections, pixels: float) -> bool:
    """Whether one of the boxes has this side at least."""
    return len(found) > 0 and bool((found.boxes[:, 2:] - found.boxes[:, :2]).max() >= pixels)


@pytest.fixture(scope="module")
def cars(data: Path) -> Seen:
    return watch(data / "videos" / "car-detection.mp4")


@pytest.fixture(scope="module")
def visits(data: Path) -> Seen:
    return watch(data / "videos" / "one-by-one-person-detection.mp4")


def test_all_four_cars_are_seen_all_the_while(data: Path, cars: Seen) -> None:
    """A camera straight above, which re-exposes when a bright car comes; measured 0.98 of the frames and more."""
    for one in truth(data, "car-detection")["passes_frame0"]:
        span = range(one["from"] + 3, one["to"] - 2)
        assert np.mean([large(cars[index], 60) for index in span]) >= 0.95, one["what"]


def test_the_camera_that_re_exposes_sees_no_cars_where_there_are_none(data: Path, cars: Seen) -> None:
    """The whole picture changes; a car's shadow may stay at the edge for a moment after it."""
    passes = truth(data, "car-detection")["passes_frame0"]
    busy = {index for one in passes for index in range(one["from"] - 2, one["to"] + 7)}
    quiet = [large(cars[index], 30) for index in range(len(cars)) if index not in busy]
    assert len(quiet) > 150
    assert np.mean(quiet) <= 0.03


def test_somebody_is_there_in_each_visit_and_nobody_between(data: Path, visits: Seen) -> None:
    """Six people, one after another, stand at a table; standing still is no leaving."""
    facts = truth(data, "one-by-one-person-detection")
    present = np.zeros(len(visits), bool)
    for begin, end in facts["visits_frame0"]:
        present[begin : end + 1] = True
    near = np.zeros(len(visits), bool)
    for begin, end in facts["visits_frame0"]:
        for edge in (begin, end):
            near[max(0, edge - facts["tolerance_frames"]) : edge + facts["tolerance_frames"] + 1] = True
    told = np.array([large(found, 60) for found in visits])
    assert told[present & ~near].mean() >= 0.99
    assert told[~present & ~near].mean() <= 0.02


def test_people_on_a_busy_square_are_covered(data: Path) -> None:
    """Groups are one box here, so it is asked whether people are inside a box and boxes hold people (PETS S2.L1)."""
    people = np.loadtxt(data / "groundtruth" / "pets09-s2l1.gt.txt", delimiter=",")
    seen = watch(data / "videos" / "vtest_480x360.mp4")
    covered, held, persons, boxes = 0, 0, 0, 0
    for index in range(30, len(seen)):
        rows = people[people[:, 0] == index + 1]
        feet = np.stack([rows[:, 2] + rows[:, 4] / 2, rows[:, 3] + rows[:, 5] * 0.6], axis=1) * 0.625
        found = seen[index].boxes
        inside = (
            (feet[:, None, 0] >= found[None, :, 0] - 3)
            & (feet[:, None, 0] <= found[None, :, 2] + 3)
            & (feet[:, None, 1] >= found[None, :, 1] - 3)
            & (feet[:, None, 1] <= found[None, :, 3] + 3)
        )
        persons += len(feet)
        boxes += len(found)
        covered += int(inside.any(axis=1).sum()) if len(found) else 0
        held += int(inside.any(axis=0).sum()) if len(feet) else 0
    assert covered / persons >= 0.9
    assert held / boxes >= 0.85


def test_cars_on_a_motorway_are_covered_under_moving_trees(data: Path) -> None:
    """CDnet highway: blobs of the true masks of 400 pixels and more, by their centres."""
    blobs = np.loadtxt(data / "groundtruth" / "cdnet-highway.boxes.txt", delimiter=",")
    seen = watch(data / "videos" / "cdnet-highway_320x240.mp4", 1000)
    covered, total = 0, 0
    for index in range(469, len(seen)):
        rows = blobs[(blobs[:, 0] == index + 1) & (blobs[:, 4] * blobs[:, 5] >= 400)]
        x, y = rows[:, 2] + rows[:, 4] / 2, rows[:, 3] + rows[:, 5] / 2
        found = seen[index].boxes
        inside = (
            (x[:, None] >= found[:, 0])
            & (x[:, None] <= found[:, 2])
            & (y[:, None] >= found[:, 1])
            & (y[:, None] <= found[:, 3])
        )
        total += len(rows)
        covered += int(inside.any(axis=1).sum())
    assert total > 500
    assert covered / total >= 0.95
