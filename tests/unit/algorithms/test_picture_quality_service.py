"""The service that tells of faults of the picture; the judge itself has tests of its own."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import jsonschema_rs
import numpy as np
import pytest
from numpy.typing import NDArray

from vedette.algorithms import Finding, Frame, Position
from vedette.algorithms.builtin.picture_quality import (
    FIRST,
    KINDS,
    STEP_US,
    SWITCHES,
    PictureQuality,
    PictureQualityConfig,
)
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.look import Fault
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.testing import ScriptedModels, seen
from vedette.testing.messages import check_finding

Shot = NDArray[np.uint8]
MODELS = ScriptedModels(lambda _: seen())
RUN = TaskRun(
    TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-video-quality-cloud", "1.0", {}, "gate", 1_618_299_313_900
)


def street(seed: int = 1) -> Shot:
    """A picture with sharp things in it, of many colours that make grey together."""
    dice = np.random.default_rng(seed)
    picture = np.full((180, 320, 3), 118, np.uint8)
    for _ in range(90):
        y, x = dice.integers(0, 160), dice.integers(0, 300)
        picture[y : y + dice.integers(6, 40), x : x + dice.integers(6, 40)] = dice.integers(40, 210, 3)
    return picture


def noisy(picture: Shot, count: int, strength: float = 2.0) -> list[Shot]:
    dice = np.random.default_rng(2)
    return [np.clip(picture + dice.normal(0, strength, picture.shape), 0, 255).astype(np.uint8) for _ in range(count)]


GOOD = noisy(street(), 12)
BLACK = np.zeros((180, 320, 3), np.uint8)


def shown(pictures: Sequence[Shot], first: int = 0, step_us: int = STEP_US) -> list[Frame]:
    return [
        Frame(Position(0, n, n * step_us), cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), lambda picture=picture: picture)
        for n, picture in enumerate(pictures, first)
    ]


def service(**common: Any) -> PictureQuality:
    return PictureQuality(PictureQualityConfig.model_validate(common), MODELS)


def watch(algorithm: PictureQuality, frames: Sequence[Frame]) -> list[tuple[float, str, bool | None]]:
    told = [(frame.time, finding) for frame in frames for finding in algorithm.process(frame)]
    for _, finding in told:
        check_finding(PictureQuality.manifest, finding)
    return [(time, finding.subject.partition(":")[0], finding.over) for time, finding in told]


def test_a_fault_is_told_once_when_it_begins_and_once_when_it_is_over() -> None:
    frames = shown([*GOOD, *[BLACK] * 20, *GOOD * 3])
    begun, over = watch(service(), frames)
    assert begun == (pytest.approx(12 * 0.25 + 0.5), "BlackScreen", False)
    assert over[1:] == ("BlackScreen", True)
    assert over[0] == pytest.approx(32 * 0.25 + 3.0, abs=0.5)


def test_each_fault_is_an_event_type_of_its_own_from_our_range_on() -> None:
    """So that lists filter by it; the numbers are a part of the interface, so none may move."""
    numbers = {kind.name: kind.number for kind in PictureQuality.manifest.events}
    assert numbers == {KINDS[fault]: FIRST + n for n, fault in enumerate(Fault)}
    assert set(SWITCHES) == set(Fault)
    assert numbers["blurred picture"] == 0x7F02_0000
    assert numbers["smudged lens"] == 0x7F02_000C


def test_a_message_is_what_its_schema_says_and_has_an_alarm_type() -> None:
    algorithm, told = service(), []
    for frame in shown([*GOOD, *[BLACK] * 20, *GOOD * 3]):
        told += [make_event(RUN, frame, finding, b"jpeg").message for finding in algorithm.process(frame)]
    assert [message["alarm_type"] for message in told] == [0, 1]
    (kind,) = (kind for kind in PictureQuality.manifest.events if kind.name == "black picture")
    for message in told:
        jsonschema_rs.Draft202012Validator(message_schema(kind)).validate(json.loads(json.dumps(message)))
    assert json.loads(json.dumps(told[1]["data"])) == {"event_set": [{"type": "BlackScreen", "duration": 7}]}


class Scripted:
    """A judge that says what it is told to say, of pictures from the third second to the sixth."""

    def __init__(self, fault: Fault) -> None:
        self._fault, self._us = fault, 0

    def see(self, bgr: Shot, time_us: int) -> None:
        self._us = time_us

    def faults(self) -> tuple[Fault, ...]:
        return (self._fault,) if 3_000_000 <= self._us < 6_000_000 else ()


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_has_a_switch(fault: Fault) -> None:
    frames = shown([BLACK] * 40)

    def told(**common: Any) -> list[tuple[float, str, bool | None]]:
        algorithm = service(**common)
        algorithm._judge = Scripted(fault)
        return watch(algorithm, frames)

    assert told() == [(3.0, fault.value, False), (6.0, fault.value, True)]
    assert told(**{SWITCHES[fault]: 0}) == []
    others = {key: "0" for key in SWITCHES.values() if key != SWITCHES[fault]}
    assert len(told(**others)) == 2


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({"event_disappear_alert_sw": 0}, [(3.0, False)]),
        ({"alert_time_threshold": "2"}, [(5.0, False), (6.0, True)]),
        ({"alert_time_threshold": 4}, []),
    ],
)
def test_keys_of_time_are_honoured(common: dict[str, Any], expected: list[tuple[float, bool]]) -> None:
    algorithm = service(**common)
    algorithm._judge = Scripted(Fault.BLURRY)
    assert [(time, over) for time, _, over in watch(algorithm, shown([BLACK] * 40))] == expected


def test_a_fault_that_comes_back_is_told_again_only_after_the_interval() -> None:
    """If it still shows then, it is told then."""
    spells = [*[BLACK] * 8, *GOOD, *GOOD]
    frames = shown([*GOOD, *spells, *spells, *spells])
    assert [over for *_, over in watch(service(), frames)] == [False, True] * 3
    begun = [time for time, _, over in watch(service(alert_detection_interval=13), frames) if not over]
    assert begun == [3.5, 19.5]
    lasting = shown([*GOOD, *spells, *[BLACK] * 60])
    assert [time for time, _, over in watch(service(alert_detection_interval=20), lasting) if not over] == [3.5, 23.5]


def hazy(picture: Shot) -> Shot:
    return cv2.GaussianBlur(picture, (0, 0), 1.1)


def covered(picture: Shot) -> Shot:
    there = picture.copy()
    there[:, :90] = 60
    return there


THRESHOLDS: dict[str, tuple[Any, Callable[[], list[Shot]], Fault]] = {
    "dark_threshold": (90, lambda: noisy((street() * 0.4).astype(np.uint8), 30), Fault.ABNORMAL_LIGHT),
    "bright_threshold": (110, lambda: noisy(street(), 30), Fault.ABNORMAL_LIGHT),
    "color_cast_threshold": (
        12,
        lambda: noisy(np.clip(street() * np.array([0.9, 0.9, 1.2]), 0, 255).astype(np.uint8), 30),
        Fault.COLOR_DISTORTION,
    ),
    "noise_threshold": (5, lambda: noisy(np.full((180, 320, 3), 165, np.uint8), 30, 12.0), Fault.SNOW_NOISE),
    "blur_threshold": ("0.8", lambda: noisy(hazy(street()), 30, 0.5), Fault.BLURRY),
    "occlusion_threshold": (0.2, lambda: [*noisy(street(), 60), *noisy(covered(street()), 40)], Fault.OCCLUDE),
    "freeze_time_threshold": (12, lambda: [street()] * 70, Fault.SCREEN_FREEZE),
}


@pytest.mark.parametrize("key", sorted(THRESHOLDS))
def test_a_threshold_makes_a_fault_of_what_was_none(key: str) -> None:
    value, pictures, fault = THRESHOLDS[key]
    frames = shown(pictures())
    assert fault.value not in {told for _, told, _ in watch(service(), frames)}
    assert fault.value in {told for _, told, _ in watch(service(**{key: value}), frames)}


def test_the_quality_of_the_picture_is_handed_on() -> None:
    def first(**common: Any) -> Finding:
        algorithm = service(**common)
        return next(finding for frame in shown([BLACK] * 5) for finding in algorithm.process(frame))

    assert [found.drawing and found.drawing.quality for found in (first(), first(image_compression_ratio="35"))] == [
        90,
        35,
    ]


def test_wrong_values_are_refused_by_name_and_unknown_keys_are_warned_of() -> None:
    for key, value in (("blur_detection_sw", 2), ("freeze_time_threshold", 0), ("dark_threshold", "dark")):
        with pytest.raises(InvalidParameter, match=key):
            check_config(PictureQuality.manifest, {key: value})
    assert "target_roi" in check_config(PictureQuality.manifest, {"target_roi": "{}"})[1][0]


def test_pictures_between_two_steps_are_passed_over() -> None:
    """The judge counts on a few pictures a second, and each costs milliseconds."""
    fast = shown([*GOOD * 10, *[BLACK] * 60], step_us=40_000)
    (begun,) = watch(service(), fast)
    assert begun[0] == pytest.approx(120 * 0.04 + 0.5, abs=0.3)


@pytest.mark.parametrize("cut", [1, 7, 14, 31, 40, 66])
def test_a_run_that_is_cut_goes_on_as_if_nothing_had_been(cut: int) -> None:
    moved = noisy(street(5), 30)
    frames = shown([*GOOD * 3, *[BLACK] * 12, *GOOD * 2, *moved])
    whole = service()
    wanted = [watch(whole, [frame]) for frame in frames]
    first, second = service(), service()
    told = [watch(first, [frame]) for frame in frames[:cut]]
    state = unpack(pack(first.state(), 1), 1)
    assert state is not None
    second.restore(state)
    told += [watch(second, [frame]) for frame in frames[cut:]]
    assert told == wanted
    assert sum(map(len, wanted)) >= 3


def test_another_configuration_goes_on_with_the_faults_that_are_told() -> None:
    former, changed = service(), service(alert_time_threshold=1)
    assert len(watch(former, shown([*GOOD, *[BLACK] * 8]))) == 1
    changed.succeed(former)
    assert watch(changed, shown([BLACK] * 12, first=20)) == []
    assert [over for *_, over in watch(changed, shown(GOOD * 3, first=32))] == [True]
