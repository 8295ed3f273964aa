"""What each stream costs a worker; clocks are told."""

import threading
import time

import pytest

from vedette.model.ids import StreamId
from vedette.worker.meter import WINDOW_S, Meter, thread_seconds

ONE, TWO = (StreamId("one"), 1), (StreamId("two"), 1)


class Machine:
    """A clock, and what threads and the process have used."""

    def __init__(self) -> None:
        self.now = self.process = 0.0
        self.threads = dict.fromkeys((1, 2, 3), 0.0)
        self.meter = Meter(
            monotonic=lambda: self.now, of_thread=self.threads.__getitem__, of_process=lambda: self.process
        )

    def window(self, process: float, **_threads: float) -> None:
        self.now += WINDOW_S
        self.process += process

    def work(self, one: float, two: float) -> None:
        self.threads[1] += one
        self.threads[2] += one
        self.threads[3] += two


STREAMS = {ONE: (1, 2), TWO: (3,)}


def measured(machine: Machine) -> dict[object, float]:
    return dict(machine.meter.cores(STREAMS))


def test_a_stream_costs_what_its_threads_use_and_its_share_of_the_rest() -> None:
    """Together they cost what the process does."""
    machine = Machine()
    for _ in range(3):
        machine.work(1.0, 0.5)
        machine.window(process=3.5)
        found = measured(machine)
    assert found == {ONE: pytest.approx(2.5 / WINDOW_S), TWO: pytest.approx(1.0 / WINDOW_S)}


def test_its_opening_is_not_what_it_costs() -> None:
    """A model is loaded then; nothing is told before a window without it."""
    machine = Machine()
    machine.work(9.0, 9.0)
    machine.window(process=30.0)
    assert measured(machine) == {}
    machine.work(9.0, 9.0)
    machine.window(process=30.0)
    assert measured(machine) == {}
    machine.work(0.5, 0.5)
    machine.window(process=1.5)
    assert measured(machine)[ONE] == pytest.approx(1.0 / WINDOW_S)


def test_within_a_window_it_says_what_it_said() -> None:
    """It is asked with every report."""
    machine = Machine()
    for _ in range(3):
        machine.work(1.0, 1.0)
        machine.window(process=3.0)
        before = measured(machine)
    machine.now += WINDOW_S / 2
    assert measured(machine) == before


def test_one_costly_moment_counts_by_half() -> None:
    """A scene with many people in it passes."""
    machine = Machine()
    for seconds in (1.0, 1.0, 1.0, 3.0):
        machine.work(seconds, 0.0)
        machine.window(process=2 * seconds)
        found = measured(machine)
    assert found[ONE] == pytest.approx((2.0 + 6.0) / 2 / WINDOW_S)


def test_the_system_tells_the_time_of_a_thread() -> None:
    """And nothing of one that has ended."""
    began = time.thread_time()
    while time.thread_time() - began < 0.05:
        pass
    assert thread_seconds(threading.get_native_id()) >= 0.04
    gone = threading.Thread(target=int)
    gone.start()
    gone.join()
    assert gone.native_id is not None
    assert thread_seconds(gone.native_id) == 0.0
