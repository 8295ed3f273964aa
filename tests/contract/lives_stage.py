"""A door with loops and fake workers behind it, all driven by hand; and what is in its database."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from service import Client, Service, serving
from sqlalchemy import Connection, func, select

from conformance.theatre import FakeWorker, Theatre
from vedette.auth import passwords
from vedette.control.freezer import Freezer
from vedette.model.failure import Failure
from vedette.model.quota import Quotas
from vedette.model.stream import StreamState
from vedette.store import tables
from vedette.telemetry import logs

QUOTAS: Final = Quotas(tasks=8, sources=3, groups=2)
ROOM: Final = 2
"""Streams of a worker; there are two workers at most."""
FAILURE: Final = Failure("VEDETTE.1003", "The source refused us.")
OWNED: Final = (
    tables.projects, tables.tasks, tables.video_sources, tables.video_groups, tables.group_members, tables.batches,
    tables.templates, tables.resource_orders, tables.deployments, tables.idempotency_keys,
)  # fmt: skip
ALG: Final = "41335916-e4e4-4721-962a-7e53be2ba8f0"
COUNTED: Final = {
    "task_count": tables.tasks,
    "source_count": tables.video_sources,
    "group_count": tables.video_groups,
}


@dataclass
class Stage:
    """The service, and the hands that move it."""

    service: Service
    theatre: Theatre
    freezer: Freezer

    def pass_time(self, seconds: float) -> None:
        """Let both clocks go on."""
        self.theatre.pass_time(seconds)
        self.service.clock.now = self.theatre.now_ms

    def play(self, state: StreamState) -> None:
        """Let all streams go like this from now on."""
        bad = state in {StreamState.REFUSED, StreamState.FAILED}
        for worker in self.theatre.workers.values():
            worker.play(state, FAILURE if bad else None)

    def go_round(self, times: int = 2) -> None:
        """Let the loops and the workers do what there is to do."""
        for _ in range(times):
            self.pass_time(0.5)
            self.service.run(self._round())

    def worker_dies(self) -> None:
        """End one worker; the loops have not noticed yet."""
        if alive := sorted(self.theatre.executor.present()):
            self.theatre.executor.dies(alive[0])

    def live_workers(self) -> list[FakeWorker]:
        """Return the workers that are there and have spoken."""
        present = self.theatre.executor.present()
        return [worker for worker in self.theatre.workers.values() if worker.id in present]

    def new_workers(self) -> list[FakeWorker]:
        """Return the workers that have been started and have not spoken yet, and count them among the others."""
        theatre = self.theatre
        present = [one for one in theatre.executor.started if one in theatre.executor.present()]
        new = [FakeWorker(one, theatre.desk, ROOM) for one in present if one not in theatre.workers]
        theatre.workers |= {worker.id: worker for worker in new}
        return new

    async def _round(self) -> None:
        await self.freezer.run_once(self.theatre.now_ms)
        await self.theatre.settle()
        await self.theatre.boot(ROOM)
        await self.theatre.talk()

    # -- what is in the database

    def rows(self, client: Client) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that a project has."""
        return self.read(_rows, client.account.project_id)

    def read(self, unit: Any, *given: Any) -> Any:
        """Read in one transaction."""
        return self.service.run(self.service.db.read(unit, *given))


@contextmanager
def staged(*, url: str | None = None, quotas: Quotas = QUOTAS) -> Iterator[Stage]:
    """Set the stage until the block ends."""
    logs.configure("error")
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(Path(folder), quotas=quotas, url=url) as service:
            theatre = Theatre(service.db, service.vault)
            service.clock.now = theatre.now_ms
            yield Stage(service, theatre, Freezer(service.db, service.vault, on_change=lambda: None))


def drifted(conn: Connection) -> list[str]:
    """Return what does not agree with itself: counters, documents, children, members, streams."""
    wrong: list[str] = []
    for project in conn.execute(select(tables.projects)).mappings():
        for column, table in COUNTED.items():
            here = select(func.count()).select_from(table).where(table.c.project_id == project["id"])
            if (real := conn.execute(here).scalar_one()) != project[column]:
                wrong.append(f"{column} of {project['name']} is {project[column]}, but there are {real}")
    orphans: Mapping[str, Any] = {
        "without a document": tables.tasks.c.id.not_in(select(tables.task_documents.c.task_id)),
        "of a batch that is gone": (
            tables.tasks.c.batch_id.is_not(None)
            & tables.tasks.c.batch_id.not_in(select(tables.batches.c.id))
            & (tables.tasks.c.state != "DELETING")
        ),
        "of a source that is gone": (
            tables.tasks.c.video_source_id.is_not(None)
            & tables.tasks.c.video_source_id.not_in(select(tables.video_sources.c.id))
        ),
        "running without a stream": (
            tables.tasks.c.state.in_(["RUNNING", "ABNORMAL", "STARTING"])
            & (tables.tasks.c.stream_id.is_(None) | tables.tasks.c.run_id.is_(None))
        ),
    }
    for what, condition in orphans.items():
        found = conn.execute(select(tables.tasks.c.name).where(condition)).scalars().all()
        wrong += [f"task {name} is {what}" for name in found]
    unanswered = tables.idempotency_keys.c.answer.is_(None)
    wrong += [
        f"key {key} has no answer"
        for key in conn.execute(select(tables.idempotency_keys.c.key).where(unanswered)).scalars()
    ]
    return wrong


def moves(conn: Connection, project_id: str) -> dict[str, list[tuple[str | None, str]]]:
    """Return the history of every task of a project."""
    steps = tables.task_moves
    rows = conn.execute(
        select(steps.c.task_id, steps.c.before, steps.c.after)
        .join(tables.tasks, tables.tasks.c.id == steps.c.task_id)
        .where(tables.tasks.c.project_id == project_id)
        .order_by(steps.c.id)
    )
    found: dict[str, list[tuple[str | None, str]]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append((row.before, row.after))
    return found


def _rows(conn: Connection, project_id: str) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in OWNED:
        column = table.c.id if table is tables.projects else table.c.project_id
        found[table.name] = sorted(map(tuple, conn.execute(select(table).where(column == project_id))), key=repr)
    return found


# -- bodies


def hook(secret: str) -> dict[str, Any]:
    """Return an output with a secret."""
    return {"webhook": {"url": "https://receiver.test/hook", "headers": {"X-Key": secret}}, "event_center": True}


def xml(url: str) -> str:
    """Return the configuration of a source."""
    return f"<config><URL_ADDRESS>{url}</URL_ADDRESS></config>"


def url_source(name: str, url: str) -> dict[str, Any]:
    """Return a source as it is sent."""
    return {"video_source_name": name, "access_type": "cloud", "type": "url", "type_config": xml(url)}


def batch_body(wanted: list[tuple[str, list[str]]]) -> dict[str, Any]:
    """Return what a batch looks at: groups, and sources of them; none named: all."""
    groups = [
        {"video_source_group_id": group, "video_source_list": [{"video_source_id": one} for one in sources]}
        for group, sources in wanted
    ]
    return {"batch_input": {"video_source_group": groups}}
