"""Events of generated scenes, whose script is the truth: intrusion, loitering and abandoned things.

Drawn scenes need no data. The others are played on the empty campus of a real clip, by people who are cut out of it.
"""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import msgspec
import pytest
from generated import PEOPLE, THINGS, Director, Place, roi, zone
from real_actors import campus

from conftest import Say
from vedette.algorithms.base import Models
from vedette.algorithms.builtin.abandoned_object import AbandonedConfig, AbandonedObject
from vedette.algorithms.builtin.intrusion import INTRUSION, LOITERING, Intrusion, IntrusionConfig
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.testing.stage import Stage
from vedette.testing.stage_places import plaza
from vedette.testing.stage_truth import Score, Told, entries, rests, score, stays

DWELL_S = 10.0
"""What the services count as long, by default."""
FEW, MANY, MORE = range(501, 504), range(501, 511), range(601, 611)
"""Scenes that nothing was tuned with."""
Eyes = Callable[[], Models]


@pytest.fixture(scope="module")
def without_model(tmp_path_factory: pytest.TempPathFactory) -> Eyes:
    engine = Engine(ModelStore(tmp_path_factory.mktemp("none")))
    return engine.for_stream


@pytest.fixture(scope="module")
def with_model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Eyes:
    store = ModelStore(tmp_path_factory.mktemp("nano"))
    store.add(data / "models" / "yolox_nano.onnx")
    return Engine(store).for_stream


def drawn(seed: int, fps: float = 5.0) -> Place:
    picture, view = plaza(seed)
    return Place(picture, view, (0.5, 0.97), fps=fps)


@pytest.fixture(scope="module")
def real(data: Path) -> Place:
    made = campus(data)
    return Place(made.picture, made.view, (0.42, 0.88), made.sprites, fps=5.0)


def tell(algorithm: Any, scene: Stage) -> Iterator[tuple[int, Told]]:
    for frame in scene.frames():
        for finding in algorithm.process(frame):
            data = msgspec.to_builtins(finding.data, enc_hook=lambda track: track.number)
            box = data["event_set"][0]["bounding_box"]
            yield finding.event_type, Told(frame.time, (box["x"], box["y"], box["w"], box["h"]))


def visit(place: Place, seed: int, models: Models) -> tuple[Score, Score]:
    """Return how well entries and long stays of a scene are told; told up to 0.7 s early and 2 s late."""
    scene, marked = Director(place, seed, 34.0).visitors(), zone(place)
    config = IntrusionConfig.model_validate(
        {"target_roi": roi(marked), "loitering_detection_sw": 1, "alert_time_threshold": DWELL_S}
    )
    events = list(tell(Intrusion(config, models), scene))
    wanted = {INTRUSION: entries(scene, marked, PEOPLE), LOITERING: stays(scene, marked, PEOPLE, DWELL_S)}
    entered, lingered = (
        score(scene, wanted[kind], [told for number, told in events if number == kind], early_s=0.7, late_s=2.0)
        for kind in (INTRUSION, LOITERING)
    )
    return entered, lingered


def leave(place: Place, seed: int, models: Models) -> Score:
    """Return how well things that were left behind are told: up to 1 s early and 4 s late."""
    scene, marked = Director(place, seed, 40.0).abandoned(), zone(place)
    told = [one for _, one in tell(AbandonedObject(AbandonedConfig(target_roi=roi(marked)), models), scene)]
    return score(scene, rests(scene, marked, THINGS, DWELL_S), told, early_s=1.0, late_s=4.0)


def sentence(what: str, scenes: int, found: Score) -> str:
    return (
        f"{what}, {scenes} scenes: {found.right} right, {len(found.missed)} missed, {len(found.false)} false; "
        f"precision {found.precision:.3f}, recall {found.recall:.3f}, F1 {found.f1:.3f}"
    )


def judge(say: Say, what: str, found: list[Score], floor: float) -> None:
    """Say how well it went, and hold it against the floor."""
    whole = reduce(add, found)
    say(sentence(what, len(found), whole))
    assert whole.right >= len(found), "too little happens to judge by"
    assert whole.f1 >= floor, (whole.missed, whole.false)


def visits(say: Say, what: str, found: list[tuple[Score, Score]], floors: tuple[float, float]) -> None:
    judge(say, f"intrusion, {what}", [entered for entered, _ in found], floors[0])
    judge(say, f"loitering, {what}", [lingered for _, lingered in found], floors[1])


def test_visitors_are_told_by_a_model(real: Place, with_model: Eyes, say: Say) -> None:
    visits(say, "campus, yolox-nano", [visit(real, seed, with_model()) for seed in FEW[:2]], (0.95, 0.95))


def test_things_left_behind_are_told_with_a_model_for_people(real: Place, with_model: Eyes, say: Say) -> None:
    judge(say, "abandoned, campus, still and yolox-nano", [leave(real, seed, with_model()) for seed in FEW], 0.95)


def test_things_left_behind_are_told_without_a_model(without_model: Eyes, say: Say) -> None:
    judge(say, "abandoned, drawn, still", [leave(drawn(seed), seed, without_model()) for seed in MANY[:8]], 0.9)


@pytest.mark.soak
def test_visitors_of_many_scenes_are_told_by_a_model(real: Place, with_model: Eyes, say: Say) -> None:
    visits(say, "campus, yolox-nano", [visit(real, seed, with_model()) for seed in MANY], (0.95, 0.95))


@pytest.mark.soak
def test_visitors_of_many_scenes_are_told_without_a_model(real: Place, without_model: Eyes, say: Say) -> None:
    """Motion makes one of two who pass each other, so the model is better; but the service is useful without."""
    visits(say, "campus, motion", [visit(real, seed, without_model()) for seed in MORE], (0.9, 0.9))
    visits(say, "drawn, motion", [visit(drawn(seed), seed, without_model()) for seed in MORE], (0.9, 0.9))


@pytest.mark.soak
def test_things_left_behind_in_many_scenes_are_told(
    real: Place, with_model: Eyes, without_model: Eyes, say: Say
) -> None:
    judge(say, "abandoned, campus, still and yolox-nano", [leave(real, seed, with_model()) for seed in MANY], 0.95)
    judge(say, "abandoned, campus, still", [leave(real, seed, without_model()) for seed in MORE], 0.85)
    judge(say, "abandoned, drawn, still", [leave(drawn(seed, 10.0), seed, without_model()) for seed in MORE], 0.85)
