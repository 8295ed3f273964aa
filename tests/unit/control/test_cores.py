"""How many cores live streams use, and whether another fits."""

import pytest

from vedette.control.cores import NO_LIMIT, Cores, has_changed, key_of, reckon
from vedette.control.placement import Crew, place
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId, WorkerId
from vedette.model.lifecycle import State
from vedette.store.assignments import Holding
from vedette.store.tasks import Standing

A = WorkerId("a")
ONE, TWO, THREE = (StreamId(name) for name in ("one", "two", "three"))


def crew(cores: Cores) -> Crew:
    return Crew({A: 3}, {A: 60}, 0, 1, cores=cores)


def task(stream: str, run: str) -> Standing:
    return Standing(TaskId(stream), ProjectId("p"), State.RUNNING, 0, "", None, RunId(run), StreamId(stream), 0)


def test_live_streams_are_counted_and_files_are_not() -> None:
    """A file uses whatever there is; whoever is not measured yet is taken for a usual one."""
    held = [Holding(StreamId(name), 1, A, 0, cost) for name, cost in (("a", 0.2), ("b", 0.4), ("c", None), ("f", 1.0))]
    running = [task("a", "r1"), task("b", "r2"), task("c", "r3"), task("c", "r4"), task("f", "f")]
    cores = reckon(4.0, held, running)
    assert (cores.streams, cores.usual, round(cores.used, 6)) == (3, pytest.approx(0.3), 0.9)
    assert reckon(None, held, running) is NO_LIMIT


@pytest.mark.parametrize(
    ("cores", "need", "fits"),
    [
        (Cores(2.0, 1.5, 3), 0.5, True),
        (Cores(2.0, 1.5, 3), 0.6, False),
        (Cores(2.0, 2.5, 3), 0.0, False),
        (Cores(2.0, 0.0, 0), 3.0, True),
        (Cores(None, 9.0, 9), 9.0, True),
    ],
    ids=["it just fits", "it does not", "all is taken", "the only one always fits", "there is no limit"],
)
def test_a_stream_fits_if_what_is_used_and_what_it_needs_are_no_more_than_there_is(
    cores: Cores, need: float, fits: bool
) -> None:
    """A camera that costs more than the machine has runs all the same, by itself."""
    assert cores.fits(need) is fits


def test_whoever_comes_first_has_the_cores_and_the_others_are_told_how_many_they_wait_for() -> None:
    """Those that need alike wait under one key."""
    plan = place([ONE, TWO, THREE], crew(Cores(2.0, 1.4, 3)), {}, {ONE: 0.5, TWO: 0.31, THREE: 0.39})
    assert plan.chosen == {ONE: A}
    assert {barrier.key for barrier in plan.short.values()} == {"cores::0.4"}
    assert plan.short[TWO].status == (
        "Waiting for CPU: live streams use 1.9 of 2.0 cores, and this one needs about 0.4. "
        "It starts when that much is free."
    )
    assert plan.crowded == plan.waiting == ()


def test_a_stream_that_waits_for_no_cores_is_placed_however_few_are_left() -> None:
    """A file, or one that was lost with its worker."""
    assert place([ONE, TWO], crew(Cores(2.0, 2.0, 3)), {}, {TWO: 0.1}).chosen == {ONE: A}


@pytest.mark.parametrize(
    ("need", "key"), [(0.0, "cores::0.1"), (0.1, "cores::0.1"), (0.11, "cores::0.2"), (1.3, "cores::1.3")]
)
def test_needs_are_rounded_up(need: float, key: str) -> None:
    """Who is let out of the line must fit then."""
    assert key_of(need) == key


@pytest.mark.parametrize(
    ("known", "measured", "news"),
    [(None, 0.0, True), (0.4, 0.45, False), (0.4, 0.55, True), (0.01, 0.02, False), (1.0, 0.7, True)],
)
def test_a_cost_is_written_down_only_when_it_has_changed_by_much(
    known: float | None, measured: float, news: bool
) -> None:
    """Workers speak every second."""
    assert has_changed(known, measured) is news
