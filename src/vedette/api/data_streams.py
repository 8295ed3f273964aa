"""Durable streams, in the shape of DIS: what a client of it needs to write records and to read them back."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

import base64
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, Parts, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.api.partition_cursors import PartitionCursor, opened, sealed
from vedette.model.data_stream import CursorType, DataStream, Entry
from vedette.model.errors import InvalidParameter, NotFound
from vedette.model.ids import ProjectId, new_hex
from vedette.schemas.common import DIS_STREAM, matches
from vedette.schemas.data_stream_info import (
    CursorInfo,
    DataStreamInfo,
    DataStreamList,
    RecordList,
    list_info,
    partition_number,
    put_info,
    record_info,
    stream_info,
)
from vedette.schemas.data_streams import (
    CursorQuery,
    DataStreamCreate,
    DataStreamQuery,
    PartitionQuery,
    RecordIn,
    RecordsPut,
    RecordsPutResult,
    RecordsQuery,
)
from vedette.schemas.tasks import Nothing
from vedette.store import data_records, data_streams, idempotency

router = APIRouter(prefix="/v2/{project_id}", tags=["Data streams"])

EXAMPLE: Final[dict[str, Any]] = {
    "stream_name": "gate-events",
    "partition_count": 1,
    "stream_type": "COMMON",
    "data_type": "JSON",
    "data_duration": 72,
}
PUT_EXAMPLE: Final[dict[str, Any]] = {
    "stream_name": "gate-events",
    "records": [{"data": "eyJnYXRlIjogIm9wZW4ifQ==", "partition_key": "gate-1"}],
}


async def stream_name(_member: Member, stream_name: Annotated[str, Path()]) -> str:
    """Return the stream's name of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no name of a stream.
    """
    if not matches(DIS_STREAM, stream_name):
        raise InvalidParameter(f"stream_name: it does not have the form ^{DIS_STREAM}$.", param="stream_name")
    return stream_name


StreamInPath = Annotated[str, Depends(stream_name)]


@router.post("/streams/", include_in_schema=False)
@router.post(
    "/streams",
    operation_id="CreateStream",
    status_code=201,
    openapi_extra=takes(DataStreamCreate, EXAMPLE),
    response_model=Nothing,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Create a stream. Events of tasks with a `dis` output make theirs by themselves."""
    body = await received(request, DataStreamCreate)
    now = parts.clock()
    stream = DataStream(
        new_hex(),
        principal.project_id,
        body.stream_name,
        body.partition_count,
        body.stream_type,
        body.data_type,
        body.data_duration,
        now,
    )

    def insert(conn: Connection) -> dict[str, Any]:
        data_streams.create(conn, stream)
        return {}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get("/streams/", include_in_schema=False)
