"""One destination's queue."""

from vedette.delivery.lane import LARGEST_BATCH, MISSES, PER_DESTINATION, Lane
from vedette.model.ids import EventId, TaskId
from vedette.model.output import WebhookOutput
from vedette.store.outbox import Due

NOW = 1_800_000_000_000
TASK = TaskId("t" * 32)


def lane(kind: str = "obs") -> Lane:
    return Lane("d", TASK, kind, WebhookOutput("http://r/", {"a": "b"}))


def rows(first: int, n: int) -> list[Due]:
    return [
        Due(i, EventId(f"E{i}"), TASK, 0, resent=False, message={}, picture=None, created_at=0)
        for i in range(first, first + n)
    ]


def middle() -> float:
    return 0.5


def test_a_destination_gets_a_few_calls_at_a_time() -> None:
    """Concurrency is bounded by destination, so one cannot take every slot."""
    one = lane()
    assert one.room(NOW) == PER_DESTINATION
    one.flying = 3
    assert one.room(NOW) == PER_DESTINATION - 3
    one.flying = PER_DESTINATION
    assert one.room(NOW) == 0


def test_a_destination_that_knows_an_order_gets_one_call_at_a_time() -> None:
    """Two at a time may arrive the other way round."""
    one = lane("webhook")
    assert one.room(NOW) == 1
    one.flying = 1
    assert one.room(NOW) == 0


def test_rows_that_come_after_the_queue_was_given_back_are_not_taken() -> None:
    """While they were fetched an earlier one failed: it is to come first again."""
    one = lane("webhook")
    want = one.want(NOW)
    one.release()
    one.fill(want, rows(2, 3), NOW)
    assert not one.queue
    assert not one.taken
    one.fill(one.want(NOW), rows(1, 4), NOW)
    assert len(one.queue) == 4


def test_nothing_is_fetched_while_a_failure_is_not_written_down() -> None:
    """The row that failed is not due yet, and those behind it would pass it."""
    one = lane("webhook")
    assert one.hungry(NOW)
    one.unmarked = 1
    assert not one.hungry(NOW)


def test_a_long_queue_is_filled_before_it_is_empty() -> None:
    """The receiver is quick: it is not to wait for the database."""
    one = lane("webhook")
    for step in range(3):
        want = one.want(NOW + step)
        one.fill(want, rows(step * 100, want.limit), NOW + step)
        one.queue.clear()
    one.queue.extend(rows(0, 8))
    assert not one.hungry(NOW), "half of the 16 are there"
    one.queue.popleft()
    assert one.hungry(NOW)


def test_a_destination_that_fails_in_a_row_is_paused_and_probed_with_one_row() -> None:
    """Ten thousand waiting rows must not each wait for a connection that never comes."""
    one = lane()
    one.fill(one.want(NOW), rows(1, 4), NOW)
    for _ in range(MISSES - 1):
        one.missed(NOW, middle)
    assert not one.away
    assert one.room(NOW) == PER_DESTINATION
    one.missed(NOW, middle)
    assert one.away
    assert one.room(NOW) == 0
    assert not one.taken, "the queue was given back"
    assert one.room(one.open_at) == 1
    assert one.want(one.open_at).limit == 1
    one.flying = 1
    assert one.room(one.open_at) == 0
    assert not one.hungry(one.open_at)


def test_the_pause_grows_with_every_probe_in_vain() -> None:
    """A destination that is away for long is asked ever more seldom."""
    one, now, pauses = lane(), NOW, []
    for n in range(MISSES + 8):
        one.missed(now, middle)
        if n >= MISSES - 1:
            pauses.append(one.open_at - now)
            now = one.open_at
    assert pauses == [1000, 2000, 4000, 8000, 16000, 30000, 60000, 60000, 60000]


def test_an_answer_ends_the_pause() -> None:
    """Whoever answers is there, whatever the answer was."""
    one = lane()
    for _ in range(MISSES):
        one.missed(NOW, middle)
    assert one.reached()
    assert not one.away
    assert not one.reached(), "only the first answer after an absence is a return"


def test_the_queue_of_a_quick_destination_grows_and_that_of_a_slow_one_does_not() -> None:
    """Prefetched rows are memory; only who empties the queue fast needs a long one."""
    quick, slow = lane(), lane()
    sizes = []
    for step in range(7):
        want = quick.want(NOW + step * 10)
        sizes.append(want.limit)
        quick.fill(want, rows(step * 100, want.limit), NOW + step * 10)
        want = slow.want(NOW + step * 5000)
        assert want.limit == PER_DESTINATION
        slow.fill(want, rows(step * 100, want.limit), NOW + step * 5000)
    assert sizes == [4, 8, 16, 32, 64, 128, 128]
    assert sizes[-1] == LARGEST_BATCH


def test_a_queue_grows_too_where_the_database_is_what_is_slow() -> None:
    """The receiver has emptied it and waits: a few rows at a time would never catch up with what comes."""
    one, sizes = lane("webhook"), []
    for step in range(4):
        want = one.want(NOW + step * 5000)
        sizes.append(want.limit)
        one.fill(want, rows(step * 100, want.limit), NOW + step * 5000)
        one.queue.clear()
    assert sizes == [4, 8, 16, 32]


def test_a_pause_that_was_asked_for_holds_the_whole_destination() -> None:
    """Retry-After speaks for the receiver, not for one event."""
    one = lane()
    one.fill(one.want(NOW), rows(1, 4), NOW)
    one.hold(NOW + 30_000)
    assert one.room(NOW + 29_999) == 0
    assert one.room(NOW + 30_000) == PER_DESTINATION
    assert not one.queue


def test_a_day_away_is_for_good() -> None:
    """Then what waits becomes dead letters, without being tried one by one."""
    one = lane()
    one.missed(NOW, middle)
    assert not one.lost_for_good(NOW + 86_399_999)
    assert one.lost_for_good(NOW + 86_400_000)
    one.reached()
    assert not one.lost_for_good(NOW + 10**9)
