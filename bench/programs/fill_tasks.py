"""Fills the tables of a stopped service with tasks at rest: `fill_tasks.py COUNT`, settings from the environment.

Prints the project's id and some ids to read, one JSON object.
"""

import asyncio
import json
import sys
from dataclasses import replace

from sqlalchemy import Connection, update

from vedette.app import first_start
from vedette.app.service import Ground, ground, now_ms
from vedette.model.ids import ProjectId, TaskId, new_hex
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, TaskInput, VideoSource
from vedette.model.task import Task, TaskDocument
from vedette.settings import Settings
from vedette.store import identity, tasks, video_sources
from vedette.store.tables import projects

SERVICE = "c-intrusiondetection-cloud"
SOURCES, CHUNK = 1000, 1000
STATES = (State.STOPPED, State.SUCCEEDED, State.FAILED, State.START_FAILED)


async def fill(base: Ground, count: int) -> dict[str, object]:
    await first_start.prepare(base.settings, base.db, base.vault, now_ms)
    project = (await base.db.read(identity.project_ids))[0]
    await base.db.write(_sources, base, project)
    ids: list[str] = []
    for begin in range(0, count, CHUNK):
        ids += await base.db.write(_tasks, base, project, range(begin, min(begin + CHUNK, count)))
    await base.db.write(_count, project, count)
    return {"project": project, "ids": ids[:: max(1, count // 200)]}


def _sources(conn: Connection, base: Ground, project: ProjectId) -> None:
    for n in range(SOURCES):
        url = f"rtsp://192.0.2.{n % 250 + 1}/{n}"
        xml = f"<type>URL</type><config><URL_ADDRESS>{url}</URL_ADDRESS></config>"
        source = VideoSource(
            f"source-{n}", project, f"camera {n}", AccessType.CLOUD, SourceKind.URL, xml, {"URL_ADDRESS": url}
        )
        video_sources.insert(conn, base.vault, source)


def _tasks(conn: Connection, base: Ground, project: ProjectId, numbers: range) -> list[str]:
    made = []
    for n in numbers:
        given = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=f"source-{n % SOURCES}"))
        document = TaskDocument(f"task-{n}", SERVICE, "3.0", given, TaskOutput(event_center=True), {})
        task = Task(TaskId(new_hex()), project, "filler", document, State.PENDING, now_ms() - n, now_ms() - n)
        tasks.insert(conn, base.vault, replace(task, state=STATES[n % len(STATES)]), actor="filler")
        made.append(str(task.id))
    return made


def _count(conn: Connection, project: ProjectId, count: int) -> None:
    here = projects.c.id == project
    conn.execute(update(projects).where(here).values(task_count=count, source_count=SOURCES))


async def main() -> None:
    async with ground(Settings.load()) as base:
        print(json.dumps(await fill(base, int(sys.argv[1]))))


asyncio.run(main())
