"""The steps of rollouts, one for each task: all that a rollout still has to do stands in these rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.rollout import BETWEEN, Outcome, Step, Turn
from vedette.store.rollouts import TOLD
from vedette.store.tables import rollout_steps, tasks

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A task that a rollout may go to."""

    id: TaskId
    version: str
    former: str | None


def candidates(
    conn: Connection, project_id: ProjectId, service_name: str, among: Collection[TaskId] | None
) -> list[Candidate]:
    """Return the tasks of a service in a project, or these of them, oldest first; those being deleted are left out."""
    here = [
        tasks.c.project_id == project_id,
        tasks.c.service_name == service_name,
        tasks.c.state != State.DELETING,
    ]
    if among is not None:
        here.append(tasks.c.id.in_(list(among)))
    columns = select(tasks.c.id, tasks.c.service_version, tasks.c.former_version)
    rows = conn.execute(columns.where(*here).order_by(tasks.c.created_at, tasks.c.id))
    return [Candidate(TaskId(row.id), row.service_version, row.former_version) for row in rows]


def insert(conn: Connection, rollout_id: str, steps: Sequence[Step]) -> None:
    """Write the steps of a new rollout, in their order."""
    rows = [
        {
            "rollout_id": rollout_id,
            "task_id": step.task_id,
            "position": position,
            "before": step.before,
            "version": step.version,
            "outcome": step.outcome,
        }
        for position, step in enumerate(steps)
    ]
    for start in range(0, len(rows), CHUNK):
        conn.execute(rollout_steps.insert(), rows[start : start + CHUNK])


def counts(conn: Connection, rollout_id: str) -> dict[Outcome, int]:
    """Return how many tasks a rollout has in each outcome."""
    rows = conn.execute(
        select(rollout_steps.c.outcome, func.count().label("n"))
        .where(rollout_steps.c.rollout_id == rollout_id)
        .group_by(rollout_steps.c.outcome)
    )
    return dict.fromkeys(Outcome, 0) | {Outcome(row.outcome): row.n for row in rows}


def found(
    conn: Connection, rollout_id: str, outcome: Outcome | None, *, offset: int = 0, limit: int = CHUNK
) -> list[Turn]:
    """Return steps of a rollout in their order, with where their tasks stand."""
    here = [] if outcome is None else [rollout_steps.c.outcome == outcome]
    return _joined(conn, rollout_id, *here, offset=offset, limit=limit)


def ready(conn: Connection, rollout_id: str, settled_before: int, limit: int) -> list[Turn]:
    """Return steps whose tasks can have their turn.

    Args:
        settled_before: tasks that came to RUNNING or ABNORMAL later than this are given a moment: what their worker said
            before may still be on its way. Milliseconds since the epoch.
    """
    alive = tasks.c.state.in_([State.RUNNING, State.ABNORMAL])
    here = (
        rollout_steps.c.outcome == Outcome.LEFT,
        tasks.c.state.not_in(list(BETWEEN)),
        or_(~alive, tasks.c.updated_at <= settled_before),
    )
    return _joined(conn, rollout_id, *here, limit=limit)


def _joined(
    conn: Connection, rollout_id: str, *here: ColumnElement[bool], offset: int = 0, limit: int = CHUNK
) -> list[Turn]:
    rows = conn.execute(
        select(rollout_steps, tasks.c.name, tasks.c.state, tasks.c.service_version, tasks.c.error_message)
        .join(tasks, tasks.c.id == rollout_steps.c.task_id)
        .where(rollout_steps.c.rollout_id == rollout_id, *here)
        .order_by(rollout_steps.c.position)
        .offset(offset)
        .limit(limit)
    )
    return [
        Turn(
            Step(TaskId(row.task_id), row.before, row.version, Outcome(row.outcome), row.reason, row.at),
            row.name,
            State(row.state),
            row.service_version,
            row.error_message,
        )
        for row in rows
    ]


def note(conn: Connection, rollout_id: str, task_id: TaskId, outcome: Outcome, reason: str, now_ms: int) -> None:
    """Write down how it stands with a task."""
    here = (rollout_steps.c.rollout_id == rollout_id, rollout_steps.c.task_id == task_id)
    conn.execute(update(rollout_steps).where(*here).values(outcome=outcome, reason=reason[:TOLD], at=now_ms))


def note_failure(conn: Connection, task_id: TaskId, version: str, reason: str, now_ms: int) -> None:
    """Write down that a task could not go to a version, in whatever rollout it is under way."""
    here = (
        rollout_steps.c.task_id == task_id,
        rollout_steps.c.outcome == Outcome.UNDER_WAY,
        rollout_steps.c.version == version,
    )
    conn.execute(update(rollout_steps).where(*here).values(outcome=Outcome.FAILED, reason=reason[:TOLD], at=now_ms))


def forget_way_back(conn: Connection, step: Step) -> None:
    """Let a task that has gone back not go forward again by going back once more."""
    here = (
        tasks.c.id == step.task_id,
        tasks.c.service_version == step.version,
        tasks.c.former_version == step.before,
    )
    conn.execute(update(tasks).where(*here).values(former_version=None))
