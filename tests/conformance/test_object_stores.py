"""Object stores in the store, on every database: which one a bucket is in, also when many say so at once."""

import asyncio
from dataclasses import replace

import pytest

from conformance.ground import MINE, OTHERS
from vedette.control.object_stores import Reach, change, register
from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, SourceRefused
from vedette.model.objects import ObjectStore, StoreKind
from vedette.store import object_stores
from vedette.store.db import Database
from vedette.store.vault import Vault

ARCHIVE = ObjectStore(
    "archive", StoreKind.S3, "http://store.example", "eu-1", "reader", "hunter2", buckets=("clips",), created_at=5
)
REST = replace(ARCHIVE, name="rest", buckets=())


async def test_a_bucket_is_in_the_store_that_names_it_else_in_the_one_that_names_none(
    db: Database, vault: Vault
) -> None:
    await db.write(object_stores.insert, vault, MINE, ARCHIVE)
    with pytest.raises(SourceRefused):
        await db.read(object_stores.with_bucket, vault, MINE, "others")
    await db.write(object_stores.insert, vault, MINE, REST)
    for bucket, name in (("clips", "archive"), ("others", "rest")):
        assert (await db.read(object_stores.with_bucket, vault, MINE, bucket)).name == name
    with pytest.raises(SourceRefused):
        await db.read(object_stores.with_bucket, vault, OTHERS, "clips")


async def test_a_store_comes_back_as_it_was_written(db: Database, vault: Vault) -> None:
    await db.write(object_stores.insert, vault, MINE, ARCHIVE)
    assert await db.read(object_stores.get, vault, MINE, "archive") == ARCHIVE
    changed = replace(ARCHIVE, region="", path_style=False, updated_at=9)
    await db.write(object_stores.rewrite, vault, MINE, changed)
    assert await db.read(object_stores.all_of, vault, MINE) == [changed]
    await db.write(object_stores.remove, MINE, "archive")
    with pytest.raises(NotFound):
        await db.read(object_stores.get, vault, MINE, "archive")
    with pytest.raises(NotFound):
        await db.write(object_stores.remove, MINE, "archive")


async def test_of_many_who_claim_a_bucket_at_once_one_gets_it(db: Database, vault: Vault) -> None:
    """Two stores with one bucket would leave open which is read."""

    async def claim(number: int) -> bool:
        try:
            await db.write(register, vault, Reach(), MINE, replace(ARCHIVE, name=f"store-{number}"))
        except InvalidParameter:
            return False
        return True

    assert sorted(await asyncio.gather(*(claim(number) for number in range(6)))) == [False] * 5 + [True]


async def test_of_many_who_take_a_name_at_once_one_gets_it(db: Database, vault: Vault) -> None:
    async def take(number: int) -> bool:
        try:
            await db.write(register, vault, Reach(), MINE, replace(ARCHIVE, buckets=(f"bucket-{number}",)))
        except AlreadyExists:
            return False
        return True

    assert sorted(await asyncio.gather(*(take(number) for number in range(6)))) == [False] * 5 + [True]


async def test_a_masked_key_follows_what_is_stored_at_that_moment(db: Database, vault: Vault) -> None:
    """Whoever changes the endpoint meanwhile must not be given the key of the one before."""
    await db.write(register, vault, Reach(), MINE, ARCHIVE)
    masked = replace(ARCHIVE, secret_key="******", region="eu-2")
    kept = await db.write(change, vault, Reach(), MINE, "archive", lambda _: masked)
    assert (kept.secret_key, kept.region) == ("hunter2", "eu-2")
    await db.write(change, vault, Reach(), MINE, "archive", lambda _: replace(ARCHIVE, endpoint="http://new.example"))
    with pytest.raises(InvalidParameter):
        await db.write(change, vault, Reach(), MINE, "archive", lambda _: masked)
