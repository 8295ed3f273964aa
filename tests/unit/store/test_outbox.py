"""The outbox as rows."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, event, select

from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId, TaskId
from vedette.store import dead_letters, outbox, outbox_marks, retention
from vedette.store.outbox import Want
from vedette.store.outbox_marks import Outcome
from vedette.store.tables import destinations, metadata
from vedette.store.tables import events as event_rows
from vedette.store.tables import outbox as outbox_rows

NOW = 1_800_000_000_000
MINE, OTHERS = ProjectId("p1"), ProjectId("p2")


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")

    @event.listens_for(engine, "connect")
    def _keys(connection: object, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]

    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def destination(conn: Connection, name: str, project: ProjectId = MINE) -> None:
    row = {"id": name, "project_id": project, "task_id": f"task-{name}", "kind": "webhook", "target": b"sealed"}
    conn.execute(destinations.insert().values(row))


def rows(
    conn: Connection, name: str, ids: range, *, at: int = NOW, project: ProjectId = MINE, stored: int = NOW
) -> None:
    for n in ids:
        identity = {"project_id": project, "task_id": f"task-{name}"}
        conn.execute(
            event_rows.insert().values(
                identity
                | {"id": f"E{n}", "run_id": "r", "event_type": 196609, "connection": 0, "frame_index": n, "time_us": n}
                | {
                    "timestamp_ms": NOW,
                    "stored_at": stored,
                    "message": json.dumps({"n": n}),
                    "picture": None,
                    "listed": 1,
                }
            )
        )
        due = {"state": "due", "attempts": 0, "next_attempt_at": at + n, "created_at": stored}
        conn.execute(
            outbox_rows.insert().values(identity | due | {"id": n, "event_id": f"E{n}", "destination_id": name})
        )


def states(conn: Connection) -> dict[int, str]:
    return {row.id: row.state for row in conn.execute(select(outbox_rows))}


def test_the_agenda_names_each_destination_once_with_its_earliest_row(conn: Connection) -> None:
    """The dispatcher looks at destinations, not at rows: ten thousand rows of one are one entry."""
    for name in ("a", "b", "idle"):
        destination(conn, name)
    rows(conn, "a", range(1, 50))
    rows(conn, "b", range(100, 103), at=NOW + 60_000)
    assert {entry.destination_id: entry.earliest_at for entry in outbox.agenda(conn)} == {
        "a": NOW + 1,
        "b": NOW + 60_100,
    }


def test_the_agenda_is_read_by_one_seek_for_each_destination(conn: Connection) -> None:
    """A destination with a large backlog must not make every look at the outbox slow."""
    plan = "\n".join(
        str(row[-1])
        for row in conn.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id, (SELECT min(next_attempt_at) FROM outbox WHERE destination_id = d.id AND state = 'due')"
            " FROM destinations d"
        )
    )
    assert "outbox_due" in plan
    assert "SCAN outbox" not in plan


def test_due_rows_come_longest_waiting_first_without_those_on_their_way(conn: Connection) -> None:
    """What is in flight is known to the dispatcher alone."""
    destination(conn, "a")
    rows(conn, "a", range(1, 10))
    [found] = outbox.due(conn, [Want("a", 3, taken=frozenset({1, 3}))], NOW + 5)
    assert [row.id for row in found] == [2, 4, 5]
    assert found[0].message == {"n": 2}


def test_marks_are_written_for_many_rows_at_once(conn: Connection) -> None:
    """Delivered, to be tried later, given up: one statement for all."""
    destination(conn, "a")
    rows(conn, "a", range(1, 4))
    outbox_marks.mark(conn, [Outcome(1, 1), Outcome(2, 1, "503", NOW + 5000), Outcome(3, 3, "x" * 900)], NOW)
    assert states(conn) == {1: "done", 2: "due", 3: "dead"}
    assert outbox.backlog(conn) == outbox.Backlog(due=1, dead=1, fullest=1)
    [letter] = dead_letters.page(conn, MINE)
    assert (letter.id, letter.attempts, len(letter.last_error or "")) == (3, 3, outbox_marks.ERROR_LIMIT)


def test_a_mark_that_comes_late_changes_nothing(conn: Connection) -> None:
    """A row that has ended stays ended."""
    destination(conn, "a")
    rows(conn, "a", range(1, 2))
    outbox_marks.mark(conn, [Outcome(1, 1)], NOW)
    outbox_marks.mark(conn, [Outcome(1, 2, "late", None)], NOW)
    assert states(conn) == {1: "done"}


def test_dead_letters_are_sent_again_with_all_their_tries(conn: Connection) -> None:
    """Somebody repaired the receiver and asks for what it missed."""
    destination(conn, "a")
    rows(conn, "a", range(1, 6))
    outbox_marks.mark(conn, [Outcome(n, 16, "away") for n in range(1, 6)], NOW)
    dead_letters.resend(conn, MINE, 2, NOW + 9)
    [[again]] = outbox.due(conn, [Want("a", 9)], NOW + 9)
    assert (again.id, again.attempts, again.resent) == (2, 0, True)
    assert [letter.id for letter in dead_letters.page(conn, MINE, after=1, limit=2)] == [3, 4]
    assert dead_letters.count(conn, MINE) == 4
    assert dead_letters.resend_all(conn, MINE, NOW, limit=3) == 3
    assert dead_letters.resend_all(conn, MINE, NOW, limit=3) == 1
    assert dead_letters.resend_all(conn, MINE, NOW, limit=3) == 0


def test_nobody_sees_or_sends_the_dead_letters_of_another_project(conn: Connection) -> None:
    """Every query takes a project."""
    destination(conn, "theirs", OTHERS)
    rows(conn, "theirs", range(1, 2), project=OTHERS)
    outbox_marks.mark(conn, [Outcome(1, 16, "away")], NOW)
    assert dead_letters.page(conn, MINE) == []
    with pytest.raises(NotFound):
        dead_letters.resend(conn, MINE, 1, NOW)
    assert dead_letters.resend_all(conn, MINE, NOW) == 0
    assert states(conn) == {1: "dead"}


def test_only_a_dead_letter_can_be_sent_again(conn: Connection) -> None:
    """A delivered event must not be told twice by a slip."""
    destination(conn, "a")
    rows(conn, "a", range(1, 2))
    outbox_marks.mark(conn, [Outcome(1, 1)], NOW)
    with pytest.raises(NotFound):
        dead_letters.resend(conn, MINE, 1, NOW)


def test_what_waits_for_a_destination_that_came_back_is_due_at_once(conn: Connection) -> None:
    """Rows that failed during a long absence have long waits before them, which no longer make sense."""
    destination(conn, "a")
    destination(conn, "b")
    rows(conn, "a", range(1, 3), at=NOW + 3_600_000)
    rows(conn, "b", range(5, 6), at=NOW + 3_600_000)
    assert outbox_marks.hasten(conn, "a", NOW) == 2
    found = outbox.due(conn, [Want("a", 9), Want("b", 9)], NOW)
    assert [len(some) for some in found] == [2, 0]


def test_giving_up_spares_what_is_young_and_what_was_asked_for(conn: Connection) -> None:
    """Only what has itself waited for a day is given up, and a re-sent letter is tried first."""
    destination(conn, "a")
    rows(conn, "a", range(1, 3), stored=NOW - 90_000_000)
    rows(conn, "a", range(3, 4), stored=NOW)
    outbox_marks.mark(conn, [Outcome(2, 16, "away")], NOW)
    dead_letters.resend(conn, MINE, 2, NOW)
    assert outbox_marks.give_up(conn, "a", "away for a day", NOW - 86_400_000, NOW) == 1
    assert states(conn) == {1: "dead", 2: "due", 3: "due"}


def test_delivered_rows_are_swept_and_dead_ones_kept(conn: Connection) -> None:
    """Dead letters stay until somebody decides, or their event expires."""
    destination(conn, "a")
    rows(conn, "a", range(1, 4))
    outbox_marks.mark(conn, [Outcome(1, 1), Outcome(2, 16, "away")], NOW)
    assert outbox_marks.sweep(conn, NOW) == 0
    assert outbox_marks.sweep(conn, NOW + 1) == 1
    assert states(conn) == {2: "dead", 3: "due"}


def test_an_event_that_is_still_due_somewhere_does_not_expire(conn: Connection) -> None:
    """Retention never loses a delivery."""
    destination(conn, "a")
    rows(conn, "a", range(1, 4))
    outbox_marks.mark(conn, [Outcome(1, 1), Outcome(2, 16, "away")], NOW)
    retention.expire(conn, NOW + 1)
    assert states(conn) == {3: "due"}, "the dead letter goes with its event"


def test_the_row_of_a_task_says_how_its_deliveries_go(conn: Connection) -> None:
    """`agenda` carries the task, so that its status can name the trouble."""
    destination(conn, "a")
    rows(conn, "a", range(1, 2))
    [entry] = outbox.agenda(conn)
    assert entry.task_id == TaskId("task-a")
    assert "sealed" not in repr(entry)
