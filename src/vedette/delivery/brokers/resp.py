"""The protocol of Redis, as much of it as appending needs (redis.io, "RESP2"): commands out, replies in, in order."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from vedette.delivery.brokers.wire import LINE, Wire
from vedette.model.errors import SinkError, SinkUnreachable

REPLY_S: Final = 10.0
"""How long a reply may take."""
_CODE: Final = re.compile(r": -?([A-Z]{3,}) ")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that Redis replied."""

    said: str

    @property
    def code(self) -> str:
        """What it is about, such as `NOAUTH`; up to Redis 6 a script's error holds that further back."""
        word = self.said.partition(" ")[0]
        if word != "ERR":
            return word
        if "max number of clients" in self.said:
            return "MAXCLIENTS"
        if "unauthenticated" in self.said:  # a long command from who has not logged in
            return "NOAUTH"
        found = _CODE.search(self.said) if self.said.startswith("ERR Error running script") else None
        return found[1] if found else word


Reply = bytes | int | Refusal | None


class RedisLine:
    """A connection to Redis: many may ask at a time, replies come in the order of the questions."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self.shown = wire, wire.shown
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._end: SinkError | None = None
        self._reading = asyncio.create_task(self._read())

    @property
    def broken(self) -> bool:
        return self._end is not None

    async def ask(self, *words: bytes | str) -> Reply:
        """Send a command and return the reply.

        Raises:
            SinkUnreachable: none comes.
        """
        if self._end is not None:
            raise self._end
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        try:
            async with asyncio.timeout(REPLY_S):
                self._wire.writer.write(packed(*words))
                await self._wire.writer.drain()
                return await answer
        except TimeoutError:
            raise self._break(f"{self.shown} did not answer within {REPLY_S:g} s.") from None
        except OSError as error:
            raise self._break(f"The connection to {self.shown} broke.") from error

    async def close(self) -> None:
        self._break(f"The connection to {self.shown} was closed.")
        self._reading.cancel()
        await asyncio.wait([self._reading])
        await self._wire.close()

    def _break(self, why: str) -> SinkError:
        """Fail all who wait, and whoever comes."""
        if self._end is None:
            self._end = SinkUnreachable(why, connected=True)
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(self._end)
                    answer.exception()  # who asked may be gone
            self._waiting.clear()
            self._wire.writer.close()
        return self._end

    async def _read(self) -> None:
        why = "closed the connection"
        try:
            while line := await self._wire.reader.readline():
                reply = await self._reply(line)
                answer = self._waiting.popleft()
                if not answer.done():
                    answer.set_result(reply)
        except (OSError, EOFError) as error:
            why = f"broke the connection ({type(error).__name__})"
        except (ValueError, IndexError):
            why = "answers in a language that is not that of Redis"
        finally:
            self._break(f"{self.shown} {why}.")

    async def _reply(self, line: bytes) -> Reply:
        kind, rest = line[:1], line[1:].strip()
        match kind:
            case b"+":
                return rest
            case b"-":
                return Refusal(rest.decode(errors="replace"))
            case b":":
                return int(rest)
            case b"$" if rest == b"-1":
                return None
            case b"$" if 0 <= int(rest) <= LINE:
                return (await self._wire.reader.readexactly(int(rest) + 2))[:-2]
        raise ValueError("no reply to what is asked")


def packed(*words: bytes | str) -> bytes:
    """Return a command as it is sent."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        raw = word.encode() if isinstance(word, str) else word
        parts += [f"${len(raw)}\r\n".encode(), raw, b"\r\n"]
    return b"".join(parts)
