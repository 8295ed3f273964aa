"""The answers on durable streams, in the shape of DIS."""

import base64
from collections.abc import Sequence
from typing import Any, Final

from vedette.model.data_stream import DataStream, PartitionState, Placed, Record
from vedette.schemas.common import Wire

NO_PARTITION: Final = ("DIS.4302", "The stream has no such partition.")
CREATE_TIME: Final = "CreateTime"


class PartitionInfo(Wire):
    """A partition of a stream."""

    status: str
    """Always `ACTIVE`."""
    partition_id: str
    """Its id, `shardId-` and ten digits."""
    hash_range: str
    """First and last hash of the keys that belong to it."""
    sequence_number_range: str
    """Number of the oldest record that is there, and number that the next record gets."""
    parent_partitions: str
    """Always empty: partitions are neither split nor merged."""
    stored_bytes: int
    """Bytes of data it holds; an addition of ours."""


class DataStreamInfo(Wire):
    """A stream."""

    stream_name: str
    """Its name."""
    stream_id: str
    """Its id."""
    create_time: int
    """Milliseconds since the epoch."""
    last_modified_time: int
    """The same: streams are not changed."""
    status: str
    """Always `RUNNING`."""
    stream_type: str
    """As it was sent."""
    data_type: str
    """As it was sent."""
    retention_period: int
    """Hours that records are kept."""
    writable_partition_count: int
    """Its partitions."""
    readable_partition_count: int
    """Its partitions."""
    auto_scale_enabled: bool
    """Always false."""
    has_more_partitions: bool
    """Whether partitions follow those that are shown."""
    partitions: list[PartitionInfo]
    """Its partitions."""
    max_bytes: int
    """Bytes of data it may hold; beyond its equal part of them a partition lets its oldest records go. An addition of
    ours."""


class DataStreamEntry(Wire):
    """A stream, as lists show it."""

    stream_name: str
    """Its name."""
    create_time: int
    """Milliseconds since the epoch."""
    retention_period: int
    """Hours that records are kept."""
    status: str
    """Always `RUNNING`."""
    stream_type: str
    """As it was sent."""
    data_type: str
    """As it was sent."""
    partition_count: int
    """Its partitions."""
    auto_scale_enabled: bool
    """Always false."""


class DataStreamList(Wire):
    """A page of streams."""

    total_number: int
    """Streams of the project."""
    stream_names: list[str]
    """The names on this page, in the order of their characters."""
    has_more_streams: bool
    """Whether streams follow."""
    stream_info_list: list[DataStreamEntry]
    """The streams on this page."""


class CursorInfo(Wire):
    """A place to read from."""

    partition_cursor: str
    """The cursor; it holds for five minutes, in this project."""


class RecordInfo(Wire):
    """A record."""

    partition_key: str
    """The key it was appended with, or empty."""
    sequence_number: str
    """Its number in the partition."""
    data: str
    """What it holds, in standard base64."""
    timestamp: int
    """When it was appended, milliseconds since the epoch."""
    timestamp_type: str
    """Always `CreateTime`."""


class RecordList(Wire):
    """Records, and where to go on."""

    records: list[RecordInfo]
    """The records in order; empty if there are none yet."""
    next_partition_cursor: str
    """The cursor to go on with."""


def partition_id(number: int) -> str:
    """Return the id of a partition."""
    return f"shardId-{number:010d}"


def partition_number(text: str) -> int:
    """Return the number of a partition."""
    return int(text.removeprefix("shardId-"))


def stream_info(stream: DataStream, states: Sequence[PartitionState], max_bytes: int, *, more: bool) -> dict[str, Any]:
    """Return the document of a stream."""
    return {
        "stream_name": stream.name,
        "stream_id": stream.id,
        "create_time": stream.created_at,
        "last_modified_time": stream.created_at,
        "status": "RUNNING",
        "stream_type": stream.stream_type,
        "data_type": stream.data_type,
        "retention_period": stream.hours,
        "writable_partition_count": stream.partitions,
        "readable_partition_count": stream.partitions,
        "auto_scale_enabled": False,
        "has_more_partitions": more,
        "partitions": [_partition(stream, state) for state in states],
        "max_bytes": max_bytes,
    }


def list_info(streams: Sequence[DataStream], total: int, *, more: bool) -> dict[str, Any]:
    """Return the document of a page of streams."""
    entries = [
        {
            "stream_name": stream.name,
            "create_time": stream.created_at,
            "retention_period": stream.hours,
            "status": "RUNNING",
            "stream_type": stream.stream_type,
            "data_type": stream.data_type,
            "partition_count": stream.partitions,
            "auto_scale_enabled": False,
        }
        for stream in streams
    ]
    names = [stream.name for stream in streams]
    return {"total_number": total, "stream_names": names, "has_more_streams": more, "stream_info_list": entries}


def put_info(placed: Sequence[Placed]) -> dict[str, Any]:
    """Return the document of what became of records."""
    code, message = NO_PARTITION
    results = [
        {"error_code": code, "error_message": message}
        if one.sequence is None
        else {"partition_id": partition_id(one.partition), "sequence_number": str(one.sequence)}
        for one in placed
    ]
    return {"failed_record_count": sum("error_code" in result for result in results), "records": results}


def record_info(record: Record) -> dict[str, Any]:
    """Return the document of a record."""
    return {
        "partition_key": record.partition_key,
        "sequence_number": str(record.sequence),
        "data": base64.b64encode(record.data).decode(),
        "timestamp": record.at,
        "timestamp_type": CREATE_TIME,
    }


def _partition(stream: DataStream, state: PartitionState) -> dict[str, Any]:
    first, last = stream.hash_range(state.number)
    return {
        "status": "ACTIVE",
        "partition_id": partition_id(state.number),
        "hash_range": f"[{first} : {last}]",
        "sequence_number_range": f"[{state.oldest} : {state.next_sequence}]",
        "parent_partitions": "",
        "stored_bytes": state.bytes,
    }
