"""What was put down is told from what moves, from what came by itself, and from the place of what has gone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.algorithms.roles import ARRIVED, MOTION, OBJECTS, PUT_DOWN, STILL, STILL_AFTER_S
from vedette.algorithms.state import pack, unpack
from vedette.algorithms.still import UNSURE, StillDetector
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.testing.stage import STAYS, Actor, Light, Stage, Stop
from vedette.testing.stage_looks import Bag, Car, Figure
from vedette.testing.stage_places import plaza

PLACE, VIEW = plaza(3)


def bag(start: float, stays_s: float = STAYS, x: float = 320, name: str = "bag") -> Actor:
    return Actor(name, "suitcase", Bag(), (Stop(x, 280, stays_s),), start, tall_m=0.7, shadow=0.2)


def figure(*stops: Stop, start: float = 3.0, name: str = "figure") -> Actor:
    return Actor(name, "person", Figure.of(5), stops, start)


def stage(*actors: Actor, seconds: float = 20, light: Light | None = None) -> Stage:
    return Stage(PLACE, VIEW, actors, seconds, light=light or Light())


def watch(scene: Stage, detector: Any = None) -> list[tuple[float, Detections]]:
    eyes = detector or StillDetector()
    return [(frame.time, eyes(frame)) for frame in scene.frames()]


def labels(found: Detections) -> list[str]:
    return [label for _, _, label, _ in found.rows()]


def spell(seen: Sequence[tuple[float, Detections]], label: str = PUT_DOWN) -> tuple[float, float]:
    """Return the first and the last moment at which something of a label was seen."""
    times = [time for time, found in seen if label in labels(found)]
    return times[0], times[-1]


def test_a_thing_is_seen_from_the_moment_it_counts_as_still_until_it_is_taken_away() -> None:
    seen = watch(stage(bag(5.0, 8.0)))
    first, last = spell(seen)
    assert first == pytest.approx(5.0 + STILL_AFTER_S, abs=0.4)
    assert last == pytest.approx(13.0, abs=0.4)
    inside = [found for time, found in seen if 7 < time < 12]
    assert all(labels(found) == [PUT_DOWN] for found in inside)
    placed = stage(bag(5.0)).placed(bag(5.0), 8.0)
    assert placed is not None
    assert np.abs(inside[0].boxes[0] - np.array(placed.box)).max() <= 6


def test_a_thing_is_seen_however_long_it_stays() -> None:
    """The memory of the empty place takes up after 45 s what does not move; the thing must not vanish with it."""
    scene = Stage(PLACE, VIEW, (bag(4.0, 80.0),), 92.0, fps=4.0)
    seen = watch(scene)
    assert all(labels(found) == [PUT_DOWN] for time, found in seen if 7 < time < 83)
    assert spell(seen)[1] == pytest.approx(84.0, abs=0.8)


def test_the_place_of_what_was_there_from_the_first_is_no_thing() -> None:
    """Else each car that leaves would be told as left behind."""
    assert all(not labels(found) for _, found in watch(stage(bag(0.0, 8.0))))


def test_who_comes_and_stands_is_told_from_what_was_put_down() -> None:
    stands = figure(Stop(-40, 270), Stop(420, 270, 9), Stop(690, 270))
    seen = watch(stage(stands, bag(4.0, x=200), seconds=18))
    (_, (arrives, leaves), _) = stands.times(VIEW)
    standing = [found for time, found in seen if arrives + 2 < time < leaves]
    assert all(sorted(labels(found)) == [ARRIVED, PUT_DOWN] for found in standing)
    assert all(ARRIVED not in labels(found) for time, found in seen if time < arrives)


def test_who_only_passes_is_not_seen() -> None:
    seen = watch(stage(figure(Stop(-40, 270), Stop(690, 270)), seconds=15))
    assert all(not labels(found) for _, found in seen)


def test_a_thing_that_is_hidden_for_a_moment_is_still_known() -> None:
    """With a lower score; what passes in front of it must not end it."""
    passes = Actor("car", "car", Car((190, 200, 205)), (Stop(-120, 310), Stop(760, 310)), 8.0, 3.0, 1.5)
    seen = [(time, found) for time, found in watch(stage(bag(4.0), passes, seconds=22)) if time > 7]
    assert all(PUT_DOWN in labels(found) for _, found in seen)
    assert any(UNSURE in found.scores for _, found in seen)
    assert labels(seen[-1][1]) == [PUT_DOWN]
    assert seen[-1][1].scores[0] > UNSURE


def test_a_step_of_the_light_neither_makes_nor_ends_a_thing() -> None:
    light = Light(0.02, 20.0, ((12.0, 0.8),))
    seen = watch(stage(bag(4.0), light=light, seconds=20))
    later = [labels(found) for time, found in seen if time > 13.5]
    assert all(found == [PUT_DOWN] for found in later)


@pytest.mark.parametrize("cut", [7, 30, 66, 95, 130])
def test_a_run_that_is_cut_anywhere_goes_on_as_if_nothing_had_been(cut: int) -> None:
    scene = stage(bag(4.0, 8.0), figure(Stop(-40, 270), Stop(420, 270, 4), Stop(690, 270)), seconds=16)
    pictures = list(scene.frames())
    whole, first, second = StillDetector(), StillDetector(), StillDetector()
    wanted = [whole(frame) for frame in pictures]
    told = [first(frame) for frame in pictures[:cut]]
    state = unpack(pack(first.state(), 1), 1)
    assert state is not None
    second.restore(state)
    told += [second(frame) for frame in pictures[cut:]]
    for one, other in zip(told, wanted, strict=True):
        assert np.array_equal(one.boxes, other.boxes)
        assert np.array_equal(one.scores, other.scores)
        assert np.array_equal(one.classes, other.classes)
    assert pack(second.state(), 1) == pack(whole.state(), 1)


def test_another_size_of_the_picture_begins_anew() -> None:
    detector = StillDetector()
    watch(stage(bag(4.0), seconds=8), detector)
    picture, view = plaza(3, (320, 180))
    assert all(not len(found) for _, found in watch(Stage(picture, view, (), 3.0), detector))


def test_an_installation_without_models_has_eyes_for_three_roles(tmp_path: Path) -> None:
    """Tasks of a stream share them, and one that goes on from a checkpoint has eyes of its own."""
    models = Engine(ModelStore(tmp_path)).for_stream()
    assert not models.has(STILL)
    assert [models.detector(role).name for role in (OBJECTS, MOTION, STILL)] == ["motion", "motion", "still"]
    with pytest.raises(ModelError, match="No installed model serves the role faces"):
        models.detector("faces")
    one, other = models.detector(STILL), models.detector(STILL)
    seen = watch(stage(bag(1.8), seconds=6), one)
    assert labels(seen[-1][1]) == [PUT_DOWN]
    assert pack(one.state(), 1) == pack(other.state(), 1)
    other.restore(StillDetector().state())
    assert pack(one.state(), 1) != pack(other.state(), 1)
