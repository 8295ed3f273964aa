"""The dispatcher over a real outbox and real receivers; the clock is the test's."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import Connection, update

from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.lane import PER_DESTINATION
from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.errors import Unavailable
from vedette.model.guard import GuardPolicy
from vedette.model.output import OutputKind, WebhookOutput
from vedette.store import dead_letters, outbox
from vedette.store.tables import destinations
from vedette.store.tables import outbox as rows
from vedette.store.vault import Vault

Start = Callable[..., Awaitable[Any]]
JPEG = b"\xff\xd8" + bytes(range(256)) * 40 + b"\xff\xd9"


def ids(receiver: Any) -> list[str]:
    return [message["message_id"] for message in receiver.seen]


async def test_events_arrive_with_their_picture(post: Any, receivers: Start) -> None:
    """The picture is in a file and the message in a row; the receiver gets one body."""
    receiver = await receivers(200)
    [name] = await post.enqueue(receiver.url, picture=JPEG, token="t0k")
    await post.settle()
    [message], [headers] = receiver.seen, receiver.headers
    assert base64.b64decode(message["image_base64"]) == JPEG
    assert message["message_id"] == headers["X-Vedette-Event-Id"] == name
    assert headers["token"] == "t0k"
    assert await post.states() == ["done"]


async def test_an_event_whose_picture_is_gone_is_told_without(post: Any, receivers: Start) -> None:
    """Half the news is better than none."""
    receiver = await receivers(200)
    await post.enqueue(receiver.url, picture=JPEG)
    [hour] = post.blobs.hours()
    post.blobs.sweep(hour, set())
    await post.settle()
    assert "image_base64" not in receiver.seen[0]


async def test_a_flaky_receiver_that_goes_away_gets_every_event(post: Any, receivers: Start) -> None:
    """503 to a third of the calls, and away in the middle: nothing is lost, and ids are told unchanged."""
    calls, told = 0, []

    async def flaky(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            return web.Response(status=503)
        told.append(request.headers["X-Vedette-Event-Id"])
        return web.Response()

    receiver = await receivers(flaky)
    sent: list[str] = []
    for step in range(2000):
        if step < 400 and step % 10 == 0:
            sent += await post.enqueue(receiver.url, 5)
        if step == 100:
            await receiver.close()
        if step == 300:
            await receiver.open()
        await post.settle()
        post.clock.forward(0.1)
    assert told == sent, "each once, for it had answered 2xx to each only once; and in their order"
    assert set(await post.states()) == {"done"}


async def test_thousands_of_rows_do_not_each_wait_for_a_destination_that_is_away(post: Any, receivers: Start) -> None:
    """It is found away by a few calls, probed with single ones, and drained when it is back."""
    attempts = 0
    gone, here = await receivers(200), await receivers(200)
    await gone.close()
    await post.enqueue(gone.url, 3_000)
    for _ in range(60):
        await post.settle()
        post.clock.forward(1)
    attempts = sum(row.attempts for row in await post.rows())
    assert 3 <= attempts <= 4 + 8
    assert post.metrics.registry.get_sample_value("vedette_destinations_paused") == 1
    assert list(post.dispatcher.troubles().values())
    await post.enqueue(here.url)
    await post.settle()
    assert len(here.seen) == 1
    await gone.open()
    post.clock.forward(70)
    await post.settle()
    assert len(set(ids(gone))) == 3_000
    assert set(await post.states()) == {"done"}


async def test_what_waits_for_a_destination_is_due_when_it_is_back(post: Any, receivers: Start) -> None:
    """After many attempts in vain each row has a long wait before it, which no longer makes sense."""
    receiver = await receivers(200)
    await receiver.close()
    await post.enqueue(receiver.url, 3)
    for _ in range(5):
        await post.settle()
        post.clock.forward(1)

    def delay(conn: Connection) -> None:
        conn.execute(update(rows).where(rows.c.id > 1).values(next_attempt_at=post.clock() + 3_600_000))

    await post.db.write(delay)
    await receiver.open()
    post.clock.forward(60)
    await post.settle()
    assert len(receiver.seen) == 3


async def test_a_receiver_that_never_answers_does_not_delay_another(post: Any, receivers: Start) -> None:
    """Each destination has its own lane; the good one is through while the other still hangs."""
    forever = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await forever.wait()
        return web.Response()

    slow, good = await receivers(hang), await receivers(200)
    await post.enqueue(slow.url, 50)
    await post.enqueue(good.url, 50)
    settled = asyncio.create_task(post.settle())
    await good.until(lambda: len(good.seen) == 50)
    assert not settled.done()
    assert len(slow.seen) == 1
    forever.set()
    await settled
    assert set(await post.states()) == {"done"}


async def test_a_backlog_that_is_being_read_delays_nobody(post: Any, receivers: Start) -> None:
    """A long queue is filled beside all else: the event of another destination is not behind it."""
    large, small, reading, goes_on = await receivers(200), await receivers(200), asyncio.Event(), asyncio.Event()

    class Slow:
        """A database that takes its time for the second part of a backlog."""

        async def read(self, unit: Any, *args: Any, **kwargs: Any) -> Any:
            if unit is outbox.due and args[0][0].limit > PER_DESTINATION:
                reading.set()
                await goes_on.wait()
            return await post.db.read(unit, *args, **kwargs)

        async def write(self, *args: Any, **kwargs: Any) -> Any:
            return await post.db.write(*args, **kwargs)

    await post.enqueue(large.url, 100)
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters)}
        one = Dispatcher(Slow(), post.vault, post.blobs.get, sinks, post.metrics, now=post.clock)  # type: ignore[arg-type]
        running = asyncio.create_task(one.run())
        async with asyncio.timeout(10):
            await reading.wait()
        await post.enqueue(small.url)
        one.wake()
        await small.until(lambda: len(small.seen) == 1)
        assert len(large.seen) < 100
        goes_on.set()
        await large.until(lambda: len(large.seen) == 100)
        await one.stop()
        await running
    assert set(await post.states()) == {"done"}


async def test_many_hanging_destinations_do_not_use_up_the_slots(post: Any, receivers: Start) -> None:
    """Calls that have become slow move to slots of their own: a hundred hanging receivers and the good one is served."""
    forever = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await forever.wait()
        return web.Response()

    hanging, good = await receivers(hang), await receivers(200)
    for n in range(100):
        await post.enqueue(f"{hanging.url}/{n}", 4)
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters, timeout_s=60)}
        patient = Dispatcher(post.db, post.vault, post.blobs.get, sinks, post.metrics, now=post.clock)
        running = asyncio.create_task(patient.run())
        try:
            await hanging.until(lambda: len(hanging.seen) >= 60)
            await post.enqueue(good.url, 20)
            patient.wake()
            await good.until(lambda: len(good.seen) == 20)
        finally:
            forever.set()
            await patient.stop()
            await running


async def test_a_pause_that_was_asked_for_is_kept(post: Any, receivers: Start) -> None:
    """Retry-After: 30 and not a call before, for any event of that destination."""
    answers = iter([429])

    async def limited(_request: web.Request) -> web.Response:
        return web.Response(status=next(answers, 200), headers={"Retry-After": "30"})

    receiver = await receivers(limited)
    await post.enqueue(receiver.url)
    await post.settle()
    await post.enqueue(receiver.url, 3)
    for _ in range(29):
        await post.settle()
        post.clock.forward(1)
    assert len(receiver.seen) == 1
    post.clock.forward(1)
    await post.settle()
    assert len(receiver.seen) == 5
    assert set(await post.states()) == {"done"}


async def test_a_destination_that_is_gone_is_not_called_again(post: Any, receivers: Start) -> None:
    """410: what waits for it are dead letters, and only what somebody sends again is tried."""
    status = 410

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    receiver = await receivers(answer)
    await post.enqueue(receiver.url)
    await post.settle()
    await post.enqueue(receiver.url, 20)
    await post.settle()
    assert len(receiver.seen) == 1
    assert set(await post.states()) == {"dead"}
    status = 200
    letters = await post.db.read(dead_letters.page, "p1")
    await post.db.write(dead_letters.resend, "p1", letters[5].id, post.clock())
    await post.settle()
    assert len(receiver.seen) == 2
    await post.db.write(dead_letters.resend_all, "p1", post.clock())
    await post.settle()
    assert set(await post.states()) == {"done"}
    assert len(set(ids(receiver))) == 21


async def test_a_refusal_is_tried_three_times(post: Any, receivers: Start) -> None:
    """A receiver that says 400 may be in the middle of a change; it does not want a day of it."""
    receiver = await receivers(400)
    await post.enqueue(receiver.url)
    for _ in range(100):
        await post.settle()
        post.clock.forward(1)
    assert [headers["X-Vedette-Attempt"] for headers in receiver.headers] == ["1", "2", "3"]
    [row] = await post.rows()
    assert (row.state, row.attempts, row.last_error) == ("dead", 3, "The destination answered 400.")


async def test_what_the_guard_forbids_is_a_dead_letter_at_once(post: Any, receivers: Start) -> None:
    """Its reason names the setting; nothing was sent."""
    receiver = await receivers(200)
    await post.enqueue(receiver.url)
    async with Posters(GuardPolicy()) as posters:
        strict = Dispatcher(
            post.db,
            post.vault,
            post.blobs.get,
            {OutputKind.WEBHOOK: WebhookSink(posters)},
            post.metrics,
            now=post.clock,
        )
        await strict.settle(post.clock())
    assert receiver.seen == []
    [row] = await post.rows()
    assert (row.state, row.attempts) == ("dead", 1)
    assert "VEDETTE_GUARD_ALLOW" in row.last_error


async def test_after_a_day_of_absence_everything_is_a_dead_letter_and_can_be_sent_again(
    post: Any, receivers: Start
) -> None:
    """Also the rows that were never tried one by one; nothing vanishes."""
    receiver = await receivers(200)
    await receiver.close()
    await post.enqueue(receiver.url, 200)
    for _ in range(26 * 12):
        await post.settle()
        post.clock.forward(300)
    assert set(await post.states()) == {"dead"}
    await receiver.open()
    assert await post.db.write(dead_letters.resend_all, "p1", post.clock()) == 200
    post.clock.forward(61)
    await post.settle()
    assert len(set(ids(receiver))) == 200
    assert set(await post.states()) == {"done"}


async def test_a_crash_between_sending_and_marking_only_repeats(post: Any, receivers: Start) -> None:
    """The receiver sees the same event id again, and the outbox is empty in the end."""
    receiver = await receivers(200)
    sent = await post.enqueue(receiver.url, 30)

    class Dying:
        """A database that is there for reading, and away when deliveries are to be marked."""

        async def read(self, unit: Any, *args: Any, **kwargs: Any) -> Any:
            return await post.db.read(unit, *args, **kwargs)

        async def write(self, *_args: Any, **_kwargs: Any) -> Any:
            raise Unavailable("gone")

    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        doomed = Dispatcher(
            Dying(), post.vault, post.blobs.get, {OutputKind.WEBHOOK: WebhookSink(posters)}, post.metrics, now=post.clock  # type: ignore[arg-type]
        )  # fmt: skip
        with pytest.raises(Unavailable):
            await doomed.settle(post.clock())
        await doomed.stop()
    before = len(receiver.seen)
    assert before > 0
    await post.settle()
    assert set(ids(receiver)) == set(sent)
    assert len(receiver.seen) == before + 30, "none had been marked"
    assert set(await post.states()) == {"done"}


async def test_stopping_lets_calls_finish_and_begins_no_more(post: Any, receivers: Start) -> None:
    """What was on its way is marked; what waited is due for the next start."""
    gate = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await gate.wait()
        return web.Response()

    receiver = await receivers(slow)
    await post.enqueue(receiver.url, 20)
    running = asyncio.create_task(post.dispatcher.run())
    await receiver.until(lambda: len(receiver.seen) == 1)
    stopping = asyncio.create_task(post.dispatcher.stop())
    await asyncio.sleep(0)  # lets `stop` begin
    gate.set()
    await stopping
    await running
    states = await post.states()
    assert states.count("done") == 1
    assert states.count("due") == 19


async def test_a_woken_dispatcher_sends_at_once_and_follows_the_schedule_by_itself(post: Any, receivers: Start) -> None:
    """On the machine's own clock: nobody wakes it for the second attempt."""
    answers = iter([503, 200])

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=next(answers))

    receiver = await receivers(answer)
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        real = Dispatcher(post.db, post.vault, post.blobs.get, {OutputKind.WEBHOOK: WebhookSink(posters)}, post.metrics)
        running = asyncio.create_task(real.run())
        post.clock.ms = time.time_ns() // 1_000_000
        await post.enqueue(receiver.url)
        real.wake()
        await receiver.until(lambda: len(receiver.seen) == 2, 4)
        await real.stop()
        await running
    assert await post.states() == ["done"]


