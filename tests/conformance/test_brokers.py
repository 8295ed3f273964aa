"""Brokers in the store, on every database: what is sealed comes back, and one has a stream, also when many claim it."""

import asyncio
from dataclasses import replace

import pytest

from conformance.ground import MINE, OTHERS
from vedette.control.brokers import change, register
from vedette.model.broker import MOST_BROKERS, Broker, BrokerKind
from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, QuotaReached
from vedette.store import brokers
from vedette.store.db import Database
from vedette.store.vault import Vault

EVENTS = Broker(
    "events", BrokerKind.NATS, ("nats.example:4222",), tls=True, username="writer", password="hunter2",
    prefix="video.", streams=("gate", "yard"), created_at=5, updated_at=5,
)  # fmt: skip


async def test_a_broker_comes_back_as_it_was_written(db: Database, vault: Vault) -> None:
    await db.write(brokers.insert, vault, MINE, EVENTS)
    assert await db.read(brokers.get, vault, MINE, "events") == EVENTS
    changed = replace(EVENTS, servers=("a.example:1", "b.example:2"), tls_verify=False, streams=(), updated_at=9)
    await db.write(brokers.rewrite, vault, MINE, changed)
    assert await db.read(brokers.all_of, vault, MINE) == [changed]
    assert await db.read(brokers.all_of, vault, OTHERS) == []
    await db.write(brokers.remove, MINE, "events")
    with pytest.raises(NotFound):
        await db.read(brokers.get, vault, MINE, "events")
    with pytest.raises(NotFound):
        await db.write(brokers.remove, MINE, "events")


async def test_of_many_who_claim_a_stream_at_once_one_gets_it(db: Database, vault: Vault) -> None:
    """Two brokers with one stream would leave open where its events go."""

    async def claim(number: int) -> bool:
        try:
            await db.write(register, vault, MINE, replace(EVENTS, name=f"broker-{number}"))
        except InvalidParameter:
            return False
        return True

    assert sorted(await asyncio.gather(*(claim(number) for number in range(6)))) == [False] * 5 + [True]


async def test_of_many_who_take_a_name_at_once_one_gets_it(db: Database, vault: Vault) -> None:
    async def take(number: int) -> bool:
        try:
            await db.write(register, vault, MINE, replace(EVENTS, streams=(f"stream-{number}",)))
        except AlreadyExists:
            return False
        return True

    assert sorted(await asyncio.gather(*(take(number) for number in range(6)))) == [False] * 5 + [True]


async def test_a_project_has_so_many_and_no_more(db: Database, vault: Vault) -> None:
    for number in range(MOST_BROKERS):
        await db.write(register, vault, MINE, replace(EVENTS, name=f"b{number}", streams=(f"s{number}",)))
    with pytest.raises(QuotaReached):
        await db.write(register, vault, MINE, replace(EVENTS, name="more", streams=("more",)))
    await db.write(register, vault, OTHERS, EVENTS)


async def test_a_masked_password_follows_what_is_stored_at_that_moment(db: Database, vault: Vault) -> None:
    """Whoever changes the servers meanwhile must not be given the password of those before."""
    await db.write(register, vault, MINE, EVENTS)
    masked = replace(EVENTS, password="******", prefix="")
    kept = await db.write(change, vault, MINE, "events", lambda _: masked)
    assert (kept.password, kept.prefix) == ("hunter2", "")
    await db.write(change, vault, MINE, "events", lambda _: replace(EVENTS, servers=("new.example:4222",)))
    with pytest.raises(InvalidParameter):
        await db.write(change, vault, MINE, "events", lambda _: masked)
