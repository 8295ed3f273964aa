"""NATS JetStream: publishes, and waits until a stream has said that it has the message.

Only this little of the protocol is spoken (docs.nats.io, "Client Protocol" and ADR-4 on headers), by ourselves: the
connection must go to the address that was judged and to none that a server advertises, and a password must not leave
before TLS is there. With `Nats-Msg-Id` a stream drops what it got within its duplicate window.
"""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.kept import Kept
from vedette.delivery.brokers.wire import LINE, Wire, dial, tls_context
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.cloud_events import attributes
from vedette.delivery.sinks.headers import quoted
from vedette.model.broker import Broker
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable

ACK_S: Final = 10.0
"""How long a stream may take to say that it has a message."""
STREAMS_OF: Final = "$JS.API.STREAM.NAMES"
"""Subject that tells which streams cover a subject."""
_NO_RESPONDERS: Final = b"NATS/1.0 503"
_BUSY_CODES: Final = frozenset({10077, 10023, 10047})
"""Errors of JetStream that go by: the stream is full, resources are short."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    subject: str
    answer: "asyncio.Future[bytes]"


class NatsLine:
    """A connection that is logged in: sends requests, and hands each answer to who waits for it.

    Args:
        info: what the server said of itself.
    """

    def __init__(self, wire: Wire, info: dict[str, Any]) -> None:
        self._wire, self.info = wire, info
        self.shown = wire.shown
        self._inbox = f"_INBOX.{secrets.token_hex(11)}"
        self._waiting: dict[str, _Waiting] = {}
        self._count = 0
        self._heard = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._end: SinkError | None = None

    @property
    def broken(self) -> bool:
        return self._end is not None

    def begin(self) -> None:
        """Listen from now on."""
        self._wire.writer.write(f"SUB {self._inbox}.* 1\r\n".encode())
        self._reading = asyncio.create_task(self._read())

    async def ask(self, subject: str, headers: dict[str, str], body: bytes) -> bytes:
        """Send a message, and return the answer to it: its payload; b"" with the status that nobody listens.

        Raises:
            SinkError: there is no answer.
        """
        if self._end is not None:
            raise self._end
        head = "".join(["NATS/1.0\r\n", *(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\n"]).encode()
        most = self.info.get("max_payload")
        if isinstance(most, int) and len(head) + len(body) > most:
            raise SinkRefused(
                f"The event has {len(head) + len(body)} bytes, and {self.shown} takes {most} (its max_payload)."
            )
        self._count += 1
        token = str(self._count)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[token] = _Waiting(subject, answer)
        sent_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(ACK_S):
                line = f"HPUB {subject} {self._inbox}.{token} {len(head)} {len(head) + len(body)}\r\n"
                self._wire.writer.write(b"".join((line.encode(), head, body, b"\r\n")))
                await self._wire.writer.drain()
                return await answer
        except TimeoutError:
            if self._heard < sent_at:  # nothing at all came: the connection is dead, though nobody closed it
                self._break(SinkUnreachable(f"{self.shown} does not answer any more.", connected=True))
            raise SinkUnreachable(
                f"{self.shown} did not acknowledge the event within {ACK_S:g} s.", connected=True
            ) from None
        except OSError as error:
            raise self._break(SinkUnreachable(f"The connection to {self.shown} broke.", connected=True)) from error
        finally:
            del self._waiting[token]
            if answer.done() and not answer.cancelled():
                answer.exception()

    async def close(self) -> None:
        self._break(SinkUnreachable(f"The connection to {self.shown} was closed.", connected=True))
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._wire.close()

    def _break(self, error: SinkError) -> SinkError:
        """Fail all who wait, and whoever comes."""
        if self._end is None:
            self._end = error
            for one in self._waiting.values():
                if not one.answer.done():
                    one.answer.set_exception(error)
            self._wire.writer.close()
        return self._end

    async def _read(self) -> None:
        why = "closed the connection"
        try:
            while line := await self._wire.reader.readline():
                self._heard = asyncio.get_running_loop().time()
                await self._take(line)
        except (OSError, EOFError) as error:
            why = f"broke the connection ({type(error).__name__})"
        except (ValueError, IndexError, KeyError):
            why = "answers in a language that is not that of NATS"
        finally:
            self._break(SinkUnreachable(f"{self.shown} {why}.", connected=True))

    async def _take(self, line: bytes) -> None:
        word, _, rest = line.strip().partition(b" ")
        match word.upper():
            case b"PING":
                self._wire.writer.write(b"PONG\r\n")
                await self._wire.writer.drain()
            case b"MSG":
                subject, *_, size = rest.split()
                self._answered(subject, b"", await self._body(size))
            case b"HMSG":
                subject, *_, head, size = rest.split()
                body = await self._body(size)
                self._answered(subject, body[: int(head)], body[int(head) :])
            case b"-ERR":
                self._complain(rest.decode(errors="replace").strip("' "))

    async def _body(self, size: bytes) -> bytes:
        if not 0 <= int(size) <= LINE:
            raise ValueError("an answer of this size is none")
        return (await self._wire.reader.readexactly(int(size) + 2))[:-2]

    def _answered(self, subject: bytes, head: bytes, body: bytes) -> None:
        found = self._waiting.get(subject.decode().rpartition(".")[2])
        if found is None or found.answer.done():
            return
        if head.startswith(_NO_RESPONDERS):
            body = b""
        found.answer.set_result(body)

    def _complain(self, said: str) -> None:
        """An error of the protocol: about one subject, or the end of the connection."""
        if said.lower().startswith("permissions violation"):
            failure = SinkRefused(f"{self.shown} does not permit it: {said[:200]}.")
            about_us = "subscription" in said.lower()  # no answer can be heard
            for one in self._waiting.values():
                if not one.answer.done() and (about_us or f'"{one.subject}"' in said):
                    one.answer.set_exception(failure)
            return
        self._break(SinkUnreachable(f"{self.shown} ended the connection: {said[:200]}.", connected=True))


class NatsLink(Kept[NatsLine]):
    """Publishes to the streams of a broker."""

    def __init__(self, broker: Broker, resolve: Resolve) -> None:
        super().__init__()
        self._broker, self._resolve = broker, resolve

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        """Publish an event; see `Link.put`."""
        line = await self.line()
        answer = await line.ask(subject, _headers(delivery), body)
        if not answer:
            # also for a moment after a start, and while a cluster looks for a leader: so it is tried again
            raise SinkBusy(_uncovered(line, subject))
        if (failure := _failure(line.shown, answer)) is not None:
            raise failure

    async def check(self, subject: str) -> None:
        """See whether a stream covers a subject."""
        line = await self.line()
        answer = await line.ask(STREAMS_OF, {}, json.dumps({"subject": subject}).encode())
        if not answer:
            raise SinkBusy(f"JetStream does not answer at {line.shown}: it is switched off, or not for this account.")
        try:
            streams = json.loads(answer).get("streams")
        except (ValueError, AttributeError):
            streams = None
        if not streams:
            raise SinkBusy(_uncovered(line, subject))

    async def _dial(self) -> NatsLine:
        context = tls_context(self._broker)

        async def greet(wire: Wire) -> NatsLine:
            info = _info(await wire.reader.readline(), wire)
            if context is not None:
                await wire.writer.start_tls(context, server_hostname=wire.host)
            elif info.get("tls_required"):
                raise SinkRefused(f"{wire.shown} wants TLS: set tls in the broker {self._broker.name}.")
            if not info.get("headers"):
                raise SinkRefused(f"{wire.shown} knows no headers (NATS before 2.2), so no JetStream as we need it.")
            wire.writer.write(b"CONNECT " + json.dumps(self._login()).encode() + b"\r\nPING\r\n")
            await _logged_in(wire)
            line = NatsLine(wire, info)
            line.begin()
            return line

        return await dial(self._broker, self._resolve, greet, tls=None)

    def _login(self) -> dict[str, Any]:
        broker = self._broker
        said: dict[str, Any] = {
            "verbose": False,
            "pedantic": False,
            "tls_required": broker.tls,
            "name": "vedette",
            "lang": "vedette",
            "version": version("vedette"),
            "protocol": 0,  # no news of other servers
            "echo": False,
            "headers": True,
            "no_responders": True,
        }
        if broker.username:
            return said | {"user": broker.username, "pass": broker.password}
        return said | ({"auth_token": broker.password} if broker.password else {})


def open_link(broker: Broker, resolve: Resolve) -> NatsLink:
    """Return the link of a broker; it connects with the first `put`."""
    return NatsLink(broker, resolve)


def _info(line: bytes, wire: Wire) -> dict[str, Any]:
    word, _, rest = line.partition(b" ")
    info = None
    if word.upper() == b"INFO":
        with suppress(ValueError):
            info = json.loads(rest)
    if not isinstance(info, dict):
        raise SinkUnreachable(f"{wire.shown} does not greet as a NATS server does.")
    return info


async def _logged_in(wire: Wire) -> None:
    """Wait for the answer to our PING; before it comes what is wrong with the log-in."""
    while line := await wire.reader.readline():
        word, _, rest = line.strip().partition(b" ")
        if word.upper() == b"PONG":
            return
        if word.upper() == b"-ERR":
            said = rest.decode(errors="replace").strip("' ")[:200]
            if "authorization" in said.lower() or "authentication" in said.lower():
                raise SinkRefused(f"{wire.shown} refuses the log-in ({said}): check user name and password, or token.")
            raise SinkBusy(f"{wire.shown} takes no connection now ({said}).")
    raise SinkUnreachable(f"{wire.shown} closed the connection at the log-in.")


def _headers(delivery: Delivery) -> dict[str, str]:
    sent = {"Nats-Msg-Id": delivery.event_id, "Content-Type": "application/json"}
    if delivery.number:
        sent["X-Vedette-Sequence"] = str(delivery.number)
    return sent | {f"ce-{name}": quoted(value) for name, value in attributes(delivery).items()}


def _failure(shown: str, answer: bytes) -> SinkError | None:
    """Return what is wrong with the acknowledgement, or None: a stream has the message, maybe since before."""
    try:
        said = json.loads(answer)
        error = said.get("error")
        if error is None and said["stream"] and said["seq"]:
            return None
        code, number, text = int(error["code"]), error.get("err_code"), str(error.get("description"))[:200]
    except (ValueError, KeyError, TypeError, AttributeError):
        return SinkBusy(f"What answers for the subject at {shown} is no stream of JetStream.")
    failed = f"The stream at {shown} did not take the event: {text} ({number or code})."
    return SinkBusy(failed) if code >= 500 or number in _BUSY_CODES else SinkRefused(failed)


def _uncovered(line: NatsLine, subject: str) -> str:
    if not line.info.get("jetstream"):
        return f"No stream covers the subject {subject}: JetStream is switched off at {line.shown}."
    return f"No stream of JetStream at {line.shown} covers the subject {subject}."