async def test_a_fault_in_a_sink_holds_up_nobody(post: Any, receivers: Start) -> None:
    """It is logged and counted as a refusal of that delivery."""
    receiver = await receivers(200)

    class Broken:
        async def send(self, delivery: Delivery) -> None:
            raise KeyError(delivery.event_id)

    await post.enqueue(receiver.url, 3)
    broken = Dispatcher(
        post.db, post.vault, post.blobs.get, {OutputKind.WEBHOOK: Broken()}, post.metrics, now=post.clock
    )
    for _ in range(30):
        await broken.settle(post.clock())
        post.clock.forward(1)
    assert await post.states() == ["dead"] * 3


async def test_a_kind_of_output_that_cannot_be_served_is_a_dead_letter(post: Any, receivers: Start) -> None:
    """It is told, and nothing waits for ever."""
    await post.enqueue("http://127.0.0.1:9/")
    none = Dispatcher(post.db, post.vault, post.blobs.get, {}, post.metrics, now=post.clock)
    for _ in range(30):
        await none.settle(post.clock())
        post.clock.forward(1)
    [row] = await post.rows()
    assert row.state == "dead"
    assert "webhook" in row.last_error


async def test_a_destination_sealed_with_another_key_waits_for_the_right_one(post: Any, receivers: Start) -> None:
    """An operator who starts with the wrong key must not lose what waits."""
    receiver = await receivers(200)
    await post.enqueue(receiver.url)
    other = Vault("A" * 43 + "=")
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters)}
        await Dispatcher(post.db, other, post.blobs.get, sinks, post.metrics, now=post.clock).settle(post.clock())
    assert await post.states() == ["due"]
    await post.settle()
    assert await post.states() == ["done"]


