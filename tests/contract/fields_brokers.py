"""The bodies about brokers: what a broker hears when it is checked."""

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from typing import Any, Final

from bodies import REMOVE, changed
from fields_scene import Kind, Row, Rows, Scene, refusal
from service import Answer

from neighbours.certificates import self_signed

EFFECT: Final = Kind.EFFECT
OTHER: Final = "127.0.0.1:9"
"""Where nobody is."""
NATS: Final = {
    "name": "events",
    "kind": "nats",
    "servers": ["{broker}"],
    "username": "writer",
    "password": "hunter2",
    "prefix": "video.",
    "streams": ["gate"],
}
REDIS: Final = {"name": "events", "kind": "redis", "servers": ["{broker}"], "tls": True, "streams": ["gate"]}
DIS: Final = {
    "name": "events",
    "kind": "dis",
    "servers": ["http://{broker}"],
    "username": "writer",
    "password": "hunter2",
    "dis_project_id": "theirs",
}
VALUES: Final[tuple[tuple[str, dict[str, Any], Any, Any], ...]] = (
    ("kind", NATS | {"prefix": "video"}, "nats", "redis"),
    ("servers", NATS, ["{broker}"], [OTHER]),
    ("tls", NATS, False, True),
    ("tls_verify", REDIS, True, False),
    ("username", NATS, "writer", "reader"),
    ("password", NATS, "hunter2", "hunter3"),
    ("dis_project_id", DIS, "theirs", "others"),
    ("prefix", NATS, "video.", "images."),
)
Send = Callable[[Scene, dict[str, Any]], Answer]


class Ear:
    """Greets as a NATS does, lets everybody in and answers nothing more; keeps what it heard."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self.heard = b""
        self.port = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._tls is None:
            writer.write(b'INFO {"headers":true}\r\n')
        try:
            while more := await reader.read(65_536):
                self.heard += more
                if b"PING\r\n" in more:
                    writer.write(b"PONG\r\n")
                if more.startswith(b"\x16") or any(
                    end in more for end in (b'"subject"', b"HTTP/1.1", b"ZSCORE", b"EVALSHA")
                ):
                    break
        except OSError:
            pass
        finally:
            writer.close()


def _brokers(scene: Scene) -> str:
    return f"{scene.ours}/brokers"


def _create(scene: Scene, body: dict[str, Any]) -> Answer:
    return scene.client.call("POST", _brokers(scene), body)


def _update(scene: Scene, body: dict[str, Any]) -> Answer:
    scene.done("POST", _brokers(scene), {"name": "events", "kind": "redis", "servers": [OTHER]})
    return scene.client.call("PUT", f"{_brokers(scene)}/events", {k: v for k, v in body.items() if k != "name"})


def _heard(send: Send, base: dict[str, Any], name: str) -> Callable[[Scene, Any], Any]:
    """Return a look at what the broker hears of who checks it, and at what is told of that."""

    def look(scene: Scene, value: Any) -> Any:
        return _check(scene, lambda body: send(scene, body), changed(base, name, value), "gate")

    return look


def _check(scene: Scene, send: Callable[[dict[str, Any]], Answer], body: dict[str, Any], stream: str) -> Any:
    ear = Ear(self_signed("broker.test") if body["kind"] == "redis" and body.get("tls") else None)
    scene.service.run(ear.open())
    try:
        broker = f"127.0.0.1:{ear.port}"
        answer = send(body | {"servers": [server.format(broker=broker) for server in body["servers"]]})
        if answer.status >= 300:
            return refusal(answer)
        told = scene.done("POST", f"{_brokers(scene)}/events/check", {"stream_name": stream})
    finally:
        scene.service.run(ear.close())
    reason = str(told.get("reason")).replace(broker, "it")
    return told["usable"], re.sub(r" \(.*\)", "", reason), _gist(ear.heard)


def _gist(heard: bytes) -> Any:
    """Return what is the same each time: no random names, no signatures."""
    if heard.startswith(b"\x16"):
        return "TLS"
    text = heard.decode(errors="replace")
    if text.startswith("CONNECT"):
        said = json.loads(text.partition("\r\n")[0].removeprefix("CONNECT "))
        return said.get("user"), said.get("pass"), re.findall(r'{"subject".*', text)
    return re.sub(r"(?i)(signature=|x-sdk-date: |host: |user-agent: )\S+", "", text)


def _name(scene: Scene, value: str) -> Any:
    scene.done("POST", _brokers(scene), NATS | {"name": value, "servers": [OTHER]})
    return [one["name"] for one in scene.get(_brokers(scene))["brokers"]]


def _streams(send: Send) -> Callable[[Scene, Any], Any]:
    """Return a look at whether another broker may have a stream."""

    def look(scene: Scene, value: list[str]) -> Any:
        first = send(scene, NATS | {"servers": [OTHER], "streams": value})
        assert first.status < 300, first.text
        other = changed(NATS, "name", "others") | {"servers": [OTHER], "streams": ["yard"]}
        return scene.client.call("POST", _brokers(scene), other).status

    return look


def _stream(scene: Scene, value: str) -> Any:
    return _check(scene, lambda body: _create(scene, body), changed(NATS, "streams", REMOVE), value)


def rows() -> Rows:
    """Return the rows of all bodies about brokers."""
    sends = (("CreateBroker", _create), ("UpdateBroker", _update))
    found = {
        f"{operation}:{name}": Row(EFFECT, _heard(send, base, name), one, other)
        for operation, send in sends
        for name, base, one, other in VALUES
    }
    found |= {
        f"{operation}:streams": Row(EFFECT, _streams(send), ["gate"], ["gate", "yard"]) for operation, send in sends
    }
    return found | {
        "CreateBroker:name": Row(EFFECT, _name, "events", "others"),
        "CheckBroker:stream_name": Row(EFFECT, _stream, "gate", "yard"),
    }
