"""The event center over both databases: repetitions, reviews, subscriptions, and what a reader of the feed is promised."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import Connection, select, update

from conformance.ground import MINE, NOW, OTHERS, event, running
from vedette.model.errors import IllegalTransition, NameTaken, NotFound, NotReferable
from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.ids import EventId, WorkerId
from vedette.model.output import WebhookOutput
from vedette.model.review import EventRules, Review, Subscription
from vedette.model.stream import Checkpoint, Ingest, RunProgress
from vedette.model.task import Task
from vedette.store import (
    event_changes,
    event_rules,
    events,
    ingest,
    outbox,
    outbox_marks,
    projects,
    retention,
    subscriptions,
)
from vedette.store.db import Database
from vedette.store.events import Filter
from vedette.store.outbox_marks import Outcome
from vedette.store.tables import events as event_rows
from vedette.store.tables import outbox as outbox_rows
from vedette.store.tables import subscriptions as subscription_rows
from vedette.store.tables import tasks as task_rows
from vedette.store.vault import Vault

DESK = Subscription("d" * 32, "desk", WebhookOutput("http://desk.example/", {"X-Key": "s3cret"}), created_at=NOW)
ALL = Filter(followers=True)


def told(of: Task, n: int, *, at: int = 0, target: str | None = None, kind: int = 196609) -> Event:
    """Return an event, so many milliseconds after the beginning, of a target."""
    entry = {} if target is None else {"detection_id": target}
    message = {"data": {"event_set": [entry]}}
    return replace(event(of, n), timestamp_ms=NOW + at, message=message, event_type=kind)


async def store(db: Database, vault: Vault, of: Task, epoch: int, *new: Event) -> None:
    assert of.run_id is not None
    assert of.stream_id is not None
    last = new[-1].position.index
    point = Checkpoint(Position(0, last, last), None, None, last + 1)
    batch = Ingest(WorkerId("w1"), of.stream_id, epoch, (RunProgress(of.id, of.run_id, new, point),))
    assert (await db.write(ingest.store, vault, batch, {}, NOW)).accepted


async def rule(db: Database, **given: object) -> None:
    await db.write(event_rules.put_rules, MINE, replace(EventRules(), **given))


async def pushed(db: Database, destination: str = DESK.id) -> list[str]:
    """Return the events that a subscription has or will have, in the order in which they were pushed."""

    def read(conn: Connection) -> list[str]:
        mine = select(outbox_rows.c.event_id).where(outbox_rows.c.destination_id == destination)
        return list(conn.execute(mine.order_by(outbox_rows.c.id)).scalars())

    return await db.read(read)


async def counted(db: Database) -> list[tuple[str, int, bool]]:
    """Return each event with how many repeat it, and whether it repeats another."""
    found = await db.read(events.following, MINE, ALL, after=0)
    return [(one.id, one.repeats, one.main_id is not None) for one in found]


# -- repetitions


async def test_repetitions_within_the_window_follow_the_first_and_are_counted(db: Database, vault: Vault) -> None:
    """A gate that is passed all day is one line with a counter, and each passage can still be looked at."""
    one, epoch = await running(db, vault, webhook=False)
    await rule(db, aggregate=True, window_s=10)
    new = [told(one, n, at=at) for n, at in enumerate((0, 5_000, 9_999, 10_000, 12_000))]
    await store(db, vault, one, epoch, *new[:2])
    await store(db, vault, one, epoch, *new[2:])
    assert await counted(db) == [
        (new[0].id, 2, False), (new[1].id, 0, True), (new[2].id, 0, True), (new[3].id, 1, False), (new[4].id, 0, True),
    ]  # fmt: skip
    mains = await db.read(events.find, MINE, Filter())
    assert [row.id for row in mains] == [new[3].id, new[0].id]
    followers = await db.read(events.find, MINE, Filter(main_id=new[0].id))
    assert [row.id for row in followers] == [new[2].id, new[1].id]


async def test_another_target_kind_or_task_is_no_repetition(db: Database, vault: Vault) -> None:
    """Two people at one gate are two events."""
    one, epoch = await running(db, vault, webhook=False)
    other, other_epoch = await running(db, vault, "yard", webhook=False)
    await rule(db, aggregate=True)
    await store(db, vault, one, epoch, told(one, 1, target="A"), told(one, 2, target="B"), told(one, 3, target="A"))
    await store(db, vault, one, epoch, told(one, 4, target="A", kind=196610), told(one, 5))
    await store(db, vault, other, other_epoch, told(other, 1, target="A"))
    assert [(repeats, follows) for _, repeats, follows in await counted(db)] == [
        (1, False), (0, False), (0, True), (0, False), (0, False), (0, False),
    ]  # fmt: skip


async def test_a_replay_counts_nothing_twice(db: Database, vault: Vault) -> None:
    """A worker that was killed tells its last events again."""
    one, epoch = await running(db, vault, webhook=False)
    await rule(db, aggregate=True)
    new = [told(one, n) for n in range(3)]
    await store(db, vault, one, epoch, *new)
    before = await counted(db)
    await store(db, vault, one, epoch, *new)
    assert await counted(db) == before
    assert before[0][1] == 2


async def test_without_the_rule_every_event_stands_for_itself(db: Database, vault: Vault) -> None:
    """As it was before there were rules; and what was stored then is nobody's main event later."""
    one, epoch = await running(db, vault, webhook=False)
    await store(db, vault, one, epoch, told(one, 1), told(one, 2))
    await rule(db, aggregate=True)
    await store(db, vault, one, epoch, told(one, 3))
    assert [(repeats, follows) for _, repeats, follows in await counted(db)] == [(0, False)] * 3


