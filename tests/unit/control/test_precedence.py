"""Who gives way to whom."""

from typing import Any

import pytest

from vedette.control.admission import Limits, used
from vedette.control.precedence import STEADY_MS, for_limits, for_room
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.lifecycle import State
from vedette.store.tasks import Standing

HIGH, MIDDLE, LOW = 0, 1, 2


def task(name: str, priority: int, state: State = State.RUNNING, *, project: str = "p", **given: Any) -> Standing:
    """Return a task on a camera of its own, which has run for a while; or one that waits for it."""
    own = None if state is State.PENDING else StreamId(f"s-{name}")
    row: dict[str, Any] = {"stream_id": own, "run_id": RunId(name), "updated_at": 0, "created_at": 0} | given
    return Standing(
        id=TaskId(name), project_id=ProjectId(project), state=state, status="", error_code=None, crashes=0,
        priority=priority, **row,
    )  # fmt: skip


def waiting(name: str, priority: int, **given: Any) -> Standing:
    return task(name, priority, State.PENDING, parked_for=f"stream:{name}", **given)


def given_way(pairs: list[tuple[Standing, Standing]]) -> list[tuple[str, str]]:
    return [(victim.id, to.id) for victim, to in pairs]


def room(urgent: list[Standing], running: list[Standing], free: int = 0, now: int = STEADY_MS) -> list[tuple[str, str]]:
    streams = {one.stream_id for one in running if one.stream_id is not None}
    return given_way(for_room(urgent, running, streams, free, now))


def test_the_least_important_of_these_the_youngest_gives_way() -> None:
    """Who waited longest has earned its place most."""
    running = [task("m", MIDDLE), task("old", LOW), task("young", LOW, created_at=5)]
    assert room([waiting("h", HIGH)], running) == [("young", "h")]


def test_each_of_those_that_wait_has_one_and_the_most_important_comes_first() -> None:
    """And nobody gives way to an equal."""
    running = [task("a", LOW), task("b", MIDDLE)]
    urgent = [waiting("m", MIDDLE), waiting("h", HIGH), waiting("n", MIDDLE)]
    assert room(urgent, running) == [("a", "h")]
    assert room([waiting("m", MIDDLE), waiting("n", MIDDLE)], [task("b", MIDDLE), task("c", HIGH)]) == []


@pytest.mark.parametrize(
    "running",
    [
        task("a", LOW, updated_at=1),
        task("a", LOW, project="q"),
        task("a", LOW, State.STARTING),
        task("a", LOW, run_id=RunId("s-a")),
    ],
    ids=["it began just now", "it is another project's", "it has no picture yet", "it is a file's"],
)
def test_some_give_way_to_nobody(running: Standing) -> None:
    """Each for its reason."""
    assert room([waiting("h", HIGH)], [running]) == []


def test_what_is_free_or_soon_will_be_is_taken_first() -> None:
    """A stream that nobody wants any more is being ended: one place of it is as good as any."""
    running = [task("a", LOW), task("b", LOW, State.STOPPING)]
    assert room([waiting("h", HIGH)], running) == []
    assert room([waiting("h", HIGH)], [task("a", LOW)], free=1) == []
    assert room([waiting("h", HIGH), waiting("i", HIGH)], running) == [("a", "i")]


def test_those_that_wait_for_one_stream_need_one_place() -> None:
    """They share it."""
    urgent = [waiting("h", HIGH), task("i", HIGH, State.PENDING, parked_for="stream:h")]
    assert len(room(urgent, [task("a", LOW), task("b", LOW)])) == 1


def test_a_stream_that_others_feed_on_is_not_freed_by_one_of_them() -> None:
    """It would be ended for nothing."""
    shared = StreamId("s")
    assert room([waiting("h", HIGH)], [task("a", LOW, stream_id=shared), task("b", LOW, stream_id=shared)]) == []


def test_only_who_frees_what_is_waited_for_gives_way() -> None:
    """Here a task at once; one that is stopped already frees it, too."""
    limits = Limits(tasks_at_once=2)
    running = [task("a", LOW), task("b", MIDDLE)]
    urgent = [task("h", HIGH, State.PENDING, parked_for="workers::tasks")]
    assert given_way(for_limits(urgent, running, limits, used(running, limits), STEADY_MS)) == [("a", "h")]
    running = [task("a", LOW, State.STOPPING), task("b", MIDDLE)]
    assert for_limits(urgent, running, limits, used(running, limits), STEADY_MS) == []
    hopeless = Limits(tasks_at_once=0)
    running = [task("a", LOW), task("b", MIDDLE)]
    assert for_limits(urgent, running, hopeless, used(running, hopeless), STEADY_MS) == []
