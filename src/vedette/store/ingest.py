"""Events, the checkpoint that follows them, and one outbox row for each destination: in one transaction, or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from vedette.model.clip import watched
from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.ids import EventId, RunId, TaskId, derived_uuid
from vedette.model.output import OutputKind, Target, TaskOutput, WebhookOutput
from vedette.model.stream import Checkpoint, Ingest, RunProgress
from vedette.model.task import TaskDocument
from vedette.store.assignments import holds
from vedette.store.event_intake import Intake
from vedette.store.tables import checkpoints, destinations, events, insert_new, outbox, task_documents, tasks, upsert
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of an ingest.

    Attributes:
        accepted: False for an old epoch; nothing was written.
        new: events that were not there before.
        known: events that a replay told again.
        unwanted: pictures that no row refers to; the caller may remove them.
    """

    accepted: bool
    new: int = 0
    known: int = 0
    unwanted: tuple[str, ...] = ()


def store(conn: Connection, vault: Vault, batch: Ingest, pictures: Mapping[EventId, str], now_ms: int) -> Stored:
    """Write what a worker hands over, if it holds the stream under this epoch.

    Args:
        pictures: where the picture of each event was put; written before, so that no row points to nothing.
    """
    if not holds(conn, batch.stream_id, batch.epoch, batch.worker_id):
        return Stored(accepted=False, unwanted=tuple(pictures.values()))
    new, known = 0, 0
    unwanted: list[str] = []
    intake = Intake(conn, now_ms)
    for progress in batch.progress:
        here = (tasks.c.id == progress.task_id, tasks.c.run_id == progress.run_id, tasks.c.stream_id == batch.stream_id)
        row = conn.execute(
            select(tasks.c.project_id, tasks.c.told, tasks.c.video_source_id, task_documents.c.document)
            .join(task_documents, task_documents.c.task_id == tasks.c.id)
            .where(*here)
            .with_for_update(of=tasks, key_share=True)  # a run that is being ended here and now takes no more events
        ).first()
        if row is None:  # stopped or deleted meanwhile
            unwanted += [pictures[event.id] for event in progress.events if event.id in pictures]
            continue
        document = vault.unseal(row.document, TaskDocument) if progress.events else None
        clip = None if document is None else json.dumps(watched(document.input), ensure_ascii=False)
        told = row.told
        for event in progress.events:
            place = {"project_id": row.project_id, "video_source_id": row.video_source_id, "number": told + 1}
            place |= {"stored_at": now_ms, "picture": pictures.get(event.id), "clip": clip}
            if document is not None and _tell(conn, vault, document, event, place, intake):
                new += 1
                told += 1
            else:
                known += 1
                unwanted += [pictures[event.id]] if event.id in pictures else []
        _checkpoint(conn, progress, now_ms)
        conn.execute(update(tasks).where(*here).values(frames=progress.checkpoint.frames, told=told))
    return Stored(accepted=True, new=new, known=known, unwanted=tuple(unwanted))


def checkpoint_of(conn: Connection, run_id: RunId) -> Checkpoint | None:
    """Return where a run can go on."""
    row = conn.execute(select(checkpoints).where(checkpoints.c.run_id == run_id)).first()
    if row is None:
        return None
    return Checkpoint(Position(row.connection, row.frame_index, row.time_us), row.state, row.seek, row.frames)


def _tell(
    conn: Connection,
    vault: Vault,
    document: TaskDocument,
    event: Event,
    place: Mapping[str, Any],
    intake: Intake,
) -> bool:
    """Write an event and what is to be delivered of it; return False if it is known already.

    Args:
        place: `project_id`, `video_source_id`, `number`, `stored_at`, `picture` and `clip` of the event.
    """
    message = json.dumps(event.message, ensure_ascii=False, separators=(",", ":"))
    row = {
        **place,
        "id": event.id,
        "task_id": event.task_id,
        "run_id": event.run_id,
        "event_type": event.event_type,
        "connection": event.position.connection,
        "frame_index": event.position.index,
        "time_us": event.position.time_us,
        "timestamp_ms": event.timestamp_ms,
        "message": message,
        "bytes": len(message.encode()) + len(event.picture or b""),
        "listed": 0,
    }
    if document.output.event_center:
        row |= intake.columns(place["project_id"], event)
    if not insert_new(conn, events, [row]):
        return False
    if row["listed"]:
        intake.stored(row)
    now_ms = place["stored_at"]
    due = {"state": "due", "attempts": 0, "next_attempt_at": now_ms, "created_at": now_ms}
    keys = {"event_id": event.id, "project_id": place["project_id"], "task_id": event.task_id}
    for kind, target in document.output.targets():
        where = destination(conn, vault, place["project_id"], event.task_id, kind, target)
        insert_new(conn, outbox, [keys | due | {"destination_id": where}])
    return True


def destination(conn: Connection, vault: Vault, project_id: str, task_id: str, kind: OutputKind, target: Target) -> str:
    """Return the id of the destination; a task whose output is changed gets another, and what is due stays due."""
    identity = _identity(task_id, kind, target)
    if conn.execute(select(destinations.c.id).where(destinations.c.id == identity)).first() is None:
        row = {"id": identity, "project_id": project_id, "task_id": task_id, "kind": kind}
        insert_new(conn, destinations, [row | {"target": vault.seal(target)}])
    return identity


def renew_secrets(conn: Connection, vault: Vault, task_id: TaskId, output: TaskOutput) -> None:
    """Let what is due go with the new values of the headers, if a task's output is what it was but for them."""
    if output.webhook is not None:
        here = destinations.c.id == _identity(task_id, OutputKind.WEBHOOK, output.webhook)
        conn.execute(update(destinations).where(here).values(target=vault.seal(output.webhook)))


def _identity(task_id: str, kind: OutputKind, target: Target) -> str:
    """Return which destination a target is: the values of its headers are secrets, and may be others tomorrow."""
    shown = msgspec.to_builtins(target)
    if isinstance(target, WebhookOutput):
        shown |= {"headers": sorted(target.headers)}
    return derived_uuid("destination", task_id, kind, json.dumps(shown))


def _checkpoint(conn: Connection, progress: RunProgress, now_ms: int) -> None:
    point = progress.checkpoint
    row = {
        "run_id": progress.run_id,
        "task_id": progress.task_id,
        "connection": point.position.connection,
        "frame_index": point.position.index,
        "time_us": point.position.time_us,
        "state": point.state,
        "seek": point.seek,
        "frames": point.frames,
        "at": now_ms,
    }
    upsert(conn, checkpoints, ["run_id"], row)
