"""The operator's commands for deliveries: beside a running service, on its database."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from typer.testing import CliRunner, Result

from vedette.cli import app
from vedette.model.errors import InvalidParameter, NotFound
from vedette.store import outbox_marks
from vedette.store.db import open_database
from vedette.store.outbox_marks import Outcome
from vedette.store.tables import destinations, events, outbox, projects

TASK = "a" * 32


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with two projects; one has three deliveries that were given up, of two tasks."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path))
    attempt("project add harbour")
    attempt("project add quay")
    work(tmp_path, _give_up)
    return tmp_path


def work(folder: Path, unit: Callable[[Connection], Any]) -> Any:
    async def do() -> Any:
        db = open_database(f"sqlite:///{folder}/vedette.db")
        try:
            return await db.write(unit)
        finally:
            await db.close()

    return asyncio.run(do())


def _give_up(conn: Connection) -> None:
    project = conn.execute(select(projects.c.id).where(projects.c.name == "harbour")).scalar_one()
    for n, task in ((1, TASK), (2, TASK), (3, "b" * 32)):
        mine = {"project_id": project, "task_id": task}
        facts = {"run_id": "r", "event_type": 196609, "connection": 0, "timestamp_ms": 0, "stored_at": 0, "listed": 1}
        told = {"id": f"E{n}", "frame_index": n, "time_us": n, "picture": None, "message": json.dumps({})}
        conn.execute(events.insert().values(mine | facts | told))
        conn.execute(destinations.insert().values(mine | {"id": f"d{n}", "kind": "webhook", "target": b""}))
        letter = {"event_id": f"E{n}", "destination_id": f"d{n}", "state": "dead", "attempts": 3, "next_attempt_at": 0}
        letter |= {"created_at": 0, "done_at": 1_713_859_200_000, "last_error": "The destination answered 400."}
        conn.execute(outbox.insert().values(mine | letter))


def attempt(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


def typed(line: str) -> str:
    result = attempt(line)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def states(folder: Path) -> list[tuple[str, int]]:
    found = work(
        folder, lambda conn: conn.execute(select(outbox.c.state, outbox.c.attempts).order_by(outbox.c.id)).all()
    )
    return [tuple(row) for row in found]


def test_dead_letters_are_listed_with_their_attempts_and_reasons() -> None:
    """All of a project, or those of a task."""
    lines = typed("dead-letters list --project harbour").splitlines()
    assert lines[0] == f"1  2024-04-23T08:00:00Z  webhook  {TASK}  E1  3 attempts  The destination answered 400."
    assert len(lines) == 3
    assert len(typed(f"dead-letters list --project harbour --task {TASK}").splitlines()) == 2
    assert typed("dead-letters list --project quay") == ""


def test_one_is_shown_with_its_attempts(installation: Path) -> None:
    """When each was and why it failed; nobody sees those of another project."""

    def fail(conn: Connection) -> None:
        conn.execute(update(outbox).where(outbox.c.id == 2).values(state="due"))
        outbox_marks.mark(conn, [Outcome(2, 1, "nobody answers", 1)], 1_713_859_200_000)
        outbox_marks.mark(conn, [Outcome(2, 2, "it answered 400")], 1_713_859_260_000)

    work(installation, fail)
    assert typed("dead-letters show 2 --project harbour").splitlines() == [
        f"2  webhook  task {TASK}  event E2",
        "2024-04-23T08:00:00Z  attempt 1  nobody answers",
        "2024-04-23T08:01:00Z  attempt 2  it answered 400",
        "2024-04-23T08:01:00Z  given up after 2 attempts: it answered 400",
    ]
    assert isinstance(attempt("dead-letters show 2 --project quay").exception, NotFound)


def test_one_is_sent_again_or_all(installation: Path) -> None:
    """With all attempts before it."""
    assert typed("dead-letters retry 2 --project harbour") == "1 sent again\n"
    assert states(installation) == [("dead", 3), ("due", 0), ("dead", 3)]
    assert typed("dead-letters retry --all --project quay") == "0 sent again\n"
    assert typed("dead-letters retry --all --project harbour") == "2 sent again\n"
    assert states(installation) == [("due", 0)] * 3


def test_what_a_project_may_reach_besides_is_said_and_shown() -> None:
    assert typed("project allow quay 10.1.0.17 alarms.example.org") == "10.1.0.17\nalarms.example.org\n"
    assert typed("project allow quay") == "10.1.0.17\nalarms.example.org\n"
    assert typed("project allow harbour") == ""
    assert typed("project allow quay --nothing") == ""
    assert typed("project allow quay") == ""


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("dead-letters list", InvalidParameter),  # of two projects
        ("dead-letters list --project nowhere", InvalidParameter),
        ("dead-letters retry --project harbour", InvalidParameter),
        ("dead-letters retry 1 --all --project harbour", InvalidParameter),
        ("dead-letters retry 9 --project harbour", NotFound),
        ("dead-letters retry 1 --project quay", NotFound),
        ("project allow quay http://r", InvalidParameter),
        ("project allow quay 10.0.0.1 --nothing", InvalidParameter),
        ("project allow nowhere", InvalidParameter),
    ],
)
def test_a_slip_is_one_clear_failure(installation: Path, line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    assert isinstance(attempt(line).exception, failure)
    assert states(installation) == [("dead", 3)] * 3
