"""Redis Streams: appends an event exactly once, by a script that looks after its id and appends in one step.

The ids are kept beside the stream, in a sorted set by the time they came, for `KEPT_S` and up to `KEPT`: what is
repeated later than that is appended again. Whoever reads finds the id in the field `ce_id`.
"""

import hashlib
from typing import Final

from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.kept import Kept
from vedette.delivery.brokers.resp import RedisLine, Refusal, Reply
from vedette.delivery.brokers.wire import Wire, dial, tls_context
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.cloud_events import attributes
from vedette.model.broker import Broker
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable

KEPT_S: Final = 172_800
"""How long an id is remembered: two days, longer than a delivery is tried."""
KEPT: Final = 200_000
"""How many ids of a stream are remembered at most, the newest."""
IDS: Final = "{%s}:vedette-ids"
"""Key of the ids of a stream; the braces keep both keys together."""
SCRIPT: Final = """
local now, entry = tonumber(redis.call('TIME')[1]), nil
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
if #ARGV == 3 then
  entry = redis.call('XLEN', KEYS[1])
else
  entry = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[3]))
  redis.call('EXPIRE', KEYS[2], ARGV[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[2]))
return entry
"""
"""Keys: the stream, its ids. Arguments: the event's id, how long and how many ids are kept, the fields of the entry.

Whatever can fail fails before something is written: a key of another type, and memory that is full, for which Redis
looks at the first command that writes and no later. Without fields nothing is appended: it is only found out whether
something could be.
"""
_SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_BUSY: Final = frozenset(
    {
        "LOADING",
        "BUSY",
        "OOM",
        "READONLY",
        "MASTERDOWN",
        "MISCONF",
        "NOREPLICAS",
        "TRYAGAIN",
        "CLUSTERDOWN",
        "MAXCLIENTS",
    }
)
"""Errors that go by."""
_CLUSTER: Final = "is a part of a cluster; name a Redis that has all keys"
_REFUSED: Final = {
    "NOAUTH": "wants a log-in (NOAUTH): check user name and password",
    "WRONGPASS": "refuses the log-in (WRONGPASS): check user name and password",
    "NOPERM": "does not permit it (NOPERM): the user needs the commands of the script",
    "WRONGTYPE": "holds something else than a stream in {subject}, or than its ids in {ids}",
    "MOVED": _CLUSTER,
    "ASK": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
}


class RedisLink(Kept[RedisLine]):
    """Appends to the streams of a Redis."""

    def __init__(self, broker: Broker, resolve: Resolve) -> None:
        super().__init__()
        self._broker, self._resolve = broker, resolve

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        """Append an event; see `Link.put`."""
        fields: list[bytes | str] = ["data", body]
        for name, value in attributes(delivery).items():
            fields += [f"ce_{name}", value]
        if delivery.number:
            fields += ["sequence", str(delivery.number)]
        await self._run(subject, delivery.event_id, fields)

    async def check(self, subject: str) -> None:
        """See whether the key can hold a stream, and whether something can be written."""
        await self._run(subject, "", [])

    async def _run(self, subject: str, event_id: str, fields: list[bytes | str]) -> None:
        line = await self.line()
        arguments = ("2", subject, IDS % subject, event_id, str(KEPT_S), str(KEPT), *fields)
        reply = await line.ask("EVALSHA", _SHA, *arguments)
        if isinstance(reply, Refusal) and reply.code == "NOSCRIPT":
            reply = await line.ask("EVAL", SCRIPT, *arguments)
        if (failure := _failure(line.shown, subject, reply)) is not None:
            raise failure

    async def _dial(self) -> RedisLine:
        context = tls_context(self._broker)
        names = [self._broker.username] if self._broker.username else []

        async def greet(wire: Wire) -> RedisLine:
            line = RedisLine(wire)
            try:
                reply = await line.ask("AUTH", *names, self._broker.password) if self._broker.password else None
            except BaseException:
                await line.close()
                raise
            if isinstance(reply, Refusal):
                await line.close()
                raise _login_failure(line.shown, reply)
            return line

        return await dial(self._broker, self._resolve, greet, tls=context)


def open_link(broker: Broker, resolve: Resolve) -> RedisLink:
    """Return the link of a broker; it connects with the first `put`."""
    return RedisLink(broker, resolve)


def _login_failure(shown: str, reply: Refusal) -> SinkError:
    if reply.code in _BUSY:
        return SinkBusy(f"{shown} cannot now ({reply.code}).")
    return SinkRefused(f"{shown} refuses the log-in ({reply.code}): check user name and password.")


def _failure(shown: str, subject: str, reply: Reply) -> SinkError | None:
    """Return what is wrong with the reply to the script, or None: the entry is there, maybe since before."""
    if isinstance(reply, int) or (isinstance(reply, bytes) and reply):
        return None
    if not isinstance(reply, Refusal):
        return SinkUnreachable(f"{shown} gave no answer to the script.", connected=True)
    if reply.code in _BUSY:
        return SinkBusy(f"{shown} cannot now ({reply.code}).")
    if reply.code not in _REFUSED:
        return SinkRefused(f"{shown} did not take the event: {reply.said[:200]}.")
    return SinkRefused(f"{shown} {_REFUSED[reply.code].format(subject=subject, ids=IDS % subject)}.")
