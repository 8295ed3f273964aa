"""An outbox and its dispatcher, with brokers of a project and events for streams; in real time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from vedette.delivery.brokers.pool import Links
from vedette.delivery.brokers.sink import BrokerSink
from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.terms import usual
from vedette.model.broker import Broker
from vedette.model.errors import SinkError
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId, derived_uuid
from vedette.model.output import DisOutput, OutputKind
from vedette.store.blobs import Blobs
from vedette.store.db import Database, open_database
from vedette.store.tables import destinations, events, metadata, outbox
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

PROJECT = ProjectId("p1")
LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8", "::1"])
KINDS = {196609: "intrusion"}


class Nowhere:
    """Has nothing to do: every stream has a broker."""

    async def send(self, delivery: Delivery) -> None:
        raise AssertionError(delivery)


@dataclass
class BrokerPost:
    """A service in small.

    Attributes:
        brokers: of its project; may be changed.
    """

    db: Database
    vault: Vault
    sink: BrokerSink
    links: Links
    dispatcher: Dispatcher
    brokers: list[Broker]
    counts: dict[str, int] = field(default_factory=dict)

    async def enqueue(self, stream: str, n: int, *, task: str = "one", size: int = 200) -> list[str]:
        """Store n events of a task for a stream, as ingest would; return their ids."""
        first = self.counts.get(task, 0) + 1
        self.counts[task] = first + n - 1
        ids = await self.db.write(
            _store, self.vault.seal(DisOutput(stream)), task, stream, range(first, first + n), size
        )
        self.dispatcher.wake()
        return ids

    async def states(self) -> list[str]:
        return await self.db.read(
            lambda conn: list(conn.execute(select(outbox.c.state).order_by(outbox.c.id)).scalars())
        )

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
        """Wait until a condition holds, looking again whenever there was time for a delivery."""
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.02)

    async def delivered(self, n: int) -> None:
        """Wait until so many events are delivered."""

        async def enough() -> bool:
            return (await self.states()).count("done") >= n

        await self.until(enough)


@asynccontextmanager
async def broker_post(folder: Path, *brokers: Broker) -> AsyncIterator[BrokerPost]:
    """Run a dispatcher whose project has these brokers."""
    db = open_database(f"sqlite:///{folder}/v.sqlite3")
    await db.write(metadata.create_all)
    vault = Vault.from_file(folder / "key")
    having = list(brokers)

    async def known(_project_id: ProjectId) -> list[Broker]:
        return having

    async with Links(LOOPBACK) as links:
        sink = BrokerSink(known, usual, links, Nowhere(), lambda *_: Nowhere(), KINDS)
        blobs, metrics = Blobs(folder / "blobs"), Metrics(process=False)
        dispatcher = Dispatcher(db, vault, blobs.get, {OutputKind.DIS: sink}, metrics)
        running = asyncio.create_task(dispatcher.run())
        try:
            yield BrokerPost(db, vault, sink, links, dispatcher, having)
        finally:
            await dispatcher.stop()
            await running
    await db.close()


def delivery(number: int, stream: str = "gate", **message: Any) -> Delivery:
    """Return an event on its way, for a sink."""
    return Delivery(
        EventId(f"event-{number}"),
        TaskId("task-1"),
        1,
        {"message_id": f"event-{number}", "stream_id": "Tür 1", **message},
        None,
        DisOutput(stream),
        number=number,
        timestamp_ms=1_713_859_200_000,
        event_type=196609,
        project_id=PROJECT,
    )


async def failure(doing: Awaitable[None]) -> SinkError:
    """Return how it fails."""
    try:
        await doing
    except SinkError as error:
        return error
    raise AssertionError("it did not fail")


def _store(conn: Connection, sealed: bytes, task: str, stream: str, numbers: range, size: int) -> list[str]:
    now = time.time_ns() // 1_000_000
    ours = {"project_id": PROJECT, "task_id": task}
    name = derived_uuid(task, stream)
    if conn.execute(select(destinations.c.id).where(destinations.c.id == name)).first() is None:
        conn.execute(destinations.insert().values(ours | {"id": name, "kind": "dis", "target": sealed}))
    ids = [derived_uuid(task, n) for n in numbers]
    facts = {"run_id": "r", "event_type": 196609, "connection": 0, "timestamp_ms": now, "stored_at": now, "listed": 1}
    conn.execute(
        events.insert(),
        [
            ours | facts | {"id": one, "frame_index": n, "time_us": n, "number": n, "picture": None}
            | {"message": json.dumps({"message_id": one, "task": task, "filled": "x" * size})}
            for n, one in zip(numbers, ids, strict=True)
        ],
    )  # fmt: skip
    due = {"state": "due", "attempts": 0, "next_attempt_at": now, "created_at": now, "destination_id": name}
    conn.execute(outbox.insert(), [ours | due | {"event_id": one} for one in ids])
    return ids
