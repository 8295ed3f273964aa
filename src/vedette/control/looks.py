"""Looks at sources: what the streams that tasks watch say of them, and probes of those that nobody watches.

A probe is lent: the source is not due again before the look came back or the loan is over. One that was under way
alone when its worker died has failed. If there were several, each is tried again alone, so that a file which kills
workers is found out, and kills no third one before its next time.
"""

import zlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.sources import address_of_source, shared_stream
from vedette.model.errors import NotFound, VedetteError, WorkerLost
from vedette.model.ids import ProjectId, StreamId, VideoSourceId, WorkerId, new_hex
from vedette.model.look import Look, Probe, level_of
from vedette.model.secrets import hide_userinfo
from vedette.model.source import Address, SourceLevel
from vedette.model.stream import StreamReport, StreamState, Sync
from vedette.store import source_looks, video_sources
from vedette.store.db import Database
from vedette.store.source_looks import NEVER, Due, Seen, Watched
from vedette.store.vault import Vault

log = structlog.get_logger()

AT_ONCE: Final = 8
"""Probes that a worker has at a time; it runs two of them."""
CROWD: Final = 16
"""If as many sources wait beside those that are handed out, a look at each is a brief one."""
LOAN_MS: Final = 120_000
"""A look takes some ten seconds, longer if an address has to be asked for; what has not come back by then never will."""
REPEAT_MS: Final = 60_000
"""How old the word on a stream may become that goes on as it did."""
REWORD_MS: Final = 10_000
"""How old another reason at the same level may become."""

Source = tuple[ProjectId, VideoSourceId]