# -- subscriptions


async def test_every_subscription_is_told_of_what_is_for_it(db: Database, vault: Vault) -> None:
    """All, or those of some sources; with a row of the outbox for each, in the ingest's transaction."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await db.write(subscriptions.insert, vault, OTHERS, replace(DESK, id="e" * 32))

    def of_a_source(conn: Connection) -> None:
        new = replace(DESK, id="f" * 32, name="north")
        subscriptions.insert(conn, vault, MINE, new)
        conn.execute(update(subscription_rows).where(subscription_rows.c.id == new.id).values(sources='["north"]'))

    await db.write(of_a_source)
    await store(db, vault, one, epoch, told(one, 1))
    await db.write(lambda conn: conn.execute(update(task_rows).values(video_source_id="north")) and None)
    await store(db, vault, one, epoch, told(one, 2), told(one, 3))
    assert await pushed(db) == [event(one, n).id for n in (1, 2, 3)]
    assert await pushed(db, "f" * 32) == [event(one, n).id for n in (2, 3)]
    assert await pushed(db, "e" * 32) == []


async def test_followers_are_not_pushed(db: Database, vault: Vault) -> None:
    """Who asks for aggregation wants to be told once."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await rule(db, aggregate=True)
    await store(db, vault, one, epoch, *(told(one, n) for n in range(3)))
    assert await pushed(db) == [event(one, 0).id]


async def test_with_manual_review_only_what_is_approved_is_pushed_and_once(db: Database, vault: Vault) -> None:
    """Rejected: never. Approved again, or after the rule is gone: not again."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await rule(db, manual_review=True)
    new = [told(one, n) for n in range(4)]
    ids = [one.id for one in new]
    await store(db, vault, one, epoch, *new)
    assert await pushed(db) == []
    assert await db.write(event_changes.review, MINE, [ids[0], EventId("no")], Review.REJECTED, NOW) == [True, False]
    assert await db.write(event_changes.review, MINE, [ids[2]], Review.APPROVED, NOW) == [True]
    assert await pushed(db) == [ids[2]]
    await rule(db, manual_review=False)
    assert await pushed(db) == [ids[2]], "what was held back stays so"
    await _deliver_all(db)
    await db.write(outbox_marks.sweep, NOW + 1)
    await db.write(event_changes.review, MINE, [ids[1], ids[2]], Review.APPROVED, NOW)
    assert await pushed(db) == [ids[1]]
    states = [row.review for row in await db.read(events.following, MINE, ALL, after=0)]
    assert states == [Review.REJECTED, Review.APPROVED, Review.APPROVED, Review.UNREVIEWED]


async def test_an_approval_pushes_nothing_that_was_pushed_at_once(db: Database, vault: Vault) -> None:
    """The row of the outbox is swept after a day; the event must know by itself."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await store(db, vault, one, epoch, told(one, 1))
    await _deliver_all(db)
    await db.write(outbox_marks.sweep, NOW + 1)
    await rule(db, manual_review=True)
    await db.write(event_changes.review, MINE, [event(one, 1).id], Review.APPROVED, NOW)
    assert await pushed(db) == []


async def test_an_event_weighs_its_message_and_its_picture(db: Database, vault: Vault) -> None:
    """The limit of all of them counts what is on the disk, in bytes and not in characters."""
    one, epoch = await running(db, vault)
    await store(db, vault, one, epoch, replace(told(one, 1, target="Tür"), picture=b"j" * 1000))
    text = await db.read(lambda conn: conn.execute(select(event_rows.c.message)).scalar_one())
    found = await db.read(retention.extent)
    assert (found.events, found.bytes) == (1, len(text) + 1 + 1000)


