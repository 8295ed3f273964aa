"""A wall clock that is set back is noticed; one that goes on, is steered or jumps ahead is not."""

from vedette.control.clock_steps import STEP_MS, ClockSteps


class Clocks:
    def __init__(self) -> None:
        self.uptime, self.wall_ms = 100.0, 1_700_000_000_000
        self.steps = ClockSteps(lambda: self.uptime)

    def pass_time(self, seconds: float, *, wall: float | None = None) -> bool:
        self.uptime += seconds
        self.wall_ms += round((seconds if wall is None else wall) * 1000)
        return self.steps.set_back(self.wall_ms)


def test_a_clock_that_is_set_back_is_noticed_once() -> None:
    """What follows is measured from where it stands now."""
    clocks = Clocks()
    assert not clocks.pass_time(1)
    assert clocks.pass_time(1, wall=-3600)
    assert not clocks.pass_time(1)
    assert clocks.pass_time(1, wall=-3600)


def test_a_clock_that_is_set_forward_is_not_it() -> None:
    """What is due is due; nor is a machine that slept."""
    clocks = Clocks()
    assert not clocks.pass_time(1)
    assert not clocks.pass_time(1, wall=3600)
    assert not clocks.pass_time(0, wall=28_800)


def test_a_clock_that_is_steered_is_not_set() -> None:
    """A time service takes away less than that between two looks."""
    clocks = Clocks()
    clocks.pass_time(1)
    assert not any(clocks.pass_time(1, wall=0.5) for _ in range(100))
    assert not clocks.pass_time(0, wall=-STEP_MS / 1000)
    assert clocks.pass_time(0, wall=-STEP_MS / 1000 - 0.001)
