"""In which order events of a task arrive at a destination, while things go wrong."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.posting.poster import Posters
from vedette.delivery.retry import IN_ORDER
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.guard import GuardPolicy
from vedette.model.output import OutputKind

Start = Callable[..., Awaitable[Any]]


class Trouble:
    """A receiver's answers, and the ids it has taken, each once, in the order they came."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.bad: Callable[[str], int] = lambda _event_id: 200

    async def answer(self, request: web.Request) -> web.Response:
        event_id = request.headers["X-Vedette-Event-Id"]
        status = self.bad(event_id)
        if status == 0 and request.transport is not None:
            request.transport.close()
        elif status == 200 and event_id not in self.taken:
            self.taken.append(event_id)
        return web.Response(status=status or 500)


async def test_order_is_kept_through_failures_closed_connections_and_restarts(post: Any, receivers: Start) -> None:
    """A third of the calls fail, in two ways; the dispatcher is killed again and again, and what it knew is gone."""
    trouble, dice = Trouble(), random.Random(7)
    trouble.bad = lambda _event_id: dice.choice([200, 200, 200, 200, 503, 0])
    receiver = await receivers(trouble.answer)
    sent: list[str] = []
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters)}
        for step in range(400):
            if step < 60:
                sent += await post.enqueue(receiver.url, 2)
            if step % 7 == 0:
                dispatcher = Dispatcher(post.db, post.vault, post.blobs.get, sinks, post.metrics, now=post.clock)
            await dispatcher.settle(post.clock())
            post.clock.forward(0.25)
    assert trouble.taken == sent
    assert set(await post.states()) == {"done"}


async def test_an_event_that_always_fails_is_overtaken_after_a_minute(post: Any, receivers: Start) -> None:
    """What follows is not held up for a day, and the event is told when it can be."""
    trouble = Trouble()
    receiver = await receivers(trouble.answer)
    first, *others = await post.enqueue(receiver.url, 4)
    trouble.bad = lambda event_id: 503 if event_id == first else 200
    await _let(post, 45)
    assert trouble.taken == []
    await _let(post, 60)
    assert trouble.taken == others
    later = await post.enqueue(receiver.url, 3)
    await _let(post, 1)
    assert trouble.taken == others + later, "it had its minute"
    trouble.bad = lambda _event_id: 200
    await _let(post, 300)
    assert trouble.taken == [*others, *later, first]


async def test_an_event_that_hangs_its_receiver_is_overtaken_too(post: Any, receivers: Start) -> None:
    """A connection that is made and then breaks is no sign that nobody is there."""
    trouble = Trouble()
    receiver = await receivers(trouble.answer)
    first, *others = await post.enqueue(receiver.url, 4)
    trouble.bad = lambda event_id: 0 if event_id == first else 200
    await _let(post, 400)
    assert trouble.taken == others
    trouble.bad = lambda _event_id: 200
    await _let(post, 1000)
    assert trouble.taken == [*others, first]


async def test_a_refused_event_holds_up_nobody(post: Any, receivers: Start) -> None:
    """The receiver has answered: it does not want this one."""
    trouble = Trouble()
    receiver = await receivers(trouble.answer)
    first, *others = await post.enqueue(receiver.url, 4)
    trouble.bad = lambda event_id: 422 if event_id == first else 200
    await post.settle()
    assert trouble.taken == others
    await _let(post, 10)
    assert sorted(await post.states()) == ["dead", "done", "done", "done"]


async def test_an_hour_away_costs_no_event_its_tries_nor_its_place(post: Any, receivers: Start) -> None:
    """Nobody saw those calls; when somebody is there again, everything comes as if nothing had been."""
    trouble = Trouble()
    receiver = await receivers(trouble.answer)
    sent = await post.enqueue(receiver.url, 3)
    await receiver.close()
    for _ in range(60):
        await post.settle()
        post.clock.forward(60)
    assert max(row.attempts for row in await post.rows()) <= 4
    sent += await post.enqueue(receiver.url, 3)
    await receiver.open()
    answers = iter([503, 503])
    trouble.bad = lambda _event_id: next(answers, 200)
    await _let(post, 120)
    assert trouble.taken == sent


async def test_a_receiver_that_fails_at_everything_is_tried_with_every_event(post: Any, receivers: Start) -> None:
    """Else a queue without end would wait behind its first event, and nothing would ever be given up."""
    trouble = Trouble()
    trouble.bad = lambda _event_id: 500
    receiver = await receivers(trouble.answer)
    sent = await post.enqueue(receiver.url, 5)
    await _let(post, 90)
    rows = await post.rows()
    assert rows[0].attempts >= IN_ORDER
    assert all(row.attempts for row in rows), "the others had their turn"
    trouble.bad = lambda _event_id: 200
    await _let(post, 900)
    assert sorted(trouble.taken) == sorted(sent)


async def _let(post: Any, seconds: int) -> None:
    """Let time go by, in steps of half a second."""
    for _ in range(seconds * 2):
        await post.settle()
        post.clock.forward(0.5)
