"""The documents of durable streams, in the shape of DIS."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, model_validator

from vedette.model.data_stream import (
    HASHES,
    KEY_LENGTH,
    LEAST_HOURS,
    MOST_HOURS,
    PARTITIONS_PER_STREAM,
    RECORDS_PER_PUT,
    CursorType,
    DataType,
    StreamType,
)
from vedette.schemas.common import DIS_STREAM, Text, Wire, of_form, one_of

BASE64: Final = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
PARTITION_ID: Final = r"(shardId-)?[0-9]{1,10}"
SEQUENCE: Final = r"[0-9]{1,18}"
UNSERVED: Final = (
    "auto_scale_enabled",
    "auto_scale_min_partition_count",
    "auto_scale_max_partition_count",
    "data_schema",
    "csv_properties",
    "compression_format",
    "tags",
    "sys_tags",
)
"""What a stream of DIS can have besides."""
DEFAULT_FETCH: Final = 1_048_576
MOST_FETCH: Final = 4_194_304


def _below(limit: int) -> str:
    """Return the pattern of the decimal numbers below a limit, without leading zeros."""
    last = str(limit - 1)
    parts = [f"[0-9]{{1,{len(last) - 1}}}"]
    for place, digit in enumerate(last):
        if (least := int(place == 0)) < int(digit):
            parts.append(f"{last[:place]}[{least}-{int(digit) - 1}][0-9]{{{len(last) - place - 1}}}")
    return "|".join([*parts, last])


HASH_KEY: Final = _below(HASHES)
StreamName = Annotated[str, of_form(DIS_STREAM)]
PartitionId = Annotated[str, of_form(PARTITION_ID)]


class DataStreamCreate(Wire):
    """The body of a create-stream request. Scaling, schemas, compression and tags of DIS are refused by name."""

    stream_name: StreamName
    """Name of the stream, once in a project."""
    partition_count: Annotated[int, Field(ge=1, le=PARTITIONS_PER_STREAM)]
    """Partitions; their number stays. Records are in order within one."""
    stream_type: Annotated[str, one_of([*StreamType])] = StreamType.COMMON
    """`COMMON` or `ADVANCED`; kept and shown: here both are as fast as the machine."""
    data_type: Annotated[str, one_of([*DataType])] = DataType.BLOB
    """What the records hold, `BLOB`, `JSON` or `CSV`; kept and shown, and not checked."""
    data_duration: Annotated[int, Field(ge=LEAST_HOURS, le=MOST_HOURS)] = LEAST_HOURS
    """Hours that records are kept."""

    @model_validator(mode="before")
    @classmethod
    def _served(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            for name in UNSERVED:
                if value.get(name):
                    raise ValueError(f"{name} is not served")
        return value


class RecordIn(Wire):
    """One record to append."""

    data: Annotated[str, of_form(BASE64)]
    """What it holds, in standard base64."""
    partition_id: PartitionId | None = None
    """Its partition, `shardId-0000000000` or `0`; it wins over `explicit_hash_key`."""
    explicit_hash_key: Annotated[str, of_form(HASH_KEY)] | None = None
    """A hash that chooses the partition, a decimal number below 2^63; it wins over `partition_key`."""
    partition_key: Annotated[Text, Field(max_length=KEY_LENGTH)] | None = None
    """Records with the same key are in the same partition; without any of the three the data decide."""


class RecordsPut(Wire):
    """The body of a put-records request."""

    stream_name: StreamName
    """Name of the stream."""
    stream_id: Annotated[str, of_form(r"[0-9a-zA-Z]{0,64}")] | None = None
    """Id of the stream; if it is there and not empty, it must be that of the name."""
    records: Annotated[list[RecordIn], Field(min_length=1, max_length=RECORDS_PER_PUT)]
    """The records, appended in this order."""


class PutResult(Wire):
    """What became of one record: its place, or an error."""

    partition_id: str | None = None
    """Its partition."""
    sequence_number: str | None = None
    """Its number in the partition, from 0 without a gap."""
    error_code: str | None = None
    """`DIS.4302`: the stream has no such partition. The record was not appended."""
    error_message: str | None = None
    """The error in words."""


class RecordsPutResult(Wire):
    """The answer to a put-records request."""

    failed_record_count: int
    """Records that were not appended."""
    records: list[PutResult]
    """The results, in the order of the records."""


class DataStreamQuery(Wire):
    """The query of the list of streams."""

    model_config = ConfigDict(strict=False)

    limit: Annotated[int, Field(ge=1, le=100)] = 10
    """Streams on a page."""
    start_stream_name: Annotated[str, of_form(DIS_STREAM)] | None = None
    """Only streams whose names follow this one."""


class PartitionQuery(Wire):
    """Which partitions of a stream are shown."""

    model_config = ConfigDict(strict=False)

    start_partition_id: Annotated[PartitionId | None, Field(alias="start_partitionId")] = None
    """Only partitions that follow this one."""
    limit_partitions: Annotated[int, Field(ge=1, le=1000)] = 100
    """Partitions that are shown."""


class CursorQuery(Wire):
    """Where reading begins."""

    model_config = ConfigDict(strict=False)

    stream_name: Annotated[StreamName, Field(alias="stream-name")]
    """Name of the stream."""
    partition_id: Annotated[PartitionId, Field(alias="partition-id")]
    """The partition, `shardId-0000000000` or `0`."""
    cursor_type: Annotated[str, one_of([*CursorType]), Field(alias="cursor-type")] = CursorType.AT_SEQUENCE_NUMBER
    """Where to begin: `AT_SEQUENCE_NUMBER`, `AFTER_SEQUENCE_NUMBER`, `TRIM_HORIZON` (the oldest record that is there),
    `LATEST` (what comes next) or `AT_TIMESTAMP`."""
    starting_sequence_number: Annotated[
        Annotated[str, of_form(SEQUENCE)] | None, Field(alias="starting-sequence-number")
    ] = None
    """The number; needed with the first two types, and passed over with the others."""
    timestamp: Annotated[int, Field(ge=0, le=2**62)] | None = None
    """Milliseconds since the epoch; needed with `AT_TIMESTAMP`: the first record appended then or later."""


class RecordsQuery(Wire):
    """What is read."""

    model_config = ConfigDict(strict=False)

    partition_cursor: Annotated[str, Field(alias="partition-cursor", min_length=1, max_length=1024)]
    """A cursor that was given out for this project in the last five minutes."""
    max_fetch_bytes: Annotated[int, Field(ge=1, le=MOST_FETCH)] = DEFAULT_FETCH
    """Bytes of data to return at most; one record is returned in any case, if there is one."""
