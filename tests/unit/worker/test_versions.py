"""A stream whose runs go over to another version of their service while pictures flow."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from playing import Play, of
from stage import REGISTRY, Echo, EchoConfig, assignment, run

from vedette.algorithms.base import Models
from vedette.algorithms.registry import Registry, Service
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.stream import TaskRun
from vedette.worker.stream import Stream


class Next(Echo):
    """The same, made anew."""

    manifest = replace(Echo.manifest, versions=("2.0",))


class Afresh(Echo):
    """Remembers in another shape."""

    manifest = replace(Echo.manifest, versions=("3.0",), state_version=2)


class Unmakeable(Echo):
    """Cannot start at all."""

    manifest = replace(Echo.manifest, versions=("4.0",))

    def __init__(self, config: EchoConfig, models: Models) -> None:
        super().__init__(config, models)
        raise LookupError


class Breaking(Echo):
    """Breaks at a picture of its own."""

    manifest = replace(Echo.manifest, versions=("5.0",))
    last = 3

    def __init__(self, config: EchoConfig, models: Models) -> None:
        super().__init__(config, models)
        self._mine = 0

    def process(self, frame: Frame) -> Iterable[Finding]:
        self._mine += 1
        if self._mine == self.last:
            raise ZeroDivisionError
        return super().process(frame)


class BreakingLate(Breaking):
    """Breaks when it has passed its trial."""

    manifest = replace(Echo.manifest, versions=("6.0",))
    last = 4


KINDS = (Next, Afresh, Unmakeable, Breaking, BreakingLate)


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish them all."""
    more = [Service(kind.manifest.services[0], kind) for kind in KINDS]
    monkeypatch.setattr("playing.REGISTRY", Registry([*REGISTRY.services(), *more]))


def of_version(version: str, **config: Any) -> TaskRun:
    return replace(run("a", **config), service_version=version)


def upgrade(play: Play, stream: Stream, version: str, **config: object) -> None:
    wanted = assignment(of_version(version, **config), run("b"), live=True, revision=f"{version} {config}")
    play.update(stream, wanted)


def kinds(stream: Stream) -> list[type]:
    return [type(present.algorithm) for present in stream._runs.present()]


def seen(play: Play, name: str) -> list[tuple[int, int]]:
    return [(event.position.index, event.message["data"]["seen"]) for event in play.events(name)]


def begun(play: Play) -> Stream:
    stream = play.begin(assignment(run("a"), run("b"), live=True))
    play.shown(0, 1, 2)
    return stream


def test_a_new_version_takes_over_between_two_pictures_and_is_told_of_after_its_first_few(play: Play) -> None:
    """Nothing is skipped, what it knew it knows still, and its neighbour does not notice."""
    stream = begun(play)
    upgrade(play, stream, "2.0")
    report = of(stream, "a")
    assert (report.service_version, report.trying) == ("1.0", "2.0")
    play.shown(3, 4)
    assert kinds(stream) == [Next, Echo]
    assert (of(stream, "a").service_version, of(stream, "a").trying) == ("1.0", "2.0")
    play.shown(5)
    assert (of(stream, "a").service_version, of(stream, "a").trying) == ("2.0", "")
    play.flushed(stream)
    assert seen(play, "a") == seen(play, "b") == [(1, 2), (3, 4), (5, 6)]
    assert of(stream, "a").frames == 6


def test_a_state_of_another_shape_is_begun_anew(play: Play) -> None:
    stream = begun(play)
    upgrade(play, stream, "3.0")
    play.shown(3, 4, 5)
    play.flushed(stream)
    assert of(stream, "a").service_version == "3.0"
    assert seen(play, "a") == [(1, 2), (4, 2)]


def test_a_version_that_cannot_be_made_leaves_the_one_at_work_where_it_is(play: Play) -> None:
    """It is told why, and no picture is lost; another version is tried all the same."""
    stream = begun(play)
    upgrade(play, stream, "4.0")
    play.shown(3)
    report = of(stream, "a")
    assert report.failure is None
    assert report.given_up is not None
    assert (report.service_version, report.given_up.service_version) == ("1.0", "4.0")
    assert "LookupError" in report.given_up.failure.message
    upgrade(play, stream, "1.0")
    assert of(stream, "a").given_up is None
    play.shown(4, 5)
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (3, 4), (5, 6)]
    assert kinds(stream) == [Echo, Echo]


def test_a_version_that_breaks_within_its_first_pictures_gives_its_place_back(play: Play) -> None:
    """The picture that broke it is seen by the one before; what the trial saw is not seen twice."""
    stream = begun(play)
    upgrade(play, stream, "5.0")
    play.shown(3, 4)
    assert kinds(stream) == [Breaking, Echo]
    play.shown(5, 6, 7)
    report = of(stream, "a")
    assert kinds(stream) == [Echo, Echo]
    assert (report.failure, report.frames, report.service_version, report.trying) == (None, 8, "1.0", "")
    assert report.given_up is not None
    assert report.given_up.service_version == "5.0"
    play.flushed(stream)
    assert seen(play, "a") == [(1, 2), (3, 4), (5, 4), (7, 6)]
    upgrade(play, stream, "2.0")
    play.shown(8, 9, 10)
    assert (of(stream, "a").service_version, of(stream, "a").given_up) == ("2.0", None)


def test_a_version_that_breaks_later_has_broken(play: Play) -> None:
    stream = begun(play)
    upgrade(play, stream, "6.0")
    play.shown(3, 4, 5, 6)
    report = of(stream, "a")
    assert report.failure is not None
    assert (report.service_version, report.given_up) == ("6.0", None)
    assert of(stream, "b").failure is None


def test_a_configuration_that_changes_during_the_trial_keeps_the_way_back(play: Play) -> None:
    """The former version stands by until the new one has seen its first pictures under what it is to do now."""
    stream = begun(play)
    upgrade(play, stream, "2.0")
    play.shown(3, 4)
    upgrade(play, stream, "2.0", every=3)
    play.shown(5, 6)
    assert (of(stream, "a").service_version, of(stream, "a").trying) == ("1.0", "2.0")
    play.shown(7)
    assert (of(stream, "a").service_version, of(stream, "a").trying) == ("2.0", "")
