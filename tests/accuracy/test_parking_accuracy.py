"""Parking on generated scenes whose script is the truth: real cars on a real motorway, cut out of a clip."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from parking_scenes import CARS, LIMIT_S, SECONDS, roi, scene, zone
from real_actors import Set, motorway

from vedette.algorithms.base import Models
from vedette.algorithms.builtin.abnormal_parking import AbnormalParking, ParkingConfig, ParkingData
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.testing.stage import Stage
from vedette.testing.stage_truth import Expected, Score, Told, ends, rests, score

EARLY_S, LATE_S = 1.0, 3.0
"""A car that parks is told so much before or after its time is full."""
GONE_S = 6.0
"""And so long after it began to drive off that it is gone: it has to leave the road first."""
Say = Callable[[str], None]


@pytest.fixture(scope="module")
def place(data: Path) -> Set:
    return motorway(data)


@pytest.fixture(scope="module")
def modelled(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    store = ModelStore(tmp_path_factory.mktemp("models"))
    store.add(data / "models" / "yolox_nano.onnx")
    return Engine(store)


@dataclass(frozen=True)
class Verdict:
    """How well parking, and driving off again, were told."""

    parked: Score
    gone: Score

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.parked + other.parked, self.gone + other.gone)

    def __str__(self) -> str:
        return ", ".join(
            f"{name}: {one.right} right, {len(one.missed)} missed, {len(one.false)} false, F1 {one.f1:.3f}"
            for name, one in (("parked", self.parked), ("gone", self.gone))
        )


def watch(place: Set, stage: Stage, models: Models) -> Verdict:
    config = ParkingConfig.model_validate({"target_roi": roi(place), "alert_time_threshold": LIMIT_S})
    parking, corners = AbnormalParking(config, models), zone(place)
    told = list(_told(parking, stage))
    raised = [Told(at, box) for at, over, box in told if not over]
    parked = score(stage, rests(stage, corners, CARS, LIMIT_S), raised, early_s=EARLY_S, late_s=LATE_S)
    left = [one for one in ends(stage, corners, CARS, LIMIT_S) if one.time < SECONDS - GONE_S]
    over = [at for at, is_over, _ in told if is_over and at < SECONDS]
    return Verdict(parked, _matched(left, over, raised))


def _told(parking: AbnormalParking, stage: Stage) -> Iterator[tuple[float, bool, tuple[float, float, float, float]]]:
    where: dict[int, tuple[float, float, float, float]] = {}
    for frame in stage.frames():
        for finding in parking.process(frame):
            assert isinstance(finding.data, ParkingData)
            for vehicle in finding.data.vehicles or ():
                box = vehicle.bounding_box
                where[vehicle.detection_id.number] = (box.x, box.y, box.w, box.h)
                yield frame.time, False, where[vehicle.detection_id.number]
            for gone in finding.data.event_set or ():
                yield frame.time, True, where[gone.detection_id.number]


def _matched(left: Sequence[Expected], over: Sequence[float], raised: Sequence[Told]) -> Score:
    """Match departures by time alone: the car is not where it was told any more."""
    waiting, false = list(left), []
    for at in over:
        fitting = [one for one in waiting if -EARLY_S <= at - one.time <= GONE_S]
        if fitting:
            waiting.remove(fitting[0])
        elif at < SECONDS - GONE_S:
            false.append(Told(at, raised[0].box))
    return Score(len(left) - len(waiting), tuple(waiting), tuple(false))


def all_of(place: Set, engine: Engine, seeds: Sequence[int]) -> Verdict:
    none = Score(0, (), ())
    verdict = Verdict(none, none)
    for seed in seeds:
        verdict += watch(place, scene(place, seed), engine.for_stream())
    return verdict


def test_parked_cars_are_told_once_and_no_others(place: Set, modelled: Engine, say: Say) -> None:
    verdict = all_of(place, modelled, (1, 2))
    say(f"parking with yolox_nano, 2 scenes: {verdict}")
    assert verdict.parked.right >= 5
    assert verdict.parked.f1 >= 0.95
    assert verdict.gone.f1 >= 0.95


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_parked_cars_in_many_scenes(place: Set, modelled: Engine, say: Say) -> None:
    verdict = all_of(place, modelled, range(3, 23))
    say(f"parking with yolox_nano, 20 scenes: {verdict}")
    assert verdict.parked.right >= 40
    assert verdict.parked.f1 >= 0.95
    assert verdict.gone.f1 >= 0.8  # a car that is lost as it drives off is told to be gone after 10 s


def test_without_a_model_parked_cars_are_told_as_well(place: Set, tmp_path: Path, say: Say) -> None:
    """What came by itself and stopped: nothing else does so in these scenes."""
    verdict = all_of(place, Engine(ModelStore(tmp_path)), range(1, 5))
    say(f"parking without a model, 4 scenes: {verdict}")
    assert verdict.parked.right >= 10
    assert verdict.parked.f1 >= 0.85


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_without_a_model_in_many_scenes(place: Set, tmp_path: Path, say: Say) -> None:
    verdict = all_of(place, Engine(ModelStore(tmp_path)), range(6, 46))
    say(f"parking without a model, 40 scenes: {verdict}")
    assert verdict.parked.f1 >= 0.9
