"""Probes of sources that no task watches: lent to workers a few at a time, and settled if nothing comes of them.

A probe is lent: the source is not due again before the look came back or the loan is over. If a worker dies, each source
that it was looking at is tried again alone, so that a file which kills workers is found out, and kills no third one before
its next time.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.sights import Notebook, followed
from vedette.control.sources import address_of_source, shared_stream
from vedette.model.errors import NotFound, VedetteError, WorkerLost
from vedette.model.ids import ProjectId, VideoSourceId, WorkerId, new_hex
from vedette.model.look import Probe
from vedette.model.secrets import hide_userinfo
from vedette.model.source import Address, SourceLevel
from vedette.store import source_looks, video_sources
from vedette.store.db import Database
from vedette.store.source_looks import Due, Seen
from vedette.store.vault import Vault

AT_ONCE: Final = 8
"""Probes that a worker has at a time; it runs two of them."""
CROWD: Final = 16
"""If as many sources wait beside those that are handed out, a look at each is a brief one."""
LOAN_MS: Final = 120_000
"""A look takes some ten seconds, longer if an address has to be asked for; what has not come back by then never will."""

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

    @property
    def source(self) -> Source:
        """Return which source is looked at."""
        return self.one.project_id, self.one.source_id


class Probes:
    """What is lent to whom."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        fleet: Fleet,
        book: Notebook,
        *,
        monotonic: Callable[[], float],
        on_change: Callable[[], None],
        ensure_worker: Callable[[], Awaitable[None]],
    ) -> None:
        """Take what it works with; see `Looks`."""
        self._db, self._vault, self._fleet, self._book = db, vault, fleet, book
        self._monotonic, self._on_change, self._ensure_worker = monotonic, on_change, ensure_worker
        self._loans: dict[str, Loan] = {}
        self._suspects: set[Source] = set()

    def get(self, probe_id: str) -> Loan | None:
        """Return the loan of a probe, unless it is over."""
        return self._loans.get(probe_id)

    def done(self, probe_ids: Collection[str]) -> None:
        """Note that looks are written."""
        for probe_id in probe_ids:
            self._loans.pop(probe_id, None)

    def has_news(self, worker_id: WorkerId) -> bool:
        """Return whether there is a probe that the worker has not been told of."""
        return any(loan.worker_id == worker_id and not loan.told for loan in self._loans.values())

    def of(self, worker_id: WorkerId) -> tuple[Probe, ...]:
        """Return what the worker shall look at now, beside its streams; it is told now."""
        mine = [loan for loan in self._loans.values() if loan.worker_id == worker_id]
        for loan in mine:
            loan.told = True
        return tuple(loan.probe for loan in mine)

    async def run_once(self, live: Collection[WorkerId], watched: Collection[Source], now_ms: int) -> None:
        """Call back what is watched now, settle what came to nothing, hand out what is due."""
        self._drop(watched)
        await self._settle(live, now_ms)
        await self._hand_out(live, now_ms)

    def _drop(self, watched: Collection[Source]) -> None:
        """Call back the probes of sources that a task has begun to watch."""
        for probe_id, loan in list(self._loans.items()):
            if loan.source in watched:
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
            self._suspects.add(loan.source)
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
        out = {loan.source for loan in self._loans.values()}  # somebody asked meanwhile
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
            self._suspects.discard(loan.source)
        if lent:
            self._on_change()

    # -- in one transaction each

    def _give_up(
        self, conn: Connection, given_up: Collection[tuple[Loan, str]], suspects: Collection[Loan], now_ms: int
    ) -> None:
        for loan, reason in given_up:
            self._book.note(conn, loan.one, Seen(SourceLevel.EXCEPTION, reason), now_ms)
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
                self._book.note(conn, one, Seen(SourceLevel.EXCEPTION, hide_userinfo(error.message)), now_ms)
                continue
            if seen := self._seen_beside(one, place):
                self._book.note(conn, one, seen, now_ms)
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
                return followed(report)
        return None
