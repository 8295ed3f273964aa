"""Versions are rolled out to the tasks of a project: the verbs, and the loop that gives each task its turn.

What is left to do stands in the rows of a rollout, and how it went in those of its tasks. The loop compares them; a
service that was killed half-way goes on with the next round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.control import upgrades
from vedette.model.errors import CallerError, NotReferable
from vedette.model.ids import ProjectId, TaskId, new_hex
from vedette.model.rollout import UPGRADED, Outcome, Rollout, Status, Step, judge
from vedette.store import rollout_steps, rollouts, tasks
from vedette.store.db import Database
from vedette.store.rollout_steps import Candidate
from vedette.store.vault import Vault

CHUNK: Final = 50
"""How many tasks one transaction begins with, or judges."""
CHECKED: Final = 200
"""How many documents one look checks."""
SETTLED_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """Which tasks of a service go to another version.

    Attributes:
        version: where; None for the newest one, or for the way back.
        tasks: which; None for all of the service.
        at_once: how many may be under way together.
    """

    service_name: str
    version: str | None = None
    tasks: tuple[TaskId, ...] | None = None
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Rollouts:
    """The verbs and the loop, with what they need.

    Attributes:
        wake: tells the loops that there is something to do.
        clock: milliseconds since the epoch.
    """

    db: Database
    vault: Vault
    registry: Registry
    wake: Callable[[], None]
    clock: Callable[[], int]

    async def upgrade(self, project_id: ProjectId, wish: Wish, *, actor: str) -> Rollout:
        """Begin to bring tasks to a version; those that stand on it already have had their turn.

        Raises:
            NotReferable: there is no such service, or version, or task of the service.
            InvalidParameter: the configuration of a task does not fit; nothing is begun then.
        """
        version = wish.version or next(reversed(self.registry.versions(wish.service_name)), "")
        self.registry.find(wish.service_name, version)
        found = await self.db.read(_chosen, project_id, wish)
        steps = [_step(one, version) for one in found if wish.tasks or one.version != version]
        return await self._begin(project_id, replace(wish, version=version), steps, actor)

    async def rollback(self, project_id: ProjectId, wish: Wish, *, actor: str) -> Rollout:
        """Begin to bring tasks back to the version that each stood on before its last upgrade.

        Raises:
            NotReferable: there is no such service, or task of the service; a task that was named has no way back, or
                its former version is not installed any more.
            InvalidParameter: the configuration of a task does not fit; nothing is begun then.
        """
        self.registry.find(wish.service_name, next(reversed(self.registry.versions(wish.service_name)), ""))
        found = await self.db.read(_chosen, project_id, wish)
        stuck = next((one.id for one in found if one.former is None), None)
        if wish.tasks is not None and stuck is not None:
            raise NotReferable(f"The task {stuck} was not upgraded: it has no way back.", param="task_ids")
        steps = [_step(one, one.former) for one in found if one.former is not None]
        return await self._begin(project_id, replace(wish, version=None), steps, actor)

    async def stop(self, project_id: ProjectId, rollout_id: str, *, actor: str) -> Rollout:
        """Let a rollout begin with no further task; those under way come to their end.

        Raises:
            NotFound: the project has none with that id.
        """

        def write(conn: Connection) -> Rollout:
            rollouts.halt(conn, project_id, rollout_id, f"{actor} stopped it.")
            return rollouts.get(conn, project_id, rollout_id)

        return await self.db.write(write)

    async def run_once(self) -> None:
        """Go on with every rollout that has not ended."""
        for rollout_id in await self.db.read(rollouts.under_way):
            if await self.db.write(self._go_on, rollout_id, self.clock()):
                self.wake()

    async def _begin(self, project_id: ProjectId, wish: Wish, steps: Sequence[Step], actor: str) -> Rollout:
        for start in range(0, len(steps), CHECKED):
            await self.db.read(self._check, steps[start : start + CHECKED])
        rollout = Rollout(
            new_hex(), project_id, wish.service_name, wish.version, wish.at_once, Status.RUNNING, actor, self.clock()
        )

        def write(conn: Connection) -> None:
            rollouts.insert(conn, rollout)
            rollout_steps.insert(conn, rollout.id, steps)

        await self.db.write(write)
        await self.db.write(self._go_on, rollout.id, self.clock())
        self.wake()
        return await self.db.read(rollouts.get, project_id, rollout.id)

    def _check(self, conn: Connection, steps: Sequence[Step]) -> None:
        versions = {step.task_id: step.version for step in steps if step.outcome is Outcome.LEFT}
        for task in tasks.some(conn, self.vault, list(versions)):
            upgrades.check(conn, self.vault, self.registry, task, versions[task.id])

    # -- the loop: each call is one transaction

    def _go_on(self, conn: Connection, rollout_id: str, now_ms: int) -> bool:
        """Judge what is under way, and give others their turn; return whether a task was told anything."""
        rollout = rollouts.locked(conn, rollout_id)
        if rollout is None:
            return False
        self._judge(conn, rollout, now_ms)
        counts, told = rollout_steps.counts(conn, rollout_id), False
        if rollout.status is Status.RUNNING and not counts[Outcome.FAILED]:
            told = self._give_turns(conn, rollout, rollout.at_once - counts[Outcome.UNDER_WAY], now_ms)
            counts = rollout_steps.counts(conn, rollout_id)
        if counts[Outcome.FAILED]:
            (failed, *_) = rollout_steps.found(conn, rollout_id, Outcome.FAILED, limit=1)
            reason = f"The task {failed.name} ({failed.step.task_id}) failed: {failed.step.reason}"
            rollouts.halt(conn, rollout.project_id, rollout_id, reason)
        if not counts[Outcome.UNDER_WAY]:
            if not counts[Outcome.LEFT]:
                rollouts.end(conn, rollout_id, Status.DONE, now_ms)
            elif counts[Outcome.FAILED] or rollout.status is Status.STOPPING:
                rollouts.end(conn, rollout_id, Status.STOPPED, now_ms)
        return told

    def _judge(self, conn: Connection, rollout: Rollout, now_ms: int) -> None:
        for found in rollout_steps.found(conn, rollout.id, Outcome.UNDER_WAY):
            outcome, reason = judge(found)
            if outcome is not Outcome.UNDER_WAY:
                self._note(conn, rollout, found.step, outcome, reason, now_ms)

    def _give_turns(self, conn: Connection, rollout: Rollout, room: int, now_ms: int) -> bool:
        told = False
        for found in rollout_steps.ready(conn, rollout.id, now_ms - SETTLED_MS, CHUNK):
            if room <= 0:
                break
            step = found.step
            tasks.lock(conn, rollout.project_id, step.task_id)
            task = tasks.get(conn, self.vault, rollout.project_id, step.task_id)
            if task.document.service_version == step.version:
                self._note(conn, rollout, step, Outcome.DONE, "", now_ms)
                continue
            try:
                actor = rollout.actor
                begun = upgrades.begin(conn, self.vault, self.registry, task, step.version, actor=actor, now_ms=now_ms)
            except CallerError as misfit:  # it was changed since the rollout began, or a version is gone
                self._note(conn, rollout, step, Outcome.FAILED, misfit.message, now_ms)
                break
            if begun:
                at_work = task.state in UPGRADED
                self._note(conn, rollout, step, Outcome.UNDER_WAY if at_work else Outcome.DONE, "", now_ms)
                room -= at_work
                told = True
        return told

    def _note(self, conn: Connection, rollout: Rollout, step: Step, outcome: Outcome, reason: str, now_ms: int) -> None:
        rollout_steps.note(conn, rollout.id, step.task_id, outcome, reason, now_ms)
        if outcome is Outcome.DONE and rollout.version is None:
            rollout_steps.forget_way_back(conn, step)


def _chosen(conn: Connection, project_id: ProjectId, wish: Wish) -> list[Candidate]:
    found = rollout_steps.candidates(conn, project_id, wish.service_name, wish.tasks)
    missing = set(wish.tasks or ()) - {one.id for one in found}
    if missing:
        raise NotReferable(f"The service {wish.service_name} has no task {min(missing)} here.", param="task_ids")
    return found


def _step(task: Candidate, version: str) -> Step:
    outcome = Outcome.DONE if task.version == version else Outcome.LEFT
    return Step(task.id, task.version, version, outcome)
