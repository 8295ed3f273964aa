"""A log-in before a Kafka cluster that knows none: it asks for SASL itself, and passes on everything else.

Wire format: Kafka's protocol guide, requests 17 (SaslHandshake v1), 18 (ApiVersions v0) and 36 (SaslAuthenticate v0).
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

HANDSHAKE, VERSIONS, AUTHENTICATE = 17, 18, 36
UNSUPPORTED_MECHANISM, NOT_AUTHENTICATED = 33, 58


@dataclass
class LogIn:
    """One before the cluster at a port.

    Attributes:
        mechanism: the only one that it knows.
        proof: what a client has to say; the part before the first zero byte is not looked at.
        tried: mechanisms that clients asked for.
    """

    cluster: int
    mechanism: bytes
    proof: bytes
    port: int = 0
    tried: list[bytes] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection, one request after the other."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        behind = await asyncio.open_connection("127.0.0.1", self.cluster)
        inside = False
        try:
            with suppress(OSError, EOFError):
                while True:
                    request = await _frame(reader)
                    api, correlation = struct.unpack(">h", request[:2])[0], request[4:8]
                    if api in (HANDSHAKE, AUTHENTICATE):
                        body = request[10 + struct.unpack(">h", request[8:10])[0] :]
                        answer = self._shake(body) if api == HANDSHAKE else self._judge(body)
                        inside = api == AUTHENTICATE and answer[:2] == b"\0\0"
                        _write(writer, correlation + answer)
                        continue
                    assert inside or api == VERSIONS, api
                    _write(behind[1], request)
                    answer = await _frame(behind[0])
                    _write(writer, _more(answer) if api == VERSIONS else answer)
        finally:
            self.tasks.discard(task)
            behind[1].transport.abort()
            writer.transport.abort()

    def _shake(self, body: bytes) -> bytes:
        asked = body[2:]
        self.tried.append(asked)
        code = 0 if asked == self.mechanism else UNSUPPORTED_MECHANISM
        return struct.pack(">hih", code, 1, len(self.mechanism)) + self.mechanism

    def _judge(self, body: bytes) -> bytes:
        right = body[4:].partition(b"\0")[2] == self.proof.partition(b"\0")[2]
        return struct.pack(">hhi", 0, -1, 0) if right else struct.pack(">hh", NOT_AUTHENTICATED, 2) + b"no" + bytes(4)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


def _write(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)


def _more(answer: bytes) -> bytes:
    """Return the versions that a cluster knows, and those of a log-in."""
    correlation, code, count = struct.unpack_from(">ihi", answer)
    added = struct.pack(">hhh", HANDSHAKE, 0, 1) + struct.pack(">hhh", AUTHENTICATE, 0, 0)
    return struct.pack(">ihi", correlation, code, count + 2) + answer[10:] + added


@asynccontextmanager
async def log_in(cluster: int, mechanism: bytes, proof: bytes) -> AsyncIterator[LogIn]:
    """Stand before the cluster on a port of loopback."""
    made = LogIn(cluster, mechanism, proof)
    listening = await asyncio.start_server(made.admit, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        await listening.wait_closed()
