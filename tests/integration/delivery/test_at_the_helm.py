"""Of several services one delivers: the dispatcher of one that may not act sends nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.guard import GuardPolicy
from vedette.model.output import OutputKind

Start = Callable[..., Awaitable[Any]]


async def test_one_that_may_not_act_sends_nothing_until_it_may(post: Any, receivers: Start) -> None:
    """Nobody wakes it then: it looks a few times a second."""
    receiver, may = await receivers(200), False
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.0/8"])) as posters:
        sinks = {OutputKind.WEBHOOK: WebhookSink(posters)}
        one = Dispatcher(
            post.db, post.vault, post.blobs.get, sinks, post.metrics, now=post.clock, may=lambda: may
        )  # fmt: skip
        names = await post.enqueue(receiver.url, 3)
        await one.settle(post.clock())
        assert receiver.seen == []
        assert set(await post.states()) == {"due"}
        running = asyncio.create_task(one.run())
        may = True
        await receiver.until(lambda: len(receiver.seen) == 3)
        await one.stop()
        await running
    assert [message["message_id"] for message in receiver.seen] == names
    assert set(await post.states()) == {"done"}
