"""What the services that count tell, against the expected results and the human tracks beside the clips."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from clips import Played, Sessions
from numpy.typing import NDArray
from scoring import EventScore, event_score, truth

from conftest import Say
from vedette.algorithms import Finding, Frame, Line, LineWatch, Standing
from vedette.algorithms.builtin.crowd_count import CrowdCount, CrowdCountConfig, CrowdData
from vedette.algorithms.builtin.flow_count import (
    LINE,
    FlowCount,
    FlowCountConfig,
    LineFlowData,
    RegionFlowData,
)

PETS, TUD = "pets09-s2l1", "tud-campus"
NAMES = {PETS: "vtest_480x360 and pets09-s2l1_768x576", TUD: "tud-campus_640x480"}
"""How the expected results call the scenes."""
VTEST, CAMPUS, WALK = "vtest_480x360.mp4", "tud-campus_640x480.mp4", "one-by-one-person-detection.mp4"

Crossing = tuple[str, int]
"""The side that is come to, and the frame from 0; several lines have several names of sides."""


def counted(models: Played, step: int = 1, **common: Any) -> list[tuple[Frame, Finding]]:
    algorithm = FlowCount(FlowCountConfig.model_validate(common), models)
    return list(_tell(algorithm, models.frames(step)))


def _tell(algorithm: FlowCount | CrowdCount, pictures: Iterable[Frame]) -> Iterable[tuple[Frame, Finding]]:
    last = None
    for last in pictures:
        yield from ((last, finding) for finding in algorithm.process(last))
    assert last is not None
    yield from ((last, finding) for finding in algorithm.finish(last))


def roi(lines: list[Line]) -> str:
    shapes = [
        {"data": [line.start, line.end], "properties": {"side1_name": line.side1, "side2_name": line.side2}}
        for line in lines
    ]
    return json.dumps({"lines": shapes})


def crossings(models: Played, lines: list[Line], step: int = 1) -> list[Crossing]:
    """Return each crossing that the counts of one second tell of, at the end of that second."""
    told: list[Crossing] = []
    common = {"target_roi": roi(lines), "line_count_interval": 1, "region_detection_sw": 0}
    for frame, finding in counted(models, step, **common):
        assert finding.event_type == LINE
        for flow in cast("LineFlowData", finding.data).event_set:
            told += [(flow.side1_name, frame.position.index)] * flow.side1_count
            told += [(flow.side2_name, frame.position.index)] * flow.side2_count
    return told


def f1(score: EventScore) -> float:
    return 2 * score.matched / (2 * score.matched + len(score.missed) + len(score.false))


def upright(x: float, size: tuple[int, int]) -> Line:
    return Line((x * size[0], 0), (x * size[0], size[1]), side1=f"left of {x}", side2=f"right of {x}")


def listed(wanted: dict[str, Any], scene: str, x: float) -> list[Crossing]:
    line = wanted[NAMES[scene]][f"line_x{x:.2f}"]
    ways = {"right_to_left": f"left of {x}", "left_to_right": f"right of {x}"}
    return [(side, frame - 1) for way, side in ways.items() for frame, _ in line[f"{way}_events_frame1_id"]]


@pytest.mark.parametrize("step", [1, 2])
def test_crossings_are_counted(sessions: Sessions, wanted: dict[str, Any], say: Say, step: int) -> None:
    """All lines of the list; by direction, within the second of the count and one more; with half the pictures too.

    The two that are told beyond the list are real (see `test_event_accuracy`).
    """
    vtest, campus = sessions.play(VTEST), sessions.play(CAMPUS)
    told = crossings(vtest, [upright(0.3, vtest.size), upright(0.4, vtest.size)], step)
    pets = event_score(listed(wanted, PETS, 0.3) + listed(wanted, PETS, 0.4), told, 20)
    told = crossings(campus, [upright(0.4, campus.size)], step)
    tud = event_score(listed(wanted, TUD, 0.4), told, 50)
    both = EventScore(
        pets.matched + tud.matched,
        (*pets.missed, *tud.missed),
        (*pets.false, *tud.false),
        max(pets.furthest, tud.furthest),
    )
    say(f"counted crossings, step {step}: F1 {f1(both):.3f}, missed {both.missed}, false {both.false}")
    assert f1(both) >= 0.97
    assert f1(pets) >= 0.96
    assert f1(tud) >= 0.92


def human_crossings(
    data: Path, scene: str, lines: list[Line], scale: float, fps: float, slack: float
) -> list[Crossing]:
    """Return what the line rule tells of the human tracks."""
    told = []
    for line in lines:
        watch = LineWatch(line)
        for frame, (ids, boxes) in sorted(truth(data / "groundtruth" / f"{scene}.gt.txt", scale).items()):
            feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
            crossed = watch.update(ids, feet, [Standing.COUNTED] * len(ids), slack, frame / fps)
            told += [(line.side_name(event.after), frame) for event in crossed]
    return told


@pytest.mark.parametrize(
    ("scene", "clip", "scale", "fps", "least"), [(PETS, VTEST, 0.625, 10, 0.95), (TUD, CAMPUS, 1.0, 25, 0.9)]
)
def test_crossings_of_lines_that_lie_otherwise(
    data: Path, sessions: Sessions, say: Say, scene: str, clip: str, scale: float, fps: float, least: float
) -> None:
    """14 lines across the picture, the flat ones among them, where a box that is cut short crosses by itself."""
    played = sessions.play(clip)
    width, height = played.size
    lines = [upright(x / 10, played.size) for x in range(2, 9)]
    lines += [
        Line((0, y * height / 10), (width, y * height / 10), side1=f"above {y}", side2=f"below {y}")
        for y in range(3, 8)
    ]
    lines.append(Line((0, 0), (width, height), side1="lower left", side2="upper right"))
    lines.append(Line((width, 0), (0, height), side1="upper left", side2="lower right"))
    want = human_crossings(data, scene, lines, scale, fps, height / 72)
    score = event_score(want, crossings(played, lines), round(2 * fps))
    say(f"{clip}, 14 lines, {len(want)} crossings: F1 {f1(score):.3f}, missed {score.missed}, false {score.false}")
    assert f1(score) >= least


def off(data: Path, scene: str, scale: float, told: list[tuple[int, int]]) -> tuple[float, float]:
    """Return by how much numbers of people, by frame, are wrong: mean absolute error, and bias."""
    people = truth(data / "groundtruth" / f"{scene}.gt.txt", scale)
    errors: NDArray[np.int64] = np.array([number - len(people[frame][0]) for frame, number in told])
    return float(np.abs(errors).mean()), float(errors.mean())


def test_numbers_of_people_are_near_the_truth(data: Path, sessions: Sessions, say: Say) -> None:
    """In the whole picture, each second: by tracks, and by single pictures, where a sign post counts as a person."""
    played = sessions.play(VTEST)
    flow = [
        (frame.position.index, cast("RegionFlowData", finding.data).event_set[0].count)
        for frame, finding in counted(played, region_count_interval=1)
    ]
    census = CrowdCount(CrowdCountConfig.model_validate({"sampling_time_interval": 1}), played)
    samples = [
        (frame.position.index, cast("CrowdData", finding.data).event_set[0].crowd_count)
        for frame, finding in _tell(census, played.frames())
    ]
    by_tracks, by_pictures = off(data, PETS, 0.625, flow), off(data, PETS, 0.625, samples)
    for name, (error, bias) in (("tracks", by_tracks), ("single pictures", by_pictures)):
        say(f"{VTEST}: people by {name}: mean absolute error {error:.2f}, bias {bias:+.2f}")
    assert by_tracks[0] <= 0.6
    assert by_pictures[0] <= 1.0


def test_visitors_one_by_one_are_counted_in_and_out(sessions: Sessions, wanted: dict[str, Any], say: Say) -> None:
    """Six people come and go, never two at once."""
    played = sessions.play(WALK)
    visits = wanted[WALK.removesuffix(".mp4")]["visits_frame0"]
    came: list[tuple[str, int]] = []
    went: list[tuple[str, int]] = []
    present: list[int] = []
    for frame, finding in counted(played, region_count_interval=1):
        (flow,) = cast("RegionFlowData", finding.data).event_set
        came += [("came", frame.position.index)] * flow.entered
        went += [("went", frame.position.index)] * flow.left
        present.append(flow.count)
    score = event_score(
        [("came", first) for first, _ in visits] + [("went", last) for _, last in visits], [*came, *went], 35
    )
    say(f"{WALK}: F1 {f1(score):.3f}, missed {score.missed}, false {score.false}, furthest {score.furthest}")
    assert f1(score) >= 0.95
    assert max(present) == 1
