"""Looks at sources: what the streams that tasks watch say of them, and probes of those that nobody watches."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from sqlalchemy import Connection

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.probes import Probes
from vedette.control.sights import Notebook, followed, is_news, looked, news
from vedette.model.ids import StreamId, WorkerId
from vedette.model.look import Look, Probe
from vedette.model.stream import StreamReport, Sync
from vedette.store import source_looks
from vedette.store.db import Database
from vedette.store.source_looks import Seen, Watched
from vedette.store.vault import Vault


class Looks:
    """Keeps the level of every source true."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        fleet: Fleet,
        *,
        every_s: float,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        on_change: Callable[[], None],
        ensure_worker: Callable[[], Awaitable[None]],
    ) -> None:
        """Take what it works with.

        Args:
            every_s: seconds between two probes of a source, about; 0: only on demand.
            clock: milliseconds since the epoch.
            monotonic: seconds.
            on_change: called when the orders of a worker have changed.
            ensure_worker: starts a worker if there is none.
        """
        self._db, self._fleet = db, fleet
        self._clock, self._monotonic = clock, monotonic
        self._book = Notebook(round(every_s * 1000))
        self._probes = Probes(
            db, vault, fleet, self._book, monotonic=monotonic, on_change=on_change, ensure_worker=ensure_worker
        )
        self._heard: dict[WorkerId, object] = {}

    # -- what workers say and hear

    async def take(self, message: Sync) -> None:
        """Take what a worker saw, and what has changed of its streams; it is written when this returns."""
        gist = tuple((one.stream_id, one.epoch, one.state, one.failure and one.failure.code) for one in message.streams)
        if not message.looks and self._heard.get(message.worker_id) == gist:
            return
        reports = {report.stream_id: report for report in message.streams}
        done = await self._db.write(self._write, message.looks, reports, self._clock())
        self._probes.done(done)
        self._heard[message.worker_id] = gist

    def has_news(self, worker_id: WorkerId) -> bool:
        """Return whether there is a probe that the worker has not been told of."""
        return self._probes.has_news(worker_id)

    def probes(self, worker_id: WorkerId) -> tuple[Probe, ...]:
        """Return what the worker shall look at now, beside its streams; it is told now."""
        return self._probes.of(worker_id)

    # -- the loop

    async def run_once(self, now_ms: int) -> None:
        """Do one round: follow the streams, settle what came to nothing, hand out what is due."""
        live = {view.id: view for view in self._fleet.all() if self._monotonic() - view.heard_at <= SILENT_S}
        self._heard = {worker_id: gist for worker_id, gist in self._heard.items() if worker_id in live}
        reports = {report.stream_id: report for view in live.values() for report in view.reports.values()}
        watched = await self._db.read(source_looks.watched)
        if found := news(watched, reports, now_ms):
            await self._db.write(self._follow, found, now_ms)
        await self._probes.run_once(live.keys(), {(one.project_id, one.source_id) for one in watched}, now_ms)

    # -- in one transaction each

    def _write(
        self, conn: Connection, looks: Collection[Look], reports: Mapping[StreamId, StreamReport], now_ms: int
    ) -> list[str]:
        """Write looks, and the levels of the sources on these streams; return the probes that are done."""
        done = []
        for look in looks:
            if loan := self._probes.get(look.of):
                done.append(look.of)
                self._book.note(conn, loan.one, looked(look), now_ms)
        pictures = {look.of: look for look in looks if look.failure is None}
        for one in source_looks.watched(conn, list(reports)) if reports else ():
            seen = followed(reports[one.stream_id], pictures.get(one.stream_id))
            if seen is not None and (seen.look or is_news(one, seen, now_ms)):
                self._book.note(conn, one, seen, now_ms)
        return done

    def _follow(self, conn: Connection, news: Collection[tuple[Watched, Seen]], now_ms: int) -> None:
        for one, seen in news:
            self._book.note(conn, one, seen, now_ms)
