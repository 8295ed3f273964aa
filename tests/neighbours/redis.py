"""Debian's Redis, which writes down each command before it answers, and its project's own client."""

from pathlib import Path
from typing import Any

import redis.asyncio as client

from neighbours.brokers import BrokerProcess, program

USER, PASSWORD = "writer", "pass-word-of-writer"
COMMANDS = "+eval +evalsha +time +xadd +xlen +zadd +zscore +zremrangebyscore +zremrangebyrank +expire"
"""What a user needs for whom events are appended."""


def absent() -> str | None:
    """Return why there can be no Redis on this machine, or None if there can."""
    return None if program("redis-server") else "Debian's redis-server is not installed"


class Redis(BrokerProcess):
    """One server.

    Args:
        password: that of all who have no name; empty: none.
        users: whether there is a user of the documented rights besides, and nobody else.
        tls: certificate and key; it speaks nothing else then.
    """

    def __init__(self, password: str = "", *, users: bool = False, tls: tuple[Path, Path] | None = None) -> None:
        super().__init__()
        lines = [
            "bind 127.0.0.1",
            f"dir {self.folder}",
            "appendonly yes",
            "save ''",
            f"port {self.port}" if tls is None else f"port 0\ntls-port {self.port}\ntls-auth-clients no",
        ]
        if tls is not None:
            lines.append(f"tls-cert-file {tls[0]}\ntls-key-file {tls[1]}")
        if password:
            lines.append(f"requirepass {password}")
        if users:
            lines.append(f"user {USER} on >{PASSWORD} ~* {COMMANDS}\nuser default on >{PASSWORD} ~* +@all")
        self._password = PASSWORD if users else password
        (self.folder / "redis.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [str(program("redis-server")), str(self.folder / "redis.conf")]

    async def call(self, *words: Any) -> Any:
        """Return the answer to a command."""
        connection = client.Redis(port=self.port, password=self._password or None)
        try:
            return await connection.execute_command(*words)
        finally:
            await connection.aclose()

    async def entries(self, key: str) -> list[dict[bytes, bytes]]:
        """Return the fields of all entries of a stream, in its order."""
        connection = client.Redis(port=self.port, password=self._password or None)
        try:
            return [fields for _, fields in await connection.xrange(key)]
        finally:
            await connection.aclose()
