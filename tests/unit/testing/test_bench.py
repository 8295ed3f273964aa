"""The bench for authors of algorithms."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

from vedette.algorithms.base import Algorithm, AlgorithmConfig, EventKind, Manifest, Models
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData
from vedette.testing import Sees, run, seen, together


class Crowd(EventData):
    width: int


class HeadcountConfig(AlgorithmConfig):
    least: int = 1


class Headcount(Algorithm[HeadcountConfig]):
    """Tells whenever it sees enough people."""

    manifest: ClassVar[Manifest] = Manifest(
        "headcount", (), ("1.0",), "Headcount", "计数", HeadcountConfig, ("people",), (EventKind(1, "crowd", Crowd),)
    )

    def __init__(self, config: HeadcountConfig, models: Models) -> None:
        self._least = config.least
        self._people = models.detector("people")

    def process(self, frame: Frame) -> Iterator[Finding]:
        people = self._people(frame)
        if len(people) >= self._least:
            yield Finding(1, f"people:{len(people)}", Crowd(width=frame.width))


ONE: Detections = seen((10, 10, 20, 40))
NOBODY: Detections = seen()


def from_second_on(begin: float, what: Detections) -> Sees:
    return lambda t: what if t >= begin else NOBODY


def test_time_is_that_of_the_invented_pictures() -> None:
    """Ten a second for two seconds, and the picture at exactly two is not shown."""
    found = run(Headcount, {}, sees=from_second_on(1.8, ONE), seconds=2.0)
    assert [told.at for told in found] == [1.8, 1.9]


def test_the_configuration_is_checked_as_the_service_checks_it() -> None:
    """An author sees the same refusal as a caller of the API."""
    with pytest.raises(ValueError, match="least"):
        run(Headcount, {"least": "many"}, sees=from_second_on(0, ONE), seconds=1)


def test_a_role_without_a_script_is_an_error() -> None:
    """A silent stand-in would let a test pass that tests nothing."""
    with pytest.raises(ModelError, match="people"):
        run(Headcount, {}, sees={"cars": from_second_on(0, ONE)}, seconds=1)


def test_parts_of_a_script_can_be_put_together() -> None:
    """Two people are one person and another."""
    both = together(ONE, seen((50, 10, 60, 40), label="car"))
    assert both.classes.tolist() == [0, 1]
    assert len(run(Headcount, {"least": 2}, sees=from_second_on(0, both), seconds=0.5)) == 5


def test_pictures_have_the_size_that_was_asked_for() -> None:
    """Rules in pixels need it."""
    found = run(Headcount, {}, sees=from_second_on(0, ONE), seconds=0.1, size=(640, 360))
    assert found[0].finding.data == Crowd(width=640)


def test_nothing_seen_has_the_right_shape() -> None:
    """An empty column is still a column."""
    assert NOBODY.boxes.shape == (0, 4)
    assert NOBODY.boxes.dtype == np.float32
