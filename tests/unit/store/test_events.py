"""The event center as rows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.review import Review
from vedette.store import event_changes, events, retention
from vedette.store.events import Filter
from vedette.store.retention import Extent
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
    conn: Connection,
    n: int,
    *,
    task: str = "t1",
    kind: int = 196609,
    listed: int = 1,
    project: ProjectId = MINE,
    **more: Any,
) -> None:
    conn.execute(
        event_rows.insert().values(
            {"id": f"E{n}", "project_id": project, "task_id": task, "run_id": "r", "event_type": kind, "connection": 0}
            | {"frame_index": n, "time_us": n * 40_000, "timestamp_ms": NOW + n, "stored_at": NOW + n, "listed": listed}
            | {"message": json.dumps({"n": n}), "picture": f"2026112308/{n:032x}"}
            | more
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


def remove(conn: Connection, *numbers: int) -> tuple[list[bool], list[str]]:
    return event_changes.remove(conn, MINE, [EventId(f"E{n}") for n in numbers])


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
    with pytest.raises(NotFound):
        events.get(conn, MINE, EventId("E1"))
    assert remove(conn, 1) == ([False], [])
    assert event_changes.review(conn, MINE, [EventId("E1")], Review.APPROVED, NOW) == [False]


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


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(video_source_id="north"), ["E2", "E1"]),
        (Filter(review=Review.APPROVED), ["E2"]),
        (Filter(review=Review.UNREVIEWED), ["E1"]),
        (Filter(followers=True), ["E4", "E3", "E2", "E1"]),
        (Filter(main_id=EventId("E1")), ["E4", "E3"]),
        (Filter(main_id=EventId("E1"), review=Review.REJECTED), ["E4"]),
    ],
)
def test_events_are_found_by_source_review_and_main_event(
    conn: Connection, wanted: Filter, expected: list[str]
) -> None:
    """What repeats another is in its counter, and in the list only if somebody asks for it."""
    put(conn, 1, video_source_id="north", repeats=2)
    put(conn, 2, video_source_id="north", review="approved")
    put(conn, 3, main_id="E1")
    put(conn, 4, main_id="E1", review="rejected")
    assert ids(events.find(conn, MINE, wanted)) == expected
    assert events.count(conn, MINE, wanted) == len(expected)
    assert ids(events.following(conn, MINE, wanted, after=0)) == expected[::-1]


def test_a_reader_goes_on_where_it_was_and_stops_where_it_is_told(conn: Connection) -> None:
    """So the feed and the export walk through the store in small steps."""
    for n in range(1, 7):
        put(conn, n)
    assert ids(events.following(conn, MINE, Filter(), after=1, upto=5, limit=2)) == ["E2", "E3"]
    assert ids(events.following(conn, MINE, Filter(), after=3, upto=5, limit=9)) == ["E4", "E5"]
    put(conn, 7, listed=0)
    put(conn, 8, project=OTHERS)
    assert events.newest(conn, MINE) == 6


def test_a_step_passes_over_what_is_not_wanted_once(conn: Connection) -> None:
    """Else a reader with a narrow filter would look at more rows with every event of others."""
    put(conn, 1, task="t2")
    for n in range(2, 6):
        put(conn, n)
    wanted = Filter(task_id=TaskId("t2"))
    page, after = events.step(conn, MINE, wanted, 0, 10)
    assert (ids(page), after) == (["E1"], 5)
    assert events.step(conn, MINE, wanted, after, 10) == ([], 5)
    assert ids(events.step(conn, MINE, Filter(), 3, 1)[0]) == ["E4"]


def test_a_store_that_counts_anew_is_read_from_the_beginning(conn: Connection) -> None:
    """SQLite gives a number again when the highest row is gone; nobody is to wait for one that comes in a year."""
    put(conn, 1)
    page, after = events.step(conn, MINE, Filter(), 500, 10)
    assert (ids(page), after) == (["E1"], 1)


def test_a_main_event_goes_with_what_repeats_it_and_a_follower_alone(conn: Connection) -> None:
    """Followers of nothing would be in no list."""
    put(conn, 1, repeats=2)
    put(conn, 2, main_id="E1")
    put(conn, 3, main_id="E1")
    assert remove(conn, 2)[0] == [True]
    assert events.get(conn, MINE, EventId("E1")).repeats == 1
    known, pictures = remove(conn, 9, 1)
    assert known == [False, True]
    assert sorted(pictures) == [f"2026112308/{n:032x}" for n in (1, 3)]
    assert events.find(conn, MINE, Filter(followers=True)) == []


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
    assert remove(conn, 1) == ([True], [f"2026112308/{1:032x}"])
    assert events.find(conn, MINE, Filter()) == []
    assert conn.execute(select(event_rows.c.id)).scalars().all() == ["E1"]
    assert remove(conn, 1) == ([False], [])


def test_a_removed_event_that_is_still_to_be_delivered_keeps_its_picture(conn: Connection) -> None:
    """Deleting from the event center is not taking back from the receiver."""
    put(conn, 1)
    deliver(conn, 1, "due")
    assert remove(conn, 1) == ([True], [])
    assert conn.execute(select(event_rows.c.picture)).scalar() is not None


def test_old_events_expire_with_their_pictures(conn: Connection) -> None:
    """The janitor removes the files that this names."""
    for n in range(1, 6):
        put(conn, n, listed=n % 2)
    assert retention.expire(conn, NOW + 4, limit=2) == [f"2026112308/{n:032x}" for n in (1, 2)]
    assert retention.expire(conn, NOW + 4, limit=2) == [f"2026112308/{3:032x}"]
    assert retention.expire(conn, NOW + 4) == []


def test_what_is_kept_is_counted_and_weighed(conn: Connection) -> None:
    """The metrics show how near the limits are."""
    assert retention.extent(conn) == Extent(0, 0, None)
    for n in range(1, 4):
        put(conn, n, bytes=100 * n)
    assert retention.extent(conn) == Extent(3, 600, NOW + 1)


def test_the_oldest_are_named_page_by_page_but_for_those_still_due(conn: Connection) -> None:
    """Room is made from the beginning, and never by losing a delivery."""
    for n in range(1, 6):
        put(conn, n, bytes=n)
    deliver(conn, 2, "due")
    first = retention.oldest(conn, 0, limit=2)
    assert [one.bytes for one in first] == [1, 3]
    assert [one.bytes for one in retention.oldest(conn, first[-1].seq)] == [4, 5]


def test_an_event_that_is_due_again_by_now_stays(conn: Connection) -> None:
    """A dead letter may be sent again between the look and the removal."""
    put(conn, 1)
    put(conn, 2)
    seqs = [one.seq for one in retention.oldest(conn, 0)]
    deliver(conn, 1, "due")
    assert retention.remove(conn, seqs) == [f"2026112308/{2:032x}"]
    assert ids(events.find(conn, MINE, Filter())) == ["E1"]


def test_events_of_before_sizes_are_found_and_given_theirs(conn: Connection) -> None:
    """They would count as nothing otherwise."""
    put(conn, 1, bytes=7)
    put(conn, 2)
    put(conn, 3)
    found = retention.unweighed(conn, 0, limit=1) + retention.unweighed(conn, 2)
    assert [(one.seq, one.bytes) for one in found] == [(2, len('{"n": 2}')), (3, len('{"n": 3}'))]
    retention.weigh(conn, [(2, 20), (3, 30)])
    assert retention.extent(conn).bytes == 57
    assert retention.unweighed(conn, 0) == []


def test_an_event_whose_picture_was_taken_out_weighs_its_message(conn: Connection) -> None:
    put(conn, 1, bytes=5000)
    event_changes.remove(conn, MINE, [EventId("E1")])
    assert retention.extent(conn).bytes == len('{"n": 1}')


def test_the_pictures_of_a_time_are_named_for_the_sweep(conn: Connection) -> None:
    """Files that no row names are left over from a crash."""
    for n in range(1, 4):
        put(conn, n)
    assert retention.pictures(conn, NOW + 2, NOW + 3) == {f"2026112308/{2:032x}"}