async def test_what_was_delivered_stays_counted_when_its_rows_go(db: Database, vault: Vault) -> None:
    """Swept after a day, or with their events: the number of a subscription never shrinks."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await store(db, vault, one, epoch, *(told(one, n) for n in range(3)))
    await _deliver_all(db)
    await store(db, vault, one, epoch, told(one, 3))

    async def standing() -> tuple[int, int]:
        found = await db.read(subscriptions.standing, MINE, DESK.id)
        return found.delivered, found.pending

    assert await standing() == (3, 1)
    assert await db.write(outbox_marks.sweep, NOW + 1, 2) == 2
    assert await standing() == (3, 1)
    await db.write(retention.remove, [one.seq for one in await db.read(retention.oldest, 0)])
    assert await standing() == (3, 1)


async def test_a_deleted_subscription_leaves_nothing_due(db: Database, vault: Vault) -> None:
    """Nobody is called who does not want to be."""
    one, epoch = await running(db, vault)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await store(db, vault, one, epoch, told(one, 1))
    with pytest.raises(NotFound):
        await db.write(subscriptions.remove, OTHERS, DESK.id)
    await db.write(subscriptions.remove, MINE, DESK.id)
    assert await pushed(db) == []
    left = await db.read(outbox.agenda)
    assert [waiting.task_id for waiting in left] == [one.id], "the task's own webhook stays"
    await store(db, vault, one, epoch, told(one, 2))


async def test_a_changed_subscription_takes_what_is_due_along(db: Database, vault: Vault) -> None:
    """The receiver moved: what waits for it goes to where it is now."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(subscriptions.insert, vault, MINE, DESK)
    await store(db, vault, one, epoch, told(one, 1))
    moved = replace(DESK, target=WebhookOutput("http://new.example/", {"X-Key": "other"}), updated_at=NOW + 1)
    await db.write(subscriptions.change, vault, MINE, moved)
    [waiting] = await db.read(outbox.agenda)
    assert vault.unseal(waiting.target, WebhookOutput) == moved.target
    assert await db.read(subscriptions.get, vault, MINE, DESK.id) == moved


async def test_a_subscription_that_cannot_be_is_refused(db: Database, vault: Vault) -> None:
    """A name of another, a source of nobody, an id of another project."""
    await db.write(subscriptions.insert, vault, MINE, DESK)
    other = replace(DESK, id="e" * 32)
    with pytest.raises(NameTaken):
        await db.write(subscriptions.insert, vault, MINE, other)
    with pytest.raises(NotReferable):
        await db.write(subscriptions.insert, vault, MINE, replace(other, name="gate", sources=("nobody",)))
    for call in (subscriptions.get, subscriptions.change):
        with pytest.raises(NotFound):
            await db.write(call, vault, OTHERS, DESK.id if call is subscriptions.get else DESK)
    assert await db.read(subscriptions.all_of, vault, MINE) == [DESK]


async def test_a_project_with_subscriptions_is_not_removed(db: Database, vault: Vault) -> None:
    """What is due for them would be sent on behalf of nobody."""
    await db.write(subscriptions.insert, vault, MINE, DESK)
    with pytest.raises(IllegalTransition, match="1 subscriptions"):
        await db.write(projects.remove, MINE)
    await db.write(subscriptions.remove, MINE, DESK.id)
    await db.write(projects.remove, MINE)


# -- the order of the feed


async def test_who_reads_in_order_misses_nothing_of_many_writers(db: Database, vault: Vault) -> None:
    """A number that is given early and committed late would be passed over by a reader who saw a later one."""
    streams = [await running(db, vault, f"gate-{n}", webhook=False) for n in range(4)]
    writing = asyncio.gather(*(store(db, vault, one, epoch, told(one, n)) for n in range(15) for one, epoch in streams))
    seen: list[str] = []
    after, last = 0, False
    while not last:
        last = writing.done()
        for row in await db.read(events.following, MINE, ALL, after=after, limit=7):
            seen.append(row.id)
            after, last = row.seq, False
        await asyncio.sleep(0)
    await writing
    assert len(seen) == len(set(seen)) == 60


async def test_an_ingest_waits_for_another_of_the_project(db: Database, furnished_url: str, vault: Vault) -> None:
    """PostgreSQL alone has several writers: what makes them commit in order must be seen to hold them."""
    if not furnished_url.startswith("postgresql"):
        return
    one, epoch = await running(db, vault, webhook=False)
    other = await asyncpg.connect(furnished_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", event_rules.TURN, MINE)
    ingesting = asyncio.ensure_future(store(db, vault, one, epoch, told(one, 1)))
    try:
        assert not (await asyncio.wait({ingesting}, timeout=0.3))[0]
    finally:
        await transaction.rollback()
        await other.close()
    await ingesting
    assert len(await counted(db)) == 1


async def _deliver_all(db: Database) -> None:
    def mark(conn: Connection) -> None:
        due = conn.execute(select(outbox_rows.c.id).where(outbox_rows.c.state == "due")).scalars().all()
        outbox_marks.mark(conn, [Outcome(row, 1) for row in due], NOW)

    await db.write(mark)
