"""Guesses at one name wait for one another; others do not."""

import asyncio

import pytest

from vedette.auth.throttle import FIRST_S, QUEUE, Throttle
from vedette.model.errors import Unavailable


class Clock:
    """Sleeps that end when the test says."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        done = asyncio.Event()
        self.waits.append((seconds, done))
        await done.wait()


async def attempt(throttle: Throttle, who: str, log: list[str], *, fits: bool) -> None:
    async with throttle.turn(who):
        log.append(who)
        if fits:
            throttle.succeeded(who)
        else:
            await throttle.failed(who)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_tries_side_by_side_gain_nothing() -> None:
    """The second is not even looked at before the first has paid."""
    clock, log = Clock(), list[str]()
    throttle = Throttle(clock.sleep)
    tries = [asyncio.create_task(attempt(throttle, "gate", log, fits=False)) for _ in range(3)]
    for number in range(3):
        await settle()
        assert log == ["gate"] * (number + 1)
        assert clock.waits[number][0] == FIRST_S * 2**number
        clock.waits[number][1].set()
    await asyncio.gather(*tries)


async def test_another_user_is_not_delayed() -> None:
    """Somebody's name under attack is nobody else's trouble."""
    clock, log = Clock(), list[str]()
    throttle = Throttle(clock.sleep)
    attack = asyncio.create_task(attempt(throttle, "gate", log, fits=False))
    await settle()
    await attempt(throttle, "yard", log, fits=True)
    assert log == ["gate", "yard"]
    clock.waits[0][1].set()
    await attack


async def test_the_line_of_one_name_is_bounded_and_then_forgotten() -> None:
    """A flood must cost neither memory nor hours of waiting."""
    clock, log = Clock(), list[str]()
    throttle = Throttle(clock.sleep)
    tries = [asyncio.create_task(attempt(throttle, "gate", log, fits=False)) for _ in range(QUEUE)]
    await settle()
    with pytest.raises(Unavailable):
        await attempt(throttle, "gate", log, fits=True)
    for one in tries:
        one.cancel()
    await asyncio.gather(*tries, return_exceptions=True)
    assert throttle._lines == {}
    await attempt(throttle, "gate", log, fits=True)


async def test_a_success_forgets_the_failures() -> None:
    """Whoever mistyped once is not slow for ever."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    throttle = Throttle(sleep)
    for fits in (False, False, True, False):
        await attempt(throttle, "gate", [], fits=fits)
    assert waits == [FIRST_S, 2 * FIRST_S, FIRST_S]
