"""Debian's mosquitto, a broker of MQTT, and paho, a client that is not ours, to read what it has."""

import getpass
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from neighbours.brokers import BrokerProcess, program


def absent() -> str | None:
    """Return why it cannot be used here, or None."""
    return None if program("mosquitto") and program("mosquitto_passwd") else "Debian's mosquitto is not installed"


class Mosquitto(BrokerProcess):
    """A broker that writes what it has to disk at once.

    Args:
        users: names and passwords; anybody, where there are none.
        settings: further lines of its configuration.
    """

    def __init__(self, *settings: str, users: dict[str, str] | None = None) -> None:
        super().__init__()
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"user {getpass.getuser()}",
            "persistence true",
            f"persistence_location {self.folder}{os.sep}",
            "autosave_on_changes true",
            "autosave_interval 1",
            "log_type all",
            f"allow_anonymous {'false' if users else 'true'}",
            *settings,
        ]
        if users:
            passwords = self.folder / "passwords"
            passwords.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
            subprocess.run([program("mosquitto_passwd") or "", "-U", str(passwords)], check=True, capture_output=True)
            lines.append(f"password_file {passwords}")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [program("mosquitto") or "", "-c", str(self.folder / "mosquitto.conf")]

    def published(self) -> int:
        """Count the messages that publishers have sent it, repeats included, over all its lives."""
        return (self.folder / "log").read_text(errors="replace").count("Received PUBLISH from ")


class Reader:
    """Subscribes, and keeps what comes; after the broker was away it comes back to its session.

    Attributes:
        messages: what came, in the order in which it came.
    """

    def __init__(self, port: int, topic: str, qos: int, login: tuple[str, str] | None = None) -> None:
        self.messages: list[Any] = []
        self._changed, self._ready, self._topic, self._qos = threading.Condition(), threading.Event(), topic, qos
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="reader", protocol=paho.MQTTv5)
        if login:
            self._client.username_pw_set(*login)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=session)
        self._client.loop_start()
        assert self._ready.wait(10)

    def until(self, enough: Callable[[list[Any]], bool], seconds: float = 20) -> list[Any]:
        """Wait for messages, and return all that came."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.messages), seconds), len(self.messages)
            return list(self.messages)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, *_: object) -> None:
        self._client.subscribe(self._topic, self._qos)

    def _take(self, _client: object, _data: object, message: Any) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()


@contextmanager
def reading(port: int, topic: str, qos: int = 2, login: tuple[str, str] | None = None) -> Iterator[Reader]:
    """Read a topic for as long as the context lasts."""
    reader = Reader(port, topic, qos, login)
    try:
        yield reader
    finally:
        reader.close()


def attributes(message: Any) -> dict[str, str]:
    """Return the user properties of a message."""
    return dict(getattr(message.properties, "UserProperty", []))
