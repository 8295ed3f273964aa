"""A worker gives back what streams leave behind, and not too often."""

import gc
import weakref

from vedette.worker.tidying import PAUSE_S, Tidier, give_back


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Circle:
    def __init__(self) -> None:
        self.me = self


def test_it_tidies_once_after_streams_have_ended() -> None:
    """A thousand short files in a minute are no reason to stop the others a thousand times."""
    clock, times = Clock(), list[float]()
    tidier = Tidier(lambda: times.append(clock.now), monotonic=clock)
    for second in range(100):
        clock.now = float(second)
        if second in (50, 51, 52):
            tidier.ended()
        tidier.look()
    assert times == [50.0, 50.0 + PAUSE_S]


def test_nothing_is_tidied_where_nothing_ended() -> None:
    """Streams that run on are left in peace."""
    clock, times = Clock(), list[float]()
    tidier = Tidier(lambda: times.append(clock.now), monotonic=clock)
    clock.now = 1000.0
    tidier.look()
    assert times == []


def test_what_is_in_circles_is_given_back() -> None:
    """It works on this machine, whatever its C library."""
    gc.disable()
    try:
        circle = Circle()
        gone = weakref.ref(circle)
        del circle
        assert gone() is not None, "nothing but the collector frees it"
        give_back()
        assert gone() is None
    finally:
        gc.enable()