async def test_the_counters_tell_what_happened(post: Any, receivers: Start) -> None:
    """An operator sees trouble without reading rows."""
    good, bad = await receivers(200), await receivers(410)
    await post.enqueue(good.url, 4)
    await post.enqueue(bad.url, 2)
    await post.settle()
    value = post.metrics.registry.get_sample_value
    assert value("vedette_deliveries_total", {"kind": "webhook", "outcome": "done"}) == 4
    assert value("vedette_deliveries_total", {"kind": "webhook", "outcome": "dead"}) == 2
    assert value("vedette_delivery_seconds_count", {"kind": "webhook"}) == 4
    post.clock.forward(60)
    await post.settle()
    assert value("vedette_outbox_pending") == 0
    assert value("vedette_dead_letters") == 2


async def test_a_queue_that_is_too_long_is_seen_and_its_end_is_given_up_loudly(post: Any, receivers: Start) -> None:
    """What waits keeps its place, another destination has a limit of its own, and what was given up can be sent."""
    gone, here = await receivers(200), await receivers(200)
    await gone.close()
    sent = await post.enqueue(gone.url, 12)
    await post.enqueue(here.url, 3)
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters)}
        short = Dispatcher(
            post.db, post.vault, post.blobs.get, sinks, post.metrics, now=post.clock, queue_limit=10, rand=lambda: 0.5
        )
        await short.settle(post.clock())
        value = post.metrics.registry.get_sample_value
        assert value("vedette_outbox_fullest") == value("vedette_outbox_limit") == 10
        letters = await post.db.read(dead_letters.page, "p1")
        assert sorted(letter.event_id for letter in letters) == sorted(sent[-2:])
        assert letters[0].last_error == "The queue of the destination is full: 10 deliveries wait."
        assert len(here.seen) == 3
        await gone.open()
        post.clock.forward(5)
        await short.settle(post.clock())
        assert value("vedette_outbox_oldest_seconds") in {0, 5}
        post.clock.forward(90)
        await short.settle(post.clock())
        await post.db.write(dead_letters.resend_all, "p1", post.clock())
        post.clock.forward(1)
        await short.settle(post.clock())
    assert ids(gone)[:10] == sent[:10]
    assert set(ids(gone)) == set(sent)