@dataclass(slots=True)
class Loan:
    """A probe at a worker.

    Attributes:
        told: the worker has been answered with it.
        alone: it was handed out with no other beside it.
    """

    probe: Probe
    one: Due
    worker_id: WorkerId
    until_ms: int
    alone: bool
    told: bool = False


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
        self._db, self._vault, self._fleet = db, vault, fleet
        self._every_ms = round(every_s * 1000)
        self._clock, self._monotonic = clock, monotonic
        self._on_change, self._ensure_worker = on_change, ensure_worker
        self._loans: dict[str, Loan] = {}
        self._suspects: set[Source] = set()
        self._heard: dict[WorkerId, object] = {}

    # -- what workers say and hear

    async def take(self, message: Sync) -> None:
        """Take what a worker saw, and what has changed of its streams; it is written when this returns."""
        gist = tuple((one.stream_id, one.epoch, one.state, one.failure and one.failure.code) for one in message.streams)
        if not message.looks and self._heard.get(message.worker_id) == gist:
            return
        reports = {report.stream_id: report for report in message.streams}
        done = await self._db.write(self._write, message.looks, reports, self._clock())
        for probe_id in done:
            self._loans.pop(probe_id, None)
        self._heard[message.worker_id] = gist

    def has_news(self, worker_id: WorkerId) -> bool:
        """Return whether there is a probe that the worker has not been told of."""
        return any(loan.worker_id == worker_id and not loan.told for loan in self._loans.values())

    def probes(self, worker_id: WorkerId) -> tuple[Probe, ...]:
        """Return what the worker shall look at now, beside its streams; it is told now."""
        mine = [loan for loan in self._loans.values() if loan.worker_id == worker_id]
        for loan in mine:
            loan.told = True
        return tuple(loan.probe for loan in mine)

    # -- the loop

    async def run_once(self, now_ms: int) -> None:
        """Do one round: follow the streams, settle what came to nothing, hand out what is due."""
        live = {view.id: view for view in self._fleet.all() if self._monotonic() - view.heard_at <= SILENT_S}
        self._heard = {worker_id: gist for worker_id, gist in self._heard.items() if worker_id in live}
        reports = {report.stream_id: report for view in live.values() for report in view.reports.values()}
        watched = await self._db.read(source_looks.watched)
        if news := _news(watched, reports, now_ms):
            await self._db.write(self._follow, news, now_ms)
        self._drop({(one.project_id, one.source_id) for one in watched})
        await self._settle(live.keys(), now_ms)
        await self._hand_out(list(live), now_ms)

    def _drop(self, watched: Collection[Source]) -> None:
        """Call back the probes of sources that a task has begun to watch."""
        for probe_id, loan in list(self._loans.items()):
            if (loan.one.project_id, loan.one.source_id) in watched:
                del self._loans[probe_id]
                self._on_change()

    async def _settle(self, live: Collection[WorkerId], now_ms: int) -> None:
        """Give up loans that are over, or whose worker is gone."""
        given_up, suspects = [], []
        for loan in list(self._loans.values()):
            if loan.worker_id not in live and not loan.alone:
                suspects.append(loan)
            elif loan.worker_id not in live:
                given_up.append((loan, f"The worker that looked at it was lost, twice in a row ({WorkerLost.code})."))
            elif now_ms > loan.until_ms:
                given_up.append((loan, "The look at it did not come to an end."))
        if not given_up and not suspects:
            return
        await self._db.write(self._give_up, given_up, suspects, now_ms)
        for loan in suspects:
            self._suspects.add((loan.one.project_id, loan.one.source_id))
        for loan in [*suspects, *(one for one, _ in given_up)]:
            self._loans.pop(loan.probe.id, None)

    async def _hand_out(self, live: Collection[WorkerId], now_ms: int) -> None:
        loads = dict.fromkeys(live, 0)
        for loan in self._loans.values():
            loads[loan.worker_id] += AT_ONCE if loan.alone else 1
        room = sum(max(0, AT_ONCE - load) for load in loads.values())
        if live and room == 0:
            return
        wanted = await self._db.read(source_looks.due, now_ms, room + CROWD)
        brief = len(wanted) == room + CROWD
        out = {(loan.one.project_id, loan.one.source_id) for loan in self._loans.values()}  # somebody asked meanwhile
        wanted = [one for one in wanted if (one.project_id, one.source_id) not in out][: max(1, room)]
        if not live:
            if wanted:
                await self._ensure_worker()
            return
        # suspects are the longest waiting; while there are any, nobody else is looked at
        suspects = [one for one in wanted if (one.project_id, one.source_id) in self._suspects]
        if not suspects:
            self._suspects.clear()
        lent = await self._db.write(self._lend, suspects or wanted, loads, now_ms, brief=brief) if wanted else []
        for loan in lent:
            self._loans[loan.probe.id] = loan
            self._suspects.discard((loan.one.project_id, loan.one.source_id))
        if lent:
            self._on_change()

    # -- in one transaction each

    def _write(
        self, conn: Connection, looks: Collection[Look], reports: Mapping[StreamId, StreamReport], now_ms: int
    ) -> list[str]:
        """Write looks, and the levels of the sources on these streams; return the probes that are done."""
        done = []
        for look in looks:
            if loan := self._loans.get(look.of):
                done.append(look.of)
                self._note(conn, loan.one, _seen(look), now_ms)
        pictures = {look.of: look for look in looks if look.failure is None}
        for one in source_looks.watched(conn, list(reports)) if reports else ():
            seen = _followed(reports[one.stream_id], pictures.get(one.stream_id))
            if seen is not None and (seen.look or _is_news(one, seen, now_ms)):
                self._note(conn, one, seen, now_ms)
        return done

    def _follow(self, conn: Connection, news: Collection[tuple[Watched, Seen]], now_ms: int) -> None:
        for one, seen in news:
            self._note(conn, one, seen, now_ms)

    def _give_up(
        self, conn: Connection, given_up: Collection[tuple[Loan, str]], suspects: Collection[Loan], now_ms: int
    ) -> None:
        for loan, reason in given_up:
            self._note(conn, loan.one, Seen(SourceLevel.EXCEPTION, reason), now_ms)
        for loan in suspects:
            source_looks.lend(conn, loan.one, 0)

    def _lend(
        self, conn: Connection, wanted: Collection[Due], loads: dict[WorkerId, int], now_ms: int, *, brief: bool
    ) -> list[Loan]:
        lent = []
        for one in wanted:
            alone = (one.project_id, one.source_id) in self._suspects
            worker_id = min(loads, key=lambda known: (loads[known], known))
            if loads[worker_id] >= (1 if alone else AT_ONCE):
                continue  # its turn comes
            try:
                source = video_sources.get(conn, self._vault, one.project_id, one.source_id)
                place = address_of_source(conn, self._vault, source)
            except NotFound:
                continue
            except VedetteError as error:
                self._note(conn, one, Seen(SourceLevel.EXCEPTION, hide_userinfo(error.message)), now_ms)
                continue
            if seen := self._seen_beside(one, place):
                self._note(conn, one, seen, now_ms)
                continue
            source_looks.lend(conn, one, now_ms + LOAN_MS)
            loads[worker_id] += AT_ONCE if alone else 1
            lent.append(Loan(Probe(new_hex(), place, brief), one, worker_id, now_ms + LOAN_MS, alone))
        return lent

    def _seen_beside(self, one: Due, place: Address) -> Seen | None:
        """Return what a stream says that is connected to the same address for somebody else in the project."""
        stream_id = shared_stream(one.project_id, place)
        for view in self._fleet.all() if stream_id else ():
            report = view.reports.get(stream_id) if stream_id else None
            if report is not None and self._monotonic() - view.heard_at <= SILENT_S:
                return _followed(report)
        return None

    def _note(self, conn: Connection, one: Due | Watched, seen: Seen, now_ms: int) -> None:
        """Write what was seen, unless the source has become another one."""
        due_at = now_ms + self._wait_ms(one.source_id, now_ms) if self._every_ms else NEVER
        source_looks.note(conn, one.project_id, one.source_id, seen, at=now_ms, due_at=due_at, since=one.since)

    def _wait_ms(self, source_id: str, now_ms: int) -> int:
        """Return when to look again: about the usual time, another one for each source, so that they spread."""
        return round(self._every_ms * (0.75 + zlib.crc32(f"{source_id}{now_ms}".encode()) / 2**33))


def _seen(look: Look) -> Seen:
    if look.failure is None:
        return Seen(SourceLevel.ONLINE, look=look)
    return Seen(level_of(look.failure) or SourceLevel.EXCEPTION, hide_userinfo(look.failure.message))


def _followed(report: StreamReport, look: Look | None = None) -> Seen | None:
    """Return what a stream says of its source; None if nothing."""
    level = level_of(report.failure) if report.failure else None
    if report.failure is not None and level is not None:
        return Seen(level, hide_userinfo(report.failure.message), look)
    if look is not None or report.state is StreamState.FLOWING:
        return Seen(SourceLevel.ONLINE, look=look)
    return None


def _is_news(one: Watched, seen: Seen, now_ms: int) -> bool:
    age_ms = now_ms - one.looked_at
    return one.level is not seen.level or age_ms > REPEAT_MS or (one.reason != seen.reason and age_ms > REWORD_MS)


def _news(
    watched: Collection[Watched], reports: Mapping[StreamId, StreamReport], now_ms: int
) -> list[tuple[Watched, Seen]]:
    """Return what is to be written: streams that go on as they did cost a read alone."""
    found = []
    for one in watched:
        report = reports.get(one.stream_id)
        seen = _followed(report) if report else None
        if seen is not None and _is_news(one, seen, now_ms):
            found.append((one, seen))
    return found
