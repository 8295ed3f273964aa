"""The verbs of batch tasks: create, start, stop, update, delete; each acts on all children, a few at a time.

What is asked for is written first, in one short transaction; then the children are brought in line in many short
ones, so that other calls go on between them. A service that dies half-way goes on from there at its next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection

from vedette.algorithms.registry import Registry, check_config
from vedette.control import terms
from vedette.control.batch_changes import Changer, split
from vedette.control.expansion import Maker, document_of, plan, without_sources
from vedette.control.services import check_models
from vedette.control.tasks import TRIES, Tasks
from vedette.model.batch import Batch, BatchChange, BatchDocument, Entry, Failure, Tally, sentences
from vedette.model.errors import CallerError, IllegalTransition, NotFound, TaskNotFound, Unavailable, VedetteError
from vedette.model.ids import ProjectId, TaskId, new_hex
from vedette.model.quota import USUAL, Quotas
from vedette.model.secrets import unmask
from vedette.store import batches, freezing
from vedette.store.db import Database
from vedette.store.idempotency import Repeat, once
from vedette.store.identity import Principal
from vedette.store.vault import Vault

log = structlog.get_logger()

R = TypeVar("R")
C = TypeVar("C")

CHUNK: Final = 50
"""Children that are made in one transaction, or told something at once."""
GONE: Final = "The batch task was deleted meanwhile."
SERVICE: Final = "service"
"""Who goes on with what somebody began."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The verbs, with what they need.

    Attributes:
        wake: tells the loops that there is something to do.
        clock: milliseconds since the epoch.
        quotas: what a project may have that has no limits of its own.
    """

    db: Database
    vault: Vault
    registry: Registry
    tasks: Tasks
    wake: Callable[[], None]
    clock: Callable[[], int]
    quotas: Quotas = USUAL
    _locks: "WeakValueDictionary[str, asyncio.Lock]" = field(default_factory=WeakValueDictionary, repr=False)
    _running: "set[asyncio.Task[Any]]" = field(default_factory=set, repr=False)

    async def create(
        self, principal: Principal, document: BatchDocument, repeat: Repeat | None = None
    ) -> tuple[str, Tally]:
        """Write a new batch and make its children; return its id and what became of them.

        Raises:
            Frozen: the project is frozen.
            NotReferable: service, version or order do not exist, or the service lacks a model.
            InvalidParameter: a known parameter has a bad value, an order is missing, or there are too many children.
            TaskNameTaken: a batch task of the project has the name.
            NotFound: the request is repeated, and its batch was deleted meanwhile.
        """
        algorithm = self.registry.find(document.service_name, document.service_version)
        check_config(algorithm, document.config)
        answer = await self.db.write(self._begin, principal, document, repeat, self.clock())
        batch_id = str(answer["id"])
        return batch_id, await self._detached(self._settled(principal.project_id, batch_id))

    async def start(self, project_id: ProjectId, batch_id: str, *, actor: str) -> Tally:
        """Ask for all children to run.

        Raises:
            NotFound: the project has no such batch.
        """
        return await self._detached(
            self._told(project_id, batch_id, partial(self.tasks.start, project_id, actor=actor))
        )

    async def stop(self, project_id: ProjectId, batch_id: str, *, actor: str) -> Tally:
        """Ask for all children to rest.

        Raises:
            NotFound: the project has no such batch.
        """
        return await self._detached(self._told(project_id, batch_id, partial(self.tasks.stop, project_id, actor=actor)))

    async def delete(self, project_id: ProjectId, batch_id: str, *, actor: str) -> Tally:
        """Ask for all children to be removed; the batch is gone at once, they are once nothing of them runs any more.

        Raises:
            NotFound: the project has no such batch.
        """
        await self.db.write(batches.leave, project_id, batch_id)
        return await self._detached(self._cleared(project_id, batch_id, actor))

    async def update(self, project_id: ProjectId, batch_id: str, change: BatchChange, *, actor: str) -> Tally:
        """Change all children; of other groups and sources, if some are named.

        Raises:
            NotFound: the project has no such batch.
            InvalidParameter: a rule is broken that holds for all children.
            NotReferable: the service or the order do not exist.
            TaskNameTaken: another batch task of the project has the new name.
        """
        return await self._detached(self._updated(project_id, batch_id, change, actor))

    async def resume(self) -> None:
        """Finish what was left half-way, such as by a service that died; one that cannot be is tried again later."""
        for project_id, batch_id, leaving in await self.db.read(batches.unfinished):
            try:
                if leaving:
                    await self._cleared(project_id, batch_id, SERVICE)
                else:
                    await self._settled(project_id, batch_id)
            except NotFound:  # deleted since it was listed
                continue
            except VedetteError as error:
                log.warning("a batch task cannot be finished", batch=batch_id, reason=error.message)

    async def close(self) -> None:
        """Leave what is going on half-way; the next start finishes it."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _begin(
        self, conn: Connection, principal: Principal, document: BatchDocument, repeat: Repeat | None, now: int
    ) -> dict[str, Any]:
        def work() -> dict[str, Any]:
            freezing.check_project(conn, principal.project_id)
            terms.check(conn, principal.project_id, document, now)
            check_models(self.registry, document.service_name, document.service_version)
            entries = plan(conn, principal.project_id, document.groups, 0)
            kept = replace(document, groups=without_sources(document.groups))
            batch = Batch(
                id=new_hex(),
                project_id=principal.project_id,
                creator=principal.user_name,
                document=kept,
                expanded=False,
                created_at=now,
                numbered=len(entries),
                entries=entries,
            )
            unmask(document_of(batch, Entry(0, "", None)), None)
            batches.insert(conn, self.vault, batch)
            return {"id": batch.id}

        answer: dict[str, Any] = once(conn, principal.project_id, repeat, now, work)
        return answer

    async def _settled(self, project_id: ProjectId, batch_id: str) -> Tally:
        """Return what the expansion of a batch gave, once it is at its end; go on with it if nobody does."""
        async with self._lock(batch_id):
            batch = await self.db.read(batches.get, self.vault, project_id, batch_id)
            return await self._expanded(batch)

    async def _updated(self, project_id: ProjectId, batch_id: str, change: BatchChange, actor: str) -> Tally:
        async with self._lock(batch_id):
            batch = await self.db.read(batches.get, self.vault, project_id, batch_id)
            await self._expanded(batch)
            changer = Changer(self.vault, self.registry)
            return await self._expanded(
                await self.db.write(changer.note, project_id, batch_id, change, self.clock()), actor
            )

    async def _expanded(self, batch: Batch, actor: str = SERVICE) -> Tally:
        """Bring the children in line with their batch; to be called by the one who holds its lock."""
        if batch.expanded:
            return batch.tally or Tally(0, 0)
        there = await self.db.read(batches.children, batch.id) if batch.change is not None else []
        stay, go = split(batch, there)
        failures = await self._each(go, partial(self._gone, ProjectId(batch.project_id), actor))
        failures += await self._each(stay, partial(self._altered, replace(batch, entries=()), actor))
        known = {entry.n for _, entry in stay}
        new = [entry for entry in batch.entries if entry.n not in known]
        failures += await self._made(replace(batch, entries=()), new)
        total = len(go) + len(stay) + len(new)
        tally = Tally(total, total - len(failures), sentences(failures))
        first = tally if batch.change is None else batch.tally
        done = replace(batch, expanded=True, entries=(), change=None, tally=first)
        await self.db.write(batches.rewrite, self.vault, done)
        log.info("batch task expanded", batch=batch.id, children=tally.total, failed=tally.failed, actor=actor)
        self.wake()
        return tally

    async def _made(self, batch: Batch, entries: Sequence[Entry]) -> list[Failure]:
        maker, failures = Maker(self.vault, self.registry, self.quotas), list[Failure]()
        for first in range(0, len(entries), CHUNK):
            outcome = await self.db.write(maker.make, batch, entries[first : first + CHUNK], self.clock())
            if outcome is None:
                return failures + [Failure(GONE)] * (len(entries) - first)
            failures += [failure for failure in outcome if failure is not None]
        return failures

    async def _altered(self, batch: Batch, actor: str, child: tuple[TaskId, Entry]) -> None:
        changer = Changer(self.vault, self.registry)
        for _ in range(TRIES):
            if await self.db.write(changer.alter, batch, *child, actor, self.clock()):
                return
        raise IllegalTransition("The task changes too quickly for anybody to update it.")

    async def _gone(self, project_id: ProjectId, actor: str, child: TaskId) -> None:
        with suppress(TaskNotFound):
            await self.tasks.delete(project_id, child, actor=actor)

    async def _told(self, project_id: ProjectId, batch_id: str, verb: Callable[[TaskId], Awaitable[None]]) -> Tally:
        async with self._lock(batch_id):
            await self._expanded(await self.db.read(batches.get, self.vault, project_id, batch_id))
            children = [child.id for child in await self.db.read(batches.children, batch_id)]
            return _tally(children, await self._each(children, verb))

    async def _cleared(self, project_id: ProjectId, batch_id: str, actor: str) -> Tally:
        async with self._lock(batch_id):
            children = [child.id for child in await self.db.read(batches.children, batch_id)]
            failures = await self._each(children, partial(self._gone, project_id, actor))
            await self.db.write(batches.remove, batch_id)
            return _tally(children, failures)

    async def _each(self, children: Sequence[C], act: Callable[[C], Awaitable[None]]) -> list[Failure]:
        """Do something with each child, a few at once; what one of them refuses is its failure alone."""
        failures: list[Failure] = []

        async def one(child: C) -> None:
            try:
                await act(child)
            except CallerError as error:
                failures.append(Failure(error.message, str(child[0] if isinstance(child, tuple) else child)))

        for first in range(0, len(children), CHUNK):
            some = (one(child) for child in children[first : first + CHUNK])
            for broken in await asyncio.gather(*some, return_exceptions=True):  # none goes on behind our back
                if broken is not None:
                    raise broken
        return failures

    async def _detached(self, work: Coroutine[Any, Any, R]) -> R:
        """Let work go on to its end even if the caller goes away.

        Raises:
            Unavailable: the service ends before the work does.
        """
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise  # the caller went away
            raise Unavailable(
                "The service is ending; what is left of the batch task is done at its next start."
            ) from None

    def _lock(self, batch_id: str) -> asyncio.Lock:
        """Return the lock of a batch: one verb at a time acts on its children."""
        lock = self._locks.get(batch_id)
        if lock is None:
            lock = self._locks[batch_id] = asyncio.Lock()
        return lock


def _tally(children: Sequence[object], failures: Sequence[Failure]) -> Tally:
    return Tally(len(children), len(children) - len(failures), sentences(failures))
