"""The event center as rows."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, select

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.store import events
from vedette.store.events import Filter
from vedette.store.tables import destinations, metadata, outbox
from vedette.store.tables import events as event_rows

NOW = 1_800_000_000_000
MINE, OTHERS = ProjectId("p1"), ProjectId("p2")


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def put(
    conn: Connection, n: int, *, task: str = "t1", kind: int = 196609, listed: int = 1, project: ProjectId = MINE
) -> None:
    conn.execute(
        event_rows.insert().values(
            {"id": f"E{n}", "project_id": project, "task_id": task, "run_id": "r", "event_type": kind, "connection": 0}
            | {"frame_index": n, "time_us": n * 40_000, "timestamp_ms": NOW + n, "stored_at": NOW + n, "listed": listed}
            | {"message": json.dumps({"n": n}), "picture": f"2026112308/{n:032x}"}
        )
    )


def deliver(conn: Connection, n: int, state: str) -> None:
    if conn.execute(select(destinations.c.id)).first() is None:
        row = {"id": "d", "project_id": MINE, "task_id": "t1", "kind": "webhook", "target": b"x"}
        conn.execute(destinations.insert().values(row))
    row = {
        "event_id": f"E{n}",
        "destination_id": "d",
        "project_id": MINE,
        "task_id": "t1",
        "state": state,
        "attempts": 2,
    }
    conn.execute(outbox.insert().values(row | {"next_attempt_at": NOW, "created_at": NOW, "last_error": "503"}))


def ids(found: list[events.StoredEvent]) -> list[str]:
    return [event.id for event in found]


def test_only_events_of_tasks_with_an_event_center_are_listed(conn: Connection) -> None:
    """Rows of other tasks serve deliveries and replays, and are nobody's list."""
    put(conn, 1)
    put(conn, 2, listed=0)
    assert ids(events.find(conn, MINE, Filter())) == ["E1"]
    assert events.count(conn, MINE, Filter()) == 1
    with pytest.raises(NotFound):
        events.get(conn, MINE, EventId("E2"))


def test_nobody_sees_the_events_of_another_project(conn: Connection) -> None:
    """Every query takes a project."""
    put(conn, 1, project=OTHERS)
    assert events.find(conn, MINE, Filter()) == []
    for call in (events.get, events.remove):
        with pytest.raises(NotFound):
            call(conn, MINE, EventId("E1"))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), ["E4", "E3", "E2", "E1"]),
        (Filter(task_id=TaskId("t2")), ["E3"]),
        (Filter(event_type=196610), ["E4"]),
        (Filter(since_ms=NOW + 2, until_ms=NOW + 4), ["E3", "E2"]),
        (Filter(task_id=TaskId("t1"), event_type=196609, since_ms=NOW + 2), ["E2"]),
    ],
)
def test_events_are_found_by_task_kind_and_time(conn: Connection, wanted: Filter, expected: list[str]) -> None:
    """The newest first; the end of the time is excluded, so that adjoining times share nothing."""
    put(conn, 1)
    put(conn, 2)
    put(conn, 3, task="t2")
    put(conn, 4, kind=196610)
    assert ids(events.find(conn, MINE, wanted)) == expected
    assert events.count(conn, MINE, wanted) == len(expected)


def test_pages_do_not_shift_while_events_arrive(conn: Connection) -> None:
    """A reader that pages sees each event once, whatever is stored meanwhile."""
    for n in range(1, 8):
        put(conn, n)
    first = events.find(conn, MINE, Filter(), limit=3)
    put(conn, 8)
    second = events.find(conn, MINE, Filter(), before=first[-1].seq, limit=3)
    put(conn, 9)
    third = events.find(conn, MINE, Filter(), before=second[-1].seq, limit=3)
    assert ids(first + second + third) == ["E7", "E6", "E5", "E4", "E3", "E2", "E1"]


def test_an_event_tells_how_its_deliveries_went(conn: Connection) -> None:
    """Whoever asks why a receiver knows nothing looks here first."""
    put(conn, 1)
    deliver(conn, 1, "due")
    event = events.get(conn, MINE, EventId("E1"))
    assert event.deliveries == (events.Told("webhook", "due", 2, "503"),)
    assert event.message == {"n": 1}
    assert event.media_time_us == 40_000


def test_a_removed_event_is_gone_from_the_list_but_a_replay_does_not_bring_it_back(conn: Connection) -> None:
    """The id stays known until retention: what somebody deleted stays deleted."""
    put(conn, 1)
    assert events.remove(conn, MINE, EventId("E1")) == f"2026112308/{1:032x}"
    assert events.find(conn, MINE, Filter()) == []
    assert conn.execute(select(event_rows.c.id)).scalars().all() == ["E1"]
    with pytest.raises(NotFound):
        events.remove(conn, MINE, EventId("E1"))


def test_a_removed_event_that_is_still_to_be_delivered_keeps_its_picture(conn: Connection) -> None:
    """Deleting from the event center is not taking back from the receiver."""
    put(conn, 1)
    deliver(conn, 1, "due")
    assert events.remove(conn, MINE, EventId("E1")) is None
    assert conn.execute(select(event_rows.c.picture)).scalar() is not None


def test_old_events_expire_with_their_pictures(conn: Connection) -> None:
    """The janitor removes the files that this names."""
    for n in range(1, 6):
        put(conn, n, listed=n % 2)
    assert events.expire(conn, NOW + 4, limit=2) == [f"2026112308/{n:032x}" for n in (1, 2)]
    assert events.expire(conn, NOW + 4, limit=2) == [f"2026112308/{3:032x}"]
    assert events.expire(conn, NOW + 4) == []


def test_a_full_event_center_drops_the_oldest(conn: Connection) -> None:
    """Whatever their age: a disk is finite."""
    for n in range(1, 8):
        put(conn, n)
    assert events.trim(conn, 10) == []
    assert len(events.trim(conn, 3)) == 4
    assert ids(events.find(conn, MINE, Filter())) == ["E7", "E6", "E5"]
    assert len(events.trim(conn, 0)) == 3
    assert events.trim(conn, 0) == []


def test_the_pictures_of_a_time_are_named_for_the_sweep(conn: Connection) -> None:
    """Files that no row names are left over from a crash."""
    for n in range(1, 4):
        put(conn, n)
    assert events.pictures(conn, NOW + 2, NOW + 3) == {f"2026112308/{2:032x}"}
