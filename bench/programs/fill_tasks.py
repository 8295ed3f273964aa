"""Fills the tables of a stopped service: `fill_tasks.py COUNT PARKED`, settings from the environment.

COUNT tasks, of which PARKED wait for a service that is not deployed and the others rest; every fifth is a child of a
batch: one has half of them, the others 100 each. Besides: SOURCES sources in GROUPS groups, and TEMPLATES templates.
One task of each kind goes the way of a new one through the store; the others are copies of its rows, written in bulk.

Prints the project's id, some ids to read, and the ids of some groups and batches, one JSON object.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Connection, Table, insert, select, update

from vedette.algorithms.registry import Registry
from vedette.app import first_start
from vedette.app.ground import Ground, ground, now_ms
from vedette.control.admission import DEPLOY, NOT_DEPLOYED
from vedette.control.services import algorithm_ids
from vedette.model.batch import Batch, BatchDocument, BatchGroup
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId, TaskId, new_hex
from vedette.model.lifecycle import State
from vedette.model.look import Look
from vedette.model.output import TaskOutput
from vedette.model.service import AlgStatus, Deployment
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, SourceLevel, TaskInput, VideoSource
from vedette.model.task import Task, TaskDocument
from vedette.model.template import Template
from vedette.settings import Settings
from vedette.store import batches, deployments, groups, identity, source_looks, tables, tasks, templates, video_sources

SERVICE = "c-intrusiondetection-cloud"
SOURCES, GROUPS, MEMBERS, TEMPLATES, CHUNK = 1000, 100, 100, 500, 5000
PICTURE = 40_000
"""Bytes of a source's last picture."""
STATES = (State.STOPPED, State.SUCCEEDED, State.FAILED, State.START_FAILED)
OUTPUT = TaskOutput(event_center=True)


