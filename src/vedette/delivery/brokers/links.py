"""Which code speaks to which kind of broker; a kind's client library is imported when a broker of that kind is used."""

from importlib import import_module
from typing import Final, cast

from vedette.delivery.brokers.base import Link, Opener, Resolve
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkRefused

OPENERS: Final = {
    BrokerKind.NATS: "vedette.delivery.brokers.nats",
    BrokerKind.REDIS: "vedette.delivery.brokers.redis",
    BrokerKind.KAFKA: "vedette.delivery.brokers.kafka",
    BrokerKind.MQTT: "vedette.delivery.brokers.mqtt",
}
"""Modules, each with an `open_link`."""


def open_link(broker: Broker, resolve: Resolve) -> Link:
    """Return the link of a broker; it connects with the first `put`.

    Raises:
        SinkRefused: the library for its kind is not installed.
    """
    try:
        opener = cast("Opener", import_module(OPENERS[broker.kind]).open_link)
    except ImportError as error:
        raise SinkRefused(
            f"The broker {broker.name} needs a library that is not installed ({error.name}): "
            "pip install 'vedette[brokers]'."
        ) from error
    return opener(broker, resolve)
