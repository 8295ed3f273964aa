"""Who may have a stream: pure, so whatever hypothesis thinks of can be asked."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.control.admission import (
    NOT_DEPLOYED,
    Barrier,
    Limits,
    admit,
    holds_stream,
    order_of,
    standing_barrier,
    used,
)
from vedette.model.ids import ProjectId, StreamId, TaskId
from vedette.model.lifecycle import CLEARING, RESTING, WANTED, State
from vedette.model.service import AlgStatus, ResourceOrder
from vedette.store.deployments import Capacity
from vedette.store.tasks import Standing

ALGORITHMS = {"a-cloud": "alg-a", "b-cloud": "alg-b"}
PROJECTS = ("p", "q")


def waits(
    name: str = "t",
    *,
    project: str = "p",
    service: str = "a-cloud",
    order: str | None = None,
    state: State = State.PENDING,
    stream: str | None = None,
) -> Standing:
    return Standing(
        TaskId(name),
        ProjectId(project),
        state,
        0,
        "",
        None,
        None,
        StreamId(stream) if stream else None,
        0,
        service_name=service,
        resource_order_id=order,
    )


def limits(
    capacities: dict[tuple[str, str], int] | None = None,
    orders: dict[tuple[str, str], int] | None = None,
    stopped: tuple[tuple[str, str], ...] = (),
) -> Limits:
    deployed = {key: Capacity(AlgStatus.RUNNING, count) for key, count in (capacities or {}).items()}
    return Limits(
        ALGORITHMS,
        deployed | {key: Capacity(AlgStatus.STOPPED, 9) for key in stopped},
        {key: ResourceOrder(*key, None, quota, None, 0) for key, quota in (orders or {}).items()},
    )


tasks = st.lists(
    st.builds(
        waits,
        project=st.sampled_from(PROJECTS),
        service=st.sampled_from([*ALGORITHMS, "c-unknown"]),
        order=st.sampled_from([None, "o1", "o2"]),
    ),
    max_size=30,
)
counts = st.integers(0, 4)
keys = st.tuples(st.sampled_from(PROJECTS), st.sampled_from(["alg-a", "alg-b"]))
order_keys = st.tuples(st.sampled_from(PROJECTS), st.sampled_from(["o1", "o2"]))
worlds = st.builds(
    limits,
    st.dictionaries(keys, counts),
    st.dictionaries(order_keys, counts),
    st.lists(keys, max_size=2).map(tuple),
)


@given(tasks, tasks, worlds)
def test_nobody_is_admitted_beyond_a_limit(waiting: list[Standing], running: list[Standing], world: Limits) -> None:
    """Whatever runs already: no admission makes a full thing fuller."""
    in_use = used([waits(state=State.RUNNING, project=one.project_id, service=one.service_name,
                         order=one.resource_order_id) for one in running], world)  # fmt: skip
    admitted, barred = admit(waiting, world, in_use)
    assert len(admitted) + len(barred) == len(waiting)
    after: Counter[tuple[str, str, str]] = Counter()
    for one in admitted:
        assert not world.is_stopped(one)
        after["capacity", one.project_id, ALGORITHMS.get(one.service_name, "")] += 1
        after["order", one.project_id, one.resource_order_id or ""] += 1
    for (project, alg), capacity in world.capacities.items():
        taken, new = in_use[f"capacity:{project}:{alg}"], after["capacity", project, alg]
        assert new == 0 or taken + new <= capacity.stream_count
    for (project, name), order in world.orders.items():
        taken, new = in_use[f"order:{project}:{name}"], after["order", project, name]
        assert new == 0 or taken + new <= order.stream_quota


@given(tasks, worlds)
def test_nobody_waits_for_what_is_to_be_had(waiting: list[Standing], world: Limits) -> None:
    """What a barred task waits for is full once the others have been admitted."""
    admitted, barred = admit(waiting, world, Counter())
    in_use = used([waits(state=State.RUNNING, project=one.project_id, service=one.service_name,
                         order=one.resource_order_id) for one in admitted], world)  # fmt: skip
    for _, barrier in barred:
        assert standing_barrier(barrier.key, world, in_use) == barrier


@given(tasks, worlds)
def test_asking_again_gives_the_same(waiting: list[Standing], world: Limits) -> None:
    """Nothing is remembered between two rounds, and what was handed in is left alone."""
    in_use: Counter[str] = Counter({"capacity:p:alg-a": 1})
    assert admit(waiting, world, in_use) == admit(waiting, world, in_use)
    assert in_use == {"capacity:p:alg-a": 1}


def test_the_oldest_come_first() -> None:
    """The order they are handed in with is the order they are served in."""
    admitted, barred = admit([waits(str(n)) for n in range(3)], limits({("p", "alg-a"): 2}), Counter())
    assert [task.id for task in admitted] == ["0", "1"]
    assert [task.id for task, _ in barred] == ["2"]


def test_without_a_deployment_there_is_no_limit() -> None:
    """What is built in need not be deployed."""
    admitted, _ = admit([waits(str(n)) for n in range(50)], limits(), Counter())
    assert len(admitted) == 50


def test_the_names_of_one_algorithm_share_its_capacity() -> None:
    """An algorithm is deployed, not a name."""
    world = Limits({"a-cloud": "x", "b-cloud": "x"}, {("p", "x"): Capacity(AlgStatus.RUNNING, 1)}, {})
    admitted, barred = admit([waits("1"), waits("2", service="b-cloud")], world, Counter())
    assert len(admitted) == len(barred) == 1


def test_a_stopped_service_comes_before_all_other_reasons() -> None:
    """More streams would not help."""
    world = limits({}, {("p", "o1"): 0}, (("p", "alg-a"),))
    _, barred = admit([waits(order="o1")], world, Counter())
    assert [barrier for _, barrier in barred] == [Barrier("deploy:p:alg-a", NOT_DEPLOYED)]


@pytest.mark.parametrize("state", State)
def test_a_place_is_held_from_the_first_step_to_the_last(state: State) -> None:
    """A task whose worker was lost keeps it; one that is being ended gives it back when nothing runs."""
    with_stream, without = waits(state=state, stream="s"), waits(state=state)
    assert holds_stream(without) == (state in WANTED and state is not State.PENDING)
    assert holds_stream(with_stream) == (state in CLEARING or holds_stream(without))
    assert not (state in RESTING and holds_stream(with_stream))


def test_a_key_whose_reason_is_gone_is_looked_at() -> None:
    """The deployment or the order was removed, or the service was stopped: then something else holds its tasks."""
    stopped = limits({}, {}, (("p", "alg-a"),))
    assert standing_barrier("capacity:p:alg-a", limits(), Counter()) is None
    assert standing_barrier("capacity:p:alg-a", stopped, Counter()) is None
    assert standing_barrier("deploy:p:alg-a", stopped, Counter()) == Barrier("deploy:p:alg-a", NOT_DEPLOYED)
    assert standing_barrier("deploy:p:alg-a", limits({("p", "alg-a"): 0}), Counter()) is None
    assert standing_barrier("order:p:o1", limits(), Counter()) is None


def test_the_order_of_a_key() -> None:
    """Keys of other kinds are about none."""
    assert order_of("order:p:o1") == ("p", "o1")
    assert order_of("capacity:p:alg-a") is None
