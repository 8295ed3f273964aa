"""Which worker holds which stream, and until when.

A stream is held by one worker at a time. Each assignment takes the next epoch; what a worker says under an older one
is refused (`store.ingest`). A worker's lease covers all it holds; a stream is free again when it was handed back, when
its holder's process is known to be dead, or when the lease is over.

A stream keeps in mind how many workers died with it (`streams.crashes`): one that was there too often gets a worker
of its own (`workers.alone`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from vedette.model.ids import StreamId, WorkerId
from vedette.store.tables import insert_new, streams, upsert, workers


@dataclass(frozen=True, slots=True)
class Holding:
    """A stream and its holder.

    Attributes:
        crashes: workers that died with it, not long ago.
        cost: cores it uses, as its workers measured it; None if none has yet.
    """

    stream_id: StreamId
    epoch: int
    worker_id: WorkerId | None
    crashes: int = 0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker as the database knows it; `lease_until` in milliseconds since the epoch.

    Attributes:
        alone: it has one stream, and takes no other.
    """

    id: WorkerId
    node: str
    pid: int
    capacity: int
    lease_until: int
    alone: bool = False


def holdings(conn: Connection, worker_id: WorkerId | None = None) -> list[Holding]:
    """Return all streams that are held, or those one worker holds."""
    held = streams.c.worker_id.is_not(None) if worker_id is None else streams.c.worker_id == worker_id
    rows = conn.execute(select(streams).where(held))
    return [Holding(StreamId(row.id), row.epoch, WorkerId(row.worker_id), row.crashes, row.cost) for row in rows]


def assign(conn: Connection, stream_id: StreamId, worker_id: WorkerId) -> int | None:
    """Give a free stream to a worker; return the new epoch, or None if somebody holds it."""
    insert_new(conn, streams, [{"id": stream_id, "epoch": 0, "worker_id": None}])
    free = (streams.c.id == stream_id, streams.c.worker_id.is_(None))
    if conn.execute(update(streams).where(*free).values(worker_id=worker_id, epoch=streams.c.epoch + 1)).rowcount != 1:
        return None
    return int(conn.execute(select(streams.c.epoch).where(streams.c.id == stream_id)).scalar_one())


def release(conn: Connection, stream_id: StreamId, epoch: int) -> bool:
    """Free a stream, if it is still held under this epoch."""
    held = (streams.c.id == stream_id, streams.c.epoch == epoch, streams.c.worker_id.is_not(None))
    return conn.execute(update(streams).where(*held).values(worker_id=None)).rowcount == 1


def holds(conn: Connection, stream_id: StreamId, epoch: int, worker_id: WorkerId) -> bool:
    """Return whether the worker holds the stream under this epoch."""
    here = (streams.c.id == stream_id, streams.c.epoch == epoch, streams.c.worker_id == worker_id)
    return conn.execute(select(streams.c.id).where(*here)).first() is not None


def renew(conn: Connection, row: WorkerRow) -> None:
    """Write a worker's lease; whether it is alone stays as it is."""
    values = {"node": row.node, "pid": row.pid, "capacity": row.capacity, "lease_until": row.lease_until}
    upsert(conn, workers, ["id"], {"id": row.id, **values})


def all_workers(conn: Connection) -> list[WorkerRow]:
    """Return every worker that has a row."""
    rows = conn.execute(select(workers))
    return [
        WorkerRow(WorkerId(row.id), row.node, row.pid, row.capacity, row.lease_until, bool(row.alone)) for row in rows
    ]


def set_apart(conn: Connection, worker_id: WorkerId) -> None:
    """Let a worker take no other stream than the one it has."""
    conn.execute(update(workers).where(workers.c.id == worker_id).values(alone=1))


def lonely(conn: Connection) -> frozenset[WorkerId]:
    """Return the workers that have one stream, and take no other."""
    return frozenset(WorkerId(one) for one in conn.execute(select(workers.c.id).where(workers.c.alone == 1)).scalars())


def blame(conn: Connection, stream_ids: Collection[StreamId]) -> None:
    """Count that a worker died with these streams."""
    here = streams.c.id.in_(list(stream_ids))
    conn.execute(update(streams).where(here).values(crashes=streams.c.crashes + 1))


def forgive(conn: Connection, stream_ids: Collection[StreamId]) -> int:
    """Forget what died with these streams; return how many there were."""
    return conn.execute(update(streams).where(streams.c.id.in_(list(stream_ids))).values(crashes=0)).rowcount


def price(conn: Connection, costs: Mapping[StreamId, float]) -> None:
    """Write down what streams cost."""
    for stream_id, cost in costs.items():
        conn.execute(update(streams).where(streams.c.id == stream_id).values(cost=cost))


def costs(conn: Connection, stream_ids: Collection[StreamId]) -> dict[StreamId, float]:
    """Return what each of these streams cost when it ran last, of those of which that is known."""
    here = (streams.c.id.in_(list(stream_ids)), streams.c.cost.is_not(None))
    return {StreamId(row.id): row.cost for row in conn.execute(select(streams.c.id, streams.c.cost).where(*here))}


def crashes(conn: Connection, stream_ids: Collection[StreamId]) -> dict[StreamId, int]:
    """Return how many workers died with each of these streams, of those that any died with."""
    here = (streams.c.id.in_(list(stream_ids)), streams.c.crashes > 0)
    return {StreamId(row.id): row.crashes for row in conn.execute(select(streams.c.id, streams.c.crashes).where(*here))}


def forget(conn: Connection, worker_id: WorkerId) -> None:
    """Remove a worker that is gone for good, and free what it held."""
    conn.execute(update(streams).where(streams.c.worker_id == worker_id).values(worker_id=None))
    conn.execute(delete(workers).where(workers.c.id == worker_id))
