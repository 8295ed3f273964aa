"""Object stores, managed beside the running service; tasks take notice at their next start."""

import asyncio
from typing import Any

from pydantic import ValidationError

from vedette.api.errors import invalid
from vedette.app.ground import ground, now_ms, policy
from vedette.app.sales import project_of
from vedette.control.object_stores import Reach, read_of, register
from vedette.control.store_writing import Written, write_of
from vedette.model.objects import ObjectStore
from vedette.schemas.object_stores import ObjectCheck, ObjectStoreCreate
from vedette.settings import Settings
from vedette.store import object_stores


async def add(settings: Settings, project: str | None, fields: dict[str, Any]) -> ObjectStore:
    """Register an object store.

    Raises:
        InvalidParameter: a field breaks its rule, or the project is not known.
        AlreadyExists: the project has a store with that name.
    """
    try:
        body = ObjectStoreCreate.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        store = body.store(body.name, now_ms(), now_ms())
        return await base.db.write(register, base.vault, _reach(settings), chosen, store)


async def listed(settings: Settings, project: str | None) -> list[ObjectStore]:
    """Return the stores of a project, by name."""
    async with ground(settings) as base:
        return await base.db.read(object_stores.all_of, base.vault, await project_of(base.db, project))


async def remove(settings: Settings, project: str | None, name: str) -> None:
    """Forget a store.

    Raises:
        NotFound: the project has none with that name.
    """
    async with ground(settings) as base:
        await base.db.write(object_stores.remove, await project_of(base.db, project), name)


async def check(settings: Settings, project: str | None, name: str, bucket: str, path: str) -> int | None:
    """Try to read an object; return how many bytes it has, if that is said.

    Raises:
        SourceError: it cannot be read.
        NotFound: the project has no such store.
        InvalidParameter: bucket or path break their rules.
    """
    try:
        wanted = ObjectCheck(bucket=bucket, path=path)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        store = await base.db.read(object_stores.get, base.vault, chosen, name)
        return await asyncio.to_thread(read_of, _reach(settings), store, wanted.bucket, wanted.path)


async def check_writing(settings: Settings, project: str | None, name: str, bucket: str, path: str) -> Written:
    """Try to write below a folder of a bucket; return what came of it.

    Raises:
        NotFound: the project has no such store.
        InvalidParameter: bucket or path break their rules.
    """
    try:
        wanted = ObjectCheck(bucket=bucket, path=path)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        store = await base.db.read(object_stores.get, base.vault, chosen, name)
        return await write_of(_reach(settings), store, wanted.bucket, wanted.path)


def _reach(settings: Settings) -> Reach:
    return Reach(policy(settings), settings.file_roots)
