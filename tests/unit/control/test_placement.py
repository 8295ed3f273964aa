"""Which worker takes which stream."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vedette.control.placement import Crew, Lonely, Placement, idle, place, room
from vedette.model.ids import StreamId, WorkerId


def streams(count: int) -> list[StreamId]:
    return [StreamId(f"s{n}") for n in range(count)]


def placed(
    count: int, loads: dict[str, int] | None = None, *, capacity: int = 60, starting: int = 0, limit: int = 2
) -> Placement:
    known = {WorkerId(name): load for name, load in (loads or {}).items()}
    return place(streams(count), Crew(known, dict.fromkeys(known, capacity), starting, limit))


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
    busy = [load for load in loads.values() if load]
    usable = busy + [0] * min(len(loads) - len(busy), max(0, limit - len(busy)))
    free = sum(max(0, capacity - load) for load in usable)
    assert not plan.crowded or len(plan.chosen) == free
    after = [
        loads[worker] + taken[WorkerId(worker)]
        for worker in loads
        if 0 < loads[worker] + taken[WorkerId(worker)] < capacity
    ]
    touched = [loads[worker] + taken[WorkerId(worker)] for worker in loads if taken[WorkerId(worker)]]
    assert not after or not touched or max(touched) <= min(after) + 1


A, B, X, Y = (WorkerId(name) for name in "abxy")
POISON = StreamId("s0")


def crew(
    loads: dict[WorkerId, int],
    lonely: dict[WorkerId, Lonely] | None = None,
    *,
    starting: int = 0,
    limit: int = 2,
    lonely_limit: int = 1,
) -> Crew:
    return Crew(loads, dict.fromkeys(loads, 60), starting, limit, lonely or {}, lonely_limit)


def test_a_stream_that_two_workers_died_with_asks_for_one_of_its_own_beyond_the_limit() -> None:
    """However much room there is beside others: they are not to die of it a third time."""
    plan = place([POISON], crew({A: 3, B: 3}), {POISON: 2})
    assert (plan.spawn, plan.waiting, plan.chosen) == (1, (POISON,), {})
    again = place([POISON], crew({A: 3, B: 3}, starting=1), {POISON: 2})
    assert (again.spawn, again.waiting) == (0, (POISON,))


def test_it_takes_the_empty_worker_and_nobody_else_does() -> None:
    """The worker that was started for it is beyond the limit: it is no room for others."""
    plan = place([StreamId("s1"), POISON], crew({A: 3, B: 3, X: 0}), {POISON: 2})
    assert plan.chosen == {POISON: X, StreamId("s1"): A}
    assert plan.apart == {X}
    assert place(streams(1), crew({A: 3, B: 4, X: 0})).chosen == {POISON: A}


def test_one_crash_is_nobodys_fault() -> None:
    """A worker may be killed by hand, or by the machine."""
    assert place([POISON], crew({A: 1, B: 3}), {POISON: 1}).chosen == {POISON: A}


def test_the_places_go_to_those_with_the_most_crashes_and_the_others_stay_among_others() -> None:
    """So many were lost together; who was there most often is the likeliest."""
    first, second, third = streams(3)
    plan = place([first, second, third], crew({A: 1, B: 1, X: 0}), {first: 2, second: 3, third: 2})
    assert plan.chosen[second] == X
    assert {plan.chosen[first], plan.chosen[third]} == {A, B}
    assert plan.dismiss == ()


def test_a_stream_with_fewer_crashes_makes_way() -> None:
    """Its place is taken when it has left; the one that waits for it goes to no shared worker meanwhile."""
    plan = place([POISON], crew({A: 1, B: 1}, {X: Lonely(2)}), {POISON: 3})
    assert (plan.dismiss, plan.waiting, plan.chosen) == ((X,), (POISON,), {})
    leaving = place([POISON], crew({A: 1, B: 1}, {X: Lonely(2, leaving=True)}), {POISON: 3})
    assert (leaving.dismiss, leaving.waiting, leaving.spawn) == ((), (POISON,), 0)
    equal = place([POISON], crew({A: 1, B: 1}, {X: Lonely(3)}), {POISON: 3})
    assert (equal.dismiss, equal.chosen) == ((), {POISON: A})


def test_workers_that_nobody_needs_go_home() -> None:
    """One whose stream has ended, and an empty one beyond the limit; the usual ones stay for the next stream."""
    assert idle(crew({A: 0, B: 0}, {X: Lonely(busy=False), Y: Lonely(2)})) == (X,)
    assert idle(crew({A: 1, B: 0, X: 0})) == (B,)
    assert idle(crew({}, {X: Lonely(busy=False, leaving=True)})) == ()


def test_room_is_what_shared_workers_have() -> None:
    """The place beside a suspect is nobody's."""
    assert room(crew({A: 58, B: 60, X: 0}, {Y: Lonely(2)})) == (2, 0)
    assert room(crew({A: 58}, {Y: Lonely(2)})) == (2, 1)
