"""The clock, the budget and the waits: all without a file or a socket."""

import threading
import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from vedette.media.backoff import Backoff
from vedette.media.clock import MediaClock
from vedette.media.mark import Key, Mark, digest
from vedette.media.picture import Picture
from vedette.media.sampler import Mailbox, Passed, step
from vedette.media.standing import Standing
from vedette.model.errors import SourceLost
from vedette.model.frame import Frame, Position
from vedette.model.stream import StreamState

MS = Fraction(1, 1000)
DEADLINE_S = 5.0


def times(*stamps: int | None, leap_us: int | None = None, base_us: int = 0) -> list[int]:
    clock = MediaClock(MS, 40_000, base_us=base_us, leap_us=leap_us)
    return [clock.at(stamp) // 1000 for stamp in stamps]


def picture(index: int, time_us: int | None = None) -> Picture:
    time_us = index * 40_000 if time_us is None else time_us
    luma = np.zeros((4, 4), np.uint8)
    return Picture(Frame(Position(0, index, time_us), luma, lambda: np.zeros((4, 4, 3), np.uint8)), None, None)


def test_time_starts_at_zero_wherever_the_stamps_do() -> None:
    """Transport streams start at an hour, cameras anywhere."""
    assert times(3_600_000, 3_600_040, 3_600_080) == [0, 40, 80]
    assert times(500, 540, base_us=9_000_000) == [9000, 9040]


def test_time_holds_still_where_stamps_are_in_disorder() -> None:
    """Pictures come in the right order, their stamps do not: nothing steps back, and nothing drifts."""
    assert times(0, 400, 100, 200, 600, 500, 1000) == [0, 400, 400, 400, 600, 600, 1000]


def test_a_new_time_base_goes_on_where_the_old_one_stopped() -> None:
    """A counter that wrapped, or clips joined: without this, time would stand still for hours."""
    assert times(0, 40, 95_443_717, 0, 40, 80) == [0, 40, 95_443_717, 95_443_757, 95_443_797, 95_443_837]


def test_a_leap_ahead_is_believed_of_a_file_only() -> None:
    """A recording may pause; a camera that leaps by hours has set its clock."""
    assert times(0, 60_000) == [0, 60_000]
    assert times(0, 60_000, 60_040, leap_us=10_000_000) == [0, 40, 80]


def test_pictures_without_stamps_come_at_the_usual_pace() -> None:
    """The first ones of some live streams have none."""
    assert times(None, None, 7000, 7040, None) == [0, 40, 80, 120, 160]


@pytest.mark.parametrize(
    ("native", "wanted", "n"), [(25, 10, 2), (25, 25, 1), (25, 12.5, 2), (30, 10, 3), (29.97, 10, 2), (10, 25, 1), (0, 5, 1), (25, 0, 1)]
)  # fmt: skip
def test_a_file_gives_at_least_the_wanted_rate(native: float, wanted: float, n: int) -> None:
    """Every n-th picture by index: the same in every replay."""
    assert step(native, wanted) == n


def test_of_a_file_nothing_is_dropped_and_the_decoder_waits() -> None:
    """A slow analysis slows the decoding; the rest of the file is still there."""
    box = Mailbox(live=False, fps=100)
    box.opened(25)

    def decode() -> None:
        for index in range(20):
            box.offer(picture(index))
        box.close()

    thread = threading.Thread(target=decode)
    thread.start()
    got = []
    while (one := box.take()) is not None:
        got.append(one.frame.position.index)
    thread.join(DEADLINE_S)
    assert got == list(range(20))
    assert box.passed().dropped == {}


def test_of_a_live_source_the_newest_is_taken_and_the_rest_counted() -> None:
    """Nobody took pictures 0 to 9: the tenth is what is seen next."""
    box = Mailbox(live=True, fps=25)
    for index in range(10):
        box.offer(picture(index))
    taken = box.take()
    assert taken is not None
    assert taken.frame.position.index == 9
    passed = box.passed()
    assert (passed.dropped, passed.lag_s, passed.taken) == ({"overtaken": 9}, 0.0, 1)


def test_a_live_source_is_sampled_at_the_wanted_rate() -> None:
    """10 a second of 25, over two seconds, spread evenly."""
    box = Mailbox(live=True, fps=10)
    taken = []
    for index in range(50):
        box.offer(picture(index))
        if index in taken or box._waiting:
            one = box.take()
            assert one is not None
            taken.append(one.frame.position.index)
    assert 19 <= len(taken) <= 21
    assert {b - a for a, b in pairwise(taken)} == {2, 3}
    assert box.passed().dropped == {"not_due": 50 - len(taken)}


def test_a_picture_that_waits_is_replaced_even_if_the_newer_one_is_not_due() -> None:
    """At a picture every five seconds, one that waited for four is not fresh."""
    box = Mailbox(live=True, fps=0.2)
    for index in range(100):
        box.offer(picture(index))
    one = box.take()
    assert one is not None
    assert one.frame.position.index == 99


def test_the_end_and_its_error_come_after_the_last_pictures() -> None:
    """All good pictures first; a stop, on the other hand, is at once."""
    box = Mailbox(live=False, fps=25)
    box.offer(picture(0))
    box.close(SourceLost("gone"))
    assert box.take() is not None
    with pytest.raises(SourceLost):
        box.take()
    stopped = Mailbox(live=False, fps=25)
    stopped.offer(picture(0))
    stopped.close(discard=True)
    assert stopped.take() is None


def test_closing_frees_a_decoder_that_waits() -> None:
    """Or its thread, and the connection with it, would stay for ever."""
    box = Mailbox(live=False, fps=25)
    thread = threading.Thread(target=lambda: [box.offer(picture(index)) for index in range(9)])
    thread.start()
    box.close(discard=True)
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_waits_double_up_to_a_ceiling_with_jitter() -> None:
    """And begin anew after a good connection."""
    high, low = Backoff(chance=lambda: 1.0), Backoff(chance=lambda: 0.0)
    assert [round(high.next(), 3) for _ in range(6)] == [0.2, 0.4, 0.8, 1.0, 1.0, 1.0]
    assert high.next(30.0) == 12.8, "what locks accounts is asked for more seldom"
    assert [round(low.next(), 3) for _ in range(3)] == [0.1, 0.2, 0.4]
    high.reset()
    assert high.next() == 0.2


def test_a_mark_survives_its_journey_and_an_unknown_one_is_ignored() -> None:
    """A checkpoint of another release is no reason to fail: the file is decoded from its start."""
    mark = Mark(Key(-3, 50, -3), 2_000_000_000_000, 0xFFFF_FFFF)
    assert Mark.unpack(mark.pack()) == mark
    assert Mark.unpack(b"\x02" + mark.pack()[1:]) is None
    assert Mark.unpack(b"") is None


def test_a_digest_tells_pictures_apart() -> None:
    """It is what proves that a seek came back to the same place."""
    one = np.arange(4096, dtype=np.uint8).reshape(64, 64)
    other = one.copy()
    other[8, 5] ^= 1
    assert digest(one) == digest(one.copy())
    assert digest(one) != digest(other)


def test_a_reader_that_hangs_below_every_time_out_is_still_told_as_away() -> None:
    """The outer watchdog: who asks looks at the clock, not at the thread that hangs."""
    now = [100.0]
    standing, passed = Standing(clock=lambda: now[0], wall=time.time, patience_s=15), Passed(0, {}, 0.0)
    standing.flowing(picture(0))
    now[0] = 114.0
    assert standing.status(passed, live=True).state is StreamState.FLOWING
    now[0] = 116.0
    status = standing.status(passed, live=True)
    assert status.state is StreamState.AWAY
    assert status.failure is not None
    assert "16 s" in status.failure.message
    standing.flowing(picture(1))
    assert standing.status(passed, live=True).state is StreamState.FLOWING
