"""Object stores of a project, an addition of ours: where the buckets of `obs` inputs and sources are."""

import asyncio
import threading
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.control.object_stores import change, read_of, register
from vedette.control.store_writing import Written, write_of
from vedette.model.errors import Forbidden, InvalidParameter, SourceError, Unavailable
from vedette.model.objects import ObjectStore
from vedette.schemas.common import matches
from vedette.schemas.object_stores import (
    STORE_NAME,
    ObjectCheck,
    ObjectCheckInfo,
    ObjectStoreBody,
    ObjectStoreCreate,
    ObjectStoreInfo,
    ObjectStoreList,
    store_info,
)
from vedette.schemas.tasks import Nothing
from vedette.store import idempotency, object_stores
from vedette.store.identity import Principal

router = APIRouter(tags=["Object stores"])

STORES: Final = "/vedette/v1/{project_id}/object-stores"
STORE: Final = "/vedette/v1/{project_id}/object-stores/{store_name}"
WAIT_S: Final = 10.0
"""How long a check waits for others to be done."""
EXAMPLE: Final[dict[str, Any]] = {
    "name": "archive",
    "kind": "s3",
    "endpoint": "https://minio.example.org:9000",
    "region": "us-east-1",
    "access_key": "reader",
    "secret_key": "the secret of the access key",
    "buckets": ["recordings"],
}
CHANGED: Final = {name: value for name, value in EXAMPLE.items() if name != "name"} | {"secret_key": "******"}


async def minder(principal: Member) -> Principal:
    """Return who calls, if they mind the project.

    Raises:
        Forbidden: they do not.
    """
    if not principal.minds_project:
        raise Forbidden("This needs the role admin in the project.")
    return principal


Minder = Annotated[Principal, Depends(minder)]


async def store_name(_member: Member, store_name: Annotated[str, Path()]) -> str:
    """Return the store of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no name of a store.
    """
    if not matches(STORE_NAME, store_name):
        raise InvalidParameter(f"store_name: it does not have the form ^{STORE_NAME}$.", param="store_name")
    return store_name


StoreInPath = Annotated[str, Depends(store_name)]


@router.get(STORES, operation_id="ListObjectStores", response_model=ObjectStoreList)
async def find(principal: Member, parts: PartsOf) -> JSONResponse:
    """List the object stores of the project, by name."""
    found = await parts.db.read(object_stores.all_of, parts.vault, principal.project_id)
    return JSONResponse({"count": len(found), "object_stores": [store_info(store) for store in found]})


@router.post(
    STORES,
    operation_id="CreateObjectStore",
    status_code=201,
    openapi_extra=takes(ObjectStoreCreate, EXAMPLE),
    response_model=ObjectStoreInfo,
)
async def create(request: Request, principal: Minder, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Register an object store; needs the role admin in the project."""
    body = await received(request, ObjectStoreCreate)
    now = parts.clock()
    store = body.store(body.name, now, now)

    def insert(conn: Connection) -> dict[str, Any]:
        return store_info(register(conn, parts.vault, parts.reach, principal.project_id, store))

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get(STORE, operation_id="ShowObjectStore", response_model=ObjectStoreInfo)
async def show(principal: Member, name: StoreInPath, parts: PartsOf) -> JSONResponse:
    """Show an object store."""
    return JSONResponse(store_info(await parts.db.read(object_stores.get, parts.vault, principal.project_id, name)))


@router.put(
    STORE,
    operation_id="UpdateObjectStore",
    openapi_extra=takes(ObjectStoreBody, CHANGED),
    response_model=ObjectStoreInfo,
)
async def update(request: Request, principal: Minder, name: StoreInPath, parts: PartsOf) -> JSONResponse:
    """Say what an object store is from now on, all of it; needs the role admin in the project.

    Tasks at work go on as they began; a start or another try by another worker takes the store as it is then.
    """
    body = await received(request, ObjectStoreBody)
    now = parts.clock()

    def edit(stored: ObjectStore) -> ObjectStore:
        return body.store(name, stored.created_at, now)

    store = await parts.db.write(change, parts.vault, parts.reach, principal.project_id, name, edit)
    return JSONResponse(store_info(store))


@router.delete(STORE, operation_id="DeleteObjectStore", response_model=Nothing)
async def delete(principal: Minder, name: StoreInPath, parts: PartsOf) -> JSONResponse:
    """Forget an object store; needs the role admin in the project. Tasks at work go on as they began."""
    await parts.db.write(object_stores.remove, principal.project_id, name)
    return JSONResponse({})


@router.post(
    STORE + "/check",
    operation_id="CheckObjectStore",
    openapi_extra=takes(ObjectCheck, {"bucket": "recordings", "path": "gate/2026-05-04.mp4"}),
    response_model=ObjectCheckInfo,
)
async def check(request: Request, principal: Minder, name: StoreInPath, parts: PartsOf) -> JSONResponse:
    """Try to read an object, and tell why it cannot be read; needs the role admin in the project.

    With `write`, a small object of a name of its own is written below the path instead, read back, and removed.
    """
    body = await received(request, ObjectCheck)
    store = await parts.db.read(object_stores.get, parts.vault, principal.project_id, name)
    try:
        await asyncio.wait_for(parts.checking.acquire(), WAIT_S)
    except TimeoutError:
        raise Unavailable("Other checks are under way.") from None
    stop = threading.Event()
    try:
        if body.write:
            return JSONResponse(_written(await write_of(parts.reach, store, body.bucket, body.path, stop)))
        size = await asyncio.to_thread(read_of, parts.reach, store, body.bucket, body.path, stop)
    except SourceError as error:
        return JSONResponse({"readable": False, "error_code": error.code, "reason": error.message})
    finally:
        stop.set()  # the service ends: so does the thread
        parts.checking.release()
    return JSONResponse({"readable": True} | ({} if size is None else {"size": size}))


def _written(one: Written) -> dict[str, Any]:
    document = {"writable": one.writable, "readable": one.readable, "removed": one.removed, "object": one.name}
    if one.failure is None:
        return document
    return document | {"error_code": one.failure.code, "reason": one.failure.message}
