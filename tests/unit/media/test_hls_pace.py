"""Packets of a live playlist go through when they are due."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from vedette.media.hls.pace import HURRY, Pace


@dataclass
class Wall:
    """A clock that goes on by what is waited for; also the event that stops waiting."""

    now: float = 1000.0
    stopped: bool = False
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.stopped


@dataclass
class Packet:
    dts: int | None
    time_base: Fraction = Fraction(1, 1000)


def packets(*stamps: int | None) -> Iterator[Packet]:
    return iter([Packet(stamp) for stamp in stamps])


def pace_of(wall: Wall, *, behind: bool = False) -> Pace:
    return Pace(lambda: behind, wall, wall)  # type: ignore[arg-type]


def test_each_packet_waits_for_its_time() -> None:
    """The first comes at once."""
    wall = Wall()
    came = [round(wall.now - 1000, 3) for _ in pace_of(wall).through(packets(0, 40, 80, 200))]  # type: ignore[arg-type]
    assert came == [0, 0.04, 0.08, 0.2]


def test_packets_of_the_next_part_go_on_in_the_same_rhythm() -> None:
    """Its stamps begin elsewhere."""
    wall = Wall()
    pace = pace_of(wall)
    came = [wall.now for part in (packets(0, 40, 80), packets(90_000, 90_040)) for _ in pace.through(part)]  # type: ignore[arg-type]
    assert [round(one - 1000, 3) for one in came] == [0, 0.04, 0.08, 0.12, 0.16]


def test_after_a_stall_what_is_late_is_made_up_by_and_by() -> None:
    """Never two at once: of a burst all but the newest would be dropped."""
    wall = Wall()
    came = []
    for number, _ in enumerate(pace_of(wall).through(packets(*range(0, 4000, 40)))):  # type: ignore[arg-type]
        came.append(wall.now)
        if number == 3:
            wall.now += 0.5
    steps = [round(b - a, 4) for a, b in pairwise(came[4:])]
    assert min(steps) == round(0.04 / HURRY, 4)
    assert round(came[-1] - came[0], 3) == 3.96


def test_after_a_long_stall_time_is_counted_from_then_on() -> None:
    wall = Wall()
    came = []
    for number, _ in enumerate(pace_of(wall).through(packets(*range(0, 400, 40)))):  # type: ignore[arg-type]
        came.append(wall.now)
        if number == 3:
            wall.now += 5
    assert round(came[-1] - came[0], 2) == round(0.12 + 5 + 5 * 0.04, 2)


def test_it_goes_faster_while_segments_wait() -> None:
    """Else it would stay behind for ever."""
    wall = Wall()
    list(pace_of(wall, behind=True).through(packets(*range(0, 2040, 40))))  # type: ignore[arg-type]
    assert round(wall.now - 1000, 2) == round(2.0 / HURRY, 2)


def test_packets_without_a_time_pass_and_a_stop_ends_it() -> None:
    wall = Wall()
    assert len(list(pace_of(wall).through(packets(None, 0, None, 40)))) == 4  # type: ignore[arg-type]
    wall.stopped = True
    assert list(pace_of(wall).through(packets(0, 40))) == []  # type: ignore[arg-type]


def test_a_real_event_stops_it_too() -> None:
    stop = threading.Event()
    stop.set()
    assert list(Pace(lambda: False, stop).through(packets(0, 40))) == []  # type: ignore[arg-type]
