"""Who is at the helm, by clocks that are told: never two, and soon somebody."""

import asyncio
from dataclasses import dataclass, field

import pytest

from vedette.control.helm import HELD_S, LEASE_S, LOOK_S, NAME, RENEW_S, Alone, Shared
from vedette.store import leases, schema
from vedette.store.db import Database, open_database


@dataclass
class Machine:
    """A service with clocks of its own."""

    db: Database
    name: str
    uptime: float = 0.0
    wall_ms: int = 1_713_859_200_000
    begun: list[str] = field(default_factory=list)

    def serve(self) -> Shared:
        return Shared(
            self.db, self.name, clock=lambda: self.uptime, wall=lambda: self.wall_ms,
            on_taken=lambda: self.begun.append(self.name),
        )  # fmt: skip


def later(seconds: float, *machines: Machine) -> None:
    for machine in machines:
        machine.uptime += seconds
        machine.wall_ms += round(seconds * 1000)


@pytest.fixture
def two(db: Database) -> tuple[Machine, Machine]:
    """Machines of which the second has been up for longer, and whose wall clocks are an hour apart."""
    one, other = Machine(db, "one"), Machine(db, "other", uptime=5000.0)
    other.wall_ms -= 3_600_000
    return one, other


async def test_the_first_takes_it_at_once_and_keeps_it(two: tuple[Machine, Machine]) -> None:
    """The other looks every second, and never acts."""
    one, other = two
    first, second = one.serve(), other.serve()
    assert not first.held
    for _ in range(20):
        assert await first.look()
        assert await second.look()
        assert first.held
        assert not second.held
        later(RENEW_S, one, other)
    assert (one.begun, other.begun) == (["one"], [])


async def test_of_two_that_look_at_once_one_takes_it(two: tuple[Machine, Machine]) -> None:
    """The update is guarded by what was seen."""
    first, second = two[0].serve(), two[1].serve()
    await asyncio.gather(first.look(), second.look())
    assert first.held != second.held


async def test_one_that_is_silent_is_followed_within_ten_seconds_and_never_before_it_stopped(
    two: tuple[Machine, Machine],
) -> None:
    """The holder stops counting on its lease before anybody else may begin."""
    one, other = two
    first, second = one.serve(), other.serve()
    await first.look()
    silent = 0.0
    while not second.held:
        later(LOOK_S, one, other)
        silent += LOOK_S
        await second.look()
        assert not (first.held and second.held)
    assert HELD_S < LEASE_S <= silent <= 8


async def test_one_that_was_stopped_too_long_knows_it_before_it_looks(two: tuple[Machine, Machine]) -> None:
    """Its clock went on: it acts no more, finds the other, and ends for good."""
    one, other = two
    first, second = one.serve(), other.serve()
    await first.look()
    await second.look()
    later(LEASE_S, one, other)
    assert not first.held
    await second.look()
    assert second.held
    assert not await first.look()
    assert not first.held
    again = one.serve()
    assert await again.look()
    assert not again.held


async def test_one_that_could_not_renew_goes_on_if_nobody_followed(two: tuple[Machine, Machine]) -> None:
    """The database was away for a minute; what is kept in memory is still so."""
    one, _ = two
    first = one.serve()
    await first.look()
    later(60, one)
    assert not first.held
    assert await first.look()
    assert first.held
    assert one.begun == ["one"]


async def test_one_whose_place_was_taken_and_given_back_meanwhile_begins_anew(two: tuple[Machine, Machine]) -> None:
    """Somebody else acted: what it remembers is not so any more."""
    one, other = two
    first, second = one.serve(), other.serve()
    await first.look()
    await second.look()
    later(LEASE_S, one, other)
    await second.look()
    await second.release()
    assert not await first.look()


async def test_what_is_given_back_is_taken_at_the_next_look(two: tuple[Machine, Machine]) -> None:
    """A clean end costs no waiting."""
    one, other = two
    first, second = one.serve(), other.serve()
    await first.look()
    await second.look()
    await first.release()
    assert not first.held
    assert await second.look()
    assert second.held
    await first.release()
    assert await second.look()
    assert second.held


async def test_the_same_service_takes_it_at_once_after_it_was_killed(two: tuple[Machine, Machine]) -> None:
    """Its data folder is locked, so the one before it is dead."""
    one, _ = two
    await one.serve().look()
    again = one.serve()
    await again.look()
    assert again.held


@pytest.mark.parametrize("step_ms", [-86_400_000, -7000, 7000, 86_400_000])
async def test_a_wall_clock_that_is_set_gives_the_helm_to_nobody_else_and_takes_it_from_nobody(
    two: tuple[Machine, Machine], step_ms: int
) -> None:
    """Neither of the holder's machine nor of the other's."""
    one, other = two
    first, second = one.serve(), other.serve()
    for stepping in (one, other, one, other):
        await first.look()
        await second.look()
        stepping.wall_ms += step_ms
        later(RENEW_S, one, other)
        assert await first.look()
        assert await second.look()
        assert first.held
        assert not second.held


async def test_no_two_renewals_look_alike_even_when_the_clock_stands_still(two: tuple[Machine, Machine]) -> None:
    """Who waits tells a holder that lives from one that is gone by the change alone."""
    one, _ = two
    first = one.serve()
    seen = set()
    for _ in range(4):
        await first.look()
        seen.add(await one.db.read(leases.get, NAME))
        one.wall_ms -= 1000
    assert len(seen) == 4


async def test_the_only_service_there_can_be_holds_it_from_the_start() -> None:
    """SQLite: nothing is written, and nothing waited for."""
    helm = Alone()
    assert helm.held
    await helm.release()
    assert helm.held


async def test_two_services_may_start_at_once_on_an_empty_database(database_url: str) -> None:
    """One makes the schema, the other finds it made."""
    one, other = open_database(database_url), open_database(database_url)
    try:
        made = await asyncio.gather(one.write(schema.upgrade), other.write(schema.upgrade))
        assert sorted(made) == [False, True]
    finally:
        await one.close()
        await other.close()
