"""Durable streams of our own, in the words of DIS: partitions, records, sequence numbers, and what their limits are."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from vedette.model.ids import EventId, ProjectId

STREAMS_PER_PROJECT: Final = 50
PARTITIONS_PER_STREAM: Final = 50
RECORDS_PER_PUT: Final = 500
KEY_LENGTH: Final = 256
"""Characters of a partition key."""
LEAST_HOURS: Final = 24
MOST_HOURS: Final = 72
"""How long records can be kept."""
USUAL_BYTES: Final = 1_073_741_824
"""How much data a stream keeps, if the operator does not say otherwise."""
HASHES: Final = 2**63
"""Hashes of keys lie below it; every partition has an equal part of them."""


class StreamType(StrEnum):
    """What a stream was ordered as; ours are no faster or slower for it."""

    COMMON = "COMMON"
    ADVANCED = "ADVANCED"


class DataType(StrEnum):
    """What the records are said to hold; nobody checks them for it."""

    BLOB = "BLOB"
    JSON = "JSON"
    CSV = "CSV"


class CursorType(StrEnum):
    """Where reading begins."""

    AT_SEQUENCE_NUMBER = "AT_SEQUENCE_NUMBER"
    AFTER_SEQUENCE_NUMBER = "AFTER_SEQUENCE_NUMBER"
    TRIM_HORIZON = "TRIM_HORIZON"
    """With the oldest record that is there."""
    LATEST = "LATEST"
    """With what comes next."""
    AT_TIMESTAMP = "AT_TIMESTAMP"


@dataclass(frozen=True, slots=True)
class DataStream:
    """A stream of a project.

    Attributes:
        partitions: how many; they never change.
        hours: how long records are kept.
        created_at: milliseconds since the epoch.
    """

    id: str
    project_id: ProjectId
    name: str
    partitions: int = 1
    stream_type: str = StreamType.COMMON
    data_type: str = DataType.JSON
    hours: int = MOST_HOURS
    created_at: int = 0

    def partition_of(self, entry: "Entry") -> int | None:
        """Return where an entry belongs: partition before hash before key; None if the stream has no such partition."""
        if entry.partition is not None:
            return entry.partition if 0 <= entry.partition < self.partitions else None
        if entry.hash_key is not None:
            return entry.hash_key * self.partitions // HASHES
        return hash_of(entry.partition_key.encode() if entry.partition_key else entry.data) * self.partitions // HASHES

    def hash_range(self, partition: int) -> tuple[int, int]:
        """Return the first and the last hash of a partition."""
        return -(-partition * HASHES // self.partitions), -(-(partition + 1) * HASHES // self.partitions) - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended.

    Attributes:
        partition: wins over `hash_key`, which wins over `partition_key`; without any of them the data decide.
        hash_key: below `HASHES`.
        event_id: of an event of ours, which a stream takes once.
    """

    data: bytes = field(repr=False)
    partition_key: str = ""
    partition: int | None = None
    hash_key: int | None = None
    event_id: EventId | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry is now; `sequence` is None if the stream has no such partition."""

    partition: int
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `at` is when it was appended, milliseconds since the epoch."""

    sequence: int
    at: int
    partition_key: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PartitionState:
    """How a partition stands: the oldest record that is there, the number of the next, and bytes of data."""

    number: int
    oldest: int
    next_sequence: int
    bytes: int


def hash_of(key: bytes) -> int:
    """Return the hash of a key: 63 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(key).digest()[:8]) >> 1