async def test_the_age_of_what_waits_is_seen(post: Any, receivers: Start) -> None:
    """An alarm can be set on it long before anything is given up."""
    receiver = await receivers(200)
    await receiver.close()
    await post.enqueue(receiver.url, 3)
    for _ in range(20):
        await post.settle()
        post.clock.forward(30)
    await post.settle()
    assert post.metrics.registry.get_sample_value("vedette_outbox_oldest_seconds") == 600


async def test_the_users_secrets_are_not_in_the_reasons(post: Any, receivers: Start) -> None:
    """Reasons are shown to whoever may list dead letters, and are logged."""
    receiver = await receivers(400)
    await receiver.close()
    await post.enqueue(f"http://user:hunter2@127.0.0.1:{receiver.port}/path-hunter2?token=hunter2", token="hunter2")
    await post.settle()
    [row] = await post.rows()
    assert row.last_error
    assert "hunter2" not in json.dumps([str(item) for item in row if not isinstance(item, bytes)])
    assert "hunter2" not in repr(post.dispatcher.troubles())


async def test_a_row_that_somebody_else_ended_is_left_alone(post: Any, receivers: Start) -> None:
    """A mark never brings an ended row back."""
    answered = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await answered.wait()
        return web.Response(status=503)

    receiver = await receivers(slow)
    await post.enqueue(receiver.url)
    settled = asyncio.create_task(post.settle())
    await receiver.until(lambda: len(receiver.seen) == 1)

    def end(conn: Connection) -> None:
        conn.execute(update(rows).values(state="done", done_at=post.clock()))

    await post.db.write(end)
    answered.set()
    await settled
    assert await post.states() == ["done"]


async def test_what_waits_goes_with_the_secret_that_was_changed_meanwhile(post: Any, receivers: Start) -> None:
    """The destination is the same, and is in use: the old value is not kept for it."""

    async def guarded(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.headers["token"] == "new" else 503)

    receiver = await receivers(guarded)
    await post.enqueue(receiver.url, token="old")
    await post.settle()
    assert await post.states() == ["due"]
    renewed = post.vault.seal(WebhookOutput(receiver.url, {"token": "new"}))
    await post.db.write(lambda conn: conn.execute(update(destinations).values(target=renewed)).rowcount)
    post.clock.forward(3600)
    await post.settle()
    assert await post.states() == ["done"]