async def fill(base: Ground, count: int, parked: int) -> dict[str, object]:
    await first_start.prepare(base.settings, base.db, base.vault, now_ms)
    project = (await base.db.read(identity.project_ids))[0]
    alg_id = algorithm_ids(Registry.load())[SERVICE]
    await base.db.write(_surroundings, base, project, alg_id)
    made_batches = await base.db.write(_batches, base, project, count // 5)
    mould = await base.db.write(_mould, base, project)
    ids: list[str] = []
    for begin in range(0, count - 1, CHUNK):
        numbers = range(begin, min(begin + CHUNK, count - 1))
        ids += await base.db.write(_copies, mould, numbers, made_batches, f"{DEPLOY}:{project}:{alg_id}", parked)
    await base.db.write(_count, project, count)
    return {"project": project, "ids": ids[:: max(1, count // 200)], "batches": made_batches[:2]}


def _surroundings(conn: Connection, base: Ground, project: ProjectId, alg_id: str) -> None:
    now = now_ms()
    off = Deployment(project, alg_id, "local", 100, AlgStatus.STOPPED, created_at=now, updated_at=now)
    deployments.put(conn, base.vault, off)
    for n in range(SOURCES):
        url = f"rtsp://192.0.2.{n % 250 + 1}/{n}"
        xml = f"<type>URL</type><config><URL_ADDRESS>{url}</URL_ADDRESS></config>"
        source = VideoSource(
            f"source-{n}", project, f"camera {n}", AccessType.CLOUD, SourceKind.URL, xml, {"URL_ADDRESS": url}
        )
        video_sources.insert(conn, base.vault, source)
        # every third is on line, and all have a picture; nobody looks again while this is measured
        level = SourceLevel.OFFLINE if n % 3 else SourceLevel.ONLINE
        look = Look("", now, width=1920, height=1080, codec="h264", fps=25.0, faults=(), image=os.urandom(PICTURE))
        seen = source_looks.Seen(level, "nobody answers" if n % 3 else "", look)
        source_looks.note(conn, project, source.id, seen, at=now, due_at=source_looks.NEVER, since=source.create_at)
    for n in range(GROUPS):
        members = [f"source-{(n * 10 + k) % SOURCES}" for k in range(MEMBERS)]
        group = VideoGroup(f"group-{n}", project, f"group {n}", AccessType.CLOUD, create_at=now, modify_at=now)
        groups.insert(conn, group, members)
    for n in range(TEMPLATES):
        source_id = f"source-{n % SOURCES}"
        templates.save(conn, Template("", project, source_id, f"kept {n}", SERVICE, {"fps": 5}, create_at=now))


def _batches(conn: Connection, base: Ground, project: ProjectId, children: int) -> list[str]:
    made = []
    for n in range(1 + children // 2 // MEMBERS):
        document = BatchDocument(f"batch-{n}", SERVICE, "3.0", (BatchGroup(f"group-{n % GROUPS}"),), OUTPUT)
        batch = Batch(new_hex(), project, "filler", document, expanded=True, created_at=now_ms() + n)
        batches.insert(conn, base.vault, batch)
        made.append(batch.id)
    return made


def _mould(conn: Connection, base: Ground, project: ProjectId) -> dict[str, dict[str, Any]]:
    """Write one task as the service does, and return its rows."""
    given = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id="source-0"))
    document = TaskDocument("the-mould", SERVICE, "3.0", given, OUTPUT, {})
    task = Task(TaskId(new_hex()), project, "filler", document, State.STOPPED, now_ms(), now_ms())
    tasks.insert(conn, base.vault, task, actor="filler")

    def row(table: Table, key: Any) -> dict[str, Any]:
        return dict(conn.execute(select(table).where(key == task.id)).mappings().one())

    return {
        "tasks": row(tables.tasks, tables.tasks.c.id),
        "task_documents": row(tables.task_documents, tables.task_documents.c.task_id),
        "task_moves": row(tables.task_moves, tables.task_moves.c.task_id),
    }


def _copies(
    conn: Connection,
    mould: dict[str, dict[str, Any]],
    numbers: range,
    made_batches: Sequence[str],
    key: str,
    parked: int,
) -> list[str]:
    mould["task_moves"].pop("id", None)
    waiting = {"state": State.PENDING, "parked_for": key, "status": NOT_DEPLOYED}
    copies: dict[Table, list[dict[str, Any]]] = {tables.tasks: [], tables.task_documents: [], tables.task_moves: []}
    ids = []
    for n in numbers:
        id_, at = new_hex(), mould["tasks"]["created_at"] - n
        own: dict[str, Any] = {
            "id": id_,
            "name": f"task-{n}",
            "video_source_id": f"source-{n % SOURCES}",
            "state": STATES[n % 4],
        }
        own |= {"created_at": at, "updated_at": at, "batch_id": None, "group_id": None, "parked_for": None}
        if n < parked:
            own |= waiting
        if n % 5 == 0:
            child = n // 5
            number = 0 if child % 2 else 1 + child // 2 // MEMBERS % (len(made_batches) - 1)
            own |= {"batch_id": made_batches[number], "group_id": f"group-{number % GROUPS}"}
        copies[tables.tasks].append(mould["tasks"] | own)
        copies[tables.task_documents].append(mould["task_documents"] | {"task_id": id_})
        copies[tables.task_moves].append(mould["task_moves"] | {"task_id": id_, "after": own["state"]})
        ids.append(id_)
    for table, rows in copies.items():
        conn.execute(insert(table), rows)
    return ids


def _count(conn: Connection, project: ProjectId, count: int) -> None:
    here = tables.projects.c.id == project
    values = {"task_count": count, "source_count": SOURCES, "group_count": GROUPS}
    conn.execute(update(tables.projects).where(here).values(values))


async def _tidy(url: str) -> None:
    """Do what PostgreSQL's autovacuum does by itself a minute after so many rows."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def main() -> None:
    async with ground(Settings.load()) as base:
        told = await fill(base, int(sys.argv[1]), int(sys.argv[2]))
        if base.settings.database_url.startswith("postgresql"):
            await _tidy(base.settings.database_url)
        print(json.dumps(told))


asyncio.run(main())
