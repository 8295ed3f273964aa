"""Debian's NATS server with JetStream, and what its streams hold, read by the project's own client."""

from dataclasses import dataclass
from pathlib import Path

import nats

from neighbours.brokers import BrokerProcess, program

USER, PASSWORD, TOKEN = "writer", "pass word of writer", "token of writer"


def absent() -> str | None:
    """Return why there can be no NATS on this machine, or None if there can."""
    return None if program("nats-server") else "Debian's nats-server is not installed"


@dataclass(frozen=True)
class Record:
    """A message of a stream."""

    subject: str
    sequence: int
    headers: dict[str, str]
    data: bytes


class Nats(BrokerProcess):
    """One server.

    Args:
        login: `user`, `token` or none.
        jetstream: whether it has streams.
        tls: certificate and key.
        settings: more lines of its configuration.
    """

    def __init__(
        self, login: str = "", *, jetstream: bool = True, tls: tuple[Path, Path] | None = None, settings: str = ""
    ) -> None:
        super().__init__()
        self._login, self._tls = login, tls
        lines = [f"listen: 127.0.0.1:{self.port}", settings]
        if jetstream:
            lines.append(f'jetstream {{ store_dir: "{self.folder}/store" }}')
        if login == "user":
            lines.append(f'authorization {{ user: "{USER}", password: "{PASSWORD}" }}')
        if login == "token":
            lines.append(f'authorization {{ token: "{TOKEN}" }}')
        if tls is not None:
            lines.append(f'tls {{ cert_file: "{tls[0]}", key_file: "{tls[1]}" }}')
        (self.folder / "nats.conf").write_text("\n".join(lines))

    def command(self) -> list[str]:
        return [str(program("nats-server")), "-c", str(self.folder / "nats.conf")]

    async def client(self) -> nats.NATS:
        """Return a connection of its own client."""
        login = {"user": {"user": USER, "password": PASSWORD}, "token": {"token": TOKEN}}.get(self._login, {})
        return await nats.connect(f"nats://{self.server}", allow_reconnect=False, connect_timeout=5, **login)

    async def make(self, stream: str, *subjects: str, **config: object) -> None:
        """Make a stream that keeps the messages of some subjects in files."""
        client = await self.client()
        await client.jetstream().add_stream(name=stream, subjects=list(subjects), **config)
        await client.close()

    async def records(self, stream: str) -> list[Record]:
        """Return all messages of a stream, in its order."""
        client = await self.client()
        jetstream = client.jetstream()
        state = (await jetstream.stream_info(stream)).state
        found = []
        for sequence in range(state.first_seq, state.last_seq + 1 if state.messages else 0):
            message = await jetstream.get_msg(stream, sequence)
            found.append(Record(message.subject or "", sequence, dict(message.headers or {}), message.data or b""))
        await client.close()
        return found