@router.get("/streams", operation_id="ListDataStreams", response_model=DataStreamList)
async def find(principal: Member, query: Annotated[DataStreamQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the streams of the project, by name."""
    found, total = await parts.db.read(
        data_streams.page, principal.project_id, after=query.start_stream_name or "", limit=query.limit + 1
    )
    return JSONResponse(list_info(found[: query.limit], total, more=len(found) > query.limit))


@router.get("/streams/{stream_name}/", include_in_schema=False)
@router.get("/streams/{stream_name}", operation_id="ShowDataStream", response_model=DataStreamInfo)
async def show(
    principal: Member, name: StreamInPath, query: Annotated[PartitionQuery, Query()], parts: PartsOf
) -> JSONResponse:
    """Show a stream with its partitions, and how full they are."""

    def look(conn: Connection) -> dict[str, Any]:
        stream = data_streams.get(conn, principal.project_id, name)
        after = -1 if query.start_partition_id is None else partition_number(query.start_partition_id)
        states = [state for state in data_streams.partitions(conn, stream) if state.number > after]
        shown = states[: query.limit_partitions]
        return stream_info(stream, shown, parts.data_stream_bytes, more=len(shown) < len(states))

    return JSONResponse(await parts.db.read(look))


@router.delete("/streams/{stream_name}/", include_in_schema=False)
@router.delete("/streams/{stream_name}", operation_id="DeleteDataStream", status_code=204, response_class=Response)
async def delete(principal: Member, name: StreamInPath, parts: PartsOf) -> Response:
    """Delete a stream with all its records."""
    await parts.db.write(data_streams.remove, principal.project_id, name)
    return Response(status_code=204)


@router.post("/records/", include_in_schema=False)
@router.post(
    "/records",
    operation_id="SendRecords",
    openapi_extra=takes(RecordsPut, PUT_EXAMPLE),
    response_model=RecordsPutResult,
)
async def put(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Append records; each has a result of its own, and those that failed were not appended."""
    body = await received(request, RecordsPut)
    entries = [_entry(record) for record in body.records]
    now = parts.clock()

    def append(conn: Connection) -> dict[str, Any]:
        stream = data_streams.get(conn, principal.project_id, body.stream_name)
        if body.stream_id and body.stream_id != stream.id:
            raise NotFound(f"The data stream {body.stream_name} has another id.", param="stream_id")
        placed, trimmed = data_records.put(conn, stream, entries, now, parts.data_stream_bytes)
        return put_info(placed) | {"trimmed": trimmed}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: append(conn))

    answer = await parts.db.write(once)
    parts.metrics.data_records_removed.labels("size").inc(answer.pop("trimmed"))
    return JSONResponse(answer)


@router.get("/cursors/", include_in_schema=False)
@router.get("/cursors", operation_id="ShowCursor", response_model=CursorInfo)
async def cursor(principal: Member, query: Annotated[CursorQuery, Query()], parts: PartsOf) -> JSONResponse:
    """Return a cursor: a place in a partition to read from."""
    place = await parts.db.read(_place, principal.project_id, query)
    return JSONResponse({"partition_cursor": sealed(parts.vault, place, parts.clock())})


@router.get("/records/", include_in_schema=False)
@router.get("/records", operation_id="ConsumeRecords", response_model=RecordList)
async def records(principal: Member, query: Annotated[RecordsQuery, Query()], parts: PartsOf) -> JSONResponse:
    """Return records from a cursor on, and the cursor to go on with."""
    place = opened(parts.vault, principal.project_id, query.partition_cursor, parts.clock())
    return JSONResponse(await parts.db.read(_read, parts, place, query.max_fetch_bytes))


def _place(conn: Connection, project_id: ProjectId, query: CursorQuery) -> PartitionCursor:
    stream = data_streams.get(conn, project_id, query.stream_name)
    partition = partition_number(query.partition_id)
    if partition >= stream.partitions:
        raise NotFound(f"The data stream has no partition {query.partition_id}.", param="partition-id")
    kind = CursorType(query.cursor_type)
    numbered = kind in {CursorType.AT_SEQUENCE_NUMBER, CursorType.AFTER_SEQUENCE_NUMBER}
    if numbered and query.starting_sequence_number is None:
        raise InvalidParameter(f"starting-sequence-number: {kind} needs it.", param="starting-sequence-number")
    if kind is CursorType.AT_TIMESTAMP and query.timestamp is None:
        raise InvalidParameter("timestamp: AT_TIMESTAMP needs it.", param="timestamp")
    position = data_records.position(
        conn, stream, partition, kind, sequence=int(query.starting_sequence_number or 0), at_ms=query.timestamp or 0
    )
    return PartitionCursor(project_id, stream.id, partition, position)


def _read(conn: Connection, parts: Parts, place: PartitionCursor, max_bytes: int) -> dict[str, Any]:
    stream = data_streams.with_id(conn, place.project_id, place.stream_id)
    found = data_records.read(conn, stream.id, place.partition, place.position, max_bytes)
    after = found[-1].sequence + 1 if found else place.position
    following = PartitionCursor(place.project_id, stream.id, place.partition, after)
    return {
        "records": [record_info(record) for record in found],
        "next_partition_cursor": sealed(parts.vault, following, parts.clock()),
    }


def _entry(record: RecordIn) -> Entry:
    return Entry(
        base64.b64decode(record.data),
        record.partition_key or "",
        None if record.partition_id is None else partition_number(record.partition_id),
        None if record.explicit_hash_key is None else int(record.explicit_hash_key),
    )
