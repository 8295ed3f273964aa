"""Which worker takes which stream."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vedette.control.placement import Placement, place
from vedette.model.ids import StreamId, WorkerId


def streams(count: int) -> list[StreamId]:
    return [StreamId(f"s{n}") for n in range(count)]


def placed(
    count: int, loads: dict[str, int] | None = None, *, capacity: int = 60, starting: int = 0, limit: int = 2
) -> Placement:
    known = {WorkerId(name): load for name, load in (loads or {}).items()}
    return place(streams(count), known, dict.fromkeys(known, capacity), starting=starting, limit=limit)


def test_the_first_stream_asks_for_a_worker_and_waits_for_it() -> None:
    """Workers start with the first stream: an idle service carries none."""
    assert placed(1) == Placement({}, 1, tuple(streams(1)), ())
    assert placed(1, starting=1) == Placement({}, 0, tuple(streams(1)), ())


def test_without_streams_nothing_is_started() -> None:
    """Nobody asked."""
    assert placed(0) == Placement({}, 0, (), ())


def test_no_more_workers_are_asked_for_than_there_may_be_or_than_there_are_streams() -> None:
    """One for each core, about."""
    assert placed(10, limit=2).spawn == 2
    assert placed(1, limit=8).spawn == 1
    assert placed(1, {"a": 1}, limit=8).spawn == 1
    assert placed(5, {"a": 0, "b": 0}, limit=2).spawn == 0


def test_streams_are_spread() -> None:
    """A crash in a decoder takes down a share, not all."""
    counted = Counter(placed(10, {"a": 0, "b": 4}).chosen.values())
    assert counted == {"a": 7, "b": 3}


def test_an_empty_worker_takes_a_stream_while_another_is_coming() -> None:
    """Nobody waits who need not."""
    plan = placed(2, {"a": 0}, starting=1)
    assert plan.chosen == {"s0": "a"}
    assert plan.waiting == ("s1",)


def test_what_does_not_fit_is_crowded_out_newest_first() -> None:
    """Who came first is served first; the rest stays PENDING with a sentence."""
    plan = placed(5, {"a": 1, "b": 2}, capacity=3)
    assert set(plan.chosen) == {"s0", "s1", "s2"}
    assert plan.crowded == ("s3", "s4")


@given(
    count=st.integers(0, 30),
    loads=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 8)),
    capacity=st.integers(1, 8),
    starting=st.integers(0, 3),
    limit=st.integers(1, 6),
)
def test_whatever_the_fleet_nobody_is_overloaded_and_nothing_is_forgotten(
    count: int, loads: dict[str, int], capacity: int, starting: int, limit: int
) -> None:
    """Every stream is in exactly one of the three lists, and no worker takes more than it can hold."""
    plan = placed(count, loads, capacity=capacity, starting=starting, limit=limit)
    assert sorted([*plan.chosen, *plan.waiting, *plan.crowded]) == sorted(streams(count))
    taken = Counter(plan.chosen.values())
    assert all(loads[worker] + number <= capacity for worker, number in taken.items())
    assert plan.spawn >= 0
    assert not plan.spawn or len(loads) + starting + plan.spawn <= limit
    assert not (plan.waiting and plan.crowded)
    room = sum(max(0, capacity - load) for load in loads.values())
    assert not plan.crowded or len(plan.chosen) == room
    after = [
        loads[worker] + taken[WorkerId(worker)]
        for worker in loads
        if loads[worker] + taken[WorkerId(worker)] < capacity
    ]
    touched = [loads[worker] + taken[WorkerId(worker)] for worker in loads if taken[WorkerId(worker)]]
    assert not after or not touched or max(touched) <= min(after) + 1
